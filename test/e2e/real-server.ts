/**
 * The whole server on a temporary directory, and tenants on it. Every answer they get is held against the OpenAPI document
 * of the server: one that the document does not state fails the test that got it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedServer, startServer } from '../../src/compose/start-server.ts';
import { type Scope, scopes } from '../../src/app/app.ts';
import { call, type Called, type CallOptions } from '../../src/api/testing/test-server.ts';
import { defaultSettings, type Settings } from '../../src/runtime/configuration.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { type AnswerCheck, createAnswerCheck, type OpenApi } from '../support/answer-check.ts';

export { eventually } from '../support/until.ts';

export const adminKey = 'the-admin-key-of-the-end-to-end-tests';

export type RealServer = AsyncDisposable & {
  readonly started: StartedServer;
  readonly url: string;
  readonly dataDir: string;
  /** Everything that was logged, at the most talkative level. */
  readonly log: string[];
  call(path: string, options?: CallOptions): Promise<Called>;
  /** A workspace of its own with a key that may do everything but administrate. */
  tenant(name: string): Promise<Tenant>;
  key(workspace: string, allowed: readonly Scope[]): Promise<{ readonly id: string; readonly key: string }>;
};

export type Tenant = {
  readonly name: string;
  readonly key: string;
  call(path: string, options?: CallOptions): Promise<Called>;
  /** The JSON of an answer that must be a success. */
  ask(path: string, options?: CallOptions): Promise<Called['json']>;
  upload(name: string, content: Buffer, asset?: object): Promise<Called>;
};

export async function startRealServer({
  allowedTargets = [],
  settings = {},
}: {
  readonly allowedTargets?: readonly string[];
  readonly settings?: Partial<Settings>;
} = {}): Promise<RealServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-e2e-'));
  const log: string[] = [];
  const started = await startServer({
    settings: defaultSettings({
      port: 0,
      dataDir,
      adminKey,
      allowedTargets,
      uploadBytesMax: 10 * 1024 * 1024,
      shutdownSeconds: 5,
      logLevel: 'trace',
      logFormat: 'json',
      ...settings,
    }),
    logger: createLogger({
      level: 'trace',
      format: 'json',
      sink: { write: (line) => void log.push(line), dropped: () => 0 },
    }),
  });
  const { url } = started;
  const checked = createCheckedCall(url);
  const admin = (path: string, options: CallOptions = {}) => checked(path, { token: adminKey, ...options });

  const key: RealServer['key'] = async (workspace, allowed) => {
    const made = await admin('/v1/keys', {
      headers: { 'assetwire-workspace': workspace },
      body: { name: 'test', scopes: allowed },
    });
    return { id: text(made.json['id']), key: text(made.json['key']) };
  };

  return {
    started,
    url,
    dataDir,
    log,
    call: admin,
    key,
    async tenant(name) {
      expectStatus(await admin('/v1/workspaces', { body: { id: name, name } }), 201);
      const { key: token } = await key(name, scopes);
      const asTenant: Tenant['call'] = (path, options = {}) => checked(path, { token, ...options });
      return {
        name,
        key: token,
        call: asTenant,
        ask: async (path, options) => {
          const answer = await asTenant(path, options);
          if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
          return answer.json;
        },
        upload: (fileName, content, asset) => asTenant('/v1/assets', uploadOptions(fileName, content, asset)),
      };
    },
    async [Symbol.asyncDispose]() {
      await started.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** `call`, with every answer held against the server's own document. */
function createCheckedCall(url: string): (path: string, options: CallOptions) => Promise<Called> {
  let check: Promise<AnswerCheck> | undefined;
  const load = async (): Promise<AnswerCheck> => {
    const { text } = await call(url, '/openapi.json');
    return createAnswerCheck(JSON.parse(text) as OpenApi);
  };
  return async (path, options) => {
    const answer = await call(url, path, options);
    const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
    const { status, text, headers } = answer;
    const problems = (await (check ??= load())).problemsOf({
      method,
      path,
      status,
      contentType: headers['content-type'],
      headers,
      text,
    });
    if (problems.length > 0)
      throw new Error(`${method} ${path} is not as /openapi.json states: ${problems.join('; ')}`);
    return answer;
  };
}

/** A multipart upload as call options. */
export function uploadOptions(fileName: string, content: Buffer, asset?: object): CallOptions {
  const boundary = 'e2e-boundary';
  const part = (disposition: string, body: Buffer): Buffer[] => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ];
  const body = Buffer.concat([
    ...(asset === undefined ? [] : part('name="asset"', Buffer.from(JSON.stringify(asset)))),
    ...part(`name="file"; filename="${fileName}"`, content),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  return { method: 'POST', body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`Text was wanted: ${JSON.stringify(value)}`);
  return value;
}

export function expectStatus(answer: Called, status: number): Called {
  if (answer.status !== status) throw new Error(`${status} was wanted: ${answer.status} ${answer.text.slice(0, 500)}`);
  return answer;
}

/** The `data` of a list. */
export function rows(json: Called['json']): readonly Called['json'][] {
  const { data } = json;
  if (!Array.isArray(data)) throw new TypeError(`A list was wanted: ${JSON.stringify(json).slice(0, 200)}`);
  return data;
}

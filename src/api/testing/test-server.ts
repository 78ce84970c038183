/** A server on a free port of the loopback, and calls to it that show everything of an answer. */
import { Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { App } from '../../app/app.ts';
import { createIdSource } from '../../core/id-source.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { ApiLogger, ApiSettings } from '../api.ts';
import type { Route } from '../route.ts';
import { createRoutes } from '../routes/all.ts';
import { createApiServer } from '../server.ts';
import { adminToken } from './fake-app.ts';

export type LogLine = { readonly level: string; readonly event: string; readonly fields: object | undefined };

export type TestServer = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly tlsUrl: string | null;
  readonly log: LogLine[];
  readonly stop: () => Promise<void>;
};

export async function startTestServer(
  app: App,
  settings: Partial<ApiSettings> = {},
  clock: Clock = systemClock,
): Promise<TestServer> {
  const random = createSystemRandom();
  const log: LogLine[] = [];
  const at =
    (level: string) =>
    (event: string, fields?: object): void => {
      log.push({ level, event, fields });
    };
  const logger: ApiLogger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled: () => true,
  };
  const server = createApiServer({
    app,
    clock,
    logger,
    ids: createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => random.bytes(count) }),
    metrics: {
      text: () => Promise.resolve('# metrics\n'),
      contentType: 'text/plain; version=0.0.4',
      apiRequest: () => undefined,
      refused: () => undefined,
    },
    settings: {
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0-test',
      uploadBytesMax: 1024 * 1024,
      stopGraceMs: 500,
      ...settings,
    },
  });
  const address = await server.start();
  return {
    url: address.url,
    port: address.port,
    tlsUrl: address.tlsUrl,
    log,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

export type CallOptions = {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  readonly body?: unknown;
  /** Null sends none. */
  readonly token?: string | null;
};

export type Called = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Json;
};
/** Whatever came, to be looked into by tests. */
export type Json = { readonly [key: string]: unknown };

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** One request. Objects are sent as JSON, text and bytes as they are. */
export function call(
  base: string,
  path: string,
  { method, headers = {}, body, token = adminToken }: CallOptions = {},
): Promise<Called> {
  const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const url = new URL(base);
    const request = httpRequest({
      host: url.hostname,
      port: url.port,
      path,
      method: method ?? (bytes === undefined ? 'GET' : 'POST'),
      agent,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(bytes === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }),
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    request.end(bytes);
  });
}

function parsed(text: string): Json {
  if (!text.startsWith('{')) return {};
  const value: Json = JSON.parse(text);
  return value;
}

/** Writes bytes as they are and answers everything that comes back until the connection closes. */
export function talk(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(text);
      else reject(error);
    });
  });
}

/** Every route of a server, without starting one. */
export function allRoutes(): readonly Route[] {
  return createRoutes({
    metrics: {
      text: () => Promise.resolve(''),
      contentType: 'text/plain',
      apiRequest: () => undefined,
      refused: () => undefined,
    },
    settings: { host: '127.0.0.1', port: 0, version: '0.0.0-test', uploadBytesMax: 1 },
    admission: {
      assertNotGuessing: () => undefined,
      failed: () => undefined,
      originOf: () => ({ address: '', userAgent: null }),
    },
    https: false,
  });
}

/** A path with something that has the right form in the place of each parameter. */
export function samplePath(route: Route): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => sampleParameter(route, name));
}

function sampleParameter(route: Route, name: string): string {
  if (name === 'reference') return 'ast_0123456789abcdefghjkmnpqrs';
  if (name === 'token') return 'token';
  const properties: unknown = route.params?.['properties'];
  const schema: unknown =
    typeof properties === 'object' && properties !== null ? Reflect.get(properties, name) : undefined;
  const pattern: unknown = typeof schema === 'object' && schema !== null ? Reflect.get(schema, 'pattern') : undefined;
  const prefix = typeof pattern === 'string' ? /^\^([a-z]+)_/.exec(pattern)?.[1] : undefined;
  return prefix === undefined ? 'default' : `${prefix}_0123456789abcdefghjkmnpqrs`;
}

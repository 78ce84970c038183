/** Several servers of one installation in this process: a real PostgreSQL, real listeners, a receiver that counts. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedServer, startServer } from '../../src/compose/start-server.ts';
import { defaultSettings, type Settings } from '../../src/runtime/configuration.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { createTestDatabase } from '../../src/storage/testing/test-postgres.ts';
import { type JsonAnswer, type JsonRequest, requestJson } from '../support/json-client.ts';
import { eventually } from '../support/until.ts';

export { until } from '../support/until.ts';

export const adminKey = 'the-admin-key-that-every-process-has';

export type ClusterRig = {
  readonly databaseUrl: string;
  readonly receiver: Receiver;
  /** Everything that was logged by all of them. */
  readonly log: string[];
  start(run: 'serve' | 'api' | 'worker', settings?: Partial<Settings>): Promise<Member>;
  stop(): Promise<void>;
};

export type Member = {
  readonly server: StartedServer;
  readonly url: string;
  call(path: string, request?: JsonRequest): Promise<JsonAnswer>;
  /** The JSON of an answer that must be a success; asked again where the database has not answered in time, by the same key. */
  ask<Body>(path: string, request?: JsonRequest): Promise<Body>;
  stop(): Promise<void>;
};

export type Received = { readonly path: string; readonly deliveryId: string; readonly body: string };
export type Receiver = { readonly url: string; readonly received: Received[]; stop(): Promise<void> };

export async function createClusterRig(): Promise<ClusterRig> {
  const database = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-cluster-'));
  const receiver = await createReceiver();
  const members: Member[] = [];
  const log: string[] = [];
  const encryptionKey = [randomBytes(32)];
  return {
    databaseUrl: database.url,
    receiver,
    log,
    async start(run, settings = {}) {
      const server = await startServer({
        settings: defaultSettings({
          dataDir: mkdtempSync(join(directory, `${run}-`)),
          port: 0,
          adminKey,
          encryptionKey,
          databaseUrl: database.url,
          sharedFilesDir: join(directory, 'files'),
          allowedTargets: ['127.0.0.0/8'],
          shutdownSeconds: 5,
          engine: run === 'api' ? 'off' : 'on',
          ...settings,
        }),
        run: run === 'worker' ? 'worker' : 'serve',
        logger: createLogger({
          level: 'info',
          format: 'json',
          sink: { write: (line) => void log.push(line), dropped: () => 0 },
        }),
      });
      const member = memberOf(server, () => void members.splice(members.indexOf(member), 1));
      members.push(member);
      return member;
    },
    async stop() {
      await Promise.all([...members].map((member) => member.stop()));
      await receiver.stop();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function memberOf(server: StartedServer, forget: () => void): Member {
  const call: Member['call'] = (path, request = {}) =>
    requestJson(`${server.url}${path}`, { key: adminKey, ...request });
  return {
    server,
    url: server.url,
    call,
    async ask<Body>(path: string, request: JsonRequest = {}): Promise<Body> {
      const headers = { 'idempotency-key': randomUUID(), ...request.headers };
      const answer = await eventually(
        () => call(path, { ...request, headers }),
        ({ status }) => status !== 503,
        `an answer to ${path}`,
      );
      if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as Body;
    },
    async stop() {
      forget();
      await server.stop();
    },
  };
}

async function createReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        path: request.url ?? '',
        deliveryId: String(request.headers['assetwire-delivery-id'] ?? ''),
        body: Buffer.concat(chunks).toString('utf8'),
      });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function renamed(externalId: string, name: string): object {
  return {
    kind: 'asset.renamed',
    subject: { type: 'asset', externalId },
    before: { name: 'before' },
    after: { name },
  };
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { Client } from 'pg';
import { startServer } from '../../src/compose/start-server.ts';
import { moveInstallation } from '../../src/compose/move-installation.ts';
import { defaultSettings, type Settings } from '../../src/runtime/configuration.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { createTestDatabase, removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { requestJson } from '../support/json-client.ts';
import { adminKey, renamed, until } from './cluster-rig.ts';

after(() => removeTestServers());

const encryptionKey = [Buffer.alloc(32, 5)];
const logger = createLogger({ level: 'silent', format: 'json', sink: { write: () => undefined, dropped: () => 0 } });
const main = join(import.meta.dirname, '../../src/main.ts');

type Ask = <Body>(path: string, body?: unknown, method?: string) => Promise<Body>;

function start(settings: Partial<Settings> & Pick<Settings, 'dataDir'>) {
  const base = { port: 0, adminKey, encryptionKey, allowedTargets: ['127.0.0.0/8'], shutdownSeconds: 3 };
  return startServer({ settings: defaultSettings({ ...base, ...settings }), logger });
}

function askerOf(url: string): Ask {
  return async <Body>(path: string, body?: unknown, method?: string): Promise<Body> => {
    const answer = await requestJson(`${url}${path}`, {
      key: adminKey,
      ...(body === undefined ? {} : { body }),
      ...(method === undefined ? {} : { method }),
    });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Body;
  };
}

it('a whole installation moves to PostgreSQL, goes on after kill -9, and what was owed is delivered there under the same ids', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-migrate-'));
  const dataDir = join(directory, 'data');
  const received: { readonly id: string; readonly signed: boolean }[] = [];
  let up = true;
  const receiver = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (up) {
        received.push({
          id: String(request.headers['assetwire-delivery-id']),
          signed: request.headers['webhook-signature'] !== undefined,
        });
      }
      response.writeHead(up ? 200 : 503).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.after(() => receiver.closeAllConnections());
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

  // --- Something worth moving ------------------------------------------------------------------------------------
  const old = await start({ dataDir });
  t.after(() => old.stop());
  const ask = askerOf(old.url);
  await ask('/v1/webhooks', {
    name: 'hook',
    dialect: 'standard',
    target: { transport: 'http', url: hook },
    events: ['*'],
    policy: { schedule: { delaysMs: [60_000, 60_000, 60_000], jitter: 0, ageMaxMs: 86_400_000 } },
  });
  for (let batch = 0; batch < 20; batch += 1) {
    const changes = Array.from({ length: 100 }, (_, n) => renamed(`asset-${batch}-${n}`, `name ${batch} ${n}`));
    await ask('/v1/changes', { changes });
  }
  await until(() => received.length === 2_000, 'the deliveries before the move');
  up = false;
  await ask('/v1/changes', { changes: [renamed('owed-1', 'owed'), renamed('owed-2', 'owed')] });
  const pendingOf = async (by: Ask): Promise<readonly { id: string; attempts: number }[]> =>
    (await by<{ data: { id: string; attempts: number }[] }>('/v1/deliveries?states=pending')).data;
  await until(async () => (await pendingOf(ask)).every(({ attempts }) => attempts === 1), 'a first attempt at each');
  const owed = await pendingOf(ask);
  // Cursors are each store's own.
  const assetsOf = async (by: Ask): Promise<unknown> => (await by<{ data: unknown }>('/v1/assets?limit=100')).data;
  const before = await assetsOf(ask);
  const database = await createTestDatabase();
  await assert.rejects(moveInstallation({ dataDir, databaseUrl: database.url }), /in use by another/);
  await old.stop();

  // --- The move, cut off --------------------------------------------------------------------------------------------
  const environment = { ...process.env, ASSETWIRE_DATABASE_URL: database.url, ASSETWIRE_DATA_DIR: dataDir };
  const args = [main, 'migrate', '--from', 'sqlite', '--to', 'postgres', '--json'];
  const client = new Client({ connectionString: database.url });
  await client.connect();
  t.after(() => client.end().catch(() => undefined));
  const rowsThere = async (): Promise<number> => {
    try {
      const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM assetwire.resources');
      return Number(rows[0]?.n);
    } catch {
      return 0;
    }
  };
  const killed = spawn(process.execPath, args, { env: environment, stdio: 'ignore' });
  const killedEnd = new Promise((resolve) => killed.once('exit', resolve));
  await until(async () => (await rowsThere()) > 0, 'the first rows');
  killed.kill('SIGKILL');
  await killedEnd;
  const cutOffAt = await rowsThere();
  const again = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  again.stdout.on('data', (text: Buffer) => void (out += text.toString()));
  again.stderr.on('data', (text: Buffer) => void (out += text.toString()));
  assert.equal(await new Promise((resolve) => again.once('exit', resolve)), 0, out);
  const moved = JSON.parse(out) as { rows: number; byTable: Record<string, number> };
  assert.equal(moved.byTable['queue'], 2);
  assert.equal(moved.byTable['changes'], 2_002);
  assert.equal(moved.byTable['log'], 2_000);
  assert.ok(cutOffAt > 0 && cutOffAt <= (moved.byTable['resources'] ?? 0), `cut off at ${cutOffAt}`);
  await assert.rejects(moveInstallation({ dataDir, databaseUrl: database.url }), /must be empty: it holds/);

  // --- The new home -------------------------------------------------------------------------------------------------
  const fresh = await start({ dataDir: join(directory, 'new'), databaseUrl: database.url, blobsUrl: null });
  t.after(() => fresh.stop());
  const there = askerOf(fresh.url);
  assert.deepEqual(await assetsOf(there), before, 'assets are what they were');
  assert.deepEqual((await pendingOf(there)).map(({ id }) => id).toSorted(), owed.map(({ id }) => id).toSorted());
  up = true;
  for (const { id } of owed) await there(`/v1/deliveries/${id}/redeliver`, {});
  await until(() => owed.every(({ id }) => received.some((one) => one.id === id)), 'what was owed, under its ids');
  assert.ok(
    received.every(({ signed }) => signed),
    'secrets came along',
  );
  await there('/v1/changes', { changes: [renamed('asset-0-0', 'after the move')] });
  const { data } = await there<{ data: { subject: { externalId: string }; subjectVersion: number }[] }>(
    '/v1/changes?limit=1',
  );
  assert.equal(data[0]?.subject.externalId, 'asset-0-0', 'new changes come behind those that were moved');
  await fresh.stop();
  await client.end();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

/**
 * Two builds of different versions beside one store, as processes: an upgrade and the way back, under load. The other build
 * is made of the present sources with what a later release plausibly brings (test/support/other-build.ts).
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { Client } from 'pg';
import { schemaVersion as postgresVersion } from '../../src/storage/postgres/schema.ts';
import { schemaVersion as sqliteVersion } from '../../src/storage/sqlite/schema.ts';
import { createTestDatabase, removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { createPublisher, createWebhooks, readLog, startReceiver, untilQuiet } from '../faults/fault-rig.ts';
import type { Receiver } from '../faults/fault-rig.ts';
import { complaints, judgeLedgers } from '../faults/ledger.ts';
import { requestJson, requestOk } from '../support/json-client.ts';
import { makeOtherBuild, novel } from '../support/other-build.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { eventually, until } from '../support/until.ts';

let directory = '';
/** Another schema, and the same schema with other words. */
let next = '';
let sibling = '';
const running: ServerProcess[] = [];

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'assetwire-builds-'));
  next = makeOtherBuild(join(directory, 'next'), { version: '9.1.0', schema: true, words: false });
  sibling = makeOtherBuild(join(directory, 'sibling'), { version: '9.0.1', schema: false, words: true });
});
after(async () => {
  for (const server of running) await endServer(server, 20_000);
  await removeTestServers();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

type Place = { readonly dataDir: string; readonly settings?: Readonly<Record<string, string>> };

async function start(build: string | null, { dataDir, settings = {} }: Place): Promise<ServerProcess> {
  mkdirSync(dataDir, { recursive: true });
  const own = build === null ? {} : { build };
  // What was compiled of a build would stay with the libraries, of every one that ever was, and costs more than it spares.
  const uncached = build === null ? {} : { NODE_DISABLE_COMPILE_CACHE: '1' };
  const quiet = { ASSETWIRE_LOG_LEVEL: 'warn', ...uncached, ...settings };
  const server = startServer({ dataDir, port: await freePort(), settings: quiet, ...own });
  running.push(server);
  return server;
}

async function stop(server: ServerProcess): Promise<void> {
  running.splice(running.indexOf(server), 1);
  assert.equal(await endServer(server), 0, server.output());
}

/** It ends by itself, and what it says helps: both numbers, the way out, no stack. */
async function isRefused(server: ServerProcess, version: number): Promise<void> {
  await assert.rejects(server.ready);
  const { code } = await server.exited;
  running.splice(running.indexOf(server), 1);
  assert.ok(code !== 0 && code !== null, `it ended with ${code}`);
  assert.match(server.output(), new RegExp(`schema ${version} or older: .* has schema ${version + 1}\\b`));
  assert.match(server.output(), /Start the newer Assetwire that wrote it, or restore a backup from before the upgrade/);
  assert.doesNotMatch(server.output(), /\n\s+at .*:\d+:\d+/, 'an operator is shown no stack');
}

type Load = {
  readonly publisher: ReturnType<typeof createPublisher>;
  readonly receiver: Receiver;
  /** To these servers in turn from now on. */
  to(...servers: readonly ServerProcess[]): void;
  /** Until so many more changes were accepted. */
  more(what: string): Promise<void>;
};

/** Changes are reported without pause, for three webhooks of a receiver that keeps a ledger; both end with the test. */
async function startLoad(t: TestContext, first: ServerProcess, seed: number): Promise<Load> {
  const receiver = await startReceiver(seed);
  await createWebhooks(first, receiver.port);
  let targets: readonly ServerProcess[] = [first];
  let turn = 0;
  const url = (): string => targets[(turn += 1) % targets.length]?.url ?? '';
  const publisher = createPublisher({ url, pauseMs: 300 }, first.key, () => 1);
  publisher.start();
  t.after(async () => {
    await publisher.stop();
    receiver.stop();
  });
  const accepted = (): number => [...publisher.results.values()].filter((result) => result === 'ok').length;
  return {
    publisher,
    receiver,
    to: (...servers) => {
      targets = servers;
    },
    more: async (what) => {
      const wanted = accepted() + 12;
      await until(() => accepted() >= wanted, `load: ${what}`);
    },
  };
}

/** Every accepted event is at every lane, once and under one id, whatever versions took part. */
async function assertLedger({ publisher, receiver }: Load, server: ServerProcess, killed = false): Promise<void> {
  await publisher.stop();
  await publisher.retryUnknown();
  receiver.tell({ kind: 'calm' });
  assert.ok(await untilQuiet(server, 60_000), 'deliveries are still owed');
  const { arrived, failedAnswers } = await receiver.ask({ kind: 'ledger' }, 'ledger');
  const published = [...publisher.results].map(([event, result]) => ({ event, result }));
  const sets = judgeLedgers(published, arrived, await readLog(server, arrived), { failedAnswers });
  assert.deepEqual(complaints(sets), []);
  if (!killed) assert.equal(sets.extraArrivals, 0, 'processes that end in order send nothing twice');
}

async function versionOf({ url, key }: ServerProcess): Promise<string> {
  return (await requestOk<{ version: string }>(`${url}/v1/settings`, { key })).version;
}

async function clusterPlace(t: TestContext, name: string) {
  const database = await createTestDatabase();
  t.after(() => database.drop());
  const settings = {
    ASSETWIRE_DATABASE_URL: database.url,
    ASSETWIRE_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
    ASSETWIRE_SHARED_FILES_DIR: join(directory, name, 'files'),
  };
  return { database, place: (process: string): Place => ({ dataDir: join(directory, name, process), settings }) };
}

// One row of builds, because each start costs a second: every step begins where the one before has ended.
it('FO-04 SC-11 a cluster is upgraded, taken back and upgraded to a newer schema under load; what only one build can send waits for it, nothing is lost or sent twice', async (t) => {
  const { database, place } = await clusterPlace(t, 'cluster');
  const older = await start(null, place('older'));
  await older.ready;
  const load = await startLoad(t, older, 11);
  await load.more('the older build alone');

  const between = await start(sibling, place('between'));
  await between.ready;
  load.to(older, between);
  await load.more('both builds');
  // The order of one lane is not to keep the novelty waiting behind many.
  await load.publisher.stop();
  await isLeftToTheOther(t, older, between);
  const back = await start(null, place('back'));
  await back.ready;
  load.to(between, back);
  load.publisher.start();
  await load.more('on the way back');
  load.to(back);
  await stop(between);
  await load.more('the older build alone again');

  const newer = await start(next, place('newer'));
  await newer.ready;
  await isMigrated(database.url);
  load.to(back, newer);
  await load.more('both builds on the newer schema');
  assert.equal(await versionOf(newer), '9.1.0');
  assert.notEqual(await versionOf(back), '9.1.0', 'these are two builds');
  await isRefused(await start(null, place('late')), postgresVersion);
  load.to(newer);
  await stop(back);
  await load.more('the newer build alone');
  await assertLedger(load, newer);
  await stop(newer);
});

async function isMigrated(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ value: string }>("SELECT value FROM assetwire.meta WHERE key = 'version'");
  await client.query('SELECT novelty FROM assetwire.queue LIMIT 1');
  await client.end();
  assert.equal(rows[0]?.value, String(postgresVersion + 1), 'the newer build has migrated the store');
}

/** What only `newer` can send is given up by nobody, and is sent by it when `older` has ended, which it does here. */
async function isLeftToTheOther(t: TestContext, older: ServerProcess, newer: ServerProcess): Promise<void> {
  const arrived = await startNovelReceiver(t);
  // Enough that both builds hold some: a webhook is held by whoever holds its shard, which is drawn with its id.
  const hooks = await Promise.all(Array.from({ length: 10 }, () => createNovelWebhook(newer, arrived.url)));
  const { key } = newer;
  const subject = { type: 'asset', externalId: 'novel' };
  const reported = await requestOk<Reported>(`${newer.url}/v1/changes`, {
    key,
    body: { kind: novel.kind, subject, after: { name: 'novel' } },
  });
  const changeId = reported.results[0]?.changes[0]?.id ?? '';
  await until(() => arrived.hooks.size > 0, 'what the newer build holds');
  const ended = await requestOk<Page>(`${older.url}/v1/deliveries?states=rejected,dead,cancelled&limit=1`, { key });
  assert.deepEqual(ended.data, [], 'nothing is given up');
  const listed = await requestJson(`${older.url}/v1/webhooks?limit=50`, { key });
  assert.equal(listed.status, 200, 'a dialect that it does not know hinders no list');
  await stop(older);
  await until(() => arrived.hooks.size === hooks.length, 'what the older build held');
  await eventually(
    () => requestOk<Page>(`${newer.url}/v1/deliveries?states=pending&changeId=${changeId}&limit=1`, { key }),
    ({ data }) => data.length === 0,
    'all that the older build had left is recorded',
  );
  assert.equal(arrived.requests, hooks.length, 'each came once');
  for (const id of hooks)
    assert.equal((await requestJson(`${newer.url}/v1/webhooks/${id}`, { key, method: 'DELETE' })).status, 204);
}

type Reported = { readonly results: readonly { readonly changes: readonly { readonly id: string }[] }[] };
type Page = { readonly data: readonly unknown[] };

/** Notes by which webhooks it was asked. */
async function startNovelReceiver(t: TestContext) {
  const seen = { url: '', hooks: new Set<string>(), requests: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.headers['assetwire-event'] === novel.kind) {
        seen.requests += 1;
        seen.hooks.add(request.url ?? '');
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return seen;
}

let hooksMade = 0;

async function createNovelWebhook({ url, key }: ServerProcess, target: string): Promise<string> {
  hooksMade += 1;
  const hook = {
    name: `novel ${hooksMade}`,
    dialect: novel.dialect,
    target: { transport: 'http', url: `${target}/${hooksMade}` },
    events: [novel.kind],
  };
  return (await requestOk<{ id: string }>(`${url}/v1/webhooks`, { key, body: hook })).id;
}

it('FO-04 a directory is upgraded after kill -9: what was owed is delivered under its ids, and the older build refuses it without touching it', async (t) => {
  const place = { dataDir: join(directory, 'one') };
  const older = await start(null, place);
  await older.ready;
  const load = await startLoad(t, older, 13);
  await load.more('the older build');
  older.signal('SIGKILL');
  await older.exited;
  running.splice(running.indexOf(older), 1);
  const newer = await start(next, place);
  load.to(newer);
  await newer.ready;
  await load.more('the newer build');
  await assertLedger(load, newer, true);
  await stop(newer);
  const file = join(place.dataDir, 'data', 'assetwire.db');
  const asLeft = readFileSync(file);
  await isRefused(await start(null, place), sqliteVersion);
  assert.ok(asLeft.equals(readFileSync(file)), 'the store is as the newer build left it');
});

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { DeliveryQuery } from '../contract/list-queries.ts';
import type { Storage } from '../storage.ts';
import { withPostgres } from '../testing/postgres-world.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { ask, removeTestServers } from '../testing/test-postgres.ts';

after(removeTestServers);

/** Tables that hold a few rows whatever happens. */
const small = new Set(['meta', 'days', 'cluster_members', 'shard_leases', 'workspaces']);

/** Rows that were read by scanning a table from end to end, by table; connections have ended, so all is counted. */
async function scanned(url: string): Promise<readonly string[]> {
  const rows = await ask(
    url,
    "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'assetwire' AND seq_tup_read > 0",
  );
  return rows.map(({ relname }) => String(relname)).filter((name) => !small.has(name));
}

async function reset(url: string): Promise<void> {
  await ask(url, 'SELECT pg_stat_reset()');
}

/** Everything that a busy server does, some hundred times. */
async function work(storage: Storage, given: Parameters<Parameters<typeof withPostgres>[0]>[0]): Promise<void> {
  const { ids } = given;
  const { epoch } = storage.health();
  for (let round = 0; round < 12; round += 1) {
    const items = Array.from({ length: 30 }, (_, n) => ({
      ...sampleCommit({ ids, webhookId: `wh_plan_${n % 7}`, atMs: Date.now() }),
      webhooksRevision: 0,
    }));
    const duty = { id: ids.next('duty'), workspaceId: 'default', kind: 'timer', dueAtMs: 1, payload: {} } as const;
    const idempotency = { key: `k${round}`, fingerprint: 'f', createdAtMs: 1, response: { status: 200, body: {} } };
    await storage.commit([...items, { workspaceId: 'default', atMs: 1, duties: [duty], idempotency }]);
    await storage.commit([{ workspaceId: 'default', atMs: 1, fulfils: { dutyId: duty.id, version: 1 } }]);
    const deliveries = items.flatMap((item) => item.deliveries ?? []);
    await storage.record(
      deliveries.map((delivery, n) => {
        const next = n % 3 === 0 ? ({ state: 'pending', dueAtMs: 1 } as const) : undefined;
        const more = next === undefined ? {} : { next, body: new Uint8Array(9) };
        return sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now(), ...more });
      }),
    );
    const [first] = deliveries;
    assert.ok(first);
    await storage.commit([
      { workspaceId: 'default', atMs: 1, deliveryOrders: [{ kind: 'cancel', deliveryId: first.id, reason: 'x' }] },
    ]);
    await storage.lanes({ after: null, limit: 5 });
    for (const by of ['due', 'position'] as const) {
      await storage.pending({ webhookId: 'wh_plan_3', by, nowMs: Date.now(), limit: 5 });
    }
    await storage.storedBody(first.id);
    await storage.duties({ nowMs: Date.now(), limit: 5 });
    await storage.findByAlias('asset', `ext-${round}`);
    await storage.resources([{ workspaceId: 'default', type: 'asset', id: 'ast_x' }]);
  }
}

/** Lists with every filter there is. */
async function lists({ read }: Storage): Promise<void> {
  const page = { workspaceId: 'default', limit: 5 } as const;
  const filters: readonly Partial<DeliveryQuery>[] = [
    {},
    { webhookId: 'wh_plan_1' },
    { states: ['pending'] },
    { states: ['dead', 'cancelled'] },
    { dialect: 'standard' },
    { origins: ['change'], firstOnly: true, event: 'asset.created', status: 200 },
    { outcomes: ['timeout', 'broken'], states: ['dead', 'rejected', 'cancelled'] },
    { subject: 'asset:x' },
    { changeId: 'chg_x' },
    { change: { assetKind: ['image'] } },
  ];
  for (const filter of filters) {
    for (const order of ['newest', 'oldest'] as const) {
      const { nextCursor } = await read.deliveries({ ...page, ...filter, order });
      if (nextCursor !== null) await read.deliveries({ ...page, ...filter, order, cursor: nextCursor });
    }
    await read.countDeliveries({ ...page, ...filter });
  }
  for (const filter of [{}, { subject: 'asset:x' }, { kinds: ['asset.created'] as const }]) {
    await read.changes({ ...page, ...filter });
    await read.countChanges({ ...page, ...filter });
    await read.tryChanges({ ...page, ...filter, wanted: ['asset.created'], examinedMax: 50 });
  }
  await read.feed({ workspaceId: 'default', cursor: null, limit: 5 });
  await read.change('default', 'chg_x');
  await read.delivery('default', 'dlv_x');
  await read.resources({ ...page, type: 'asset', where: { kind: 'image' }, contains: { name: 'a' } });
  await read.allResources({ type: 'asset', limit: 5 });
  await read.assets({ ...page, tag: 'dawn' });
  const span = { fromMs: Date.now() - 9e6, toMs: Date.now() };
  await read.stats({ workspaceId: 'default', ...span, bucketMs: 60_000 });
  await read.stats({ workspaceId: 'default', ...span, bucketMs: 3_600_000 });
  await read.missed('default');
}

describe('query plans on PostgreSQL', () => {
  it('FD-16 nothing that a busy server does scans a table, on tables that were never analysed', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await reset(world.url);
      await work(storage, world);
      await lists(storage);
      await storage.stop();
      assert.deepEqual(await scanned(world.url), []);
    });
  });

  it('FD-16 nor when they were analysed while they were empty, the worst that a plan can be made from', async () => {
    await withPostgres(async (world) => {
      await ask(world.url, 'VACUUM ANALYZE');
      const storage = await world.open();
      await reset(world.url);
      await work(storage, world);
      await lists(storage);
      await storage.stop();
      assert.deepEqual(await scanned(world.url), []);
    });
  });

  it('the check can fail: a scan is reported', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await work(storage, world);
      await storage.stop();
      await reset(world.url);
      await ask(world.url, 'SELECT sum(attempts) FROM assetwire.queue');
      assert.deepEqual(await scanned(world.url), ['queue']);
    });
  });
});

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { createIdSource } from '../../core/id-source.ts';
import { microtaskTurn } from '../../runtime/turn.ts';
import type { ChangeQuery, DeliveryQuery } from '../contract/list-queries.ts';
import { createHeldClock, seededBytes } from '../testing/world.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

/** What a statement may say in its plan without scanning a table: constant rows, subqueries, the skip-scan's recursion. */
const harmless = /SCAN (found|CONSTANT ROW)/;

type Prepared = { readonly sql: string; readonly plan: readonly string[] };

/** Every statement that a store prepares while it does all its work, with its plan on an empty, unanalysed database. */
async function statementsOf(work: () => Promise<void>): Promise<readonly Prepared[]> {
  const seen = new Map<string, Prepared>();
  const prepare = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'prepare');
  const original = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
    const statement = original.call(this, sql);
    if (/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/i.test(sql) && !seen.has(sql)) {
      const rows = original.call(this, `EXPLAIN QUERY PLAN ${sql}`).all();
      seen.set(sql, { sql: sql.replaceAll(/\s+/g, ' '), plan: rows.map(({ detail }) => String(detail)) });
    }
    return statement;
  };
  try {
    await work();
  } finally {
    if (prepare !== undefined) Object.defineProperty(DatabaseSync.prototype, 'prepare', prepare);
  }
  return [...seen.values()];
}

async function everyHotCall(): Promise<void> {
  const clock = createHeldClock();
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(3) });
  const storage = createSqliteStorage({ file: ':memory:', clock });
  await storage.start();
  const { epoch } = storage.health();
  const item = sampleCommit({ ids, webhookId: 'wh_plan', atMs: clock.nowMs() });
  const [delivery] = item.deliveries ?? [];
  assert.ok(delivery);
  const duty = { id: ids.next('duty'), workspaceId: 'default', kind: 'timer', dueAtMs: 1, payload: {} } as const;
  const row = { key: 'k', fingerprint: 'f', createdAtMs: clock.nowMs(), response: { status: 200, body: {} } };
  await storage.commit([{ ...item, duties: [duty], idempotency: row, missed: [{ webhookId: 'wh_plan', count: 1 }] }]);
  await storage.commit([
    { workspaceId: 'default', atMs: 1, fulfils: { dutyId: duty.id, version: 1 } },
    { workspaceId: 'default', atMs: 1, deliveryOrders: [{ kind: 'hasten', deliveryId: delivery.id, dueAtMs: 1 }] },
  ]);
  const retry = { state: 'pending', dueAtMs: 1 } as const;
  await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: 1, next: retry })]);
  await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 1, atMs: 1 })]);
  await storage.resources([{ workspaceId: 'default', type: 'asset', id: 'ast_x' }]);
  await storage.findByAlias('asset', 'x');
  await storage.findByAlias('asset', 'x', 'default');
  await storage.findByAliases({ workspaceId: 'default', type: 'asset', aliases: ['x'] });
  await storage.revision({ workspaceId: 'default', type: 'webhook', id: 'wh_plan' }, 1);
  await storage.webhooksRevision('default');
  await storage.idempotency('default', 'k');
  await storage.lanes({ after: null, limit: 5 });
  for (const by of ['due', 'position'] as const) {
    await storage.pending({ webhookId: 'wh_plan', by, nowMs: 1, limit: 5, after: { dueAtMs: 1, id: delivery.id } });
  }
  await storage.storedBody(delivery.id);
  await storage.duties({ nowMs: 1, limit: 5 });
  await storage.stop();
}

/** A table is read whole; subqueries, recursion and lists inside a row's JSON are not tables. */
function scanned(line: string): boolean {
  return /\bSCAN (changes|log|attempts|kept|queue|resources|revisions|bodies|duties|stats|lanes|idempotency|[rsqlw]\b)/.test(
    line,
  );
}

/** Lists, counts and statistics with every filter there is, over data in more than one partition. */
async function everyRead(): Promise<void> {
  const clock = createHeldClock();
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(3) });
  const storage = createSqliteStorage({ file: ':memory:', clock, options: { partitionRowsMax: 4 } });
  await storage.start();
  const { epoch } = storage.health();
  for (let n = 0; n < 12; n += 1) {
    const item = sampleCommit({ ids, webhookId: `wh_${n % 2}`, atMs: clock.nowMs() });
    await storage.commit([item]);
    const [delivery] = item.deliveries ?? [];
    if (delivery === undefined || n % 3 === 0) continue;
    await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: clock.nowMs() })]);
  }
  await storage.maintain(clock.nowMs());
  const { read } = storage;
  const span = { fromMs: 1, toMs: clock.nowMs() + 60_000 };
  const page = { workspaceId: 'default', limit: 3 } as const;
  const deliveryFilters: readonly Partial<DeliveryQuery>[] = [
    {},
    { webhookId: 'wh_1' },
    { states: ['pending'] },
    { states: ['dead', 'delivered'] },
    { dialect: 'standard' },
    { origins: ['change', 'test'], firstOnly: true },
    { event: 'asset.created', status: 200, ...span },
    { changeId: 'chg_x' },
    { subject: 'asset:ast_x' },
    { outcomes: ['timeout', 'broken'] },
    { change: { assetKind: ['image'] } },
  ];
  for (const filter of deliveryFilters) {
    for (const order of ['newest', 'oldest'] as const) {
      const { nextCursor } = await read.deliveries({ ...page, ...filter, order });
      if (nextCursor !== null) await read.deliveries({ ...page, ...filter, order, cursor: nextCursor });
    }
    await read.countDeliveries({ ...page, ...filter });
  }
  const changeFilters: readonly Partial<ChangeQuery>[] = [{}, { kinds: ['asset.moved'] }, { subject: 'asset:x' }, span];
  for (const filter of changeFilters) {
    for (const order of ['newest', 'oldest'] as const) await read.changes({ ...page, ...filter, order });
    await read.countChanges({ ...page, ...filter });
    await read.tryChanges({ ...page, ...filter, wanted: [], examinedMax: 100 });
  }
  await read.tryChanges({ ...page, ids: ['chg_x'], wanted: [], examinedMax: 100 });
  const where = { state: 'enabled' };
  for (const order of ['newest', 'oldest'] as const) {
    await read.resources({ ...page, type: 'webhook', where, contains: { name: 'x' }, order });
    await read.resources({ ...page, type: 'asset', alias: 'x', order });
    await read.assets({ ...page, folder: '/x', order });
  }
  await read.countResources({ workspaceId: 'default', type: 'asset_place', idPrefix: 'f:', max: 10 });
  await read.allResources({ type: 'webhook', limit: 3 });
  await read.change('default', 'chg_x');
  await read.delivery('default', 'dlv_x');
  await read.feed({ workspaceId: 'default', cursor: null, limit: 3 });
  for (const by of ['webhook', 'workspace'] as const) {
    await read.stats({ workspaceId: 'default', ...span, bucketMs: 3_600_000, by });
    await read.stats({ workspaceId: 'default', webhookId: 'wh_1', ...span, bucketMs: 60_000, by, limit: 5 });
    await read.stats({ workspaceId: null, ...span, bucketMs: 3_600_000, by });
  }
  await read.backlog('default');
  await read.missed('default');
  await storage.stop();
}

describe('query plans', () => {
  it('FD-16 no statement of the writer or of the keyed reads scans a table', async () => {
    const statements = await statementsOf(everyHotCall);
    assert.ok(statements.length > 40, `${statements.length} statements seen`);
    const scans = statements.filter(
      ({ sql, plan }) =>
        // A partition's rows are counted once, when it is opened; the list of partitions is read whole; a run of rows is
        // sorted before it is listed; the two that end with a grouping or an order by id are those of a migration.
        !/^SELECT count\(\*\), max|FROM partitions|^INSERT INTO \w+_listed/.test(sql) &&
        !/FROM resources WHERE type = '(?:folder|asset)'.*(?:ORDER BY id|GROUP BY 1, 2)$/.test(sql) &&
        plan.some((line) => /\bSCAN\b|TEMP B-TREE/.test(line) && !harmless.test(line)),
    );
    assert.deepEqual(scans, []);
  });

  it('every list, count and statistic finds its rows by an index, whatever it filters by', async () => {
    const statements = await statementsOf(everyRead);
    const lists = statements.filter(({ sql }) => /^(SELECT|WITH)/i.test(sql));
    assert.ok(lists.length > 60, `${lists.length} statements seen`);
    const scans = lists.filter(
      ({ sql, plan }) =>
        // A partition's rows are counted once, when it is opened; the list of partitions is read whole; the first row of a
        // table in its own order; and what is waiting is counted lane by lane over its own index.
        !/^SELECT count\(\*\), max|FROM partitions|^SELECT (?:minute|hour) FROM stats(?:_hours)? ORDER|FROM \(SELECT lane, count/.test(
          sql,
        ) && plan.some((line) => scanned(line)),
    );
    assert.deepEqual(scans, []);
  });

  it('the check can fail: a statement without an index is reported', async () => {
    const statements = await statementsOf(async () => {
      const db = new DatabaseSync(':memory:');
      db.exec('CREATE TABLE t (a, b)');
      db.prepare('SELECT b FROM t WHERE a = ?').all(1);
      db.close();
      await new Promise<void>((resolve) => microtaskTurn(resolve));
    });
    assert.ok(statements.some(({ plan }) => plan.some((line) => line.includes('SCAN'))));
  });

  it('FD-16 what the engine reads costs the same beside 200,000 pending deliveries of 5,000 lanes', async () => {
    const clock = createHeldClock();
    const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(5) });
    const storage = createSqliteStorage({ file: ':memory:', clock });
    await storage.start();
    const change = sampleCommit({ ids, webhookId: 'wh_0', atMs: 1, bare: true }).changes ?? [];
    const cost = async (): Promise<number> => {
      const began = process.cpuUsage();
      for (let n = 0; n < 200; n += 1) {
        await storage.pending({ webhookId: `wh_${n * 7}`, by: n % 2 === 0 ? 'due' : 'position', nowMs: 2, limit: 4 });
        await storage.lanes({ after: `wh_${n}`, limit: 10 });
      }
      const { user, system } = process.cpuUsage(began);
      return (user + system) / 200;
    };
    const fill = async (perLane: number): Promise<void> => {
      for (let lane = 0; lane < 5_000; lane += 500) {
        const deliveries = Array.from({ length: 500 * perLane }, (_, n) => {
          const id = ids.next('delivery');
          const webhookId = `wh_${lane + (n % 500)}` as const;
          const [first] = change;
          return {
            id,
            workspaceId: 'default',
            webhookId,
            webhookRevision: 1,
            changeId: first?.change.id ?? 'chg_0',
            subject: 'asset:a',
            event: 'e',
            messageId: id,
            origin: 'change',
            createdAtMs: 1,
            dueAtMs: 1,
          } as const;
        });
        await storage.commit([
          { workspaceId: 'default', atMs: 1, ...(lane === 0 && perLane === 1 ? { changes: change } : {}), deliveries },
        ]);
      }
    };
    await fill(1);
    await cost();
    const before = Math.min(await cost(), await cost(), await cost());
    await fill(39);
    await cost();
    const after = Math.min(await cost(), await cost(), await cost());
    await storage.stop();
    // Pages of four instead of one, and deeper trees; a scan would be a thousand times as much.
    assert.ok(
      after < before * 40 + 1_000,
      `${before.toFixed(0)} µs with one each, ${after.toFixed(0)} µs with forty each`,
    );
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { createIdSource } from '../../core/id-source.ts';
import type { NewDelivery } from '../../core/delivery.ts';
import { createHeldClock, seededBytes } from '../testing/world.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

it('FD-15 a damaged row is told apart from its neighbours, ends dead with a reason, and nothing else is held up', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-damage-'));
  const file = join(directory, 'assetwire.db');
  const clock = createHeldClock();
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(3) });
  const storage = createSqliteStorage({ file, clock, options: { writer: 'inline' } });
  try {
    await storage.start();
    const items = Array.from({ length: 6 }, () => sampleCommit({ ids, webhookId: 'wh_d', atMs: clock.nowMs() }));
    await storage.commit(items);
    const deliveries = items.map(({ deliveries: made }) => made?.[0]) as readonly NewDelivery[];
    const [whole, body, frozen, gone, attempted] = deliveries;
    assert.ok(whole && body && frozen && gone && attempted);
    const { epoch } = storage.health();
    const retry = { state: 'pending', dueAtMs: clock.nowMs() } as const;
    const record = { delivery: attempted, epoch, attemptsBefore: 0, atMs: clock.nowMs(), next: retry };
    await storage.record([sampleRecord(record)]);
    const vandal = new DatabaseSync(file);
    const change = (sql: string, ...values: string[]): void => {
      assert.equal(vandal.prepare(sql).run(...values).changes, 1, sql);
    };
    change(`UPDATE changes_1 SET body = '{"id": "chg' WHERE id = ?`, body.changeId);
    change(`UPDATE queue SET frozen = 'x' WHERE id = ?`, frozen.id);
    change(`UPDATE queue SET change_seq = 99999999 WHERE id = ?`, gone.id);
    change(`UPDATE attempts_1 SET attempt = 'null,' WHERE delivery = ?`, attempted.id);
    vandal.close();

    const pending = { webhookId: 'wh_d', nowMs: clock.nowMs(), limit: 100 } as const;
    for (const by of ['due', 'position'] as const) {
      const page = await storage.pending({ ...pending, by });
      assert.equal(page.tasks.length, 3);
      assert.deepEqual(
        page.unreadable?.map(({ deliveryId, reason }) => [deliveryId, reason]),
        [
          [body.id, 'What is stored of it or of its change is damaged'],
          [frozen.id, 'What is stored of it or of its change is damaged'],
          [gone.id, 'Its change is not there any more'],
        ],
      );
    }
    // Everybody can still look: at the delivery itself, at lists, at the feed.
    assert.equal((await storage.read.delivery('default', frozen.id))?.delivery.frozen, undefined);
    assert.deepEqual((await storage.read.delivery('default', attempted.id))?.attempts, []);
    assert.equal(await storage.read.change('default', body.changeId), null);
    assert.equal((await storage.read.changes({ workspaceId: 'default', limit: 100 })).items.length, 5);
    const feed = await storage.read.feed({ workspaceId: 'default', cursor: null, limit: 2 });
    const rest = await storage.read.feed({ workspaceId: 'default', cursor: feed.cursor, limit: 100 });
    assert.equal(feed.changes.length + rest.changes.length, 5);

    const { unreadable = [] } = await storage.pending({ ...pending, by: 'position' });
    const deliveryOrders = unreadable.map(({ deliveryId, reason }) => ({ kind: 'bury' as const, deliveryId, reason }));
    await storage.commit([{ workspaceId: 'default', atMs: clock.nowMs(), deliveryOrders }]);
    const left = await storage.pending({ ...pending, by: 'position' });
    assert.deepEqual([left.tasks.length, left.unreadable], [3, undefined]);
    const dead = await storage.read.deliveries({
      workspaceId: 'default',
      states: ['dead'],
      limit: 10,
      order: 'oldest',
    });
    assert.deepEqual(
      dead.items.map(({ id, reason, attempts }) => [id, reason, attempts]),
      unreadable.map(({ deliveryId, reason }) => [deliveryId, reason, 0]),
    );
    const bucketMs = 3_600_000;
    const [stats] = await storage.read.stats({ workspaceId: 'default', fromMs: 0, toMs: clock.nowMs() + 1, bucketMs });
    assert.equal(stats?.ended.dead, 3);
  } finally {
    await storage.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

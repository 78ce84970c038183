/** Statistics: minutes written with the records, hours made of them by upkeep, and what is kept of each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../core/limits.ts';
import type { StatsQuery, StatsRow } from '../contract/stats.ts';
import type { StoreFactory } from './conformance.ts';
import { sampleRecord } from './samples.ts';
import { type World, withWorld } from './world.ts';

const minute = 60_000;
const hour = 60 * minute;

async function maintain(world: World): Promise<void> {
  for (let slice = 0; slice < 10_000; slice += 1) {
    if (!(await world.storage.maintain(world.now())).more) return;
  }
  assert.fail('upkeep never ends');
}

function read(world: World, query: Partial<StatsQuery> = {}): Promise<readonly StatsRow[]> {
  return world.storage.read.stats({
    workspaceId: 'default',
    fromMs: 0,
    toMs: world.now() + minute,
    bucketMs: hour,
    ...query,
  });
}

function total(rows: readonly StatsRow[], name: 'attempts' | 'accepted' | 'delivered' | 'tests'): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

export function statsTests(factory: StoreFactory): void {
  describe('statistics', () => {
    it('what was accepted, retried and how long a first attempt was waited for is counted', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_s');
        await world.deliver('wh_s');
        world.clock.advance(200);
        await world.record(delivery, 0, { next: { state: 'pending', dueAtMs: 1 } });
        await world.record(delivery, 1);
        await maintain(world);
        const [row, ...more] = await read(world);
        assert.deepEqual(more, []);
        assert.ok(row);
        assert.deepEqual(
          [row.accepted, row.attempts, row.delivered, row.failed, row.retrying, row.tests],
          [2, 2, 1, 1, 1, 0],
        );
        // 200 ms lies above 50 and at most 250; the second attempt waited for nothing.
        assert.deepEqual(row.waits, [0, 0, 0, 1, 0, 0, 0, 0]);
      });
    });

    it('a delivery accepted and never attempted is counted once upkeep has run, or the store was closed', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.deliver('wh_s');
        await maintain(world);
        assert.equal(total(await read(world), 'accepted'), 1);
        await world.deliver('wh_s');
        if (world.reopen === null) return;
        const again = await world.reopen();
        const rows = await again.read.stats({
          workspaceId: 'default',
          fromMs: 0,
          toMs: world.now() + minute,
          bucketMs: hour,
        });
        assert.equal(total(rows, 'accepted'), 2);
      });
    });

    it('an item that was undone is not counted as accepted', async () => {
      await withWorld(factory, {}, async (world) => {
        const good = world.created('wh_s');
        const lost = world.created('wh_s');
        const orphan = { ...world.again(lost, 'wh_s'), changeId: world.ids.next('change') };
        const results = await world.storage.commit([{ ...lost.item, deliveries: [lost.delivery, orphan] }, good.item]);
        assert.deepEqual(
          results.map(({ status }) => status),
          ['stale', 'applied'],
        );
        await maintain(world);
        assert.equal(total(await read(world), 'accepted'), 1);
      });
    });

    it('attempts of test sends are in a number of their own and in no other', async () => {
      await withWorld(factory, {}, async (world) => {
        const made = world.created('wh_s');
        const test = { ...made.delivery, origin: 'test' as const };
        await world.apply({ ...made.item, deliveries: [test] });
        const { epoch } = world.storage.health();
        await world.storage.record([sampleRecord({ delivery: test, epoch, attemptsBefore: 0, atMs: world.now() })]);
        await maintain(world);
        const [row] = await read(world);
        assert.ok(row);
        assert.deepEqual([row.tests, row.accepted, row.attempts, row.delivered], [1, 0, 0, 0]);
        assert.equal(
          row.durations.reduce((sum, count) => sum + count, 0),
          0,
        );
      });
    });

    it('hours answer the same as the minutes they were made of, whatever the span', async () => {
      await withWorld(factory, {}, async (world) => {
        world.clock.advance(hour - (world.now() % hour));
        const startMs = world.now();
        for (let step = 0; step < 30; step += 1) {
          for (const webhookId of ['wh_a', 'wh_b'] as const) {
            const { delivery } = await world.deliver(webhookId);
            await world.record(delivery, 0);
          }
          world.clock.advance(7 * minute);
        }
        const spans = [0, 1, 13, 59, 60, 61, 119, 150, 209, 240].map((from) => startMs + from * minute);
        const ask = async () =>
          Promise.all(
            spans.flatMap((fromMs) =>
              spans
                .filter((toMs) => toMs > fromMs)
                .flatMap((toMs) =>
                  [hour, 2 * hour, 5 * minute].map((bucketMs) => read(world, { fromMs, toMs, bucketMs })),
                ),
            ),
          );
        const before = await ask();
        await maintain(world);
        assert.deepEqual(await ask(), before);
        assert.equal(total(await read(world, { webhookId: 'wh_a' }), 'delivered'), 30);
      });
    });

    it('of the hour in which a store began, minutes are minutes, also when the hour is over', async () => {
      await withWorld(factory, {}, async (world) => {
        const begins = Math.ceil(world.now() / hour) * hour;
        world.clock.advance(begins + 20 * minute - world.now());
        for (let times = 0; times < 2; times += 1) {
          const { delivery } = await world.deliver('wh_s');
          await world.record(delivery, 0);
          world.clock.advance(15 * minute);
        }
        await maintain(world);
        world.clock.advance(hour);
        await world.deliver('wh_s');
        await maintain(world);
        const rows = await read(world, { fromMs: begins, bucketMs: minute });
        const attempted = rows.filter(({ attempts }) => attempts > 0);
        assert.deepEqual(
          attempted.map(({ atMs, attempts }) => [(atMs - begins) / minute, attempts]),
          [
            [20, 1],
            [35, 1],
          ],
        );
      });
    });

    it('minutes leave after two days, hours stay; an attempt recorded late is in its hour', async () => {
      await withWorld(factory, { keepMs: 30 * 24 * hour }, async (world) => {
        world.clock.advance(hour - (world.now() % hour) + 30 * minute);
        const oldMs = world.now();
        await world.record((await world.deliver('wh_s')).delivery, 0);
        const late = await world.deliver('wh_s');
        world.clock.advance(limits.statsMinutesKeptMs + 2 * hour);
        await maintain(world);
        const byMinute = await read(world, { bucketMs: minute });
        assert.equal(total(byMinute, 'attempts'), 1);
        // The minute itself is gone: its hour stands at its beginning.
        assert.equal(byMinute[0]?.atMs, oldMs - 30 * minute);
        const { epoch } = world.storage.health();
        await world.storage.record([
          sampleRecord({ delivery: late.delivery, epoch, attemptsBefore: 0, atMs: oldMs + minute }),
        ]);
        await maintain(world);
        await maintain(world);
        assert.equal(total(await read(world), 'attempts'), 2);
        assert.equal(total(await read(world), 'accepted'), 2);
        world.clock.advance(29 * 24 * hour);
        await maintain(world);
        assert.deepEqual(await read(world), []);
      });
    });

    it('a workspace sees its own alone, however many webhooks there are', async () => {
      await withWorld(factory, {}, async (world) => {
        const made = Array.from({ length: 120 }, (_, n) => world.created(`wh_${n}`));
        await world.storage.commit(made.map(({ item }) => item));
        await Promise.all(made.map(({ delivery }) => world.record(delivery, 0)));
        await world.record((await world.deliver('wh_x', 'other')).delivery, 0);
        assert.equal(total(await read(world), 'attempts'), 120);
        assert.equal(total(await read(world, { workspaceId: 'other' }), 'attempts'), 1);
        assert.equal(total(await read(world, { workspaceId: null }), 'attempts'), 121);
        assert.deepEqual(await read(world, { workspaceId: 'other', webhookId: 'wh_1' }), []);
        assert.equal((await read(world, { limit: 7 })).length, 7);
        // More rows of one minute than upkeep adds up in a step.
        world.clock.advance(2 * hour);
        await maintain(world);
        assert.equal(total(await read(world), 'attempts'), 120);
        assert.equal(total(await read(world, { workspaceId: 'other' }), 'attempts'), 1);
      });
    });
  });
}

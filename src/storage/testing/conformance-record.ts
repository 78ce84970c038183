/** Record: what an attempt leaves behind, and who is fenced. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../core/limits.ts';
import type { StoreFactory } from './conformance.ts';
import { withWorld } from './world.ts';

const body = new TextEncoder().encode('{"the":"body"}');

export function recordTests(factory: StoreFactory): void {
  describe('record', () => {
    it('delivered: nothing is pending any more, the log shows the attempt, no body is kept', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_ok');
        assert.equal(await world.record(delivery, 0), 'recorded');
        assert.deepEqual(await world.storage.lanes({ after: null, limit: 10 }), []);
        const detail = await world.storage.read.delivery('default', delivery.id);
        assert.deepEqual(detail?.delivery, delivery);
        assert.equal(detail.summary.state, 'delivered');
        assert.equal(detail.summary.attempts, 1);
        assert.equal(detail.summary.lastStatus, 200);
        assert.equal(detail.summary.lastDurationMs, 12.5);
        assert.equal(detail.summary.endedAtMs, world.now());
        assert.deepEqual(
          detail.attempts.map(({ number, code }) => [number, code]),
          [[1, '200']],
        );
        assert.equal(detail.storedBody, null);
        assert.equal(await world.storage.storedBody(delivery.id), null);
      });
    });

    it('to be tried again: re-dated, counted, its body kept once and dropped when it is delivered', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery, change } = await world.deliver('wh_retry');
        const dueAtMs = world.now() + 30_000;
        assert.equal(await world.record(delivery, 0, { next: { state: 'pending', dueAtMs }, body }), 'recorded');
        const query = { webhookId: 'wh_retry', by: 'due', limit: 10 } as const;
        assert.deepEqual(await world.storage.pending({ ...query, nowMs: world.now() }), {
          tasks: [],
          nextDueAtMs: dueAtMs,
        });
        assert.deepEqual((await world.storage.pending({ ...query, nowMs: dueAtMs })).tasks, [
          { delivery: { ...delivery, dueAtMs, attempts: 1 }, change },
        ]);
        assert.deepEqual(await world.storage.storedBody(delivery.id), body);
        const pending = await world.storage.read.delivery('default', delivery.id);
        assert.equal(pending?.summary.state, 'pending');
        assert.equal(pending.summary.lastStatus, 500);
        assert.deepEqual(
          pending.attempts.map(({ number }) => number),
          [1],
        );
        assert.equal(await world.record(delivery, 1), 'recorded');
        assert.equal(await world.storage.storedBody(delivery.id), null);
        const ended = await world.storage.read.delivery('default', delivery.id);
        assert.deepEqual(
          ended?.attempts.map(({ number, code }) => [number, code]),
          [
            [1, '500'],
            [2, '200'],
          ],
        );
        assert.equal(ended.summary.attempts, 2);
      });
    });

    it('delivered with bytes to be kept: they are there as long as the delivery, after one attempt or more', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery: first } = await world.deliver('wh_kept');
        assert.equal(await world.record(first, 0, { body }), 'recorded');
        const { delivery: second } = await world.deliver('wh_kept');
        const dueAtMs = world.now();
        assert.equal(await world.record(second, 0, { next: { state: 'pending', dueAtMs }, body }), 'recorded');
        assert.equal(await world.record(second, 1, { body }), 'recorded');
        for (const { id } of [first, second]) {
          const detail = await world.storage.read.delivery('default', id);
          assert.deepEqual([detail?.summary.state, detail?.storedBody], ['delivered', body]);
        }
      });
    });

    it('dead and rejected keep their body and say why', async () => {
      await withWorld(factory, {}, async (world) => {
        for (const state of ['dead', 'rejected'] as const) {
          const { delivery } = await world.deliver('wh_end');
          const next = { state, reason: `because ${state}`, endedAtMs: world.now() };
          assert.equal(await world.record(delivery, 0, { next, body }), 'recorded');
          const detail = await world.storage.read.delivery('default', delivery.id);
          assert.equal(detail?.summary.state, state);
          assert.equal(detail.summary.reason, `because ${state}`);
          assert.deepEqual(detail.storedBody, body);
        }
      });
    });

    it('INV-6 an older epoch and a wrong number of attempts are fenced; an ended delivery is gone', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_fence');
        const { epoch } = world.storage.health();
        assert.equal(await world.record(delivery, 0, { epoch: epoch - 1 }), 'fenced');
        assert.equal(await world.record(delivery, 1), 'fenced');
        const next = { state: 'pending', dueAtMs: world.now() } as const;
        assert.equal(await world.record(delivery, 0, { next }), 'recorded');
        assert.equal(await world.record(delivery, 0, { next }), 'fenced');
        assert.equal(await world.record(delivery, 1), 'recorded');
        assert.equal(await world.record(delivery, 2), 'gone');
        const detail = await world.storage.read.delivery('default', delivery.id);
        assert.deepEqual(
          detail?.attempts.map(({ number }) => number),
          [1, 2],
        );
      });
    });

    it('a delivery of another workspace cannot be recorded', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_mine');
        assert.equal(await world.record({ ...delivery, workspaceId: 'other' }, 0), 'gone');
        assert.equal((await world.storage.lanes({ after: null, limit: 5 })).length, 1);
      });
    });

    it('one call records many; each has its answer, also twice the same delivery', async () => {
      await withWorld(factory, {}, async (world) => {
        const { sampleRecord } = await import('./samples.ts');
        const { epoch } = world.storage.health();
        const made = [await world.deliver('wh_a'), await world.deliver('wh_b'), await world.deliver('wh_a')];
        const items = made.map(({ delivery }) =>
          sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: world.now() }),
        );
        const [first] = items;
        assert.ok(first);
        assert.deepEqual(await world.storage.record([...items, first]), ['recorded', 'recorded', 'recorded', 'gone']);
      });
    });

    it('of many attempts the first ten, the last forty and the count are kept', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_many');
        const total = 75;
        for (let attempt = 0; attempt < total; attempt += 1) {
          const last = attempt === total - 1;
          const next = last
            ? ({ state: 'dead', endedAtMs: world.now() } as const)
            : ({ state: 'pending', dueAtMs: 1 } as const);
          assert.equal(await world.record(delivery, attempt, { next }), 'recorded');
        }
        const detail = await world.storage.read.delivery('default', delivery.id);
        assert.equal(detail?.summary.attempts, total);
        const numbers = detail.attempts.map(({ number }) => number);
        assert.equal(numbers.length, limits.attemptsKeptFirst + limits.attemptsKeptLast);
        assert.deepEqual(numbers.slice(0, 11), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 36]);
        assert.equal(numbers.at(-1), total);
      });
    });

    it('statistics add up by minute and webhook, with durations in buckets', async () => {
      await withWorld(factory, {}, async (world) => {
        const ended = { endedAtMs: world.now() };
        await world.record((await world.deliver('wh_s')).delivery, 0);
        await world.record((await world.deliver('wh_s')).delivery, 0, { next: { state: 'dead', ...ended } });
        const retried = await world.deliver('wh_s');
        await world.record(retried.delivery, 0, { next: { state: 'pending', dueAtMs: 1 } });
        world.clock.advance(60_000);
        await world.record(retried.delivery, 1, { next: { state: 'rejected', ...ended } });
        const cancelled = await world.deliver('wh_s');
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          deliveryOrders: [{ kind: 'cancel', deliveryId: cancelled.delivery.id, reason: 'asked' }],
        });
        const fromMs = world.now() - 120_000;
        const rows = await world.storage.read.stats({
          workspaceId: 'default',
          fromMs,
          toMs: world.now() + 60_000,
          bucketMs: 60_000,
        });
        assert.deepEqual(
          rows.map(({ attempts, delivered, failed, ended: ends }) => ({ attempts, delivered, failed, ...ends })),
          [
            { attempts: 3, delivered: 1, failed: 2, rejected: 0, dead: 1, cancelled: 0 },
            { attempts: 1, delivered: 0, failed: 1, rejected: 1, dead: 0, cancelled: 1 },
          ],
        );
        // 12.5 ms lies above 10 and at most 25.
        assert.deepEqual(rows[0]?.durations, [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        const whole = await world.storage.read.stats({
          workspaceId: null,
          fromMs,
          toMs: world.now() + 60_000,
          bucketMs: 3_600_000,
        });
        assert.equal(
          whole.reduce((sum, { attempts }) => sum + attempts, 0),
          4,
        );
        assert.deepEqual(
          await world.storage.read.stats({
            workspaceId: 'other',
            fromMs,
            toMs: world.now() + 60_000,
            bucketMs: 60_000,
          }),
          [],
        );
      });
    });
  });
}

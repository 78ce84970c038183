/** What the engine reads: lanes, what is due, the order of commit, and orders over pending deliveries. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryId, WebhookId } from '../../core/ids.ts';
import type { DeliveryTask, PendingQuery } from '../contract/lanes.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, withWorld } from './world.ts';

async function drain(world: World, query: Omit<PendingQuery, 'after'>): Promise<DeliveryTask[]> {
  const tasks: DeliveryTask[] = [];
  let after: PendingQuery['after'];
  for (;;) {
    const page = await world.storage.pending({ ...query, ...(after === undefined ? {} : { after }) });
    tasks.push(...page.tasks);
    const last = page.tasks.at(-1)?.delivery;
    if (last === undefined || page.tasks.length < query.limit) return tasks;
    after = { dueAtMs: last.dueAtMs, id: last.id };
  }
}

const idsOf = (tasks: readonly DeliveryTask[]): readonly DeliveryId[] => tasks.map(({ delivery }) => delivery.id);

export function laneTests(factory: StoreFactory): void {
  describe('lanes', () => {
    it('every lane with something pending is shown once, over pages, with its earliest due time', async () => {
      await withWorld(factory, {}, async (world) => {
        const webhooks = Array.from({ length: 23 }, (_, n): WebhookId => `wh_${String(n).padStart(2, '0')}`);
        for (const webhookId of [...webhooks, ...webhooks]) {
          await world.deliver(webhookId, `ws-${webhookId}`);
          world.clock.advance(10);
        }
        const ended = await world.deliver('wh_ended');
        await world.record(ended.delivery, 0);
        const seen = new Map<string, number>();
        let after: WebhookId | null = null;
        for (;;) {
          const heads = await world.storage.lanes({ after, limit: 5 });
          for (const { webhookId, workspaceId, nextDueAtMs } of heads) {
            assert.equal(workspaceId, `ws-${webhookId}`);
            assert.ok(!seen.has(webhookId));
            seen.set(webhookId, nextDueAtMs);
          }
          const last = heads.at(-1);
          if (last === undefined) break;
          after = last.webhookId;
        }
        assert.deepEqual([...seen.keys()].sort(), webhooks);
        const first = Math.min(...seen.values());
        assert.equal(seen.get('wh_07'), first + 70);
      });
    });

    it('due: in order of due time over pages; what is not due yet only shows when', async () => {
      await withWorld(factory, {}, async (world) => {
        const expected: { id: DeliveryId; dueAtMs: number }[] = [];
        for (let n = 0; n < 20; n += 1) {
          const { item, delivery } = world.created('wh_due');
          // Several share one due time, so that paging must tell them apart.
          const dueAtMs = world.now() + ((n * 7) % 5) * 100;
          await world.apply({ ...item, deliveries: [{ ...delivery, dueAtMs }] });
          expected.push({ id: delivery.id, dueAtMs });
        }
        const nowMs = world.now() + 200;
        const due = expected.filter(({ dueAtMs }) => dueAtMs <= nowMs).sort((a, b) => a.dueAtMs - b.dueAtMs);
        const tasks = await drain(world, { webhookId: 'wh_due', by: 'due', nowMs, limit: 3 });
        assert.deepEqual(
          idsOf(tasks),
          due.map(({ id }) => id),
        );
        const page = await world.storage.pending({ webhookId: 'wh_due', by: 'due', nowMs, limit: 100 });
        assert.equal(page.nextDueAtMs, world.now() + 300);
        const part = await world.storage.pending({ webhookId: 'wh_due', by: 'due', nowMs, limit: 1 });
        assert.equal(part.nextDueAtMs, world.now());
        assert.deepEqual(await world.storage.pending({ webhookId: 'wh_none', by: 'due', nowMs, limit: 1 }), {
          tasks: [],
          nextDueAtMs: null,
        });
      });
    });

    it('position: in order of commit, whatever ids and due times say, and stable when rows end meanwhile', async () => {
      await withWorld(factory, {}, async (world) => {
        const made = Array.from({ length: 12 }, () => world.created('wh_fifo'));
        // Committed backwards: ids and due times would say otherwise.
        const order = [...made].reverse();
        for (const [n, { item, delivery }] of order.entries()) {
          await world.apply({ ...item, deliveries: [{ ...delivery, dueAtMs: world.now() + ((n * 5) % 12) }] });
        }
        const expected = order.map(({ delivery }) => delivery.id);
        const query = { webhookId: 'wh_fifo', by: 'position', nowMs: 0, limit: 5 } as const;
        assert.deepEqual(idsOf(await drain(world, query)), expected);
        const first = await world.storage.pending(query);
        const last = first.tasks.at(-1)?.delivery;
        assert.ok(last);
        for (const { delivery } of first.tasks) await world.record(delivery, 0);
        const second = await world.storage.pending({ ...query, after: { dueAtMs: last.dueAtMs, id: last.id } });
        assert.deepEqual(idsOf(second.tasks), expected.slice(5, 10));
      });
    });

    it('a delivery of an earlier change is rendered from that change', async () => {
      await withWorld(factory, {}, async (world) => {
        const created = await world.deliver('wh_first');
        await world.record(created.delivery, 0);
        const again = world.again(created, 'wh_second');
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          deliveries: [
            {
              ...again,
              origin: 'redelivery',
              redeliveryOf: created.delivery.id,
              messageId: created.delivery.id,
              frozen: { MessageId: 'm' },
            },
          ],
        });
        const { tasks } = await world.storage.pending({
          webhookId: 'wh_second',
          by: 'due',
          nowMs: world.now(),
          limit: 5,
        });
        assert.deepEqual(tasks[0]?.change, created.change);
        assert.equal(tasks[0].delivery.messageId, created.delivery.id);
        assert.deepEqual(tasks[0].delivery.frozen, { MessageId: 'm' });
        assert.equal(tasks[0].delivery.redeliveryOf, created.delivery.id);
      });
    });

    it('TN-02 a delivery of a change that is not there, or of another workspace, is not committed', async () => {
      await withWorld(factory, {}, async (world) => {
        const foreign = await world.deliver('wh_foreign', 'other');
        const delivery = { ...world.again(foreign, 'wh_mine'), workspaceId: 'default' };
        const setting = { type: 'setting', id: 's', expectedVersion: 0, state: {} } as const;
        const result = await world.commitOne({
          workspaceId: 'default',
          atMs: world.now(),
          resources: [setting],
          deliveries: [delivery],
        });
        assert.equal(result.status, 'stale');
        assert.deepEqual(await world.storage.resources([{ workspaceId: 'default', type: 'setting', id: 's' }]), [null]);
        assert.equal((await world.storage.lanes({ after: null, limit: 5 })).length, 1);
      });
    });

    it('hasten re-dates and cancel ends what is pending; what has ended is left alone', async () => {
      await withWorld(factory, {}, async (world) => {
        const [late, unwanted, ended] = [
          await world.deliver('wh_o'),
          await world.deliver('wh_o'),
          await world.deliver('wh_o'),
        ];
        await world.record(late.delivery, 0, {
          next: { state: 'pending', dueAtMs: world.now() + 9e6 },
          body: new Uint8Array([1]),
        });
        await world.record(unwanted.delivery, 0, {
          next: { state: 'pending', dueAtMs: world.now() + 9e6 },
          body: new Uint8Array([1]),
        });
        await world.record(ended.delivery, 0);
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          deliveryOrders: [
            { kind: 'hasten', deliveryId: late.delivery.id, dueAtMs: world.now() },
            { kind: 'cancel', deliveryId: unwanted.delivery.id, reason: 'not wanted' },
            { kind: 'cancel', deliveryId: ended.delivery.id, reason: 'too late' },
            { kind: 'hasten', deliveryId: 'dlv_unknown', dueAtMs: 1 },
          ],
        });
        const { tasks } = await world.storage.pending({ webhookId: 'wh_o', by: 'due', nowMs: world.now(), limit: 5 });
        assert.deepEqual(idsOf(tasks), [late.delivery.id]);
        assert.equal(tasks[0]?.delivery.attempts, 1);
        const cancelled = await world.storage.read.delivery('default', unwanted.delivery.id);
        assert.equal(cancelled?.summary.state, 'cancelled');
        assert.equal(cancelled.summary.reason, 'not wanted');
        assert.deepEqual(
          cancelled.attempts.map(({ number }) => number),
          [1],
        );
        assert.equal(cancelled.storedBody, null);
        assert.equal((await world.storage.read.delivery('default', ended.delivery.id))?.summary.state, 'delivered');
        assert.equal(await world.record(unwanted.delivery, 1), 'gone');
      });
    });

    it('TN-02 a delivery to the webhook of another workspace is not committed', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.deliver('wh_theirs', 'other');
        const mine = world.created('wh_theirs');
        assert.equal((await world.commitOne(mine.item)).status, 'stale');
        assert.equal(await world.storage.read.change('default', mine.change.id), null);
        assert.equal((await world.storage.read.deliveries({ workspaceId: 'default', limit: 5 })).items.length, 0);
      });
    });

    it('TN-02 orders do not reach into another workspace', async () => {
      await withWorld(factory, {}, async (world) => {
        const { delivery } = await world.deliver('wh_theirs', 'other');
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          deliveryOrders: [{ kind: 'cancel', deliveryId: delivery.id, reason: 'mine now' }],
        });
        assert.equal((await world.storage.read.delivery('other', delivery.id))?.summary.state, 'pending');
      });
    });
  });
}

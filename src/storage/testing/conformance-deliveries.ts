/** Lists of deliveries over what is pending and what has ended. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliverySummary } from '../../core/delivery.ts';
import type { DeliveryQuery } from '../contract/list-queries.ts';
import type { StoreFactory } from './conformance.ts';
import { type Created, seededFraction, type World, walk, withWorld } from './world.ts';

const idsOf = (items: readonly DeliverySummary[]): readonly string[] => items.map(({ id }) => id);

function list(
  world: World,
  query: Omit<DeliveryQuery, 'limit' | 'cursor' | 'workspaceId'>,
  limit = 4,
): Promise<DeliverySummary[]> {
  return walk((cursor) =>
    world.storage.read.deliveries({
      workspaceId: 'default',
      limit,
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
}

async function disable(world: World, id: string, state: 'disabled' | 'enabled'): Promise<void> {
  await world.apply({
    workspaceId: 'default',
    atMs: world.now(),
    resources: [{ type: 'webhook', id, expectedVersion: 'any', state: { state } }],
  });
}

export function deliveryListTests(factory: StoreFactory): void {
  describe('deliveries', () => {
    it('a message is found by the id that its receiver saw, pending and ended, over workspaces', async () => {
      await withWorld(factory, { partitionRowsMax: 3 }, async (world) => {
        const { read } = world.storage;
        const send = async (messageId: string, workspaceId: string) => {
          const { item, delivery } = world.created(`wh_${workspaceId}`, workspaceId);
          await world.apply({ ...item, deliveries: [{ ...delivery, messageId }] });
          return delivery;
        };
        const first = await send('93df93061a891c23', 'default');
        const other = await send('ffffffffffffffff', 'other');
        const plain = await world.deliver('wh_default');
        const where = async (id: string) => (await read.deliveryOfMessage(id))?.id ?? null;
        assert.deepEqual(await read.deliveryOfMessage('93df93061a891c23'), { workspaceId: 'default', id: first.id });
        for (const ended of [first, other]) assert.equal(await world.record(ended, 0), 'recorded');
        for (let n = 0; n < 8; n += 1) await world.record((await world.deliver('wh_more')).delivery, 0);
        assert.equal(await where('93df93061a891c23'), first.id);
        assert.deepEqual(await read.deliveryOfMessage('ffffffffffffffff'), { workspaceId: 'other', id: other.id });
        assert.equal(await where('0000000000000000'), null);
        // An id that is the delivery's own is no message id, and its letters count.
        assert.equal(await where(plain.delivery.id), null);
        assert.equal(await where('93DF93061A891C23'), null);
      });
    });

    it('pending and ended ones are one list in order of commit, both ways, over partitions', async () => {
      await withWorld(factory, { partitionRowsMax: 6 }, async (world) => {
        const seed = Math.floor(Math.random() * 2 ** 31);
        const random = seededFraction(seed);
        const made: Created[] = [];
        for (let n = 0; n < 40; n += 1) made.push(await world.deliver(`wh_${Math.floor(random() * 5)}`));
        await world.deliver('wh_other', 'other');
        for (const { delivery } of [...made].sort(() => random() - 0.5).slice(0, 26)) {
          const state = (['delivered', 'rejected', 'dead'] as const)[Math.floor(random() * 3)] ?? 'dead';
          await world.record(delivery, 0, { next: { state, endedAtMs: world.now() } });
        }
        const expected = made.map(({ delivery }) => delivery.id);
        assert.deepEqual(idsOf(await list(world, { order: 'oldest' })), expected, `seed ${seed}`);
        assert.deepEqual(idsOf(await list(world, {})), [...expected].reverse(), `seed ${seed}`);
        assert.equal(await world.storage.read.countDeliveries({ workspaceId: 'default' }), 40);
        const lane = made.filter(({ delivery }) => delivery.webhookId === 'wh_3').map(({ delivery }) => delivery.id);
        assert.deepEqual(idsOf(await list(world, { webhookId: 'wh_3', order: 'oldest' })), lane, `seed ${seed}`);
        const counts = await Promise.all(
          (['pending', 'delivered', 'rejected', 'dead', 'cancelled', 'held'] as const).map(async (state) => {
            const found = await list(world, { states: [state] });
            assert.ok(found.every((item) => item.state === state));
            assert.equal(
              await world.storage.read.countDeliveries({ workspaceId: 'default', states: [state] }),
              found.length,
            );
            return found.length;
          }),
        );
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          40,
        );
        assert.equal(counts[0], 14);
      });
    });

    it('filters by event, change, subject, status and time', async () => {
      await withWorld(factory, {}, async (world) => {
        const [a, b] = [await world.deliver('wh_f'), await world.deliver('wh_f')];
        const replayed = world.again(a, 'wh_g');
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          deliveries: [{ ...replayed, event: 'other.event' }],
        });
        world.clock.advance(5_000);
        const c = await world.deliver('wh_f');
        await world.record(a.delivery, 0);
        await world.record(b.delivery, 0, { next: { state: 'dead', endedAtMs: world.now() } });
        assert.deepEqual(idsOf(await list(world, { event: 'other.event' })), [replayed.id]);
        assert.deepEqual(idsOf(await list(world, { changeId: a.change.id })), [replayed.id, a.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { subject: a.delivery.subject })), [replayed.id, a.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { status: 500 })), [b.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { outcomes: ['response'] })), [b.delivery.id, a.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { outcomes: ['timeout', 'broken'] })), []);
        assert.deepEqual(idsOf(await list(world, { fromMs: world.now() })), [c.delivery.id]);
        assert.equal((await list(world, { toMs: world.now() })).length, 3);
        assert.deepEqual(idsOf(await list(world, { webhookId: 'wh_f', subject: a.delivery.subject })), [a.delivery.id]);
        const [d, e] = [await world.deliver('wh_f'), await world.deliver('wh_f')];
        const retry = { state: 'pending', dueAtMs: world.now() } as const;
        await world.record(d.delivery, 0, { next: retry, outcome: 'timeout' });
        await world.record(e.delivery, 0, { next: { state: 'dead', endedAtMs: world.now() }, outcome: 'dns-failed' });
        const silent: Partial<DeliveryQuery> = { outcomes: ['timeout', 'dns-failed'] };
        assert.deepEqual(idsOf(await list(world, silent)), [e.delivery.id, d.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { ...silent, states: ['pending'] })), [d.delivery.id]);
        assert.equal(await world.storage.read.countDeliveries({ workspaceId: 'default', ...silent }), 2);
        assert.equal(
          await world.storage.read.countDeliveries({ workspaceId: 'default', subject: a.delivery.subject }),
          2,
        );
        assert.deepEqual(await list(world, { webhookId: 'wh_unknown' }), []);
      });
    });

    it('held is what is pending for a disabled webhook, derived when read', async () => {
      await withWorld(factory, {}, async (world) => {
        await disable(world, 'wh_h', 'disabled');
        const held = await world.deliver('wh_h');
        const pending = await world.deliver('wh_p');
        const ended = await world.deliver('wh_h');
        await world.record(ended.delivery, 0);
        const states = async () => Object.fromEntries((await list(world, {})).map(({ id, state }) => [id, state]));
        assert.deepEqual(await states(), {
          [held.delivery.id]: 'held',
          [pending.delivery.id]: 'pending',
          [ended.delivery.id]: 'delivered',
        });
        assert.deepEqual(idsOf(await list(world, { states: ['held'] })), [held.delivery.id]);
        assert.deepEqual(idsOf(await list(world, { states: ['pending'] })), [pending.delivery.id]);
        assert.equal((await list(world, { states: ['pending', 'held'] })).length, 2);
        assert.equal((await world.storage.read.delivery('default', held.delivery.id))?.summary.state, 'held');
        await disable(world, 'wh_h', 'enabled');
        assert.equal((await world.storage.read.delivery('default', held.delivery.id))?.summary.state, 'pending');
      });
    });

    it('IN-26 a delivery that ends during a walk is shown exactly once', async () => {
      await withWorld(factory, { partitionRowsMax: 10 }, async (world) => {
        const made: Created[] = [];
        for (let n = 0; n < 30; n += 1) made.push(await world.deliver(`wh_${n % 3}`));
        const seen: string[] = [];
        let cursor: string | undefined;
        let ended = 0;
        for (;;) {
          const page = await world.storage.read.deliveries({
            workspaceId: 'default',
            limit: 5,
            ...(cursor === undefined ? {} : { cursor }),
          });
          seen.push(...idsOf(page.items));
          for (const { delivery } of made.slice(ended, ended + 6)) await world.record(delivery, 0);
          ended += 6;
          await world.deliver('wh_0');
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        assert.deepEqual(seen, made.map(({ delivery }) => delivery.id).reverse());
      });
    });

    it('TN-01 a delivery is not shown to another workspace, TN-05 nor listed there', async () => {
      await withWorld(factory, {}, async (world) => {
        const mine = await world.deliver('wh_t');
        assert.equal(await world.storage.read.delivery('other', mine.delivery.id), null);
        for (const workspaceId of ['other', '', '*', '%']) {
          assert.deepEqual((await world.storage.read.deliveries({ workspaceId, limit: 5 })).items, []);
          assert.deepEqual(
            (await world.storage.read.deliveries({ workspaceId, webhookId: 'wh_t', limit: 5 })).items,
            [],
          );
          assert.equal(await world.storage.read.countDeliveries({ workspaceId }), 0);
          assert.deepEqual(await world.storage.read.backlog(workspaceId), []);
        }
      });
    });

    it('IN-10 texts that look like SQL are compared as text', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.deliver('wh_q');
        for (const text of ["' OR '1'='1", '%', '_', 'a\u0000b', '"; DROP TABLE queue; --', '\\']) {
          assert.deepEqual(await list(world, { event: text }), []);
          assert.deepEqual(await list(world, { subject: text }), []);
          assert.deepEqual(
            (await world.storage.read.resources({ workspaceId: text, type: 'asset', limit: 5, alias: text })).items,
            [],
          );
        }
        assert.equal((await list(world, {})).length, 1);
      });
    });

    it('the backlog counts what waits by webhook and tells how old it is', async () => {
      await withWorld(factory, {}, async (world) => {
        const oldestAtMs = world.now();
        await world.deliver('wh_b1');
        world.clock.advance(1_000);
        await world.deliver('wh_b1');
        await world.deliver('wh_b2', 'other');
        assert.deepEqual(await world.storage.read.backlog('default'), [
          { workspaceId: 'default', webhookId: 'wh_b1', pending: 2, oldestAtMs },
        ]);
        assert.equal((await world.storage.read.backlog(null)).length, 2);
      });
    });
  });
}

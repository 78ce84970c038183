/** Commit: atomic per item, shared between calls, each item with its own answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../core/limits.ts';
import type { CommitItem, IdempotencyRow } from '../contract/commit-item.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, withWorld } from './world.ts';

const keyed = (world: World, key: string, fingerprint: string): { item: CommitItem; row: IdempotencyRow } => {
  const row: IdempotencyRow = {
    key,
    fingerprint,
    createdAtMs: world.now(),
    response: { status: 202, body: { fingerprint } },
  };
  return { item: { ...world.created('wh_idempotent').item, idempotency: row }, row };
};

export function commitTests(factory: StoreFactory): void {
  describe('commit', () => {
    it('an item brings its resource, change and delivery together', async () => {
      await withWorld(factory, {}, async (world) => {
        const { item, change, delivery } = world.created('wh_one');
        assert.deepEqual(await world.commitOne(item), { status: 'applied', versions: [1] });
        const assetId = change.subject.id;
        const [asset] = await world.storage.resources([{ workspaceId: 'default', type: 'asset', id: assetId }]);
        assert.deepEqual(asset?.state, change.after);
        assert.deepEqual(await world.storage.read.change('default', change.id), change);
        const { tasks } = await world.storage.pending({ webhookId: 'wh_one', by: 'due', nowMs: world.now(), limit: 5 });
        assert.deepEqual(tasks, [{ delivery: { ...delivery, attempts: 0 }, change }]);
      });
    });

    it('an item that does not fit leaves nothing behind, and its mates go through', async () => {
      await withWorld(factory, {}, async (world) => {
        const good = world.created('wh_good');
        const bad = world.created('wh_bad');
        const write = (id: string, expectedVersion: number) =>
          ({ type: 'asset', id, expectedVersion, state: { id } }) as const;
        const results = await world.storage.commit([
          { ...bad.item, resources: [write('ast_a', 0), write('ast_b', 3)] },
          good.item,
          { ...world.created('wh_bad').item, resources: [write('ast_a', 0)] },
        ]);
        assert.deepEqual(results[0], {
          status: 'stale',
          what: 'resource',
          key: { workspaceId: 'default', type: 'asset', id: 'ast_b' },
        });
        assert.equal(results[1]?.status, 'applied');
        // Had anything of the first item stayed, ast_a would exist already.
        assert.equal(results[2]?.status, 'applied');
        assert.equal(await world.storage.read.change('default', bad.change.id), null);
        assert.equal(await world.storage.read.delivery('default', bad.delivery.id), null);
      });
    });

    it('an item whose change id is taken is rejected alone', async () => {
      await withWorld(factory, {}, async (world) => {
        const first = await world.deliver('wh_twice');
        const second = world.created('wh_twice');
        const clash = world.created('wh_clash');
        const results = await world.storage.commit([
          world.created('wh_mate').item,
          { ...clash.item, changes: [{ change: first.change }], deliveries: [] },
          second.item,
        ]);
        assert.deepEqual(
          results.map(({ status }) => status),
          ['applied', 'rejected', 'applied'],
        );
        const [none] = await world.storage.resources([
          { workspaceId: 'default', type: 'asset', id: clash.change.subject.id },
        ]);
        assert.equal(none, null);
        const listed = await world.storage.read.deliveries({ workspaceId: 'default', limit: 10 });
        assert.equal(listed.items.length, 3);
      });
    });

    it('concurrent calls all get their own results, in the order of their items', async () => {
      await withWorld(factory, {}, async (world) => {
        const calls = Array.from({ length: 40 }, (_, call) =>
          Array.from(
            { length: (call % 7) + 1 },
            (__, index) =>
              ({
                workspaceId: 'default',
                atMs: world.now(),
                resources: [
                  {
                    type: 'setting',
                    id: `s-${call}-${index}`,
                    expectedVersion: index % 3 === 2 ? 9 : 0,
                    state: { call, index },
                  },
                ],
              }) as const satisfies CommitItem,
          ),
        );
        const results = await Promise.all(calls.map((items) => world.storage.commit(items)));
        for (const [call, answers] of results.entries()) {
          assert.equal(answers.length, calls[call]?.length);
          for (const [index, { status }] of answers.entries()) {
            assert.equal(status, index % 3 === 2 ? 'stale' : 'applied');
          }
        }
      });
    });

    it('ID-01 fifty parallel calls with one idempotency key apply once; the others get the first answer', async () => {
      await withWorld(factory, {}, async (world) => {
        const attempts = Array.from({ length: 50 }, (_, index) => keyed(world, 'key-1', `f${index}`));
        const results = await Promise.all(attempts.map(({ item }) => world.commitOne(item)));
        const winners = results.flatMap((result, index) => (result.status === 'applied' ? [index] : []));
        assert.equal(winners.length, 1);
        const row = attempts[winners[0] ?? -1]?.row;
        for (const result of results)
          if (result.status !== 'applied') assert.deepEqual(result, { status: 'duplicate', row });
        const { items } = await world.storage.read.changes({ workspaceId: 'default', limit: 100 });
        assert.equal(items.length, 1);
        assert.deepEqual(await world.storage.idempotency('default', 'key-1'), row);
      });
    });

    it('TN-10 an idempotency key is free in another workspace, and free again after its time', async () => {
      await withWorld(factory, {}, async (world) => {
        const first = keyed(world, 'key-2', 'a');
        await world.apply(first.item);
        assert.equal(await world.storage.idempotency('other', 'key-2'), null);
        const other = world.created('wh_other', 'other');
        await world.apply({ ...other.item, idempotency: first.row });
        world.clock.advance(limits.idempotencyKeptMs - 1);
        assert.equal((await world.commitOne(keyed(world, 'key-2', 'b').item)).status, 'duplicate');
        world.clock.advance(1);
        assert.equal(await world.storage.idempotency('default', 'key-2'), null);
        await world.apply(keyed(world, 'key-2', 'c').item);
        assert.equal((await world.storage.idempotency('default', 'key-2'))?.fingerprint, 'c');
      });
    });

    it('an item that was refused does not use up its idempotency key', async () => {
      await withWorld(factory, {}, async (world) => {
        const { item } = keyed(world, 'key-3', 'a');
        assert.equal((await world.commitOne({ ...item, webhooksRevision: 99 })).status, 'stale');
        assert.equal(await world.storage.idempotency('default', 'key-3'), null);
        await world.apply(item);
      });
    });

    it('matching done with another webhooks revision is stale; writes that matching depends on raise it', async () => {
      await withWorld(factory, {}, async (world) => {
        const write = (type: 'webhook' | 'secret' | 'dialect_events' | 'asset', id: string): CommitItem => ({
          workspaceId: 'default',
          atMs: world.now(),
          resources: [{ type, id, expectedVersion: 'any', state: { id } }],
        });
        assert.equal(await world.storage.webhooksRevision('default'), 0);
        await world.apply({ ...world.created('wh_m').item, webhooksRevision: 0 });
        await world.apply(write('webhook', 'wh_m'));
        await world.apply(write('asset', 'ast_m'));
        await world.apply(write('secret', 'sec_m'));
        await world.apply(write('dialect_events', 'bynder'));
        assert.equal(await world.storage.webhooksRevision('default'), 3);
        assert.equal(await world.storage.webhooksRevision('other'), 0);
        const { item, change } = world.created('wh_m');
        assert.deepEqual(await world.commitOne({ ...item, webhooksRevision: 2 }), {
          status: 'stale',
          what: 'webhooks',
        });
        assert.equal(await world.storage.read.change('default', change.id), null);
        await world.apply({ ...item, webhooksRevision: 3 });
      });
    });

    it('missed counters add up, come down, never go below zero, and are read by workspace', async () => {
      await withWorld(factory, {}, async (world) => {
        const miss = (webhookId: 'wh_x' | 'wh_y', count: number, workspaceId = 'default'): Promise<unknown> =>
          world.apply({ workspaceId, atMs: world.now(), missed: [{ webhookId, count }] });
        await miss('wh_x', 3);
        await miss('wh_x', 2);
        await miss('wh_y', 1);
        await miss('wh_y', -7);
        assert.deepEqual(await world.storage.read.missed('default'), [{ webhookId: 'wh_x', count: 5 }]);
        assert.deepEqual(await world.storage.read.missed('other'), []);
      });
    });

    it('a call beyond what may wait is refused at once with storage_busy and a time to come back', async () => {
      await withWorld(factory, { limits: { waitingItemsMax: 20 } }, async (world) => {
        const calls = Array.from({ length: 60 }, () => world.storage.commit([world.created('wh_busy').item]));
        const settled = await Promise.allSettled(calls);
        const refused = settled.filter((result) => result.status === 'rejected');
        assert.ok(refused.length > 0 && refused.length <= 40);
        for (const { reason } of refused) {
          assert.equal((reason as { code?: string }).code, 'storage_busy');
          assert.ok(((reason as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0) >= 1);
        }
        const { items } = await world.storage.read.changes({ workspaceId: 'default', limit: 100 });
        assert.equal(items.length, 60 - refused.length);
        await world.apply(world.created('wh_busy').item);
      });
    });

    it('records have room of their own when commits fill theirs', async () => {
      await withWorld(factory, { limits: { waitingItemsMax: 10 } }, async (world) => {
        const { delivery } = await world.deliver('wh_room');
        const calls = Array.from({ length: 30 }, () => world.storage.commit([world.created('wh_room').item]));
        const recorded = world.record(delivery, 0);
        await Promise.allSettled(calls);
        assert.equal(await recorded, 'recorded');
      });
    });
  });
}

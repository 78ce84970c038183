/** Retention: what is old leaves, what is owed stays. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoreFactory } from './conformance.ts';
import { type Created, type World, withWorld } from './world.ts';

const day = 24 * 3_600_000;
const options = { keepMs: 30 * day, partitionRowsMax: 20 };

async function maintain(world: World): Promise<void> {
  for (let slice = 0; slice < 10_000; slice += 1) {
    if (!(await world.storage.maintain(world.now())).more) return;
  }
  assert.fail('upkeep never ends');
}

async function fill(world: World, count: number): Promise<readonly Created[]> {
  const made = Array.from({ length: count }, () => world.created('wh_filler'));
  await world.storage.commit(made.map(({ item }) => item));
  await Promise.all(made.map(({ delivery }) => world.record(delivery, 0)));
  return made;
}

export function retentionTests(factory: StoreFactory): void {
  describe('retention', () => {
    it('changes, ended deliveries and statistics leave after their time and not before', async () => {
      await withWorld(factory, options, async (world) => {
        const [old] = await fill(world, 90);
        assert.ok(old);
        world.clock.advance(29 * day);
        await maintain(world);
        assert.notEqual(await world.storage.read.change('default', old.change.id), null);
        assert.equal((await world.storage.read.delivery('default', old.delivery.id))?.summary.state, 'delivered');
        world.clock.advance(2 * day);
        const fresh = await fill(world, 30);
        await maintain(world);
        assert.equal(await world.storage.read.change('default', old.change.id), null);
        assert.equal(await world.storage.read.delivery('default', old.delivery.id), null);
        const newest = fresh.at(-1);
        assert.ok(newest);
        assert.notEqual(await world.storage.read.change('default', newest.change.id), null);
        assert.ok((await world.storage.read.countDeliveries({ workspaceId: 'default' })) < 90);
        const stats = await world.storage.read.stats({
          workspaceId: null,
          fromMs: 0,
          toMs: world.now() + day,
          bucketMs: day,
        });
        assert.equal(
          stats.reduce((sum, { attempts }) => sum + attempts, 0),
          30,
        );
      });
    });

    it('FK-09 a change still owed to a pending or held delivery stays, in the list and for rendering', async () => {
      await withWorld(factory, options, async (world) => {
        const owed = [
          await world.deliver('wh_owed_1'),
          await world.deliver('wh_owed_2'),
          await world.deliver('wh_owed_1'),
        ];
        const filler = await fill(world, 60);
        world.clock.advance(31 * day);
        await fill(world, 25);
        await maintain(world);
        assert.equal(await world.storage.read.change('default', filler[0]?.change.id ?? 'chg_0'), null);
        for (const { change, delivery } of owed) {
          assert.deepEqual(await world.storage.read.change('default', change.id), change);
          const { tasks } = await world.storage.pending({
            webhookId: delivery.webhookId,
            by: 'position',
            nowMs: world.now(),
            limit: 9,
          });
          const task = tasks.find((found) => found.delivery.id === delivery.id);
          assert.deepEqual(task?.change, change);
        }
        const { items } = await world.storage.read.changes({ workspaceId: 'default', limit: 3, order: 'oldest' });
        assert.deepEqual(
          items.map(({ id }) => id),
          owed.map(({ change }) => change.id),
        );
        assert.deepEqual(await world.record(owed[0]?.delivery ?? filler[0]?.delivery ?? assert.fail(), 0), 'recorded');
      });
    });

    it('a change owed for longer than anything is kept stays all the same', async () => {
      await withWorld(factory, options, async (world) => {
        const owed = await world.deliver('wh_held');
        await fill(world, 60);
        for (let month = 0; month < 4; month += 1) {
          world.clock.advance(31 * day);
          await fill(world, 25);
          await maintain(world);
        }
        const query = { webhookId: 'wh_held', by: 'due', nowMs: world.now(), limit: 5 } as const;
        assert.deepEqual((await world.storage.pending(query)).tasks[0]?.change, owed.change);
      });
    });

    it('a change of a dead delivery stays as long as that can be replayed, then leaves', async () => {
      await withWorld(factory, options, async (world) => {
        const late = await world.deliver('wh_dead');
        await fill(world, 60);
        world.clock.advance(20 * day);
        await world.record(late.delivery, 0, {
          next: { state: 'dead', endedAtMs: world.now() },
          body: new Uint8Array([7]),
        });
        await fill(world, 25);
        world.clock.advance(15 * day);
        await maintain(world);
        assert.deepEqual(await world.storage.read.change('default', late.change.id), late.change);
        assert.deepEqual(
          (await world.storage.read.delivery('default', late.delivery.id))?.storedBody,
          new Uint8Array([7]),
        );
        const again = {
          ...world.again(late, 'wh_dead'),
          origin: 'redelivery',
          redeliveryOf: late.delivery.id,
        } as const;
        await world.apply({ workspaceId: 'default', atMs: world.now(), deliveries: [again] });
        await world.record(again, 0);
        world.clock.advance(80 * day);
        await fill(world, 25);
        await maintain(world);
        world.clock.advance(31 * day);
        await maintain(world);
        assert.equal(await world.storage.read.change('default', late.change.id), null);
        assert.equal(await world.storage.storedBody(late.delivery.id), null);
      });
    });

    it('a redelivery of an old change keeps it, though its partition was closed long before', async () => {
      await withWorld(factory, options, async (world) => {
        const [old] = await fill(world, 60);
        assert.ok(old);
        world.clock.advance(29 * day);
        const again = world.again(old, 'wh_again');
        await world.apply({ workspaceId: 'default', atMs: world.now(), deliveries: [again] });
        world.clock.advance(5 * day);
        await fill(world, 25);
        await maintain(world);
        const { tasks } = await world.storage.pending({
          webhookId: 'wh_again',
          by: 'due',
          nowMs: world.now(),
          limit: 5,
        });
        assert.deepEqual(tasks[0]?.change, old.change);
      });
    });

    it('a redelivery of a change that has left is stale', async () => {
      await withWorld(factory, options, async (world) => {
        const [old] = await fill(world, 60);
        assert.ok(old);
        world.clock.advance(31 * day);
        await maintain(world);
        const again = world.again(old, 'wh_again');
        const result = await world.commitOne({ workspaceId: 'default', atMs: world.now(), deliveries: [again] });
        assert.equal(result.status, 'stale');
      });
    });

    it('writes and reads go on between slices of upkeep', async () => {
      await withWorld(factory, options, async (world) => {
        await fill(world, 100);
        world.clock.advance(31 * day);
        for (let n = 0; n < 200; n += 1) {
          const { delivery, change } = await world.deliver('wh_live');
          const { more } = await world.storage.maintain(world.now());
          assert.deepEqual(await world.storage.read.change('default', change.id), change);
          assert.equal(await world.record(delivery, 0), 'recorded');
          if (!more) break;
        }
      });
    });
  });
}

/** Duties: owed work, done at least once, its effect made exactly once by the version. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NewDuty } from '../contract/duties.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, withWorld } from './world.ts';

const dutyAt = (world: World, dueAtMs: number): NewDuty => ({
  id: world.ids.next('duty'),
  workspaceId: 'default',
  kind: 'expand',
  dueAtMs,
  payload: { cursor: null },
});

export function dutyTests(factory: StoreFactory): void {
  describe('duties', () => {
    it('those due are shown in order, and when the next one is', async () => {
      await withWorld(factory, {}, async (world) => {
        const duties = [300, 100, 200, 100].map((delay) => dutyAt(world, world.now() + delay));
        await world.apply({ workspaceId: 'default', atMs: world.now(), duties });
        assert.deepEqual(await world.storage.duties({ nowMs: world.now(), limit: 10 }), {
          duties: [],
          nextDueAtMs: world.now() + 100,
        });
        const page = await world.storage.duties({ nowMs: world.now() + 200, limit: 10 });
        const byDue = [duties[1], duties[3], duties[2]].map((duty) => duty?.id);
        assert.deepEqual(
          page.duties.map(({ id }) => id),
          byDue,
        );
        assert.deepEqual(page.duties[0], { ...duties[1], version: 1, attempts: 0 });
        assert.equal(page.nextDueAtMs, world.now() + 300);
        const first = await world.storage.duties({ nowMs: world.now() + 200, limit: 1 });
        assert.equal(first.nextDueAtMs, world.now() + 100);
      });
    });

    it('fulfilled once: the item that comes second is stale and changes nothing', async () => {
      await withWorld(factory, {}, async (world) => {
        const duty = dutyAt(world, world.now());
        await world.apply({ workspaceId: 'default', atMs: world.now(), duties: [duty] });
        const fulfil = () => ({ ...world.created('wh_duty').item, fulfils: { dutyId: duty.id, version: 1 } });
        const results = await Promise.all([1, 2, 3].map(() => world.commitOne(fulfil())));
        assert.equal(results.filter(({ status }) => status === 'applied').length, 1);
        assert.ok(
          results.every(
            (result) => result.status === 'applied' || (result.status === 'stale' && result.what === 'duty'),
          ),
        );
        assert.equal((await world.storage.read.changes({ workspaceId: 'default', limit: 9 })).items.length, 1);
        assert.deepEqual((await world.storage.duties({ nowMs: world.now(), limit: 9 })).duties, []);
      });
    });

    it('advanced: a new time, payload and version; whoever holds the old version is stale', async () => {
      await withWorld(factory, {}, async (world) => {
        const duty = dutyAt(world, world.now());
        await world.apply({ workspaceId: 'default', atMs: world.now(), duties: [duty] });
        const advances = { dutyId: duty.id, version: 1, dueAtMs: world.now() + 50, payload: { cursor: 'x' } };
        await world.apply({ workspaceId: 'default', atMs: world.now(), advances });
        assert.equal((await world.commitOne({ workspaceId: 'default', atMs: world.now(), advances })).status, 'stale');
        const old = { workspaceId: 'default', atMs: world.now(), fulfils: { dutyId: duty.id, version: 1 } };
        assert.equal((await world.commitOne(old)).status, 'stale');
        const [kept] = (await world.storage.duties({ nowMs: world.now() + 50, limit: 9 })).duties;
        assert.deepEqual(kept, {
          ...duty,
          dueAtMs: world.now() + 50,
          payload: { cursor: 'x' },
          version: 2,
          attempts: 1,
        });
        const foreign = { workspaceId: 'other', atMs: world.now(), fulfils: { dutyId: duty.id, version: 2 } };
        assert.equal((await world.commitOne(foreign)).status, 'stale');
      });
    });

    it('withdrawn: gone whatever its version, before new ones are written; one that is not there harms nobody', async () => {
      await withWorld(factory, {}, async (world) => {
        const [duty, other] = [dutyAt(world, world.now()), dutyAt(world, world.now())];
        await world.apply({ workspaceId: 'default', atMs: world.now(), duties: [duty, other] });
        const advances = { dutyId: duty.id, version: 1, dueAtMs: world.now(), payload: {} };
        await world.apply({ workspaceId: 'default', atMs: world.now(), advances });
        await world.apply({ workspaceId: 'other', atMs: world.now(), withdraws: [duty.id] });
        const due = async () => (await world.storage.duties({ nowMs: world.now() + 100, limit: 9 })).duties;
        assert.equal((await due()).length, 2, 'another workspace withdraws nothing');
        const again = { ...duty, dueAtMs: world.now() + 100 };
        const withdraws = [duty.id, world.ids.next('duty')];
        await world.apply({ workspaceId: 'default', atMs: world.now(), withdraws, duties: [again] });
        assert.deepEqual(await due(), [
          { ...other, version: 1, attempts: 0 },
          { ...again, version: 1, attempts: 0 },
        ]);
        const stale = { workspaceId: 'default', atMs: world.now(), withdraws: [other.id], webhooksRevision: 5 };
        assert.equal((await world.commitOne(stale)).status, 'stale');
        assert.equal((await due()).length, 2);
      });
    });

    it('a stale item does not leave its own new duties behind', async () => {
      await withWorld(factory, {}, async (world) => {
        const item = { workspaceId: 'default', atMs: world.now(), duties: [dutyAt(world, 1)], webhooksRevision: 5 };
        assert.equal((await world.commitOne(item)).status, 'stale');
        assert.deepEqual(await world.storage.duties({ nowMs: world.now(), limit: 9 }), {
          duties: [],
          nextDueAtMs: null,
        });
      });
    });
  });
}

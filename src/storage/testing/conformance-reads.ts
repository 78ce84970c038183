/** Lists and feeds of changes, and cursors. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Change } from '../../core/change.ts';
import type { StoreFactory } from './conformance.ts';
import { seededFraction, type World, walk, withWorld } from './world.ts';

const idsOf = (changes: readonly Change[]): readonly string[] => changes.map(({ id }) => id);

async function makeChanges(world: World, count: number, workspaceId = 'default'): Promise<readonly Change[]> {
  const made = Array.from({ length: count }, () => world.created('wh_r', workspaceId));
  await world.storage.commit(made.map(({ item }) => item));
  return made.map(({ change }) => change);
}

async function feedToEnd(
  world: World,
  cursor: string | null,
  limit: number,
): Promise<{ seen: Change[]; cursor: string }> {
  const seen: Change[] = [];
  let at = cursor;
  for (;;) {
    const page = await world.storage.read.feed({ workspaceId: 'default', cursor: at, limit });
    seen.push(...page.changes);
    at = page.cursor;
    if (page.changes.length === 0) return { seen, cursor: at };
  }
}

export function readTests(factory: StoreFactory): void {
  describe('changes and cursors', () => {
    it('lists page through all changes in order of commit, both ways, over partitions', async () => {
      await withWorld(factory, { partitionRowsMax: 10 }, async (world) => {
        const changes = [...(await makeChanges(world, 15)), ...(await makeChanges(world, 17))];
        await makeChanges(world, 5, 'other');
        const list = (order: 'newest' | 'oldest') =>
          walk((cursor) =>
            world.storage.read.changes({
              workspaceId: 'default',
              limit: 7,
              order,
              ...(cursor === undefined ? {} : { cursor }),
            }),
          );
        assert.deepEqual(await list('oldest'), changes);
        assert.deepEqual(idsOf(await list('newest')), [...idsOf(changes)].reverse());
        assert.equal(await world.storage.read.countChanges({ workspaceId: 'default' }), 32);
        assert.equal(await world.storage.read.countChanges({ workspaceId: 'nobody' }), 0);
      });
    });

    it('filters by kind, subject and time of acceptance', async () => {
      await withWorld(factory, {}, async (world) => {
        const [first] = await makeChanges(world, 3);
        assert.ok(first);
        world.clock.advance(1_000);
        const moved: Change = {
          ...first,
          id: world.ids.next('change'),
          kind: 'asset.moved',
          acceptedAtMs: world.now(),
        };
        await world.apply({ workspaceId: 'default', atMs: world.now(), changes: [{ change: moved }] });
        const { read } = world.storage;
        const find = async (query: object) =>
          idsOf((await read.changes({ workspaceId: 'default', limit: 10, ...query })).items);
        assert.deepEqual(await find({ kinds: ['asset.moved', 'asset.deleted'] }), [moved.id]);
        assert.deepEqual(await find({ subject: `asset:${first.subject.id}` }), [moved.id, first.id]);
        assert.deepEqual(await find({ fromMs: world.now() }), [moved.id]);
        assert.equal((await find({ toMs: world.now() })).length, 3);
        assert.equal(await read.countChanges({ workspaceId: 'default', subject: `asset:${first.subject.id}` }), 2);
      });
    });

    it('TN-01 a change is not shown to another workspace', async () => {
      await withWorld(factory, {}, async (world) => {
        const [change] = await makeChanges(world, 1);
        assert.ok(change);
        assert.equal(await world.storage.read.change('other', change.id), null);
        assert.deepEqual((await world.storage.read.changes({ workspaceId: 'other', limit: 5 })).items, []);
      });
    });

    it('the feed shows every change exactly once in order of commit, while others are committed', async () => {
      await withWorld(factory, { partitionRowsMax: 50 }, async (world) => {
        const seed = Math.floor(Math.random() * 2 ** 31);
        const random = seededFraction(seed);
        const done = { committing: true };
        const committing = (async () => {
          for (let n = 0; n < 40; n += 1) {
            await Promise.all(
              Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
                makeChanges(world, 1 + Math.floor(random() * 4)),
              ),
            );
          }
          done.committing = false;
        })();
        const seen: Change[] = [];
        let cursor: string | null = null;
        while (done.committing) {
          const page: { seen: Change[]; cursor: string } = await feedToEnd(world, cursor, 1 + Math.floor(random() * 9));
          seen.push(...page.seen);
          cursor = page.cursor;
          await Promise.resolve();
        }
        await committing;
        seen.push(...(await feedToEnd(world, cursor, 100)).seen);
        const all = await walk((at) =>
          world.storage.read.changes({
            workspaceId: 'default',
            limit: 100,
            order: 'oldest',
            ...(at === undefined ? {} : { cursor: at }),
          }),
        );
        assert.deepEqual(idsOf(seen), idsOf(all), `seed ${seed}`);
      });
    });

    it('a feed from now shows only what comes later', async () => {
      await withWorld(factory, {}, async (world) => {
        await makeChanges(world, 3);
        const { cursor } = await world.storage.read.feed({ workspaceId: 'default', cursor: 'now', limit: 10 });
        assert.deepEqual((await world.storage.read.feed({ workspaceId: 'default', cursor, limit: 10 })).changes, []);
        const later = await makeChanges(world, 2);
        assert.deepEqual((await world.storage.read.feed({ workspaceId: 'default', cursor, limit: 10 })).changes, later);
      });
    });

    it('TN-06 a cursor of another workspace, another list, or with any byte changed is refused', async () => {
      await withWorld(factory, {}, async (world) => {
        await makeChanges(world, 5);
        await makeChanges(world, 5, 'other');
        const { read } = world.storage;
        const { nextCursor } = await read.changes({ workspaceId: 'default', limit: 2 });
        assert.ok(nextCursor);
        const refused = async (call: Promise<unknown>): Promise<void> => {
          await assert.rejects(call, { code: 'invalid_cursor' });
        };
        await refused(read.changes({ workspaceId: 'other', limit: 2, cursor: nextCursor }));
        await refused(read.changes({ workspaceId: 'default', limit: 2, cursor: nextCursor, order: 'oldest' }));
        await refused(read.deliveries({ workspaceId: 'default', limit: 2, cursor: nextCursor }));
        await refused(read.feed({ workspaceId: 'default', limit: 2, cursor: nextCursor }));
        await refused(read.resources({ workspaceId: 'default', type: 'asset', limit: 2, cursor: nextCursor }));
        for (let at = 0; at < nextCursor.length; at += 1) {
          const other = nextCursor[at] === 'A' ? 'B' : 'A';
          await refused(
            read.changes({
              workspaceId: 'default',
              limit: 2,
              cursor: nextCursor.slice(0, at) + other + nextCursor.slice(at + 1),
            }),
          );
        }
        for (const cursor of ['', 'x', "' OR 1=1 --", `${nextCursor}=`, `${nextCursor} `, 'A'.repeat(5_000)]) {
          await refused(read.changes({ workspaceId: 'default', limit: 2, cursor }));
        }
      });
    });

    it('IN-26 a walk over a list neither skips nor repeats while rows are added', async () => {
      await withWorld(factory, { partitionRowsMax: 40 }, async (world) => {
        const before = await makeChanges(world, 100);
        const seen: string[] = [];
        let cursor: string | undefined;
        for (;;) {
          const page = await world.storage.read.changes({
            workspaceId: 'default',
            limit: 9,
            ...(cursor === undefined ? {} : { cursor }),
          });
          seen.push(...idsOf(page.items));
          await makeChanges(world, 7);
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        assert.deepEqual(seen, [...idsOf(before)].reverse());
      });
    });

    it('a page of large changes ends early and goes on behind its cursor', async () => {
      await withWorld(factory, {}, async (world) => {
        const [sample] = await makeChanges(world, 1);
        assert.ok(sample);
        for (let n = 0; n < 30; n += 1) {
          const change: Change = { ...sample, id: world.ids.next('change'), after: { text: 'x'.repeat(250_000), n } };
          await world.apply({ workspaceId: 'default', atMs: world.now(), changes: [{ change }] });
        }
        const first = await world.storage.read.changes({ workspaceId: 'default', limit: 100 });
        assert.ok(first.items.length < 30 && first.nextCursor !== null);
        const all = await walk((cursor) =>
          world.storage.read.changes({
            workspaceId: 'default',
            limit: 100,
            ...(cursor === undefined ? {} : { cursor }),
          }),
        );
        assert.equal(new Set(idsOf(all)).size, 31);
        assert.equal((await feedToEnd(world, null, 100)).seen.length, 31);
      });
    });
  });
}

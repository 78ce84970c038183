/** Search of assets: what is found is what the evaluator finds, in every order, page by page, whatever was written in between. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileSearch } from '../../core/search-evaluation.ts';
import type { SearchExpression } from '../../core/search-expression.ts';
import { readSearch } from '../../core/search-query.ts';
import { foldText } from '../../core/search-words.ts';
import type { AssetQuery } from '../contract/list-queries.ts';
import type { Resource } from '../contract/resources.ts';
import type { StoreFactory } from './conformance.ts';
import { createDraw, type Draw, drawAsset, drawSearch } from './search-samples.ts';
import { settled } from './settled-search.ts';
import { seededFraction, walk, type World, withWorld } from './world.ts';

type Asked = Omit<AssetQuery, 'workspaceId' | 'limit' | 'cursor'>;

async function search({ storage }: World, query: Asked, limit = 7): Promise<readonly Resource[]> {
  return walk<Resource>((cursor) =>
    settled(limit, () =>
      storage.read.assets({ workspaceId: 'default', limit, ...query, ...(cursor === undefined ? {} : { cursor }) }),
    ),
  );
}

/** All assets of the workspace, by a list that needs no search. */
async function everything({ storage }: World): Promise<readonly Resource[]> {
  return walk<Resource>((cursor) =>
    storage.read.resources({
      workspaceId: 'default',
      type: 'asset',
      limit: 100,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
}

type Known = { readonly id: string; readonly version: number };

/** Creates, changes and deletes at random, some of it in one item. */
async function write(world: World, draw: Draw, known: Known[], count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    world.clock.advance(draw.below(2));
    const at = draw.below(2 * known.length + 3);
    const there = known[at];
    const id = there?.id ?? world.ids.next('asset');
    const gone = there !== undefined && draw.below(5) === 0;
    const alias = there === undefined && draw.below(3) === 0 ? { alias: `ext-${known.length}-${n}` } : {};
    const workspaceId = there === undefined && draw.below(5) === 0 ? 'other' : 'default';
    await world.apply({
      workspaceId,
      atMs: world.now(),
      resources: [
        { type: 'asset', id, expectedVersion: there?.version ?? 0, state: gone ? null : drawAsset(draw), ...alias },
      ],
    });
    if (workspaceId === 'other') continue;
    if (there === undefined) known.push({ id, version: 1 });
    else if (gone) known.splice(at, 1);
    else known[at] = { id, version: there.version + 1 };
  }
}

const ids = (rows: readonly Resource[]): readonly string[] => rows.map(({ id }) => id);

export function searchTests(factory: StoreFactory): void {
  describe('search of assets', () => {
    it('finds what the evaluator finds, for any search over any assets, while they change', async () => {
      const seed = 20_261_122;
      const draw = createDraw(seededFraction(seed));
      await withWorld(factory, {}, async (world) => {
        const known: Known[] = [];
        let found = 0;
        for (let round = 0; round < 6; round += 1) {
          await write(world, draw, known, 25);
          const all = await everything(world);
          for (let n = 0; n < 40; n += 1) {
            const where = drawSearch(draw);
            const test = compileSearch(where);
            const expected = ids(all.filter(test)).toSorted();
            const told = `seed ${seed}, round ${round}: ${JSON.stringify(where)}`;
            assert.deepEqual(ids(await search(world, { where })).toSorted(), expected, told);
            const first = await settled(3, () =>
              world.storage.read.assets({ workspaceId: 'default', limit: 3, where, count: true }),
            );
            if (first.total?.is === 'exact') assert.equal(first.total.value, expected.length, told);
            if (first.total?.is === 'atMost') assert.ok(first.total.value >= expected.length, told);
            if (first.total?.is === 'atLeast') assert.ok(first.total.value <= expected.length, told);
            found += expected.length;
          }
        }
        assert.ok(found > 1_000, `${found} found: the samples must not miss each other`);
      });
    });

    it('every order shows all, each once, sorted', async () => {
      const draw = createDraw(seededFraction(7));
      await withWorld(factory, {}, async (world) => {
        await write(world, draw, [], 150);
        const where: SearchExpression = {
          op: 'not',
          of: { op: 'value', field: 'kind', value: 'audio', match: 'exact' },
        };
        const all = (await everything(world)).filter(compileSearch(where));
        const nameOf = ({ state }: Resource): string => foldText(state['name'] as string).slice(0, 100);
        for (const order of ['newest', 'oldest', 'updated', 'name'] as const) {
          const rows = await search(world, { where, order }, 4);
          assert.deepEqual(ids(rows).toSorted(), ids(all).toSorted(), order);
          for (const [n, row] of rows.entries()) {
            const before = rows[n - 1];
            if (before === undefined) continue;
            if (order === 'newest') assert.ok(before.createdAtMs >= row.createdAtMs);
            if (order === 'oldest') assert.ok(before.createdAtMs <= row.createdAtMs);
            if (order === 'updated') assert.ok(before.updatedAtMs >= row.updatedAtMs);
            if (order === 'name') assert.ok(Buffer.compare(Buffer.from(nameOf(before)), Buffer.from(nameOf(row))) <= 0);
          }
        }
      });
    });

    it('what was written in one moment comes each once too', async () => {
      await withWorld(factory, {}, async (world) => {
        const state = { name: 'same', kind: 'image' };
        const made = Array.from({ length: 150 }, () => world.ids.next('asset'));
        await world.storage.commit(
          made.map((id) => ({
            workspaceId: 'default',
            atMs: world.now(),
            resources: [{ type: 'asset', id, expectedVersion: 0, state }] as const,
          })),
        );
        for (const order of ['newest', 'oldest', 'updated', 'name'] as const) {
          const rows = await search(world, { where: readSearch('same'), order }, 9);
          assert.deepEqual(ids(rows).toSorted(), made.toSorted(), order);
        }
      });
    });

    it('shows what was written before it began, and nothing that is gone', async () => {
      await withWorld(factory, {}, async (world) => {
        const where = readSearch('tag:now');
        for (let n = 0; n < 20; n += 1) {
          const id = world.ids.next('asset');
          const write = (expectedVersion: number, tags: readonly string[] | null) =>
            world.apply({
              workspaceId: 'default',
              atMs: world.now(),
              resources: [{ type: 'asset', id, expectedVersion, state: tags === null ? null : { name: 'a', tags } }],
            });
          const shown = async (): Promise<boolean> => {
            const page = await world.storage.read.assets({ workspaceId: 'default', limit: 5, where });
            // A machine that is too busy says so.
            return page.complete ? page.items.length === 1 : shown();
          };
          await write(0, ['now']);
          assert.ok(await shown());
          await write(1, []);
          assert.equal(await shown(), false);
          await write(2, ['now']);
          assert.ok(await shown());
          await write(3, null);
          assert.equal(await shown(), false);
        }
      });
    });

    it('TN-05 what a scope leaves out is not found, whatever is searched for', async () => {
      await withWorld(factory, {}, async (world) => {
        const made = async (state: { path: string; collections?: readonly string[] }): Promise<string> => {
          const id = world.ids.next('asset');
          await world.apply({
            workspaceId: 'default',
            atMs: world.now(),
            resources: [
              { type: 'asset', id, expectedVersion: 0, state: { name: 'flower', collections: [], ...state } },
            ],
          });
          return id;
        };
        const inside = await made({ path: '/press/2026' });
        await made({ path: '/pressed' });
        const listed = await made({ path: '/', collections: ['c'] });
        const own = await made({ path: '/x' });
        await made({ path: '/x' });
        const within = { folders: ['/press'], collections: ['c'], assets: [own] };
        for (const query of [
          {},
          { where: readSearch('flower') },
          { where: readSearch('NOT tag:x OR flower') },
          { order: 'name' as const },
        ]) {
          const rows = await search(world, { ...query, within });
          assert.deepEqual(ids(rows).toSorted(), [inside, listed, own].toSorted(), JSON.stringify(query));
        }
        assert.deepEqual(await search(world, { within: { folders: [], collections: [], assets: [] } }), []);
      });
    });
  });
}

/** Lists of assets: filters, pages that never skip or repeat, and a bounded look at each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import type { AssetQuery, Page } from '../contract/list-queries.ts';
import type { Resource } from '../contract/resources.ts';
import type { StoreFactory } from './conformance.ts';
import { settled } from './settled-search.ts';
import { type World, walk, withWorld } from './world.ts';

type Given = { readonly alias?: string; readonly workspaceId?: string };

/** One asset; ids rise, so the later one is the newer one. */
async function make(world: World, state: JsonObject, { alias, workspaceId = 'default' }: Given = {}): Promise<string> {
  const id = world.ids.next('asset');
  await world.apply({
    workspaceId,
    atMs: world.now(),
    resources: [{ type: 'asset', id, expectedVersion: 0, state, ...(alias === undefined ? {} : { alias }) }],
  });
  return id;
}

const shape = (given: JsonObject): JsonObject => ({
  kind: 'image',
  name: 'a.jpg',
  path: '/',
  tags: [],
  labels: [],
  collections: [],
  archived: false,
  ...given,
});

type Asked = Omit<AssetQuery, 'workspaceId' | 'limit'>;

export function assetListTests(factory: StoreFactory): void {
  describe('lists of assets', () => {
    it('each filter lets pass what it says, several what all of them say', async () => {
      await withWorld(factory, {}, async (world) => {
        const first = await make(world, shape({ name: 'Flower-Ü.JPG', path: '/press', tags: ['a', 'b'] }), {
          alias: 'one',
        });
        const createdAtMs = world.now();
        world.clock.advance(1_000);
        const second = await make(
          world,
          shape({ kind: 'video', path: '/press/2026', labels: ['hero'], archived: true }),
        );
        world.clock.advance(1_000);
        const third = await make(world, shape({ path: '/pressed', collections: ['c'], name: '100%_\\' }));
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          resources: [
            {
              type: 'asset',
              id: first,
              expectedVersion: 1,
              state: shape({ name: 'Flower-Ü.JPG', path: '/press', tags: ['a', 'b'] }),
            },
          ],
        });
        await make(world, shape({ path: '/press', tags: ['a'] }), { workspaceId: 'other' });
        const find = async (query: Asked) =>
          (
            await settled(10, () => world.storage.read.assets({ workspaceId: 'default', limit: 10, ...query }))
          ).items.map(({ id }) => id);
        const cases: readonly (readonly [Asked, readonly string[]])[] = [
          [{}, [third, second, first]],
          [{ order: 'oldest' }, [first, second, third]],
          [{ kind: 'video' }, [second]],
          [{ folder: '/press' }, [second, first]],
          [{ folder: '/press', exact: true }, [first]],
          [{ folder: '/' }, [third, second, first]],
          [{ folder: '/', exact: true }, []],
          [{ tag: 'b' }, [first]],
          [{ tag: 'B' }, []],
          [{ label: 'hero' }, [second]],
          [{ collection: 'c' }, [third]],
          [{ archived: true }, [second]],
          [{ archived: false }, [third, first]],
          [{ nameContains: 'flower-ü' }, [first]],
          [{ nameContains: 'flower-u\u0308' }, [first]],
          [{ nameContains: '%_\\' }, [third]],
          [{ nameContains: '%' }, [third]],
          [{ externalId: 'one' }, [first]],
          [{ externalId: 'two' }, []],
          [{ createdToMs: createdAtMs + 1_000 }, [first]],
          [{ createdFromMs: createdAtMs + 1_000 }, [third, second]],
          [{ updatedFromMs: createdAtMs + 2_000 }, [third, first]],
          [{ updatedFromMs: createdAtMs, updatedToMs: createdAtMs + 2_000 }, [second]],
          [{ folder: '/press', archived: false, tag: 'a', kind: 'image', nameContains: 'FLOWER' }, [first]],
          [{ folder: '/press', archived: true, tag: 'a' }, []],
        ];
        for (const [query, expected] of cases) assert.deepEqual(await find(query), expected, JSON.stringify(query));
      });
    });

    it('pages show each asset once, whatever comes, changes and goes between them', async () => {
      await withWorld(factory, {}, async (world) => {
        const ids: string[] = [];
        for (let n = 0; n < 30; n += 1) ids.push(await make(world, shape({ archived: n % 3 === 0 })));
        for (const order of ['newest', 'oldest'] as const) {
          for (const query of [{}, { archived: false }]) {
            const expected = ids.filter((_, n) => query.archived === undefined || n % 3 !== 0);
            let pages = 0;
            const seen = await walk<Resource>(async (cursor): Promise<Page<Resource>> => {
              pages += 1;
              // One comes, and one that was shown is written again.
              if (order === 'newest') await make(world, shape({ archived: true }));
              const page = await world.storage.read.assets({
                workspaceId: 'default',
                limit: 4,
                order,
                ...query,
                ...(cursor === undefined ? {} : { cursor }),
              });
              const shown = page.items[0];
              if (shown !== undefined)
                await world.apply({
                  workspaceId: 'default',
                  atMs: world.now(),
                  resources: [{ type: 'asset', id: shown.id, expectedVersion: shown.version, state: shown.state }],
                });
              return page;
            });
            const known = seen.map(({ id }) => id).filter((id) => ids.includes(id));
            assert.deepEqual(known, order === 'newest' ? [...expected].reverse() : expected);
            assert.ok(pages >= 5);
          }
        }
      });
    });

    it('what is rare is found among many, on whichever page it comes', async () => {
      await withWorld(factory, {}, async (world) => {
        const rare = await make(world, shape({ tags: ['rare'] }));
        const count = limits.assetRowsPerPageMax + 200;
        const state = shape({});
        for (let from = 0; from < count; from += 1_000) {
          const items = Array.from({ length: Math.min(1_000, count - from) }, () => ({
            workspaceId: 'default',
            atMs: world.now(),
            resources: [{ type: 'asset', id: world.ids.next('asset'), expectedVersion: 0, state }] as const,
          }));
          await world.storage.commit(items);
        }
        let pages = 0;
        const found = await walk<Resource>(async (cursor) => {
          pages += 1;
          const query = { workspaceId: 'default', limit: 5, tag: 'rare', ...(cursor === undefined ? {} : { cursor }) };
          const page = await world.storage.read.assets(query);
          // Whoever reads one page only must see that it is not all that there is.
          if (page.nextCursor !== null) assert.equal(page.complete, false);
          return page;
        });
        assert.deepEqual(
          found.map(({ id }) => id),
          [rare],
        );
        // Two or three; on a busy machine a page ends early. Pages of as many rows as were asked for would be thousands.
        assert.ok(pages <= 200, `${pages} pages`);
      });
    });

    it('TN-06 a cursor of another workspace, order or list, or with a changed byte, is refused', async () => {
      await withWorld(factory, {}, async (world) => {
        for (const workspaceId of ['default', 'other']) {
          for (let n = 0; n < 3; n += 1) await make(world, shape({}), { workspaceId });
        }
        const { nextCursor } = await world.storage.read.assets({ workspaceId: 'default', limit: 1 });
        assert.ok(nextCursor !== null);
        const plain = await world.storage.read.resources({ workspaceId: 'default', type: 'asset', limit: 1 });
        const wrong: readonly AssetQuery[] = [
          { workspaceId: 'other', limit: 1, cursor: nextCursor },
          { workspaceId: 'default', limit: 1, cursor: nextCursor, order: 'oldest' },
          { workspaceId: 'default', limit: 1, cursor: `${nextCursor}A` },
          { workspaceId: 'default', limit: 1, cursor: nextCursor.slice(1) },
          { workspaceId: 'default', limit: 1, cursor: plain.nextCursor ?? '' },
        ];
        for (const query of wrong) await assert.rejects(world.storage.read.assets(query), { code: 'invalid_cursor' });
      });
    });
  });
}

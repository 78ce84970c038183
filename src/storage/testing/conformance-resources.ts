/** Resources: versions, aliases, revisions. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import type { ResourceType, ResourceWrite } from '../contract/resources.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, walk, withWorld } from './world.ts';

type Written = { readonly type?: ResourceType; readonly id?: string; readonly alias?: string };

const writing = (
  world: World,
  expectedVersion: ResourceWrite['expectedVersion'],
  state: JsonObject | null,
  { type = 'asset', id = 'ast_1', alias }: Written = {},
): CommitItem => ({
  workspaceId: 'default',
  atMs: world.now(),
  resources: [{ type, id, expectedVersion, state, ...(alias === undefined ? {} : { alias }) }],
});

export function resourceTests(factory: StoreFactory): void {
  describe('resources', () => {
    it('a version rises by one with every write, and a write decided on another one is stale', async () => {
      await withWorld(factory, {}, async (world) => {
        const { storage } = world;
        const key = { workspaceId: 'default', type: 'asset', id: 'ast_1' } as const;
        assert.deepEqual(await world.apply(writing(world, 0, { n: 1 })), [1]);
        const createdAtMs = world.now();
        world.clock.advance(1_000);
        assert.deepEqual(await world.apply(writing(world, 1, { n: 2 })), [2]);
        assert.deepEqual(await world.apply(writing(world, 'any', { n: 3 })), [3]);
        const stale = { status: 'stale', what: 'resource', key };
        assert.deepEqual(await world.commitOne(writing(world, 0, { n: 9 })), stale);
        assert.deepEqual(await world.commitOne(writing(world, 2, { n: 9 })), stale);
        assert.deepEqual(await storage.resources([key, { ...key, id: 'ast_2' }, { ...key, workspaceId: 'other' }]), [
          { ...key, version: 3, state: { n: 3 }, createdAtMs, updatedAtMs: world.now() },
          null,
          null,
        ]);
      });
    });

    it('what the files of a workspace come to follows every write of a blob_use row, and each other only', async () => {
      await withWorld(factory, {}, async (world) => {
        const { storage } = world;
        const use = (id: string, state: JsonObject | null, workspaceId = 'default'): CommitItem => ({
          workspaceId,
          atMs: world.now(),
          resources: [{ type: 'blob_use', id, expectedVersion: 'any', state }],
        });
        assert.deepEqual(await storage.blobUsage('default'), { files: 0, bytes: 0 });
        await world.apply(use('a:ast_1', { bytes: 5_000_000_000 }));
        await world.apply(use('a:ast_2', { bytes: 7 }));
        await world.apply(use('b:ast_2', {}));
        await world.apply(use('a:ast_1', { bytes: 9 }, 'other'));
        await world.apply(writing(world, 0, { bytes: 100 }));
        assert.deepEqual(await storage.blobUsage('default'), { files: 3, bytes: 5_000_000_007 });
        await world.apply(use('a:ast_2', { bytes: 7 }));
        assert.deepEqual(await storage.blobUsage('default'), { files: 3, bytes: 5_000_000_007 }, 'written once more');
        await world.apply(use('a:ast_1', null));
        await world.apply(use('never:ast_9', null));
        assert.deepEqual(await storage.blobUsage('default'), { files: 2, bytes: 7 });
        // A commit that is refused counts nothing.
        const refused: CommitItem = {
          workspaceId: 'default',
          atMs: world.now(),
          resources: [
            { type: 'blob_use', id: 'c:ast_1', expectedVersion: 'any', state: { bytes: 50 } },
            { type: 'asset', id: 'ast_1', expectedVersion: 7, state: {} },
          ],
        };
        assert.equal((await world.commitOne(refused)).status, 'stale');
        assert.deepEqual(await storage.blobUsage('default'), { files: 2, bytes: 7 });
        assert.deepEqual(await storage.blobUsage('other'), { files: 1, bytes: 9 });
      });
    });

    it('null deletes; what is deleted can be created again, and a versioned write to it is stale', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.apply(writing(world, 0, { n: 1 }, { alias: 'x' }));
        assert.equal((await world.commitOne(writing(world, 5, null))).status, 'stale');
        await world.apply(writing(world, 1, null));
        assert.deepEqual(await world.storage.findByAlias('asset', 'x'), []);
        assert.equal((await world.commitOne(writing(world, 1, { n: 2 }))).status, 'stale');
        await world.apply(writing(world, 0, { n: 3 }, { alias: 'x' }));
        await world.apply(writing(world, 'any', null, { id: 'ast_never' }));
      });
    });

    it('one that comes back goes on with its version and its time of creation', async () => {
      await withWorld(factory, {}, async (world) => {
        const createdAtMs = world.now();
        await world.apply(writing(world, 0, { n: 1 }));
        await world.apply(writing(world, 1, { n: 2 }));
        await world.apply(writing(world, 2, null));
        world.clock.advance(1_000);
        const resumes = { type: 'asset', id: 'ast_1', version: 3, createdAtMs } as const;
        assert.deepEqual(await world.apply({ ...writing(world, 0, { n: 3 }), resumes }), [4]);
        const key = { workspaceId: 'default', type: 'asset', id: 'ast_1' } as const;
        assert.deepEqual(await world.storage.resources([key]), [
          { ...key, version: 4, state: { n: 3 }, createdAtMs, updatedAtMs: world.now() },
        ]);
        assert.equal((await world.commitOne({ ...writing(world, 0, { n: 4 }), resumes })).status, 'stale');
        assert.deepEqual(await world.apply(writing(world, 4, { n: 5 })), [5]);
      });
    });

    it('of many writes decided on one version exactly one is applied', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.apply(writing(world, 0, { n: 0 }));
        const results = await Promise.all(
          Array.from({ length: 30 }, (_, n) => world.commitOne(writing(world, 1, { n }))),
        );
        assert.equal(results.filter(({ status }) => status === 'applied').length, 1);
      });
    });

    it('an alias is unique per workspace and type, found in both, and stays when a write does not name it', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.apply(writing(world, 0, { n: 1 }, { alias: 'ext-1' }));
        const clash = await world.commitOne(writing(world, 0, { n: 2 }, { id: 'ast_2', alias: 'ext-1' }));
        assert.equal(clash.status === 'rejected' ? clash.code : clash.status, 'already_exists');
        await world.apply(writing(world, 0, { n: 3 }, { type: 'folder', id: 'fld_1', alias: 'ext-1' }));
        await world.apply({ ...writing(world, 0, { n: 4 }, { alias: 'ext-1' }), workspaceId: 'other' });
        await world.apply(writing(world, 1, { n: 5 }));
        const found = await world.storage.findByAlias('asset', 'ext-1');
        assert.deepEqual(
          found.map(({ workspaceId, id, state, alias }) => [workspaceId, id, state['n'], alias]).sort(),
          [
            ['default', 'ast_1', 5, 'ext-1'],
            ['other', 'ast_1', 4, 'ext-1'],
          ],
        );
        assert.deepEqual(
          (await world.storage.findByAlias('asset', 'ext-1', 'other')).map(({ state }) => state['n']),
          [4],
        );
        await world.apply(writing(world, 2, { n: 6 }, { alias: 'ext-2' }));
        assert.deepEqual(await world.storage.findByAlias('asset', 'ext-1', 'default'), []);
        assert.equal((await world.storage.findByAlias('asset', 'ext-2', 'default')).length, 1);
      });
    });

    it('resources of many aliases come in the order asked for, null where there is none', async () => {
      await withWorld(factory, {}, async (world) => {
        const { storage } = world;
        for (const n of [1, 2, 3]) await world.apply(writing(world, 0, { n }, { id: `ast_${n}`, alias: `ext-${n}` }));
        await world.apply({ ...writing(world, 0, { n: 9 }, { id: 'ast_9', alias: 'ext-9' }), workspaceId: 'other' });
        await world.apply(writing(world, 0, { n: 4 }, { type: 'folder', id: 'fld_1', alias: 'ext-4' }));
        const find = async (aliases: readonly string[], workspaceId = 'default') =>
          (await storage.findByAliases({ workspaceId, type: 'asset', aliases })).map((row) => row?.state['n'] ?? null);
        assert.deepEqual(await find(['ext-3', 'ext-9', 'ext-1', 'ext-4', 'ext-3', '']), [3, null, 1, null, 3, null]);
        assert.deepEqual(await find(['ext-9', 'ext-1'], 'other'), [9, null]);
        assert.deepEqual(await find(['ext-1'], 'nobody'), [null]);
        assert.deepEqual(await find([]), []);
        const [whole] = await storage.findByAliases({ workspaceId: 'default', type: 'asset', aliases: ['ext-2'] });
        const [keyed] = await storage.resources([{ workspaceId: 'default', type: 'asset', id: 'ast_2' }]);
        assert.deepEqual(whole, keyed);
      });
    });

    it('within one item a later write sees the earlier one', async () => {
      await withWorld(factory, {}, async (world) => {
        const write = (expectedVersion: number, n: number): ResourceWrite => ({
          type: 'asset',
          id: 'ast_1',
          expectedVersion,
          state: { n },
        });
        const item = { workspaceId: 'default', atMs: world.now(), resources: [write(0, 1), write(1, 2)] };
        assert.deepEqual(await world.apply(item), [1, 2]);
      });
    });

    it('every version of a webhook stays readable; other types keep only the present one', async () => {
      await withWorld(factory, {}, async (world) => {
        const webhook = { type: 'webhook', id: 'wh_r' } as const;
        await world.apply(writing(world, 0, { url: 'a' }, webhook));
        await world.apply(writing(world, 1, { url: 'b' }, webhook));
        await world.apply(writing(world, 2, null, webhook));
        const key = { workspaceId: 'default', ...webhook };
        assert.deepEqual((await world.storage.revision(key, 1))?.state, { url: 'a' });
        assert.deepEqual((await world.storage.revision(key, 2))?.state, { url: 'b' });
        assert.equal(await world.storage.revision(key, 7), null);
        assert.equal(await world.storage.revision({ ...key, workspaceId: 'other' }, 1), null);
      });
    });

    it('IN-11, IN-12 any text survives unchanged as state, id, alias and key', async () => {
      await withWorld(factory, {}, async (world) => {
        const texts = [
          '',
          "'; DROP TABLE resources;--",
          'nul\u0000inside',
          '%_\\',
          '\u{1F469}\u200D\u{1F680}',
          'e\u0301',
          '\u202Ertl',
          '$1',
          '"',
        ];
        for (const [index, text] of texts.entries()) {
          const id = `odd-${text}`;
          await world.apply(
            writing(world, 0, { [text]: text, index }, { type: 'setting', id, alias: `alias-${text}` }),
          );
          const [found] = await world.storage.findByAlias('setting', `alias-${text}`);
          assert.equal(found?.id, id);
          assert.deepEqual(found.state, { [text]: text, index });
        }
      });
    });

    it('a list shows one type of one workspace, pages without gaps, and filters on fields of the state', async () => {
      await withWorld(factory, {}, async (world) => {
        for (let n = 0; n < 25; n += 1) {
          const id = `key_${String(n).padStart(3, '0')}`;
          const state = { n, odd: n % 2 === 1, name: `k${n % 5}`, deep: { n } };
          await world.apply(writing(world, 0, state, { type: 'key', id }));
        }
        await world.apply({ ...writing(world, 0, { n: 99 }, { type: 'key', id: 'key_999' }), workspaceId: 'other' });
        const { read } = world.storage;
        const list = (order: 'newest' | 'oldest') =>
          walk((cursor) =>
            read.resources({
              workspaceId: 'default',
              type: 'key',
              limit: 4,
              order,
              ...(cursor === undefined ? {} : { cursor }),
            }),
          );
        const oldest = (await list('oldest')).map(({ state }) => state['n']);
        assert.deepEqual(
          oldest,
          Array.from({ length: 25 }, (_, n) => n),
        );
        assert.deepEqual(
          (await list('newest')).map(({ state }) => state['n']),
          oldest.reverse(),
        );
        const begins = async (idPrefix: string) =>
          (
            await read.resources({ workspaceId: 'default', type: 'key', limit: 100, idPrefix, order: 'oldest' })
          ).items.map(({ id }) => id);
        const [first = ''] = (
          await read.resources({ workspaceId: 'default', type: 'key', limit: 1, order: 'oldest' })
        ).items.map(({ id }) => id);
        assert.deepEqual(await begins(first), [first]);
        assert.deepEqual(await begins(`${first}0`), []);
        assert.equal((await begins('')).length, 25);
        const count = (query: { readonly idPrefix?: string; readonly where?: { readonly odd: boolean } }, max = 100) =>
          read.countResources({ workspaceId: 'default', type: 'key', ...query, max });
        assert.equal(await count({}), 25);
        assert.equal(await count({}, 7), 7);
        assert.equal(await count({ idPrefix: first }), 1);
        assert.equal(await count({ idPrefix: `${first}0` }), 0);
        assert.equal(await count({ where: { odd: true } }), 12);
        assert.equal(await read.countResources({ workspaceId: 'nobody', type: 'key', max: 9 }), 0);
        const where = async (fields: { readonly [field: string]: string | number | boolean }) =>
          (await read.resources({ workspaceId: 'default', type: 'key', limit: 100, where: fields })).items.length;
        assert.equal(await where({ odd: true }), 12);
        assert.equal(await where({ odd: true, name: 'k1' }), 3);
        assert.equal(await where({ n: 7 }), 1);
        assert.equal(await where({ n: '7' }), 0);
        assert.equal(await where({ odd: 1 }), 0);
        assert.equal(await where({ 'deep.n': 3 }), 0);
        assert.equal(await where({ "x' OR '1'='1": "y' OR '1'='1" }), 0);
        const all = await walk((cursor) =>
          read.allResources({ type: 'key', limit: 10, ...(cursor === undefined ? {} : { cursor }) }),
        );
        assert.equal(all.length, 26);
      });
    });
  });
}

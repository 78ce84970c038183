/** Filters of lists, and lists that are paged through while others write. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Change } from '../../core/change.ts';
import type { DeliveryQuery, Page, PageQuery } from '../contract/list-queries.ts';
import type { TryQuery } from '../contract/tried-changes.ts';
import type { StoreFactory } from './conformance.ts';
import { seededFraction, type World, withWorld } from './world.ts';

async function webhook(world: World, id: string, state: { readonly [field: string]: string | readonly string[] }) {
  await world.apply({
    workspaceId: 'default',
    atMs: world.now(),
    resources: [{ type: 'webhook', id, expectedVersion: 0, state: { state: 'enabled', ...state } }],
  });
}

/** Everything of a list, page by page; something else happens between pages. */
async function walkSlowly<Item>(
  read: (page: PageQuery) => Promise<Page<Item>>,
  meanwhile: () => Promise<void>,
): Promise<readonly Item[]> {
  const seen: Item[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<Item> = await read({ limit: 5, ...(cursor === undefined || cursor === null ? {} : { cursor }) });
    seen.push(...page.items);
    cursor = page.nextCursor;
    await meanwhile();
  } while (cursor !== null);
  return seen;
}

export function filterTests(factory: StoreFactory): void {
  describe('filters and cursors', () => {
    it('deliveries by dialect, origin, first sending, and by what their change says', async () => {
      await withWorld(factory, {}, async (world) => {
        await webhook(world, 'wh_a', { dialect: 'standard' });
        await webhook(world, 'wh_b', { dialect: 'other' });
        const first = await world.deliver('wh_a');
        const second = await world.deliver('wh_b');
        const again = { ...world.again(first, 'wh_a'), origin: 'replay' as const, redeliveryOf: first.delivery.id };
        await world.apply({ workspaceId: 'default', atMs: world.now(), deliveries: [again] });
        await world.record(first.delivery, 0);
        const find = async (query: Partial<DeliveryQuery>): Promise<readonly string[]> => {
          const all = { workspaceId: 'default', order: 'oldest', ...query } as const;
          const { items } = await world.storage.read.deliveries({ ...all, limit: 10 });
          assert.equal(await world.storage.read.countDeliveries(all), items.length);
          return items.map(({ id }) => id);
        };
        const [a, b, c] = [first.delivery.id, second.delivery.id, again.id];
        assert.deepEqual(await find({}), [a, b, c]);
        assert.deepEqual(await find({ dialect: 'standard' }), [a, c]);
        assert.deepEqual(await find({ dialect: 'nobody' }), []);
        assert.deepEqual(await find({ origins: ['replay', 'test'] }), [c]);
        assert.deepEqual(await find({ firstOnly: true }), [a, b]);
        assert.deepEqual(await find({ change: { field: 'metadata.region', equals: 'north' } }), [a, b, c]);
        assert.deepEqual(await find({ change: { field: 'metadata.region', equals: 'south' } }), []);
        assert.deepEqual(await find({ change: { assetKind: ['image'] }, dialect: 'other', states: ['pending'] }), [b]);
      });
    });

    it('a filter by change makes short pages, never a wrong end', async () => {
      await withWorld(factory, {}, async (world) => {
        for (let n = 0; n < 12; n += 1) await world.deliver('wh_a');
        const none = { workspaceId: 'default', change: { assetKind: ['video' as const] } };
        const page = await world.storage.read.deliveries({ ...none, limit: 5 });
        assert.deepEqual(page.items, []);
        assert.notEqual(page.nextCursor, null);
        const seen = await walkSlowly(
          (at) => world.storage.read.deliveries({ ...none, ...at }),
          async () => undefined,
        );
        assert.deepEqual(seen, []);
      });
    });

    it('resources by a part of a text, whatever its case, and by what a list holds', async () => {
      await withWorld(factory, {}, async (world) => {
        await webhook(world, 'wh_1', { name: 'Shop Berlin', events: ['asset.created', 'asset.moved'] });
        await webhook(world, 'wh_2', { name: 'shopfront', events: ['*'] });
        await webhook(world, 'wh_3', { name: '100%_sure', events: ['asset.created.later'] });
        const find = async (contains: { readonly [field: string]: string }): Promise<readonly string[]> => {
          const query = { workspaceId: 'default', type: 'webhook', order: 'oldest', limit: 10, contains } as const;
          return (await world.storage.read.resources(query)).items.map(({ id }) => id);
        };
        assert.deepEqual(await find({ name: 'SHOP' }), ['wh_1', 'wh_2']);
        assert.deepEqual(await find({ name: '%' }), ['wh_3']);
        assert.deepEqual(await find({ events: 'asset.created' }), ['wh_1']);
        assert.deepEqual(await find({ events: '*', name: 'shop' }), ['wh_2']);
        assert.deepEqual(await find({ nothing: 'x' }), []);
      });
    });

    it('paged through while others write, no list skips or repeats what was there before', async () => {
      await withWorld(factory, { partitionRowsMax: 9 }, async (world) => {
        const seed = Math.floor(Math.random() * 2 ** 31);
        const random = seededFraction(seed);
        const made = await Promise.all(Array.from({ length: 27 }, (_, n) => world.deliver(`wh_${n % 3}`)));
        const open = made.map(({ delivery }) => delivery);
        const meanwhile = async (): Promise<void> => {
          const [ended] = open.splice(Math.floor(random() * open.length), 1);
          await Promise.all([
            world.deliver(`wh_${Math.floor(random() * 3)}`),
            ended === undefined ? null : world.record(ended, 0),
          ]);
          await world.storage.maintain(world.now());
        };
        const check = (seen: readonly { readonly id: string }[], wanted: readonly string[]): void => {
          const ids = seen.map(({ id }) => id);
          assert.equal(new Set(ids).size, ids.length, `seed ${seed}: nothing twice`);
          const there = new Set(ids);
          assert.deepEqual(
            wanted.filter((id) => !there.has(id)),
            [],
            `seed ${seed}: nothing left out`,
          );
        };
        const { read } = world.storage;
        const deliveries = made.map(({ delivery }) => delivery.id);
        const changes = made.map(({ change }) => change.id);
        for (const order of ['newest', 'oldest'] as const) {
          const all = { workspaceId: 'default', order } as const;
          check(await walkSlowly((at) => read.deliveries({ ...all, ...at }), meanwhile), deliveries);
          check(await walkSlowly((at) => read.changes({ ...all, ...at }), meanwhile), changes);
          check(
            await walkSlowly((at) => read.resources({ ...all, ...at, type: 'asset' }), meanwhile),
            made.map(({ change }) => change.subject.id),
          );
        }
        const tried: Omit<TryQuery, 'limit'> = { workspaceId: 'default', wanted: ['asset.created'], examinedMax: 7 };
        check(await walkSlowly((at) => read.tryChanges({ ...tried, ...at }), meanwhile), changes);
      });
    });

    it('a cursor of another order, list or workspace is told apart from ours', async () => {
      await withWorld(factory, {}, async (world) => {
        for (let n = 0; n < 3; n += 1) await world.deliver('wh_a');
        const { read } = world.storage;
        const all = { workspaceId: 'default', limit: 1 } as const;
        const { nextCursor } = await read.deliveries(all);
        assert.ok(nextCursor !== null);
        const cursor = nextCursor;
        const wrong = { code: 'invalid_cursor' };
        await assert.rejects(read.deliveries({ ...all, cursor, order: 'oldest' }), wrong);
        await assert.rejects(read.deliveries({ ...all, cursor, workspaceId: 'other' }), wrong);
        await assert.rejects(read.changes({ ...all, cursor }), wrong);
        await assert.rejects(read.tryChanges({ ...all, cursor, wanted: [], examinedMax: 5 }), wrong);
        await assert.rejects(read.deliveries({ ...all, cursor: `${cursor}A` }), wrong);
        assert.equal((await read.deliveries({ ...all, cursor })).items.length, 1);
      });
    });

    it('changes are tried where they lie: what matches comes whole, what does not with its reason', async () => {
      await withWorld(factory, { partitionRowsMax: 4 }, async (world) => {
        const made: Change[] = [];
        for (let n = 0; n < 9; n += 1) made.push((await world.deliver('wh_a')).change);
        await world.deliver('wh_o', 'other');
        const all = { workspaceId: 'default', limit: 100, examinedMax: 100 } as const;
        const { read } = world.storage;
        const matching = await read.tryChanges({ ...all, wanted: ['asset.created'] });
        assert.deepEqual(matching.items.map(({ change }) => change).reverse(), made);
        assert.deepEqual([matching.examined, matching.matched, matching.nextCursor], [9, 9, null]);
        const unwanted = await read.tryChanges({ ...all, wanted: ['asset.moved'] });
        assert.ok(unwanted.items.every(({ miss, change }) => miss?.because === 'kind' && change === undefined));
        const filter = { field: 'metadata.region', equals: 'south' } as const;
        const filtered = await read.tryChanges({ ...all, wanted: ['asset.created'], filter, keep: 'unmatched' });
        assert.deepEqual(filtered.items[0]?.miss, {
          because: 'filter',
          at: 'filter',
          wanted: 'metadata.region: equals "south"',
          found: '"north"',
        });
        const kept = await read.tryChanges({ ...all, wanted: ['asset.created'], filter, keep: 'matched' });
        assert.deepEqual([kept.items.length, kept.examined], [0, 9]);
        const bounded = await read.tryChanges({ ...all, wanted: [], examinedMax: 4 });
        assert.deepEqual([bounded.examined, bounded.items.length], [4, 4]);
        const [one] = made;
        assert.ok(one);
        const chosen = await read.tryChanges({ ...all, wanted: ['asset.created'], ids: [one.id] });
        assert.deepEqual(
          chosen.items.map(({ id }) => id),
          [one.id],
        );
        const subject = `asset:${one.subject.id}`;
        assert.equal((await read.tryChanges({ ...all, wanted: [], subject, kinds: ['asset.created'] })).examined, 1);
        assert.equal((await read.tryChanges({ ...all, wanted: [], toMs: world.now() })).examined, 0);
      });
    });
  });
}

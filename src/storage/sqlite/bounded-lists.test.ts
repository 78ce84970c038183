/** Filters that find little: a page looks at so many rows and goes on behind its cursor; walked to the end, everything is found. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createIdSource } from '../../core/id-source.ts';
import type { NewDelivery } from '../../core/delivery.ts';
import { limits } from '../../core/limits.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import type { Page } from '../contract/list-queries.ts';
import type { Storage } from '../storage.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { createHeldClock, seededBytes } from '../testing/world.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

const clock = createHeldClock();
const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(11) });
const total = limits.rowsPerPageMax + 6_000;
const storage: Storage = createSqliteStorage({ file: ':memory:', clock });
/** One in some thousands has another kind and event. */
const rareAt = new Set([3, 9_000, total - 7_000, total - 2]);
const rare: { readonly changes: string[]; readonly deliveries: string[] } = { changes: [], deliveries: [] };

function item(n: number): CommitItem {
  clock.advance(1);
  const made = sampleCommit({ ids, webhookId: `wh_${n % 3}`, atMs: clock.nowMs(), payloadBytes: 0, bare: true });
  if (!rareAt.has(n)) return made;
  const changes = (made.changes ?? []).map(({ change }) => ({ change: { ...change, kind: 'asset.moved' as const } }));
  const deliveries = (made.deliveries ?? []).map((delivery) => ({ ...delivery, event: 'rare' }));
  rare.changes.push(...changes.map(({ change }) => change.id));
  rare.deliveries.push(...deliveries.map(({ id }) => id));
  return { ...made, changes, deliveries };
}

/** All pages; how many of them held nothing though there was more. */
async function pages<Item>(
  read: (cursor?: string) => Promise<Page<Item>>,
): Promise<{ readonly found: Item[]; readonly barren: number; readonly count: number }> {
  const found: Item[] = [];
  let barren = 0;
  let count = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await read(cursor);
    found.push(...page.items);
    count += 1;
    if (page.nextCursor === null) return { found, barren, count };
    if (page.items.length === 0) barren += 1;
    assert.notEqual(page.nextCursor, cursor, 'a page comes on');
    cursor = page.nextCursor;
  }
}

before(async () => {
  await storage.start();
  for (let done = 0; done < total; done += 1_000) {
    const items = Array.from({ length: 1_000 }, (_, n) => item(done + n));
    await storage.commit(items);
    // Two thirds have ended, the rest is still owed.
    const ended = items
      .flatMap(({ deliveries = [] }): readonly NewDelivery[] => deliveries)
      .filter((_, n) => n % 3 !== 2);
    const { epoch } = storage.health();
    await storage.record(
      ended.map((delivery) => sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: clock.nowMs() })),
    );
  }
});
after(() => storage.stop());

describe('lists with filters that find little', () => {
  for (const order of ['newest', 'oldest'] as const) {
    const sorted = (list: readonly string[]): readonly string[] => (order === 'newest' ? list.toReversed() : list);

    it(`changes, ${order} first: pages are bounded and all is found`, async () => {
      const { found, count } = await pages((cursor) =>
        storage.read.changes({
          workspaceId: 'default',
          kinds: ['asset.moved'],
          order,
          limit: 50,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      assert.deepEqual(
        found.map(({ id }) => id),
        sorted(rare.changes),
      );
      assert.equal(count, 2);
    });

    it(`deliveries, ${order} first: pages are bounded and all is found`, async () => {
      const { found, count } = await pages((cursor) =>
        storage.read.deliveries({
          workspaceId: 'default',
          event: 'rare',
          order,
          limit: 50,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      assert.deepEqual(
        found.map(({ id }) => id),
        sorted(rare.deliveries),
      );
      assert.ok(count > 1 && count < 40, `${count} pages`);
    });
  }

  it('what is not there is not looked for without an end on one page', async () => {
    const changes = await pages((cursor) =>
      storage.read.changes({
        workspaceId: 'default',
        kinds: ['asset.archived'],
        limit: 50,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    assert.deepEqual([changes.found.length, changes.barren], [0, 1]);
    const deliveries = await pages((cursor) =>
      storage.read.deliveries({
        workspaceId: 'default',
        status: 599,
        limit: 50,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    assert.equal(deliveries.found.length, 0);
    assert.ok(deliveries.barren >= 1);
  });

  it('without a filter every page is full', async () => {
    const { found, count } = await pages((cursor) =>
      storage.read.deliveries({ workspaceId: 'default', limit: 1_000, ...(cursor === undefined ? {} : { cursor }) }),
    );
    assert.deepEqual([new Set(found.map(({ id }) => id)).size, count], [total, total / 1_000]);
  });
});

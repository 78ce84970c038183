import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededFractions } from '../../test/support/seeded.ts';
import { type BatchLimits, createFairLines, type Entry, type FairLines, turnRows, type Urgency } from './fair-lines.ts';

type Item = Entry & { readonly number: number };

const limits: BatchLimits = { batchItemsMax: 50, batchRowsMax: 200, batchBytesMax: 20_000 };

/** A drawn story: calls come in bursts, batches are taken, some of a batch is given back now and then. */
function story(seed: number): { readonly pushed: readonly Item[]; readonly batches: readonly (readonly Item[])[] } {
  const fraction = seededFractions(seed);
  const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  const lines = createFairLines<Item>();
  const pushed: Item[] = [];
  const batches: (readonly Item[])[] = [];
  let held = 0;
  const push = (): void => {
    const urgency: Urgency = fraction() < 0.4 ? 'record' : 'commit';
    const rows = fraction() < 0.05 ? between(1, 600) : between(1, 20);
    const item = {
      workspaceId: `ws_${between(1, 6)}`,
      urgency,
      rows,
      bytes: rows * between(50, 500),
      number: pushed.length,
    };
    pushed.push(item);
    lines.push(item);
    held += 1;
  };
  for (let step = 0; step < 120 || held > 0; step += 1) {
    if (step < 120) for (let count = between(0, fraction() < 0.1 ? 200 : 10); count > 0; count -= 1) push();
    assert.equal(lines.waiting('record').items + lines.waiting('commit').items, held);
    const batch = lines.take(limits);
    assert.equal(batch.length > 0, held > 0);
    const done = fraction() < 0.1 ? Math.max(1, between(0, batch.length)) : batch.length;
    if (done < batch.length) lines.giveBack(batch.slice(done));
    if (batch.length > 0) batches.push(batch.slice(0, done));
    held -= Math.min(done, batch.length);
  }
  for (const urgency of ['record', 'commit'] as const) assert.deepEqual(lines.waiting(urgency), { items: 0, bytes: 0 });
  return { pushed, batches };
}

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

describe('lines of what waits for its transaction', () => {
  it('nothing is lost, and what a workspace sends of one kind is never reordered', () => {
    for (const seed of seeds) {
      const { pushed, batches } = story(seed);
      const taken = batches.flat();
      assert.equal(new Set(taken).size, pushed.length, `seed ${seed}`);
      assert.equal(taken.length, pushed.length, `seed ${seed}`);
      const last = new Map<string, number>();
      for (const { workspaceId, urgency, number } of taken) {
        const line = `${workspaceId} ${urgency}`;
        assert.ok((last.get(line) ?? -1) < number, `seed ${seed}: ${number} of ${line} after ${last.get(line)}`);
        last.set(line, number);
      }
    }
  });

  it('a batch is bounded in items, rows and bytes, and one item larger than that goes alone', () => {
    for (const seed of seeds) {
      for (const batch of story(seed).batches) {
        const rows = batch.reduce((sum, item) => sum + item.rows, 0);
        const bytes = batch.reduce((sum, item) => sum + item.bytes, 0);
        assert.ok(batch.length <= limits.batchItemsMax, `seed ${seed}: ${batch.length} items`);
        assert.ok(batch.length === 1 || rows <= limits.batchRowsMax, `seed ${seed}: ${rows} rows`);
        assert.ok(batch.length === 1 || bytes <= limits.batchBytesMax, `seed ${seed}: ${bytes} bytes`);
      }
    }
  });

  it('FO-01 before what a workspace sends while nothing of it waits, each of the others has one turn at most', () => {
    for (const seed of seeds) {
      const fraction = seededFractions(seed);
      const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
      const lines = createFairLines<Item>();
      const largest = new Map<string, number>();
      const flood = (workspaceId: string, count: number): void => {
        for (let number = 0; number < count; number += 1) {
          const rows = between(1, 50);
          largest.set(workspaceId, Math.max(rows, largest.get(workspaceId) ?? 0));
          lines.push({ workspaceId, urgency: fraction() < 0.5 ? 'record' : 'commit', rows, bytes: rows, number });
        }
      };
      // What is left of a turn is not saved up while there is nothing to send.
      for (let small = 0; small < 100; small += 1) {
        flood('flood_1', 1);
        lines.take(limits);
      }
      for (let others = between(1, 5); others > 0; others -= 1) flood(`flood_${others}`, 500);
      for (let taken = between(0, 10); taken > 0; taken -= 1) lines.take(limits);
      lines.push({ workspaceId: 'small', urgency: 'commit', rows: between(1, turnRows), bytes: 1, number: 0 });
      const before = new Map<string, number>();
      for (const { workspaceId, rows } of takenUntil(lines, 'small')) {
        before.set(workspaceId, (before.get(workspaceId) ?? 0) + rows);
      }
      for (const [workspaceId, rows] of before) {
        const most = turnRows + (largest.get(workspaceId) ?? 0);
        assert.ok(rows <= most, `seed ${seed}: ${rows} rows of ${workspaceId} went first, at most ${most} may`);
      }
    }
  });

  it('while two always have something waiting they get the same, whatever their items cost', () => {
    const lines = createFairLines<Item>();
    for (let number = 0; number < 2_000; number += 1) {
      lines.push({ workspaceId: 'large', urgency: 'commit', rows: 90, bytes: 1, number });
      lines.push({ workspaceId: 'small', urgency: 'record', rows: 3, bytes: 1, number });
    }
    const rows = { large: 0, small: 0 };
    for (let batch = 0; batch < 30; batch += 1) {
      for (const item of lines.take(limits)) rows[item.workspaceId as 'large' | 'small'] += item.rows;
      assert.ok(Math.abs(rows.large - rows.small) <= 90 + 2 * turnRows, JSON.stringify(rows));
    }
    assert.ok(rows.small > 2_000, JSON.stringify(rows));
  });

  it('what was given back goes first, in the order it was taken', () => {
    const lines = createFairLines<Item>();
    for (let number = 0; number < 6; number += 1)
      lines.push({ workspaceId: `ws_${number % 2}`, urgency: 'commit', rows: 30, bytes: 1, number });
    const first = lines.take({ ...limits, batchItemsMax: 3 });
    lines.giveBack(first.slice(1));
    lines.push({ workspaceId: 'ws_3', urgency: 'record', rows: 1, bytes: 1, number: 6 });
    assert.deepEqual(lines.take(limits).slice(0, 2), first.slice(1));
  });

  it('of three thousand workspaces that come and go none is kept for ever', () => {
    const lines = createFairLines<Item>();
    for (let number = 0; number < 3_000; number += 1) {
      lines.push({ workspaceId: `ws_${number}`, urgency: 'commit', rows: 5, bytes: 1, number });
      assert.equal(lines.take(limits).length, 1);
    }
    assert.ok(lines.known <= 1_001, String(lines.known));
  });
});

function takenUntil(lines: FairLines<Item>, workspaceId: string): readonly Item[] {
  const before: Item[] = [];
  for (;;) {
    for (const item of lines.take(limits)) {
      if (item.workspaceId === workspaceId) return before;
      before.push(item);
    }
  }
}

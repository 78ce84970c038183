import assert from 'node:assert/strict';
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, it } from 'node:test';
import { seededFractions } from '../../test/support/seeded.ts';
import { createPassingMap, createPassingSet, type PassingMap } from './passing-map.ts';

type Entry = { readonly id: number; readonly bulk: number[] };

function entry(id: number): Entry {
  return { id, bulk: new Array<number>(100).fill(id) };
}

/** How much grew among the old things, at its highest, while many short-lived ones passed through with 64 there at a time. */
async function keptMiB(map: Pick<PassingMap<string, Entry>, 'set' | 'delete'>): Promise<number> {
  const oldBytes = (): number =>
    getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? 0;
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  let before = 0;
  let most = 0;
  for (let id = 0; id < 200_000; id += 1) {
    map.set(`id ${id}`, entry(id));
    if (id >= 64) map.delete(`id ${id - 64}`);
    if (id % 10_000 !== 0) continue;
    // Long enough at rest for the collector to take what is there for long-lived.
    if (id === 10_000) {
      for (let junk = 0; junk < 400_000; junk += 1) entry(junk);
      await nextTurn();
      before = oldBytes();
    }
    most = Math.max(most, oldBytes() - before);
    await nextTurn();
  }
  return most / 1024 ** 2;
}

describe('a passing map', () => {
  it('does what the language’s does', () => {
    const chance = seededFractions(7);
    const ours = createPassingMap<number, number>();
    const items = createPassingSet<number>();
    const theirs = new Map<number, number>();
    for (let step = 0; step < 20_000; step += 1) {
      // Grows to hundreds, shrinks, and grows again.
      const key = Math.floor(chance() * 600);
      if (chance() < (step % 5_000 < 2_500 ? 0.7 : 0.3)) {
        ours.set(key, step);
        items.add(key);
        theirs.set(key, step);
      } else {
        assert.equal(ours.delete(key), theirs.has(key));
        assert.equal(items.delete(key), theirs.delete(key));
      }
      assert.equal(ours.get(key), theirs.get(key));
      assert.equal(ours.has(key), items.has(key));
      assert.equal(ours.size, theirs.size);
      assert.equal(items.size, theirs.size);
    }
    assert.deepEqual([...ours.values()], [...theirs.values()]);
    assert.deepEqual([...items.values()], [...theirs.keys()]);
    ours.clear();
    assert.equal(ours.size, 0);
  });

  it('keeps little of what passed through it', async () => {
    const kept = await keptMiB(createPassingMap<string, Entry>());
    assert.ok(kept < 30, `${Math.round(kept)} MiB were kept for a while`);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededFraction } from './testing/world.ts';
import { blockDocs, readBlock, writeBlock } from './number-blocks.ts';
import {
  andInto,
  bitsOf,
  changeSet,
  chunkDocs,
  countBits,
  emptyBits,
  hasBit,
  numbersDown,
  numbersOfBits,
  numbersUp,
  orInto,
  withoutInto,
} from './posting-sets.ts';

const next = seededFraction(5);
const below = (count: number): number => Math.floor(next() * count);
const sorted = (set: Iterable<number>): readonly number[] => [...set].toSorted((a, b) => a - b);

describe('sets of assets', () => {
  it('hold what was put in and not taken out, few or many, in either form', () => {
    let stored: Uint8Array | null = null;
    const model = new Set<number>();
    const forms = new Set<number>();
    for (let round = 0; round < 120; round += 1) {
      // It grows into bits, shrinks into numbers, and ends empty.
      const grows = round < 50;
      const count = below(grows ? 400 : 700);
      const added =
        grows || round % 9 === 0
          ? [...new Set(Array.from({ length: count }, () => below(chunkDocs)))].filter((n) => !model.has(n))
          : [];
      const removed = grows
        ? sorted(model).filter(() => below(50) === 0)
        : sorted(model).filter(() => below(12) === 0 || round > 115);
      stored = changeSet(stored, { added, removed });
      for (const n of removed) model.delete(n);
      for (const n of added) model.add(n);
      const bits = stored === null ? emptyBits() : bitsOf(stored);
      assert.deepEqual([...numbersOfBits(bits)], sorted(model), `round ${round}`);
      assert.equal(countBits(bits), model.size);
      if (stored !== null) forms.add(stored.length === chunkDocs / 8 ? 1 : 0);
    }
    assert.deepEqual([stored, forms.size], [null, 2]);
  });

  it('new assets are put behind those that are there, up to the last number of a chunk', () => {
    let stored: Uint8Array | null = null;
    for (let n = 0; n < chunkDocs; n += 997)
      stored = changeSet(stored, { added: [n, Math.min(n + 5, chunkDocs - 1)], removed: [] });
    stored = changeSet(stored, { added: [chunkDocs - 1], removed: [] });
    assert.ok(stored !== null && hasBit(bitsOf(stored), chunkDocs - 1) && hasBit(bitsOf(stored), 0));
  });

  it('are walked up and down from any place', () => {
    const model = new Set(Array.from({ length: 900 }, () => below(chunkDocs)));
    for (const edge of [0, 31, 32, 63, 64, chunkDocs - 1]) model.add(edge);
    const stored = changeSet(null, { added: [...model], removed: [] });
    const bits = bitsOf(stored ?? new Uint8Array());
    for (const place of [-1, 0, 1, 31, 32, 33, 63, 64, 65, 40_000, chunkDocs - 1, chunkDocs]) {
      assert.deepEqual(
        [...numbersUp(bits, place)],
        sorted(model).filter((n) => n > place),
        `up from ${place}`,
      );
      if (place >= 0)
        assert.deepEqual(
          [...numbersDown(bits, place)],
          sorted(model)
            .filter((n) => n < place)
            .toReversed(),
          `down from ${place}`,
        );
    }
  });

  it('meet, join and leave each other as sets do', () => {
    const [a, b] = [0, 1].map(() => new Set(Array.from({ length: 9_000 }, () => below(chunkDocs)))) as [
      Set<number>,
      Set<number>,
    ];
    const of = (set: Set<number>) => bitsOf(changeSet(null, { added: [...set], removed: [] }) ?? new Uint8Array());
    for (const [apply, expected] of [
      [andInto, a.intersection(b)],
      [orInto, a.union(b)],
      [withoutInto, a.difference(b)],
    ] as const) {
      const bits = of(a);
      apply(bits, of(b));
      assert.deepEqual([...numbersOfBits(bits)], sorted(expected));
    }
  });
});

describe('blocks of numbers', () => {
  it('come back as they were, few or many, and none as nothing', () => {
    for (const share of [0, 0.001, 0.4, 0.79, 0.82, 1]) {
      const numbers = Float64Array.from({ length: blockDocs }, () =>
        next() < share ? below(9e9) - 4e9 + 0.5 : Number.NaN,
      );
      const stored = writeBlock(numbers);
      if (share === 0) assert.equal(stored, null);
      assert.deepEqual(readBlock(stored), numbers, `${share}`);
      assert.ok((stored?.length ?? 0) <= blockDocs * 8);
    }
  });
});

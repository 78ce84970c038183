import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addCounts, percentilesOf } from './histogram.ts';

const bounds = [5, 10, 50, 100];

describe('histogram', () => {
  it('a percentile is the upper bound of the bucket that holds it', () => {
    assert.deepEqual(percentilesOf([50, 45, 4, 1, 0], bounds), { p50: 5, p95: 10, p99: 50 });
    assert.deepEqual(percentilesOf([0, 0, 0, 0, 0], bounds), { p50: null, p95: null, p99: null });
    assert.deepEqual(percentilesOf([0, 0, 0, 0, 3], bounds), { p50: 100, p95: 100, p99: 100 });
  });

  it('is never below the true percentile and at most one bucket above it, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 200 }), (values) => {
        const counts = [0, 0, 0, 0, 0];
        for (const value of values) {
          const bucket = bounds.findIndex((bound) => value <= bound);
          counts[bucket] = (counts[bucket] ?? 0) + 1;
        }
        const sorted = [...values].sort((a, b) => a - b);
        const shown = percentilesOf(counts, bounds);
        for (const [name, share] of [
          ['p50', 0.5],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const truth = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
          assert.equal(
            shown[name],
            bounds.find((bound) => truth <= bound),
          );
        }
      }),
    );
  });

  it('counts add up bucket by bucket', () => {
    assert.deepEqual(addCounts([1, 2, 3], [4, 5, 6]), [5, 7, 9]);
    assert.deepEqual(addCounts([], [4, 5]), [4, 5]);
  });
});

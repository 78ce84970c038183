/** Counts of values by upper bound; one more count than bounds, for what lies above the last. */

/** Upper bounds of the values that half, 95 % and 99 % of all lie at or below; null where nothing was counted. */
export type Percentiles = { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };

/**
 * Percentiles as far as buckets tell: the upper bound of the bucket that holds the value, never less than the value
 * itself. What lies above the last bound is told as the last bound.
 */
export function percentilesOf(counts: readonly number[], bounds: readonly number[]): Percentiles {
  return {
    p50: percentile(counts, bounds, 0.5),
    p95: percentile(counts, bounds, 0.95),
    p99: percentile(counts, bounds, 0.99),
  };
}

function percentile(counts: readonly number[], bounds: readonly number[], share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const rank = Math.ceil(all * share);
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return bounds[bucket] ?? bounds.at(-1) ?? null;
  }
  return bounds.at(-1) ?? null;
}

/** Two sets of counts over the same bounds, added up. */
export function addCounts(left: readonly number[], right: readonly number[]): readonly number[] {
  const longer = left.length >= right.length ? left : right;
  return longer.map((_, index) => (left[index] ?? 0) + (right[index] ?? 0));
}

/**
 * Counts by key that wait in memory for a row to go with. What a transaction takes out or puts in is remembered until the
 * transaction is known to have held, so that one that is rolled back leaves the counts as they were.
 */
export type CarriedCounts = {
  /** One more. */
  add(key: number): void;
  /** The count of a key, which is carried no longer; 0 where there is none. */
  take(key: number): number;
  /** Keys of the counts that have waited longest. */
  oldest(count: number): readonly number[];
  size(): number;
  settled(): void;
  undo(): void;
};

export function createCarriedCounts(): CarriedCounts {
  const counts = new Map<number, number>();
  /** What is not settled yet: by how much each key was changed. */
  let changed: [key: number, by: number][] = [];

  const change = (key: number, by: number): void => {
    const sum = (counts.get(key) ?? 0) + by;
    if (sum === 0) counts.delete(key);
    else counts.set(key, sum);
  };
  const settled = (): void => {
    if (changed.length > 0) changed = [];
  };
  return {
    add(key) {
      change(key, 1);
      changed.push([key, 1]);
    },
    take(key) {
      const count = counts.get(key) ?? 0;
      if (count === 0) return 0;
      counts.delete(key);
      changed.push([key, -count]);
      return count;
    },
    oldest: (count) => counts.keys().take(count).toArray(),
    size: () => counts.size,
    settled,
    undo() {
      for (const [key, by] of changed) change(key, -by);
      settled();
    },
  };
}

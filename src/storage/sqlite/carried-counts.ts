/**
 * Counts by key that wait in memory for a row to go with. What a transaction takes out or puts in is remembered until the
 * transaction is known to have held, so that one that is rolled back leaves the counts as they were. Nearly every count
 * finds its row in the next batch or the one after, so it waits in a list that costs nothing to join or to leave; what has
 * waited longer is added up by key.
 */
export type CarriedCounts = {
  /** One more for each of these keys: put into the row of that key where there is one, at `column`, else carried. */
  offer(keys: readonly number[], rows: ReadonlyMap<number, number[]>, column: number): void;
  /** The count of a key among those that waited long, which is carried no longer; 0 where there is none. */
  take(key: number): number;
  /** Keys of the counts that have waited longest; from now on nothing waits in the list. */
  oldest(count: number): readonly number[];
  size(): number;
  settled(): void;
  undo(): void;
};

/** The list is gone through with every batch that has rows. */
const listMax = 2_000;

export function createCarriedCounts(): CarriedCounts {
  let list: readonly number[] = [];
  const counts = new Map<number, number>();
  /** What is not settled yet: the list as it was, and by how much each key was changed. */
  let listBefore: readonly number[] | null = null;
  let changed: [key: number, by: number][] = [];

  const change = (key: number, by: number): void => {
    const sum = (counts.get(key) ?? 0) + by;
    if (sum === 0) counts.delete(key);
    else counts.set(key, sum);
  };
  const setList = (next: readonly number[]): void => {
    listBefore ??= list;
    list = next;
  };
  const addUp = (): void => {
    for (const key of list) {
      change(key, 1);
      changed.push([key, 1]);
    }
    setList([]);
  };
  const take = (key: number): number => {
    const count = counts.get(key) ?? 0;
    if (count === 0) return 0;
    counts.delete(key);
    changed.push([key, -count]);
    return count;
  };
  const settled = (): void => {
    listBefore = null;
    if (changed.length > 0) changed = [];
  };
  return {
    take,
    settled,
    size: () => counts.size + list.length,
    offer(keys, rows, column) {
      const waiting = list.length === 0 ? keys : [...list, ...keys];
      if (rows.size === 0) setList(waiting);
      else {
        const left: number[] = [];
        for (const key of waiting) {
          const row = rows.get(key);
          if (row === undefined) left.push(key);
          else row[column] = (row[column] ?? 0) + 1;
        }
        setList(left);
        if (counts.size > 0) for (const [key, row] of rows) row[column] = (row[column] ?? 0) + take(key);
      }
      if (list.length > listMax) addUp();
    },
    oldest(count) {
      if (list.length > 0) addUp();
      return counts.keys().take(count).toArray();
    },
    undo() {
      for (const [key, by] of changed) change(key, -by);
      if (listBefore !== null) list = listBefore;
      settled();
    },
  };
}

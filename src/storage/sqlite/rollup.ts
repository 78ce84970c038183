/** Statistics by minute and lane, added up over a batch in memory and written once per batch. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { durationBucketsMs } from '../storage.ts';
import { durationColumns } from './schema.ts';

/** Order of the counters in a rollup row, behind minute and lane. */
const counters = ['attempts', 'delivered', 'failed', 'rejected', 'dead', 'cancelled'] as const;
const width = 2 + counters.length + durationColumns;
const minuteMs = 60_000;

export type Rollup = {
  /** One attempt: when it began, how long it took, what it meant for the delivery. */
  attempt(lane: number, attempt: { atMs: number; durationMs: number; next: string }): void;
  cancelled(lane: number, atMs: number): void;
  /** Writes what came together since the last flush; called inside the batch's transaction. */
  flush(): void;
  discard(): void;
};

export function createRollup(db: DatabaseSync): Rollup {
  const names = [...counters, ...Array.from({ length: durationColumns }, (_, index) => `d${index}`)];
  const upsert: StatementSync = db.prepare(
    `INSERT INTO stats (minute, lane, ${names.join(', ')}) VALUES (${Array(width).fill('?').join(', ')})
     ON CONFLICT (minute, lane) DO UPDATE SET ${names.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  );
  const rows = new Map<string, number[]>();

  const row = (lane: number, atMs: number): number[] => {
    const minute = Math.floor(atMs / minuteMs);
    const key = `${minute} ${lane}`;
    let found = rows.get(key);
    if (found === undefined) {
      found = new Array<number>(width).fill(0);
      found[0] = minute;
      found[1] = lane;
      rows.set(key, found);
    }
    return found;
  };
  const add = (counts: number[], column: number): void => {
    counts[column] = (counts[column] ?? 0) + 1;
  };
  return {
    attempt(lane, { atMs, durationMs, next }) {
      const counts = row(lane, atMs);
      add(counts, 2);
      add(counts, next === 'delivered' ? 3 : 4);
      if (next === 'rejected') add(counts, 5);
      if (next === 'dead') add(counts, 6);
      if (next === 'cancelled') add(counts, 7);
      add(counts, 2 + counters.length + bucketOf(durationMs));
    },
    cancelled(lane, atMs) {
      add(row(lane, atMs), 7);
    },
    flush() {
      if (rows.size === 0) return;
      // Sorted by key: neighbouring rows lie on the same page.
      const sorted = [...rows.values()].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0));
      for (const counts of sorted) upsert.run(...counts);
      rows.clear();
    },
    discard: () => rows.clear(),
  };
}

function bucketOf(durationMs: number): number {
  let bucket = 0;
  for (const bound of durationBucketsMs) {
    if (durationMs <= bound) return bucket;
    bucket += 1;
  }
  return bucket;
}

/**
 * Statistics by minute and lane, added up over a batch in memory and written once per batch, together with the records
 * they tell of. What was accepted is counted at commit, but a commit writes no row for it: the counts are carried until
 * a record touches the same row (nearly always the next batch), or upkeep writes them. So `accepted` costs the writer no
 * statement of its own; a crash may lose the last seconds of it, never anything else.
 */
import type { DatabaseSync } from 'node:sqlite';
import { durationBucketsMs, waitBucketsMs } from '../contract/stats.ts';
import { type CarriedCounts, createCarriedCounts } from './carried-counts.ts';
import { createLateHours, createStatsAdder, type LateHours } from './stats-hours.ts';
import { durationColumns, statsColumns } from './schema.ts';

const keys = 2;
const width = keys + statsColumns.length;
const column = (name: string): number => keys + statsColumns.indexOf(name);
const attempts = column('attempts');
const delivered = column('delivered');
const failed = column('failed');
const rejected = column('rejected');
const dead = column('dead');
const cancelled = column('cancelled');
const accepted = column('accepted');
const retrying = column('retrying');
const tests = column('tests');
const durations = column('d0');
const waits = durations + durationColumns;

const minuteMs = 60_000;
/** Minutes fit below it for another seventy years, and lanes above it up to 134 million. */
const laneFactor = 2 ** 26;
/** Counts carried in memory; beyond that the oldest are written with the next batch, so many keys at a time. */
const carriedMax = 3_000;
const carriedPerBatch = 100;

/** An attempt as it is counted. */
export type CountedAttempt = {
  readonly atMs: number;
  readonly durationMs: number;
  /** What it meant for the delivery. */
  readonly next: string;
  /** For the first attempt of a delivery: how long it had waited for it. Below 0: it is not the first. */
  readonly waitedMs: number;
  /** A test send: counted by itself, and in nothing else. */
  readonly test: boolean;
};

export type Rollup = {
  attempt(lane: number, attempt: CountedAttempt): void;
  cancelled(lane: number, atMs: number): void;
  /** Ended dead without an attempt. */
  buried(lane: number, atMs: number): void;
  accepted(lane: number, atMs: number): void;
  /** How many were counted as accepted in this batch; `rewind` takes back those of an item that was undone. */
  mark(): number;
  rewind(mark: number): void;
  /** Writes what came together since the last flush; called inside the batch's transaction. */
  flush(): void;
  /** The batch is durable: what was flushed is no longer carried. */
  settled(): void;
  /** The batch was rolled back. */
  discard(): void;
  /** Writes up to `rowsMax` carried rows in the caller's transaction; `settled` or `discard` follows. False: nothing left. */
  flushCarried(rowsMax: number): boolean;
  readonly late: LateHours;
};

export function createRollup(db: DatabaseSync): Rollup {
  const addMinute = createStatsAdder(db, 'stats', 'minute');
  const late = createLateHours(db);
  const rows = new Map<number, number[]>();
  /** Keys of what this batch accepted, one entry each. */
  let fresh: number[] = [];
  const carried = createCarriedCounts();
  let last: number[] | null = null;

  const row = (lane: number, atMs: number): number[] => {
    const minute = Math.floor(atMs / minuteMs);
    if (last !== null && last[0] === minute && last[1] === lane) return last;
    const key = lane * laneFactor + minute;
    let found = rows.get(key);
    if (found === undefined) {
      found = emptyRow(minute, lane);
      rows.set(key, found);
    }
    last = found;
    return found;
  };
  const write = (all: readonly number[][]): void => {
    // Sorted by key: neighbouring rows lie on the same page.
    const sorted = [...all].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0));
    for (const counts of sorted) {
      addMinute(counts);
      late.add(counts);
    }
  };
  return {
    late,
    attempt: (lane, attempt) => countAttempt(row(lane, attempt.atMs), attempt),
    cancelled(lane, atMs) {
      add(row(lane, atMs), cancelled);
    },
    buried(lane, atMs) {
      add(row(lane, atMs), dead);
    },
    accepted(lane, atMs) {
      fresh.push(lane * laneFactor + Math.floor(atMs / minuteMs));
    },
    mark: () => fresh.length,
    rewind(mark) {
      fresh.length = mark;
    },
    flush() {
      carried.offer(fresh, rows, accepted);
      if (rows.size > 0) write([...rows.values()]);
      if (carried.size() > carriedMax) write(takeOldest(carried, carriedPerBatch));
      rows.clear();
      last = null;
      fresh = [];
    },
    settled: carried.settled,
    discard() {
      rows.clear();
      last = null;
      fresh = [];
      carried.undo();
    },
    flushCarried(rowsMax) {
      write(takeOldest(carried, rowsMax));
      return carried.size() > 0;
    },
  };
}

function countAttempt(counts: number[], { durationMs, next, waitedMs, test }: CountedAttempt): void {
  if (test) {
    add(counts, tests);
    return;
  }
  add(counts, attempts);
  add(counts, next === 'delivered' ? delivered : failed);
  if (next === 'pending') add(counts, retrying);
  else if (next === 'rejected') add(counts, rejected);
  else if (next === 'dead') add(counts, dead);
  else if (next === 'cancelled') add(counts, cancelled);
  add(counts, durations + bucketOf(durationMs, durationBucketsMs));
  if (waitedMs >= 0) add(counts, waits + bucketOf(waitedMs, waitBucketsMs));
}

/** Rows made of the counts that have been carried longest. */
function takeOldest(carried: CarriedCounts, count: number): number[][] {
  return carried.oldest(count).map((key) => {
    const lane = Math.floor(key / laneFactor);
    const counts = emptyRow(key - lane * laneFactor, lane);
    counts[accepted] = carried.take(key);
    return counts;
  });
}

function emptyRow(time: number, lane: number): number[] {
  const counts = new Array<number>(width).fill(0);
  counts[0] = time;
  counts[1] = lane;
  return counts;
}

function add(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

function bucketOf(value: number, bounds: readonly number[]): number {
  let bucket = 0;
  for (const bound of bounds) {
    if (value <= bound) return bucket;
    bucket += 1;
  }
  return bucket;
}

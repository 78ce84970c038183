/**
 * Upkeep in slices: what is older than we keep leaves, what is still owed stays. A partition leaves in steps, each a small
 * transaction: what pending, held or replayable deliveries still need is copied to the kept table, then it is hidden from
 * readers, its indexes go one by one, its rows in handfuls, and the empty table last. (Dropping a full table at once would
 * hold the writer for a tenth of a second.) Freed pages go back to the file system by incremental vacuum.
 */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../core/limits.ts';
import { keepOwedChanges, releaseKeptChanges } from './kept-changes.ts';
import { type Partition, type Partitions, readPartitions } from './partitions.ts';
import { arrayStatement, numberOf } from './rows.ts';
import type { Rollup } from './rollup.ts';
import {
  listedTable,
  type PartitionKind,
  partitionIndexes,
  partitionKey,
  partitionTable,
  touchesKept,
} from './schema.ts';
import { faultOf } from './sqlite-error.ts';
import { readRolled } from './stats-hours.ts';

export type RetentionLimits = {
  /** How long changes, ended deliveries, attempts, statistics and bodies of dead deliveries are kept. */
  readonly keepMs: number;
  /** A slice ends after the step that passes this. */
  readonly sliceMsMax: number;
  /** For measuring slices; not the time of day. */
  readonly monotonicMs: () => number;
  /** Free pages in the file above which some are given back. */
  readonly freePagesMax: number;
};

export type Retention = {
  slice(nowMs: number): { readonly more: boolean };
  /** Writes the counts that are carried in memory, all of them; a store that cannot take them loses them. */
  flushCounts(): void;
};

const rowsPerStep = 250;
const pagesPerStep = 50;

export function createRetention(
  db: DatabaseSync,
  {
    partitions,
    rollup,
    limits: kept,
  }: { readonly partitions: Partitions; readonly rollup: Rollup; readonly limits: RetentionLimits },
): Retention {
  const transaction = createTransaction(db);
  const leavers = (nowMs: number): Partition | undefined =>
    readPartitions(db).find(
      ({ state, closedAtMs }) =>
        state === 'leaving' || (state === 'closed' && closedAtMs !== null && closedAtMs + kept.keepMs <= nowMs),
    );
  const sweeps = createSweeps(db, kept);

  /** All upkeep that is due, one bounded step after another. */
  function* chores(nowMs: number): Generator<undefined> {
    yield* sumUp(rollup, nowMs, transaction);
    for (let leaver = leavers(nowMs); leaver !== undefined; leaver = leavers(nowMs)) {
      yield* leave(db, leaver, { keepMs: kept.keepMs, transaction, dropped: () => partitions.noteDropped() });
    }
    for (const sweep of sweeps) while (sweep(nowMs)) yield;
    yield* releaseKeptChanges(db, { nowMs, keepMs: kept.keepMs, transaction });
    yield* vacuum(db, kept.freePagesMax);
  }
  let running: Generator<undefined> | null = null;
  return {
    flushCounts() {
      try {
        while (counting(rollup, transaction, (rows) => rollup.flushCarried(rows)));
      } catch (error) {
        // The store is closing; what is lost are seconds of one counter.
        if (faultOf(error).kind === 'item') throw error;
      }
    },
    slice(nowMs) {
      running ??= chores(nowMs);
      const started = kept.monotonicMs();
      try {
        do {
          if (running.next().done === true) {
            running = null;
            return { more: false };
          }
        } while (kept.monotonicMs() - started < kept.sliceMsMax);
        return { more: true };
      } catch (error) {
        // Half-done upkeep is picked up from the file by the next run.
        running = null;
        throw error;
      }
    },
  };
}

/** Minutes this young may still be written to by nearly every batch. */
const openMinutes = 2;
const minuteMs = 60_000;
/** Rows of statistics per step, each of some thirty counters. */
const statsPerStep = 100;

/** Statistics: carried counts are written, minutes that are over are added to their hours. */
function* sumUp(rollup: Rollup, nowMs: number, transaction: (step: () => boolean) => boolean): Generator<undefined> {
  while (counting(rollup, transaction, (rows) => rollup.flushCarried(rows))) yield;
  const until = Math.floor(nowMs / minuteMs) - openMinutes;
  while (counting(rollup, transaction, (rows) => rollup.late.roll(until, rows))) yield;
}

/** One step over statistics in a transaction of its own; what the memory knows of them follows it. */
function counting(
  rollup: Rollup,
  transaction: (step: () => boolean) => boolean,
  step: (rowsMax: number) => boolean,
): boolean {
  try {
    const more = transaction(() => step(statsPerStep));
    rollup.settled();
    return more;
  } catch (error) {
    rollup.discard();
    rollup.late.reload();
    throw error;
  }
}

type Leaving = {
  readonly keepMs: number;
  readonly transaction: (step: () => boolean) => boolean;
  /** The list of partitions is another one now. */
  readonly dropped: () => void;
};

function* leave(
  db: DatabaseSync,
  partition: Partition,
  { keepMs, transaction, dropped }: Leaving,
): Generator<undefined> {
  const { kind, n } = partition;
  const hide = db.prepare(`UPDATE partitions SET state = 'leaving' WHERE kind = ? AND n = ?`);
  const forget = db.prepare('DELETE FROM partitions WHERE kind = ? AND n = ?');
  if (partition.state === 'closed') {
    if (kind === 'changes') yield* keepOwedChanges(db, { partition, keepMs, transaction });
    hide.run(kind, n);
    dropped();
    yield;
  }
  for (const index of partitionIndexes(kind, n)) {
    db.exec(`DROP INDEX IF EXISTS ${index}`);
    yield;
  }
  if (kind !== 'attempts') {
    db.exec(`DROP TABLE IF EXISTS ${listedTable(kind, n)}`);
    yield;
  }
  const rows = db.prepare(handful(kind, n));
  while (Number(rows.run(rowsPerStep).changes) > 0) yield;
  transaction(() => {
    db.exec(`DROP TABLE IF EXISTS ${partitionTable(kind, n)}`);
    forget.run(kind, n);
    return false;
  });
  dropped();
}

/** Runs a step in a transaction of its own and hands on its answer: whether there is more. */
function createTransaction(db: DatabaseSync): (step: () => boolean) => boolean {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  return (step) => {
    begin.run();
    try {
      const more = step();
      commit.run();
      return more;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
}

function handful(kind: PartitionKind, n: number): string {
  const table = partitionTable(kind, n);
  const key = partitionKey(kind);
  return `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT ?)`;
}

/** What is not partitioned goes by age, a handful at a time. Each answers whether it found any. */
function createSweeps(db: DatabaseSync, { keepMs }: RetentionLimits): readonly ((nowMs: number) => boolean)[] {
  const bodies = db.prepare(
    'DELETE FROM bodies WHERE delivery IN (SELECT delivery FROM bodies WHERE ended_at < ? ORDER BY ended_at LIMIT 50)',
  );
  const keys = db.prepare(
    `DELETE FROM idempotency WHERE (workspace, key) IN
       (SELECT workspace, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ${rowsPerStep})`,
  );
  const stats = db.prepare(
    `DELETE FROM stats WHERE (minute, lane) IN
       (SELECT minute, lane FROM stats WHERE minute < ? ORDER BY minute, lane LIMIT ${rowsPerStep})`,
  );
  const hours = db.prepare(
    `DELETE FROM stats_hours WHERE (hour, lane) IN
       (SELECT hour, lane FROM stats_hours WHERE hour < ? ORDER BY hour, lane LIMIT ${rowsPerStep})`,
  );
  const touches = db.prepare(
    `DELETE FROM asset_touches WHERE n IN (SELECT n FROM asset_touches
       WHERE n <= (SELECT max(n) FROM asset_touches) - ${touchesKept} ORDER BY n LIMIT ${rowsPerStep})`,
  );
  /** Minutes leave early, but none that is not in its hour yet. */
  const minutesBefore = (nowMs: number): number =>
    Math.min(Math.floor((nowMs - Math.min(keepMs, limits.statsMinutesKeptMs)) / minuteMs), readRolled(db).minute);
  return [
    (nowMs) => bodies.run(nowMs - keepMs).changes !== 0,
    (nowMs) => keys.run(nowMs - limits.idempotencyKeptMs).changes !== 0,
    (nowMs) => stats.run(minutesBefore(nowMs)).changes !== 0,
    (nowMs) => hours.run(Math.floor((nowMs - keepMs) / 3_600_000)).changes !== 0,
    () => touches.run().changes !== 0,
  ];
}

/** Gives free pages back to the file system, from the end of the file, a bounded number at a time. */
function* vacuum(db: DatabaseSync, freePagesMax: number): Generator<undefined> {
  const free = arrayStatement(db, 'PRAGMA freelist_count');
  const step = arrayStatement(db, `PRAGMA incremental_vacuum(${pagesPerStep})`);
  for (;;) {
    const before = numberOf(free.get()?.[0]);
    if (before <= freePagesMax) return;
    step.all();
    if (numberOf(free.get()?.[0]) >= before) return;
    yield;
  }
}

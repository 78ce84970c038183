/**
 * What keeps a change beyond its partition: a pending (or held) delivery made from it, or a dead one that can still be
 * replayed. `kept_for` says for which position a change is kept, and until when once that delivery has ended.
 */
import type { DatabaseSync } from 'node:sqlite';
import { changesStride, type Partition, readPartitions } from './partitions.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { partitionTable } from './schema.ts';

export type KeepingParts = {
  readonly partition: Partition;
  readonly keepMs: number;
  readonly transaction: (step: () => boolean) => boolean;
};

const rowsPerStep = 100;
const lanesPerStep = 500;

/** Copies what is owed out of a closed partition of changes; a step per yield. Safe to begin again. */
export function* keepOwedChanges(db: DatabaseSync, parts: KeepingParts): Generator<undefined> {
  const table = partitionTable('changes', parts.partition.n);
  const copy = db.prepare(
    `INSERT OR IGNORE INTO kept_changes (seq, workspace, id, kind, subject, accepted_at, unexpanded, body)
     SELECT seq, workspace, id, kind, subject, accepted_at, unexpanded, body FROM ${table} WHERE seq = ?`,
  );
  const keepFor = db.prepare('INSERT OR IGNORE INTO kept_for (change_seq, lane, position, until) VALUES (?, ?, ?, ?)');
  const keep = (seq: number, by: { lane: number; position: number; untilMs: number | null }): void => {
    copy.run(seq);
    keepFor.run(seq, by.lane, by.position, by.untilMs);
  };
  yield* keepForPending(db, parts, keep);
  yield* keepForDead(db, parts, keep);
}

type Keep = (seq: number, by: { lane: number; position: number; untilMs: number | null }) => void;

/**
 * Pending deliveries made from a change of this partition were committed while it was open (later ones are kept at their
 * commit, see change-locator.ts), so in every lane they lie in one range of positions.
 */
function* keepForPending(db: DatabaseSync, { partition, transaction }: KeepingParts, keep: Keep): Generator<undefined> {
  const nextLane = arrayStatement(db, 'SELECT min(lane) FROM queue WHERE lane > ?');
  const inLane = arrayStatement(
    db,
    `SELECT position, change_seq FROM queue WHERE lane = ? AND position > ? AND position < ? AND change_seq >= ? AND change_seq < ?
     ORDER BY position LIMIT ?`,
  );
  const low = partition.n * changesStride;
  const end = partition.lastPosition ?? Number.MAX_SAFE_INTEGER;
  let lane = 0;
  let after = partition.firstPosition - 1;
  let done = false;
  const step = (): boolean => {
    let room = rowsPerStep;
    for (let lanes = 0; lanes < lanesPerStep; lanes += 1) {
      const rows = lane === 0 ? [] : inLane.all(lane, after, end, low, low + changesStride, room);
      for (const row of rows) {
        after = numberOf(row[0]);
        keep(numberOf(row[1]), { lane, position: after, untilMs: null });
      }
      if (rows.length === room) return true;
      room -= rows.length;
      const next = nextLane.get(lane)?.[0];
      if (typeof next !== 'number') return false;
      lane = next;
      after = partition.firstPosition - 1;
    }
    return true;
  };
  while (!done) {
    done = !transaction(step);
    yield;
  }
}

function* keepForDead(
  db: DatabaseSync,
  { partition, keepMs, transaction }: KeepingParts,
  keep: Keep,
): Generator<undefined> {
  const low = partition.n * changesStride;
  for (const { n, state } of readPartitions(db, 'log')) {
    if (state !== 'open' && state !== 'closed') continue;
    const dead = arrayStatement(
      db,
      `SELECT position, lane, change_seq, ended_at FROM ${partitionTable('log', n)}
       WHERE state = 3 AND (change_seq, position) > (?, ?) AND change_seq < ? ORDER BY change_seq, position LIMIT ${rowsPerStep}`,
    );
    let seq = low - 1;
    let position = Number.MAX_SAFE_INTEGER;
    const step = (): boolean => {
      const rows = dead.all(seq, position, low + changesStride);
      for (const row of rows) {
        position = numberOf(row[0]);
        seq = numberOf(row[2]);
        keep(seq, { lane: numberOf(row[1]), position, untilMs: numberOf(row[3]) + keepMs });
      }
      return rows.length === rowsPerStep;
    };
    while (transaction(step)) yield;
    yield;
  }
}

/**
 * Lets go of kept changes: a delivery found ended keeps its change for the time it can still be replayed, then the row
 * goes, and with the last row the change.
 */
export function* releaseKeptChanges(
  db: DatabaseSync,
  { nowMs, keepMs, transaction }: Omit<KeepingParts, 'partition'> & { readonly nowMs: number },
): Generator<undefined> {
  const page = arrayStatement(
    db,
    `SELECT k.change_seq, k.position, k.until,
       EXISTS (SELECT 1 FROM queue q WHERE q.lane = k.lane AND q.position = k.position)
     FROM kept_for k WHERE (k.change_seq, k.position) > (?, ?) ORDER BY k.change_seq, k.position LIMIT ${rowsPerStep}`,
  );
  const setUntil = db.prepare('UPDATE kept_for SET until = ? WHERE change_seq = ? AND position = ?');
  const remove = db.prepare('DELETE FROM kept_for WHERE change_seq = ? AND position = ?');
  const removeChange = db.prepare(
    'DELETE FROM kept_changes WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM kept_for WHERE change_seq = ?)',
  );
  let seq = 0;
  let position = 0;
  const step = (): boolean => {
    const rows = page.all(seq, position);
    for (const row of rows) {
      seq = numberOf(row[0]);
      position = numberOf(row[1]);
      if (row[3] === 1) continue;
      if (row[2] === null) setUntil.run(nowMs + keepMs, seq, position);
      else if (numberOf(row[2]) <= nowMs) {
        remove.run(seq, position);
        removeChange.run(seq, seq);
      }
    }
    return rows.length === rowsPerStep;
  };
  while (transaction(step)) yield;
}

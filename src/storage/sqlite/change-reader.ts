/** Reads changes by their number, wherever they lie, and positions of ended deliveries; statements made as needed and kept. */
import type { DatabaseSync } from 'node:sqlite';
import type { Change } from '../../core/change.ts';
import { parseChange } from '../change-body.ts';
import { changesStride, readPartitions } from './partitions.ts';
import { type ArrayStatement, arrayStatement, numberOrNull, textOf } from './rows.ts';
import { partitionTable } from './schema.ts';

export type ChangeReader = {
  /** Null where it is not kept (any more). */
  bySeq(seq: number): Change | null;
  /** The position of a delivery of this lane that has ended. */
  endedPosition(lane: number, deliveryId: string): number | null;
};

/** Statements kept; beyond that the oldest are made anew. */
const statementsMax = 256;

export function createChangeReader(db: DatabaseSync): ChangeReader {
  const bodies = new Map<number, ArrayStatement | null>();
  const kept = arrayStatement(db, 'SELECT body FROM kept_changes WHERE seq = ?');

  const statementOf = (n: number): ArrayStatement | null => {
    const known = bodies.get(n);
    if (known !== undefined) return known;
    if (bodies.size >= statementsMax) bodies.clear();
    const statement = partitionExists(db, n)
      ? arrayStatement(db, `SELECT body FROM ${partitionTable('changes', n)} WHERE seq = ?`)
      : null;
    // A partition that is not there yet will be; one that has gone stays gone.
    if (statement !== null) bodies.set(n, statement);
    return statement;
  };
  const readBody = (n: number, seq: number): string | null => {
    try {
      const row = statementOf(n)?.get(seq);
      if (row !== undefined) return textOf(row[0]);
    } catch (error) {
      // The partition was dropped since the statement was made; what is still owed lies in the kept table.
      if (partitionExists(db, n)) throw error;
      bodies.delete(n);
    }
    const row = kept.get(seq);
    return row === undefined ? null : textOf(row[0]);
  };
  return {
    bySeq(seq) {
      const body = readBody(Math.floor(seq / changesStride), seq);
      return body === null ? null : parseChange(body);
    },
    endedPosition(lane, deliveryId) {
      for (const { n, state } of readPartitions(db, 'log').reverse()) {
        if (state === 'ahead' || state === 'leaving') continue;
        const row = arrayStatement(
          db,
          `SELECT position FROM ${partitionTable('log', n)} WHERE workspace = (SELECT workspace FROM lanes WHERE n = ?) AND id = ?`,
        ).get(lane, deliveryId);
        if (row !== undefined) return numberOrNull(row[0]);
      }
      return null;
    },
  };
}

function partitionExists(db: DatabaseSync, n: number): boolean {
  return arrayStatement(db, `SELECT 1 FROM partitions WHERE kind = 'changes' AND n = ?`).get(n) !== undefined;
}

/**
 * Finds the number of a change that a delivery is made from when it is not of the same item (redelivery, replay,
 * expansion). A change in a closed partition is copied to the kept table there and then, with what it is kept for: so
 * whoever drops a partition needs to look only at deliveries committed while it was open.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Partition, type Partitions, readPartitions } from './partitions.ts';
import { type ArrayStatement, arrayStatement, numberOf } from './rows.ts';
import { partitionTable } from './schema.ts';

export type ChangeLocator = {
  /** The change's number, kept for this delivery; null where there is no such change in the workspace. */
  hold(workspace: number, changeId: string, by: { readonly lane: number; readonly position: number }): number | null;
};

export function createChangeLocator(db: DatabaseSync, partitions: Partitions): ChangeLocator {
  let known: Partition[] = [];
  let knownGeneration = 0;
  const finders = new Map<number, ArrayStatement>();
  const findKept = arrayStatement(db, 'SELECT seq FROM kept_changes WHERE id = ? AND workspace = ?');
  const keepFor = db.prepare('INSERT OR IGNORE INTO kept_for (change_seq, lane, position) VALUES (?, ?, ?)');

  const finder = (n: number): ArrayStatement => {
    let statement = finders.get(n);
    if (statement === undefined) {
      statement = arrayStatement(db, `SELECT seq FROM ${partitionTable('changes', n)} WHERE id = ? AND workspace = ?`);
      finders.set(n, statement);
    }
    return statement;
  };
  const candidates = (): readonly Partition[] => {
    if (knownGeneration !== partitions.generation()) {
      knownGeneration = partitions.generation();
      known = readPartitions(db, 'changes')
        .filter(({ state }) => state === 'open' || state === 'closed')
        .reverse();
      for (const n of finders.keys()) if (!known.some((partition) => partition.n === n)) finders.delete(n);
    }
    return known;
  };
  const copy = (n: number, seq: number): void => {
    db.prepare(
      `INSERT OR IGNORE INTO kept_changes (seq, workspace, id, kind, subject, accepted_at, unexpanded, body)
       SELECT seq, workspace, id, kind, subject, accepted_at, unexpanded, body FROM ${partitionTable('changes', n)} WHERE seq = ?`,
    ).run(seq);
  };
  return {
    hold(workspace, changeId, { lane, position }) {
      for (const partition of candidates()) {
        const row = finder(partition.n).get(changeId, workspace);
        if (row === undefined) continue;
        const seq = numberOf(row[0]);
        if (partition.state === 'closed') {
          copy(partition.n, seq);
          keepFor.run(seq, lane, position);
        }
        return seq;
      }
      const kept = findKept.get(changeId, workspace);
      if (kept === undefined) return null;
      keepFor.run(numberOf(kept[0]), lane, position);
      return numberOf(kept[0]);
    },
  };
}

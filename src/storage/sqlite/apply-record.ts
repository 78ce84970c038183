/**
 * One recorded attempt inside the writer's transaction. Ended: the queue row goes and the log row comes, with this attempt
 * in it. Not ended: the queue row is re-dated and the attempt lies in a partition of its own, capped per delivery.
 */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../core/limits.ts';
import type { RecordResult } from '../contract/record-item.ts';
import type { Names } from './names.ts';
import { type Partitions, readPartitions } from './partitions.ts';
import type { PreparedRecord } from '../prepared.ts';
import type { Rollup } from './rollup.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { partitionTable, stateCodes } from './schema.ts';

export type RecordParts = {
  readonly names: Names;
  readonly partitions: Partitions;
  readonly rollup: Rollup;
  readonly epoch: number;
};

export function createRecordApplier(
  db: DatabaseSync,
  { names, partitions, rollup, epoch }: RecordParts,
): (item: PreparedRecord) => RecordResult {
  const find = arrayStatement(
    db,
    `SELECT lane, position, attempts, created_at, origin = 'test' FROM queue WHERE workspace = ? AND id = ?`,
  );
  const remove = db.prepare('DELETE FROM queue WHERE lane = ? AND position = ?');
  const redate = db.prepare(
    'UPDATE queue SET due_at = ?, attempts = ?, status = ?, outcome = ?, duration = ? WHERE lane = ? AND position = ?',
  );
  const keepBody = db.prepare('INSERT OR IGNORE INTO bodies (delivery, workspace, body) VALUES (?, ?, ?)');
  const dropBody = db.prepare('DELETE FROM bodies WHERE delivery = ?');
  const endBody = db.prepare('UPDATE bodies SET ended_at = ? WHERE delivery = ?');
  const dropAttempt = createAttemptDropper(db, partitions);

  const end = (item: PreparedRecord, lane: number, position: number): void => {
    if (item.next === 'pending') return;
    const open = partitions.log;
    open.insert.run(
      open.nextSeq,
      stateCodes[item.next],
      item.attemptsBefore + 1,
      item.nextAtMs,
      item.reason,
      item.status === 0 ? null : item.status,
      item.outcome,
      item.durationMs,
      item.attempt,
      lane,
      position,
    );
    open.nextSeq += 1;
    open.rows += 1;
    remove.run(lane, position);
    if (item.next === 'dead' || item.next === 'rejected' || keepsDelivered(item))
      endBody.run(item.nextAtMs, item.deliveryId);
    // The first attempt keeps no body when it ends delivered, so there is none to look for.
    else if (item.attemptsBefore > 0) dropBody.run(item.deliveryId);
  };
  const continueWith = (item: PreparedRecord, lane: number, position: number): void => {
    const number = item.attemptsBefore + 1;
    const status = item.status === 0 ? null : item.status;
    redate.run(item.nextAtMs, number, status, item.outcome, item.durationMs, lane, position);
    const open = partitions.attempts;
    open.insert.run(open.nextSeq, item.deliveryId, number, item.attempt);
    open.nextSeq += 1;
    open.rows += 1;
    const surplus = number - limits.attemptsKeptLast;
    if (surplus > limits.attemptsKeptFirst) dropAttempt(item.deliveryId, surplus);
  };

  return (item) => {
    if (item.epoch < epoch) return 'fenced';
    const workspace = names.workspace(item.workspaceId);
    const row = find.get(workspace.n, item.deliveryId);
    if (row === undefined) return 'gone';
    if (numberOf(row[2]) !== item.attemptsBefore) return 'fenced';
    const lane = numberOf(row[0]);
    const position = numberOf(row[1]);
    if (item.body !== null && item.next !== 'cancelled') {
      keepBody.run(item.deliveryId, workspace.n, item.body);
    }
    if (item.next === 'pending') continueWith(item, lane, position);
    else end(item, lane, position);
    const waitedMs = item.attemptsBefore === 0 ? Math.max(0, item.startedAtMs - numberOf(row[3])) : -1;
    const { startedAtMs: atMs, durationMs, next } = item;
    rollup.attempt(lane, { atMs, durationMs, next, waitedMs, test: row[4] === 1 });
    return 'recorded';
  };
}

/** Its bytes are to be had for as long as the delivery is. */
function keepsDelivered({ next, body }: PreparedRecord): boolean {
  return next === 'delivered' && body !== null;
}

/** Removes an attempt beyond the cap from whichever partition holds it; newest first, since it is the most likely. */
function createAttemptDropper(db: DatabaseSync, partitions: Partitions): (delivery: string, number: number) => void {
  return (delivery, number) => {
    const open = partitions.attempts;
    const tables = readPartitions(db, 'attempts').filter(({ state }) => state === 'open' || state === 'closed');
    for (const { n } of tables.reverse()) {
      const { changes } = db
        .prepare(`DELETE FROM ${partitionTable('attempts', n)} WHERE delivery = ? AND number = ?`)
        .run(delivery, number);
      if (changes === 0) continue;
      if (n === open.n) open.rows -= 1;
      return;
    }
  };
}

/** One delivery with its attempts, wherever it lies. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Attempt } from '../../core/delivery.ts';
import type { DeliveryId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { attemptsOf, capped, readable } from '../kept-attempts.ts';
import type { DeliveryDetail, DeliveryKey } from '../contract/list-queries.ts';
import { readPartitions } from './partitions.ts';
import { createNamer, summaryColumns, summaryOf } from './delivery-rows.ts';
import { arrayStatement, bytesOf, numberOf, textOf, textOrNull } from './rows.ts';
import { partitionTable } from './schema.ts';

/** Behind the columns of a summary: revision, frozen, due time, last attempt. */
const behindSummary = 18;

export function readDelivery(db: DatabaseSync, workspaceId: string, id: string): DeliveryDetail | null {
  const workspace = arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?').get(workspaceId)?.[0];
  if (workspace === undefined) return null;
  const row = findRow(db, numberOf(workspace), id);
  if (row === null) return null;
  const summary = summaryOf(row, createNamer(db, workspaceId));
  const frozen = textOrNull(row[behindSummary + 1]);
  const last = textOrNull(row[behindSummary + 3]);
  const body = arrayStatement(db, 'SELECT body FROM bodies WHERE delivery = ?').get(id)?.[0];
  return {
    summary,
    delivery: {
      id: summary.id,
      workspaceId,
      webhookId: summary.webhookId,
      webhookRevision: numberOf(row[behindSummary]),
      changeId: summary.changeId,
      subject: summary.subject,
      event: summary.event,
      ...(frozen === null ? {} : readable<JsonObject, 'frozen'>('frozen', frozen)),
      messageId: summary.messageId,
      origin: summary.origin,
      ...(summary.redeliveryOf === undefined ? {} : { redeliveryOf: summary.redeliveryOf }),
      createdAtMs: summary.createdAtMs,
      dueAtMs: numberOf(row[behindSummary + 2]),
    },
    attempts: capped([...earlierAttempts(db, id), ...(last === null ? [] : attemptsOf(last))]),
    storedBody: body === undefined ? null : bytesOf(body),
  };
}

/** Redeliveries carry the id as well: the lowest id is the first of them, and all are the same message. */
export function readDeliveryOfMessage(db: DatabaseSync, messageId: string): DeliveryKey | null {
  const tables = ['queue'];
  for (const { n, state } of readPartitions(db, 'log').reverse())
    if (state === 'open' || state === 'closed') tables.push(partitionTable('log', n));
  for (const table of tables) {
    const row = arrayStatement(
      db,
      `SELECT w.id, d.id FROM ${table} d JOIN workspaces w ON w.n = d.workspace WHERE d.message_id = ? ORDER BY d.id LIMIT 1`,
    ).get(messageId);
    if (row !== undefined) return { workspaceId: textOf(row[0]), id: textOf(row[1]) as DeliveryId };
  }
  return null;
}

function findRow(db: DatabaseSync, workspace: number, id: string): readonly SQLOutputValue[] | null {
  const pending = arrayStatement(
    db,
    `SELECT ${summaryColumns.queue}, revision, frozen, due_at, NULL FROM queue WHERE workspace = ? AND id = ?`,
  ).get(workspace, id);
  if (pending !== undefined) return pending;
  for (const { n, state } of readPartitions(db, 'log').reverse()) {
    if (state !== 'open' && state !== 'closed') continue;
    const row = arrayStatement(
      db,
      `SELECT ${summaryColumns.log}, revision, frozen, due_at, attempt FROM ${partitionTable('log', n)} WHERE workspace = ? AND id = ?`,
    ).get(workspace, id);
    if (row !== undefined) return row;
  }
  return null;
}

function earlierAttempts(db: DatabaseSync, id: string): Attempt[] {
  const attempts: Attempt[] = [];
  for (const { n, state } of readPartitions(db, 'attempts')) {
    if (state !== 'open' && state !== 'closed') continue;
    const rows = arrayStatement(
      db,
      `SELECT attempt FROM ${partitionTable('attempts', n)} WHERE delivery = ? ORDER BY number`,
    ).all(id);
    for (const row of rows) attempts.push(...attemptsOf(textOf(row[0])));
  }
  return attempts;
}

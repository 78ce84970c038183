/** Statistics from the rollups, and what is waiting. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { WebhookId } from '../../core/ids.ts';
import type { BacklogRow, StatsQuery, StatsRow } from '../storage.ts';
import { arrayStatement, numberOf, textOf } from './rows.ts';
import { durationColumns } from './schema.ts';

const minuteMs = 60_000;
const durations = Array.from({ length: durationColumns }, (_, index) => `sum(d${index})`).join(', ');

/** Buckets are whole minutes, `fromMs` rounded down and `toMs` up to one; empty buckets have no row. */
export function readStats(db: DatabaseSync, query: StatsQuery): readonly StatsRow[] {
  const bucketMinutes = Math.max(1, Math.round(query.bucketMs / minuteMs));
  const conditions = ['s.minute >= ?', 's.minute < ?', 'l.n = s.lane', 'w.n = l.workspace'];
  const values: SQLInputValue[] = [Math.floor(query.fromMs / minuteMs), Math.ceil(query.toMs / minuteMs)];
  if (query.workspaceId !== null) {
    conditions.push('w.id = ?');
    values.push(query.workspaceId);
  }
  if (query.webhookId !== undefined) {
    conditions.push('l.webhook = ?');
    values.push(query.webhookId);
  }
  const rows = arrayStatement(
    db,
    `SELECT s.minute / ${bucketMinutes} * ${bucketMinutes} AS bucket, w.id, l.webhook, sum(s.attempts), sum(s.delivered),
       sum(s.failed), sum(s.rejected), sum(s.dead), sum(s.cancelled), ${durations}
     FROM stats s CROSS JOIN lanes l CROSS JOIN workspaces w WHERE ${conditions.join(' AND ')}
     GROUP BY bucket, s.lane ORDER BY bucket, l.webhook`,
  ).all(...values);
  return rows.map((row) => ({
    atMs: numberOf(row[0]) * minuteMs,
    workspaceId: textOf(row[1]),
    webhookId: textOf(row[2]) as WebhookId,
    attempts: numberOf(row[3]),
    delivered: numberOf(row[4]),
    failed: numberOf(row[5]),
    ended: { rejected: numberOf(row[6]), dead: numberOf(row[7]), cancelled: numberOf(row[8]) },
    durations: row.slice(9).map(numberOf),
  }));
}

export function readBacklog(db: DatabaseSync, workspaceId: string | null): readonly BacklogRow[] {
  const one = workspaceId === null ? '' : 'AND w.id = ?';
  const rows = arrayStatement(
    db,
    `SELECT w.id, l.webhook, b.pending, (SELECT created_at FROM queue WHERE lane = b.lane ORDER BY position LIMIT 1)
     FROM (SELECT lane, count(*) AS pending FROM queue GROUP BY lane) b CROSS JOIN lanes l CROSS JOIN workspaces w
     WHERE l.n = b.lane AND w.n = l.workspace ${one} ORDER BY w.id, l.webhook`,
  ).all(...(workspaceId === null ? [] : [workspaceId]));
  return rows.map((row) => ({
    workspaceId: textOf(row[0]),
    webhookId: textOf(row[1]) as WebhookId,
    pending: numberOf(row[2]),
    oldestAtMs: numberOf(row[3]),
  }));
}

export function readMissed(
  db: DatabaseSync,
  workspaceId: string,
): readonly { readonly webhookId: WebhookId; readonly count: number }[] {
  const rows = arrayStatement(
    db,
    `SELECT l.webhook, l.missed FROM workspaces w CROSS JOIN lanes l
     WHERE w.id = ? AND l.workspace = w.n AND l.missed > 0 ORDER BY l.webhook`,
  ).all(workspaceId);
  return rows.map((row) => ({ webhookId: textOf(row[0]) as WebhookId, count: numberOf(row[1]) }));
}

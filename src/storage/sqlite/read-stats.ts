/** Statistics from the rollups, and what is waiting. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { WebhookId } from '../../core/ids.ts';
import type { BacklogRow, StatsQuery, StatsRow } from '../contract/stats.ts';
import { arrayStatement, numberOf, numberOrNull, textOf, textOrNull } from './rows.ts';
import { durationColumns, statsColumns, waitColumns } from './schema.ts';
import { readRolled } from './stats-hours.ts';

const minuteMs = 60_000;
const hourMinutes = 60;
const sums = statsColumns.map((name) => `sum(found.${name})`).join(', ');
/** Where a counter lies in a row that is read: behind bucket, workspace and webhook. */
const placeOf = (name: string): number => statsColumns.indexOf(name) + 3;

/** A stretch of time that one of the two tables answers for, in its own unit. */
type Stretch = {
  readonly table: 'stats' | 'stats_hours';
  readonly key: 'minute' | 'hour';
  readonly from: number;
  readonly to: number;
};

/** Few lanes are looked up one by one in every minute; of many the whole stretch is read. */
const lanesLookedUpMax = 100;

export function readStats(db: DatabaseSync, query: StatsQuery): readonly StatsRow[] {
  const lanes = lanesOf(db, query);
  const parts =
    lanes?.length === 0
      ? []
      : stretches(db, query)
          .flatMap((stretch) => written(db, stretch))
          .map((stretch) => source(stretch, query, lanes));
  if (parts.length === 0) return [];
  const [webhook, group] = query.by === 'workspace' ? ['NULL', 'l.workspace'] : ['l.webhook', 'found.lane'];
  const rows = arrayStatement(
    db,
    `SELECT found.bucket, w.id, ${webhook}, ${sums} FROM (${parts.map(({ sql }) => sql).join(' UNION ALL ')}) found
       CROSS JOIN lanes l CROSS JOIN workspaces w
     WHERE l.n = found.lane AND w.n = l.workspace GROUP BY found.bucket, ${group} ORDER BY found.bucket, l.webhook LIMIT ?`,
  ).all(...parts.flatMap(({ values }) => values), query.limit ?? -1);
  return rows.map(statsRowOf);
}

/** The rows of a stretch with their bucket. */
function source(
  { table, key, from, to }: Stretch,
  query: StatsQuery,
  lanes: readonly number[] | null,
): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const bucketMinutes = Math.max(1, Math.round(query.bucketMs / minuteMs));
  const bucket = `s.${key} * ${key === 'hour' ? hourMinutes : 1} / ${bucketMinutes} * ${bucketMinutes} AS bucket`;
  const columns = ['lane', ...statsColumns].map((name) => `s.${name}`).join(', ');
  if (lanes !== null) {
    const sql = `SELECT ${bucket}, ${columns} FROM (
      WITH RECURSIVE time (n) AS (SELECT ? UNION ALL SELECT n + 1 FROM time WHERE n + 1 < ?) SELECT n FROM time) t
      CROSS JOIN ${table} s WHERE s.${key} = t.n AND s.lane IN (${lanes.map(() => '?').join(', ')})`;
    return { sql, values: [from, to, ...lanes] };
  }
  const own = query.workspaceId === null ? '' : 'AND l.workspace = (SELECT n FROM workspaces WHERE id = ?)';
  const sql = `SELECT ${bucket}, ${columns} FROM ${table} s CROSS JOIN lanes l
    WHERE s.${key} >= ? AND s.${key} < ? AND l.n = s.lane ${own}`;
  return { sql, values: [from, to, ...(query.workspaceId === null ? [] : [query.workspaceId])] };
}

/** The lanes asked for; null where there are too many of them to be looked up one by one, or all are meant. */
function lanesOf(db: DatabaseSync, { workspaceId, webhookId }: StatsQuery): readonly number[] | null {
  if (workspaceId === null && webhookId === undefined) return null;
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  if (webhookId !== undefined) {
    conditions.push('webhook = ?');
    values.push(webhookId);
  }
  if (workspaceId !== null) {
    conditions.push('workspace = (SELECT n FROM workspaces WHERE id = ?)');
    values.push(workspaceId);
  }
  const rows = arrayStatement(
    db,
    `SELECT n FROM lanes WHERE ${conditions.join(' AND ')} LIMIT ${lanesLookedUpMax + 1}`,
  ).all(...values);
  return rows.length > lanesLookedUpMax ? null : rows.map((row) => numberOf(row[0]));
}

/**
 * Whole hours of the span that are added up are read from the hours; its edges, and what is not added up yet, from the
 * minutes. Where the minutes of an edge are gone, the edge is its whole hour. Buckets below an hour read minutes as far
 * back as there are any.
 */
function stretches(db: DatabaseSync, query: StatsQuery): readonly Stretch[] {
  const from = Math.max(0, Math.floor(query.fromMs / minuteMs));
  const to = Math.ceil(query.toMs / minuteMs);
  const oldest = numberOrNull(arrayStatement(db, 'SELECT minute FROM stats ORDER BY minute LIMIT 1').get()?.[0]);
  const rolledHour = Math.floor(readRolled(db).minute / hourMinutes);
  const minutesFrom = oldest === null ? rolledHour : firstWholeHour(db, oldest);
  const edge = (minute: number): number =>
    minute < minutesFrom * hourMinutes ? Math.floor(minute / hourMinutes) : Math.ceil(minute / hourMinutes);
  const firstHour = edge(from);
  const wholeHours = to < minutesFrom * hourMinutes ? Math.ceil(to / hourMinutes) : Math.floor(to / hourMinutes);
  const coarse = query.bucketMs >= hourMinutes * minuteMs;
  const lastHour = Math.min(rolledHour, wholeHours, coarse ? rolledHour : minutesFrom);
  if (firstHour >= lastHour) return minutes(from, to);
  return [
    ...minutes(from, firstHour * hourMinutes),
    { table: 'stats_hours', key: 'hour', from: firstHour, to: lastHour },
    ...minutes(lastHour * hourMinutes, to),
  ];
}

/**
 * From this hour on all minutes are there: the oldest may stand in an hour whose earlier ones have left. In the first hour
 * that ever was, none have left where its minutes come to what the hour says.
 */
function firstWholeHour(db: DatabaseSync, oldest: number): number {
  const hour = Math.floor(oldest / hourMinutes);
  const first = numberOrNull(arrayStatement(db, 'SELECT hour FROM stats_hours ORDER BY hour LIMIT 1').get()?.[0]);
  if (first !== null && first < hour) return Math.ceil(oldest / hourMinutes);
  const isWhole = arrayStatement(
    db,
    `SELECT (SELECT coalesce(sum(attempts + accepted), 0) FROM stats WHERE minute >= ? AND minute < ?)
       >= (SELECT coalesce(sum(attempts + accepted), 0) FROM stats_hours WHERE hour = ?)`,
  ).get(hour * hourMinutes, (hour + 1) * hourMinutes, hour);
  return isWhole?.[0] === 1 ? hour : Math.ceil(oldest / hourMinutes);
}

/** Without the time before anything was written: each of its minutes would be looked up. */
function written(db: DatabaseSync, stretch: Stretch): readonly Stretch[] {
  const { table, key, to } = stretch;
  const oldest = numberOrNull(arrayStatement(db, `SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT 1`).get()?.[0]);
  const from = Math.max(stretch.from, oldest ?? to);
  return from < to ? [{ ...stretch, from }] : [];
}

function minutes(from: number, to: number): readonly Stretch[] {
  return from < to ? [{ table: 'stats', key: 'minute', from, to }] : [];
}

function statsRowOf(row: readonly SQLOutputValue[]): StatsRow {
  const count = (name: string): number => numberOf(row[placeOf(name)]);
  const buckets = (first: string, length: number): readonly number[] =>
    row.slice(placeOf(first), placeOf(first) + length).map(numberOf);
  return {
    atMs: numberOf(row[0]) * minuteMs,
    workspaceId: textOf(row[1]),
    webhookId: textOrNull(row[2]) as WebhookId | null,
    accepted: count('accepted'),
    attempts: count('attempts'),
    delivered: count('delivered'),
    failed: count('failed'),
    retrying: count('retrying'),
    tests: count('tests'),
    ended: { rejected: count('rejected'), dead: count('dead'), cancelled: count('cancelled') },
    durations: buckets('d0', durationColumns),
    waits: buckets('w0', waitColumns),
  };
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

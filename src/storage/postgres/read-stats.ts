/**
 * Statistics from the rollups, and what is waiting. An hour is what was added up of it and the minutes that are not added up
 * yet; edges of a span, and buckets below an hour, are read from the minutes as far back as there are any.
 */
import type { WebhookId } from '../../core/ids.ts';
import type { BacklogRow, StatsQuery, StatsRow } from '../contract/stats.ts';
import type { ListAsk } from './list-ask.ts';
import { storable } from './parameters.ts';
import type { Row, Statement } from './pipeline.ts';
import { keyOf, numberOf, numberOrNull } from './rows.ts';
import { durationColumns, statsColumns, waitColumns } from './schema.ts';

const minuteMs = 60_000;
const hourMinutes = 60;
/** Where a counter lies in a row that is read: behind bucket, workspace and webhook. */
const placeOf = (name: string): number => statsColumns.indexOf(name) + 3;
const names = statsColumns.join(', ');
const none = '2147483647';

/** A stretch of time that one of the tables answers for, in its own unit; `open`: minutes that are in no hour yet. */
type Stretch = { readonly table: 'hours' | 'minutes' | 'open'; readonly from: number; readonly to: number };

export async function readStats(ask: ListAsk, query: StatsQuery): Promise<readonly StatsRow[]> {
  const [oldest] = await ask(query.workspaceId, [{ sql: oldestMinute }]);
  const parts = stretches(query, numberOrNull(oldest?.[0]), oldest?.[1] === 't');
  if (parts.length === 0) return [];
  const bucketMinutes = Math.max(1, Math.round(query.bucketMs / minuteMs));
  const values: string[] = [];
  const put = (value: string): string => `$${values.push(value)}`;
  const whose = [
    ...(query.workspaceId === null ? [] : [`s.workspace = ${put(storable(query.workspaceId))}`]),
    ...(query.webhookId === undefined ? [] : [`s.webhook = ${put(storable(query.webhookId))}`]),
  ];
  const sources = parts.map(({ table, from, to }) => {
    const [unit, field] = table === 'hours' ? [hourMinutes, 'hour'] : [1, 'minute'];
    const bucket = `s.${field} * ${unit} / ${bucketMinutes} * ${bucketMinutes} AS bucket`;
    const span = `s.${field} >= ${put(String(from))}::int4 AND s.${field} < ${put(String(to))}::int4`;
    const conditions = [span, ...whose, ...(table === 'open' ? ['NOT s.rolled'] : [])].join(' AND ');
    return `SELECT ${bucket}, s.workspace, s.webhook, ${names} FROM aw.stats_${table === 'hours' ? 'hours' : 'minutes'} s WHERE ${conditions}`;
  });
  const byWorkspace = query.by === 'workspace';
  const sums = statsColumns.map((name) => `sum(${name})`).join(', ');
  const sql = `SELECT bucket, workspace, ${byWorkspace ? 'NULL' : 'webhook'}, ${sums} FROM (${sources.join(' UNION ALL ')}) found
    GROUP BY bucket, workspace${byWorkspace ? '' : ', webhook'} ORDER BY bucket, workspace${byWorkspace ? '' : ', webhook'}
    LIMIT ${put(String(query.limit ?? none))}::int8`;
  return (await ask(query.workspaceId, [{ sql, values }])).map(statsRowOf);
}

/**
 * The first minute that is there, and whether its hour is whole: in the first hour that ever was, none of its minutes have
 * left where they come to what the hour says.
 */
const oldestMinute = `SELECT o.minute, CASE WHEN EXISTS (SELECT 1 FROM aw.stats_hours WHERE hour < o.minute / ${hourMinutes}) THEN false
    ELSE (SELECT coalesce(sum(attempts + accepted), 0) FROM aw.stats_minutes
            WHERE minute >= o.minute / ${hourMinutes} * ${hourMinutes} AND minute < (o.minute / ${hourMinutes} + 1) * ${hourMinutes})
      >= (SELECT coalesce(sum(attempts + accepted), 0) FROM aw.stats_hours WHERE hour = o.minute / ${hourMinutes}) END
  FROM (SELECT minute FROM aw.stats_minutes ORDER BY minute LIMIT 1) o`;

function stretches(query: StatsQuery, oldest: number | null, isWhole: boolean): readonly Stretch[] {
  const from = Math.max(0, Math.floor(query.fromMs / minuteMs));
  const to = Math.ceil(query.toMs / minuteMs);
  /** From this hour on all minutes are there: the oldest may stand in an hour whose earlier ones have left. */
  const minutesFrom =
    oldest === null
      ? Math.floor(Number(none) / hourMinutes)
      : isWhole
        ? Math.floor(oldest / hourMinutes)
        : Math.ceil(oldest / hourMinutes);
  const edge = (minute: number): number =>
    minute < minutesFrom * hourMinutes ? Math.floor(minute / hourMinutes) : Math.ceil(minute / hourMinutes);
  const firstHour = edge(from);
  const wholeHours = to < minutesFrom * hourMinutes ? Math.ceil(to / hourMinutes) : Math.floor(to / hourMinutes);
  const coarse = query.bucketMs >= hourMinutes * minuteMs;
  const lastHour = Math.min(wholeHours, coarse ? wholeHours : minutesFrom);
  if (firstHour >= lastHour) return span('minutes', from, to);
  return [
    ...span('minutes', from, firstHour * hourMinutes),
    { table: 'hours', from: firstHour, to: lastHour },
    { table: 'open', from: firstHour * hourMinutes, to: lastHour * hourMinutes },
    ...span('minutes', lastHour * hourMinutes, to),
  ];
}

function span(table: Stretch['table'], from: number, to: number): readonly Stretch[] {
  return from < to ? [{ table, from, to }] : [];
}

function statsRowOf(row: Row): StatsRow {
  const count = (name: string): number => numberOf(row[placeOf(name)]);
  const buckets = (first: string, length: number): readonly number[] =>
    row.slice(placeOf(first), placeOf(first) + length).map(numberOf);
  const webhook = row[2] ?? null;
  return {
    atMs: numberOf(row[0]) * minuteMs,
    workspaceId: keyOf(row[1]),
    webhookId: webhook === null ? null : (keyOf(webhook) as WebhookId),
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

/** Lane by lane, each over its own index. */
export async function readBacklog(ask: ListAsk, workspaceId: string | null): Promise<readonly BacklogRow[]> {
  const statement: Statement = {
    sql: `SELECT l.workspace, l.webhook, b.pending,
        (SELECT created_at FROM aw.queue q WHERE q.shard = l.shard AND q.webhook = l.webhook ORDER BY q.position LIMIT 1)
      FROM aw.lanes l CROSS JOIN LATERAL (
        SELECT count(*) AS pending FROM aw.queue q WHERE q.shard = l.shard AND q.webhook = l.webhook) b
      WHERE ${workspaceId === null ? 'true' : 'l.workspace = $1'} AND b.pending > 0 ORDER BY l.workspace, l.webhook`,
    ...(workspaceId === null ? {} : { values: [storable(workspaceId)] }),
  };
  return (await ask(workspaceId, [statement])).map((row) => ({
    workspaceId: keyOf(row[0]),
    webhookId: keyOf(row[1]) as WebhookId,
    pending: numberOf(row[2]),
    oldestAtMs: numberOf(row[3]),
  }));
}

export async function readMissed(
  ask: ListAsk,
  workspaceId: string,
): Promise<readonly { readonly webhookId: WebhookId; readonly count: number }[]> {
  const rows = await ask(workspaceId, [
    {
      sql: 'SELECT webhook, missed FROM aw.lanes WHERE workspace = $1 AND missed > 0 ORDER BY webhook',
      values: [storable(workspaceId)],
    },
  ]);
  return rows.map((row) => ({ webhookId: keyOf(row[0]) as WebhookId, count: numberOf(row[1]) }));
}

/**
 * Statistics by minute, webhook and writer. Each process adds to rows of its own, so that two of them never wait for each
 * other's row of a busy webhook; whoever reads adds them up. What was accepted is carried in memory until a batch of records
 * writes rows anyway, or upkeep comes by: a crash may lose the last seconds of it, never anything else.
 */
import { durationBucketsMs, waitBucketsMs } from '../contract/stats.ts';
import { int4s, keys } from './parameters.ts';
import type { Statement } from './pipeline.ts';
import { durationColumns, statsColumns } from './schema.ts';

const minuteMs = 60_000;
const column = (name: string): number => statsColumns.indexOf(name);
const columns = {
  attempts: column('attempts'),
  delivered: column('delivered'),
  failed: column('failed'),
  rejected: column('rejected'),
  dead: column('dead'),
  cancelled: column('cancelled'),
  accepted: column('accepted'),
  retrying: column('retrying'),
  tests: column('tests'),
  durations: column('d0'),
  waits: column('d0') + durationColumns,
} as const;

export type TallyRow = {
  readonly minute: number;
  readonly webhookId: string;
  readonly workspaceId: string;
  readonly counts: number[];
};

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

export type Lane = { readonly webhookId: string; readonly workspaceId: string };

export type Tally = {
  attempt(lane: Lane, attempt: CountedAttempt): void;
  ended(lane: Lane, atMs: number, state: 'cancelled' | 'dead'): void;
  accepted(lane: Lane, atMs: number): void;
  /** Adds another's counts to these. */
  add(other: Tally): void;
  rows(): readonly TallyRow[];
  /** Whether anything but `accepted` was counted. */
  urgent(): boolean;
};

export function createTally(): Tally {
  const all = new Map<string, TallyRow>();
  let urgent = false;
  const rowOf = ({ webhookId, workspaceId }: Lane, minute: number): TallyRow => {
    const name = `${minute} ${webhookId}`;
    let row = all.get(name);
    if (row === undefined) {
      row = { minute, webhookId, workspaceId, counts: new Array<number>(statsColumns.length).fill(0) };
      all.set(name, row);
    }
    return row;
  };
  const countsOf = (lane: Lane, atMs: number): number[] => rowOf(lane, Math.floor(atMs / minuteMs)).counts;
  return {
    attempt(lane, attempt) {
      urgent = true;
      countAttempt(countsOf(lane, attempt.atMs), attempt);
    },
    ended(lane, atMs, state) {
      urgent = true;
      raise(countsOf(lane, atMs), columns[state]);
    },
    accepted(lane, atMs) {
      raise(countsOf(lane, atMs), columns.accepted);
    },
    add(other) {
      for (const row of other.rows()) {
        const { counts } = rowOf(row, row.minute);
        for (const [index, count] of row.counts.entries()) counts[index] = (counts[index] ?? 0) + count;
      }
      urgent ||= other.urgent();
    },
    rows: () => [...all.values()],
    urgent: () => urgent,
  };
}

function countAttempt(counts: number[], { durationMs, next, waitedMs, test }: CountedAttempt): void {
  if (test) {
    raise(counts, columns.tests);
    return;
  }
  raise(counts, columns.attempts);
  raise(counts, next === 'delivered' ? columns.delivered : columns.failed);
  if (next === 'pending') raise(counts, columns.retrying);
  else if (next === 'rejected' || next === 'dead' || next === 'cancelled') raise(counts, columns[next]);
  raise(counts, columns.durations + bucketOf(durationMs, durationBucketsMs));
  if (waitedMs >= 0) raise(counts, columns.waits + bucketOf(waitedMs, waitBucketsMs));
}

function raise(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

function bucketOf(value: number, bounds: readonly number[]): number {
  const bucket = bounds.findIndex((bound) => value <= bound);
  return bucket < 0 ? bounds.length : bucket;
}

const width = statsColumns.length;
const sums = (table: string): string =>
  statsColumns.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ');

/**
 * Adds rows to what is there. A row that is already in its hour (an attempt that was recorded late) is added to that as
 * well, under the lock that the row's update holds, so that whoever adds up minutes counts nothing twice.
 */
const addRows = `WITH given AS (
    SELECT u.minute, u.webhook, u.workspace, ${statsColumns.map((name, index) => `$4[(u.n - 1) * ${width} + ${index + 1}] AS ${name}`).join(', ')}
    FROM unnest($1::int4[], $2::text[], $3::text[]) WITH ORDINALITY u (minute, webhook, workspace, n)),
  added AS (
    INSERT INTO aw.stats_minutes AS s (minute, webhook, writer, workspace, ${statsColumns.join(', ')})
    SELECT minute, webhook, $5::int8, workspace, ${statsColumns.join(', ')} FROM given
    ON CONFLICT (minute, webhook, writer) DO UPDATE SET ${sums('s')} RETURNING minute, webhook, rolled)
  INSERT INTO aw.stats_hours AS h (hour, webhook, workspace, ${statsColumns.join(', ')})
  SELECT g.minute / 60, g.webhook, g.workspace, ${statsColumns.map((name) => `sum(g.${name})`).join(', ')}
  FROM given g JOIN added a ON a.minute = g.minute AND a.webhook = g.webhook AND a.rolled GROUP BY 1, 2, 3
  ON CONFLICT (hour, webhook) DO UPDATE SET ${sums('h')}`.replaceAll('$4[', '($4::int4[])[');

/** The statement that adds these rows under the number of this writer. */
export function tallyStatement(rows: readonly TallyRow[], writer: number): Statement {
  // Sorted by key: two processes that write late rows of the same hours wait for each other, never in a circle.
  const sorted = [...rows].sort((a, b) => a.minute - b.minute || (a.webhookId < b.webhookId ? -1 : 1));
  return {
    sql: addRows,
    values: [
      int4s(sorted.map(({ minute }) => minute)),
      keys(sorted.map(({ webhookId }) => webhookId)),
      keys(sorted.map(({ workspaceId }) => workspaceId)),
      int4s(sorted.flatMap(({ counts }) => counts)),
      String(writer),
    ],
  };
}

/** Adds up to so many rows of minutes before this one to their hours; answers how many there were. */
export function rollStatement(beforeMinute: number, rowsMax: number): Statement {
  return {
    sql: `WITH due AS (
        SELECT minute, webhook, writer FROM aw.stats_minutes WHERE NOT rolled AND minute < $1::int4 ORDER BY minute LIMIT $2::int8 FOR UPDATE),
      rolled AS (
        UPDATE aw.stats_minutes s SET rolled = true FROM due d
        WHERE s.minute = d.minute AND s.webhook = d.webhook AND s.writer = d.writer
        RETURNING s.minute / 60 AS hour, s.webhook, s.workspace, ${statsColumns.map((name) => `s.${name}`).join(', ')}),
      added AS (
        INSERT INTO aw.stats_hours AS h (hour, webhook, workspace, ${statsColumns.join(', ')})
        SELECT hour, webhook, workspace, ${statsColumns.map((name) => `sum(${name})`).join(', ')} FROM rolled GROUP BY 1, 2, 3 ORDER BY 1, 2
        ON CONFLICT (hour, webhook) DO UPDATE SET ${sums('h')})
      SELECT count(*) FROM rolled`,
    values: [String(beforeMinute), String(rowsMax)],
  };
}

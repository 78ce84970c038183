/**
 * Upkeep, in slices: days are made ahead, minutes of statistics are added up to hours, what is older than we keep leaves, what
 * is still owed stays. Several processes may call; one of them does it, the others hear that there is nothing to do.
 *
 * A day of changes leaves in three steps. It is marked under a lock that every commit shares that makes deliveries of earlier
 * changes, so from then on those keep their change themselves; what pending deliveries and dead ones that can be replayed
 * still need is copied to the kept table; then the day's table is dropped.
 */
import { limits } from '../../core/limits.ts';
import type { Book } from './book.ts';
import type { Connection } from './connection.ts';
import { dayOf, type Days, dropDay, leavingDayOf, leavingDays, type LeavingDay } from './days.ts';
import type { Row, Statement } from './pipeline.ts';
import type { Pool } from './pool.ts';
import { lockClass, locks } from './schema.ts';
import type { IndexUpkeep } from './search/index-upkeep.ts';
import { commonSettings } from './settings-local.ts';
import type { Sql } from './sql.ts';
import { rollStatement } from './tally.ts';

export type UpkeepParts = {
  readonly pool: Pool;
  readonly sql: Sql;
  readonly days: Days;
  readonly book: Book;
  readonly indexes: Pick<IndexUpkeep, 'chores'>;
  readonly keepMs: number;
  /** A slice ends after the step that passes this. */
  readonly sliceMsMax: number;
  readonly monotonicMs: () => number;
};

export type Upkeep = { slice(nowMs: number): Promise<{ readonly more: boolean }> };

const timeouts = { statementTimeoutMs: 60_000, lockTimeoutMs: 2_000 };
const answerMs = 65_000;
const rowsPerStep = 2_000;
const minuteMs = 60_000;
/** Minutes this young may still be written to by nearly every batch. */
const openMinutes = 2;
/** Kept changes are looked through this often. */
const releaseEveryMs = 3_600_000;

export function createUpkeep(parts: UpkeepParts): Upkeep {
  let running: AsyncGenerator<undefined, void> | null = null;
  let releasedAtMs = Number.NEGATIVE_INFINITY;
  const chores = async function* (nowMs: number): AsyncGenerator<undefined, void> {
    const step = createStepper(parts);
    await parts.book.flushCounts();
    await parts.pool.use((connection) => parts.days.ensureAhead(connection, dayOf(nowMs)));
    yield;
    yield* repeated(step, rollStatement(Math.floor(nowMs / minuteMs) - openMinutes, 500), 500);
    yield* leave(parts, step, nowMs);
    for (const sweep of sweeps(nowMs, parts.keepMs)) yield* repeated(step, sweep, rowsPerStep);
    if (Math.abs(nowMs - releasedAtMs) >= releaseEveryMs) {
      yield* release(step, { nowMs, keepMs: parts.keepMs });
      releasedAtMs = nowMs;
    }
    yield* parts.indexes.chores(nowMs);
  };
  return {
    async slice(nowMs) {
      const began = parts.monotonicMs();
      running ??= chores(nowMs);
      try {
        do {
          if ((await running.next()).done === true) {
            running = null;
            return { more: false };
          }
        } while (parts.monotonicMs() - began < parts.sliceMsMax);
        return { more: true };
      } catch (error) {
        // Half-done upkeep is picked up by the next run.
        running = null;
        if (error === elsewhere) return { more: false };
        throw error;
      }
    },
  };
}

/** Another process is at it. */
const elsewhere = new Error('Upkeep is done by another process just now');

/** Runs statements as one transaction under the lock of upkeep; rows of the last one. */
type Stepper = (statements: readonly Statement[]) => Promise<readonly Row[]>;

function createStepper({ pool, sql }: UpkeepParts): Stepper {
  const begin: readonly Statement[] = [
    { sql: 'BEGIN' },
    commonSettings(timeouts),
    { sql: `SELECT pg_try_advisory_xact_lock(${lockClass}, ${locks.upkeep})` },
  ];
  return (statements) =>
    pool.use(async (connection) => {
      const begun = await connection.run(begin, answerMs);
      try {
        if (begun[2]?.[0]?.[0] !== 't') throw elsewhere;
        const all = [...statements, { sql: 'COMMIT' }].map((one) => ({ ...one, sql: sql.of(one.sql) }));
        const results = await connection.run(all, answerMs);
        return results[statements.length - 1] ?? [];
      } catch (error) {
        if (connection.usable()) await connection.run([{ sql: 'ROLLBACK' }], answerMs);
        throw error;
      }
    });
}

/** A statement that answers how many rows it did, again and again until it did fewer than it may. */
async function* repeated(step: Stepper, statement: Statement, most: number): AsyncGenerator<undefined, void> {
  for (;;) {
    const [row] = await step([statement]);
    if (Number(row?.[0] ?? 0) < most) return;
    yield;
  }
}

async function* leave(parts: UpkeepParts, step: Stepper, nowMs: number): AsyncGenerator<undefined, void> {
  const rows = await step([leavingDays(parts.sql, dayOf(nowMs - parts.keepMs))]);
  for (const day of rows.map(leavingDayOf)) {
    if (day.kind === 'changes') yield* keepOwed(step, day, parts.keepMs);
    const dropped = await parts.pool.use((connection: Connection) => dropDay(connection, parts.sql, day));
    // Somebody reads it: the next run of upkeep comes back to it.
    if (dropped) parts.days.forget();
    yield;
  }
}

const exclusive: Statement = { sql: `SELECT pg_advisory_xact_lock(${lockClass}, ${locks.days})` };

async function* keepOwed(step: Stepper, { day, leaving }: LeavingDay, keepMs: number): AsyncGenerator<undefined, void> {
  if (!leaving) {
    await step([
      exclusive,
      { sql: "UPDATE aw.days SET leaving = true WHERE kind = 'changes' AND day = $1::int4", values: [String(day)] },
    ]);
    yield;
  }
  const owed = `SELECT q.workspace, q.change_id, q.id, NULL::int8 AS until FROM aw.queue q WHERE q.change_day = $1::int4
    UNION ALL SELECT l.workspace, l.change_id, l.id, l.ended_at + $2::int8 FROM aw.log l WHERE l.state = 3 AND l.change_day = $1::int4`;
  await step([
    // The queue has no index by day: this one look at it, a day, is cheaper than a fourth index at every delivery.
    { sql: "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true)" },
    {
      sql: `INSERT INTO aw.kept_for (workspace, change_id, delivery, until) SELECT * FROM (${owed}) owed ON CONFLICT DO NOTHING`,
      values: [String(day), String(keepMs)],
    },
    {
      sql: `INSERT INTO aw.kept_changes SELECT c.* FROM aw.changes c WHERE c.day = $1::int4
        AND EXISTS (SELECT 1 FROM aw.kept_for k WHERE k.workspace = c.workspace AND k.change_id = c.id) ON CONFLICT DO NOTHING`,
      values: [String(day)],
    },
  ]);
  yield;
}

/** What is not partitioned goes by age, a handful at a time; each answers how many rows it removed. */
function sweeps(nowMs: number, keepMs: number): readonly Statement[] {
  const counted = (sql: string, before: number): Statement => ({
    sql: `WITH gone AS (${sql} RETURNING 1) SELECT count(*) FROM gone`,
    values: [String(before), String(rowsPerStep)],
  });
  return [
    counted(
      `DELETE FROM aw.bodies b USING (SELECT delivery FROM aw.bodies WHERE ended_at < $1::int8 ORDER BY ended_at LIMIT $2::int8) old
       WHERE b.delivery = old.delivery`,
      nowMs - keepMs,
    ),
    counted(
      `DELETE FROM aw.idempotency i USING (
         SELECT workspace, key FROM aw.idempotency WHERE created_at < $1::int8 ORDER BY created_at LIMIT $2::int8) old
       WHERE i.workspace = old.workspace AND i.key = old.key`,
      nowMs - limits.idempotencyKeptMs,
    ),
    counted(
      // Minutes leave early, but none that is not in its hour yet.
      `DELETE FROM aw.stats_minutes s USING (
         SELECT minute, webhook, writer FROM aw.stats_minutes WHERE minute < $1::int4 AND rolled ORDER BY minute LIMIT $2::int8) old
       WHERE s.minute = old.minute AND s.webhook = old.webhook AND s.writer = old.writer`,
      Math.floor((nowMs - Math.min(keepMs, limits.statsMinutesKeptMs)) / minuteMs),
    ),
    counted(
      `DELETE FROM aw.stats_hours s USING (SELECT hour, webhook FROM aw.stats_hours WHERE hour < $1::int4 ORDER BY hour LIMIT $2::int8) old
       WHERE s.hour = old.hour AND s.webhook = old.webhook`,
      Math.floor((nowMs - keepMs) / 3_600_000),
    ),
  ];
}

/**
 * Lets go of kept changes: a delivery found ended keeps its change for the time it can still be replayed, then the row goes,
 * and with the last row the change.
 */
async function* release(
  step: Stepper,
  { nowMs, keepMs }: { readonly nowMs: number; readonly keepMs: number },
): AsyncGenerator<undefined, void> {
  const ended = 'NOT EXISTS (SELECT 1 FROM aw.queue q WHERE q.workspace = k.workspace AND q.id = k.delivery)';
  await step([
    {
      sql: `DELETE FROM aw.kept_for k WHERE k.until <= $1::int8 AND ${ended}`,
      values: [String(nowMs)],
    },
    {
      sql: `UPDATE aw.kept_for k SET until = $1::int8 WHERE k.until IS NULL AND ${ended}`,
      values: [String(nowMs + keepMs)],
    },
  ]);
  yield;
  await step([
    exclusive,
    {
      sql: `DELETE FROM aw.kept_changes c
        WHERE NOT EXISTS (SELECT 1 FROM aw.kept_for k WHERE k.workspace = c.workspace AND k.change_id = c.id)`,
    },
  ]);
  yield;
}

/**
 * Days: changes, log and attempts lie in a table per day, made ahead, and leave as whole tables. A table is made beside its
 * parent and attached, which holds up nobody. Days are counted from the epoch, in UTC, by the clock of the process that
 * writes; a clock that is wrong makes a day too many, never a commit that fails.
 */
import type { Connection } from './connection.ts';
import type { Row, Statement } from './pipeline.ts';
import { faultOf } from './postgres-error.ts';
import { type DailyTable, dailyTables, lockClass, locks } from './schema.ts';
import type { Sql } from './sql.ts';

export const dayMs = 24 * 3_600_000;
/** Days that are made before they are needed. */
const daysAhead = 3;

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

export function dayTable(kind: DailyTable, day: number): string {
  return `${kind}_${day < 0 ? 'n' : ''}${Math.abs(day)}`;
}

export type Days = {
  /** Makes the tables of this day where they are not there; nothing is asked for a day that is known. */
  ensure(connection: Connection, day: number): Promise<void>;
  /** The tables of the days ahead of this one. */
  ensureAhead(connection: Connection, day: number): Promise<void>;
  forget(): void;
};

export function createDays(sql: Sql, timeoutMs: number): Days {
  const known = new Set<number>();
  const ensure = async (connection: Connection, day: number): Promise<void> => {
    if (known.has(day)) return;
    const [rows] = await connection.run(
      [{ sql: sql.of('SELECT kind FROM aw.days WHERE day = $1::int'), values: [String(day)] }],
      timeoutMs,
    );
    const there = new Set((rows ?? []).map(([kind]) => kind));
    for (const kind of dailyTables) if (!there.has(kind)) await make(connection, kind, day);
    known.add(day);
  };
  const make = async (connection: Connection, kind: DailyTable, day: number): Promise<void> => {
    const table = `aw.${dayTable(kind, day)}`;
    const script = sql.of(`BEGIN;
      SELECT pg_advisory_xact_lock(${lockClass}, ${locks.migration});
      SET LOCAL lock_timeout = '2s';
      CREATE TABLE IF NOT EXISTS ${table} (LIKE aw.${kind} INCLUDING DEFAULTS INCLUDING COMPRESSION);
      DO $body$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM aw.days WHERE kind = '${kind}' AND day = ${day}) THEN
          ALTER TABLE aw.${kind} ATTACH PARTITION ${table} FOR VALUES FROM (${day}) TO (${day + 1});
          INSERT INTO aw.days (kind, day) VALUES ('${kind}', ${day});
        END IF;
      END $body$;
      COMMIT`);
    try {
      await connection.script(script, timeoutMs);
    } catch (error) {
      if (connection.usable()) await connection.script('ROLLBACK', timeoutMs);
      throw error;
    }
  };
  return {
    ensure,
    async ensureAhead(connection, day) {
      for (let ahead = 0; ahead <= daysAhead; ahead += 1) await ensure(connection, day + ahead);
    },
    forget: () => known.clear(),
  };
}

/** Days of a table that may leave, oldest first. */
export function leavingDays(sql: Sql, beforeDay: number): Statement {
  return {
    sql: sql.of('SELECT kind, day, leaving FROM aw.days WHERE day < $1::int ORDER BY day, kind'),
    values: [String(beforeDay)],
  };
}

export type LeavingDay = { readonly kind: DailyTable; readonly day: number; readonly leaving: boolean };

export function leavingDayOf([kind, day, leaving]: Row): LeavingDay {
  return { kind: kind as DailyTable, day: Number(day), leaving: leaving === 't' };
}

/** Drops a day's table. False where somebody reads it just now: to be tried again, rather than held up everybody who comes after. */
export async function dropDay(connection: Connection, sql: Sql, { kind, day }: LeavingDay): Promise<boolean> {
  const script = sql.of(`BEGIN;
    SET LOCAL lock_timeout = '50ms';
    DELETE FROM aw.days WHERE kind = '${kind}' AND day = ${day};
    DROP TABLE IF EXISTS aw.${dayTable(kind, day)};
    COMMIT`);
  try {
    await connection.script(script, 10_000);
    return true;
  } catch (error) {
    if (connection.usable()) await connection.script('ROLLBACK', 5_000);
    if (faultOf(error).sqlState === '55P03') return false;
    throw error;
  }
}

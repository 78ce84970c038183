/**
 * Statistics by hour, added up from the minutes by upkeep, a handful of rows at a time. How far it has come is a place in
 * the order of (minute, lane) in `meta`, moved in the same transaction as the sums, so that a kill counts nothing twice.
 * A row behind that place that is written to afterwards (an attempt that was recorded late) is added to its hour as well.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { arrayStatement, numberOf } from './rows.ts';
import { statsColumns } from './schema.ts';

const sums = statsColumns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');

/** The first counters have no default in the table and are always named. */
const alwaysNamed = 6;
/** Statements kept; there are as many as there are sets of counters that are not 0 together, of which few are usual. */
const statementsMax = 256;

/**
 * Adds rows of time, lane and counters to what is there. Only counters that are not 0 are named: of thirty, a row of one
 * attempt has a handful, and what is not named costs nothing.
 */
export function createStatsAdder(
  db: DatabaseSync,
  table: 'stats' | 'stats_hours',
  key: 'minute' | 'hour',
): (counts: readonly number[]) => void {
  const statements = new Map<number, StatementSync>();
  const make = (set: number): StatementSync => {
    const names = statsColumns.filter((_, index) => (set & (1 << index)) !== 0);
    const values = ['?', '?', ...names.map(() => '?')].join(', ');
    const sets = names.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
    return db.prepare(
      `INSERT INTO ${table} (${[key, 'lane', ...names].join(', ')}) VALUES (${values})
       ON CONFLICT (${key}, lane) DO UPDATE SET ${sets}`,
    );
  };
  return (counts) => {
    let set = 2 ** alwaysNamed - 1;
    const values = [counts[0] ?? 0, counts[1] ?? 0];
    for (let index = 2; index < counts.length; index += 1) {
      const count = counts[index] ?? 0;
      if (count === 0 && index >= alwaysNamed + 2) continue;
      set |= 1 << (index - 2);
      values.push(count);
    }
    let statement = statements.get(set);
    if (statement === undefined) {
      if (statements.size >= statementsMax) statements.clear();
      statement = make(set);
      statements.set(set, statement);
    }
    statement.run(...values);
  };
}

/** Everything before this place is in the hours. */
export type Rolled = { readonly minute: number; readonly lane: number };

export function readRolled(db: DatabaseSync): Rolled {
  const read = arrayStatement(db, 'SELECT value FROM meta WHERE key = ?');
  return {
    minute: numberOf(read.get('stats_rolled_minute')?.[0]),
    lane: numberOf(read.get('stats_rolled_lane')?.[0]),
  };
}

export type LateHours = {
  /** A row of minute, lane and counters that was just added to the minutes. */
  add(counts: readonly number[]): void;
  /** Moves rows of minutes before `minute` into the hours, in the caller's transaction; answers whether there may be more. */
  roll(minute: number, rowsMax: number): boolean;
  /** The caller's transaction was rolled back. */
  reload(): void;
};

export function createLateHours(db: DatabaseSync): LateHours {
  const addHour = createStatsAdder(db, 'stats_hours', 'hour');
  const move = db.prepare(
    `INSERT INTO stats_hours (hour, lane, ${statsColumns.join(', ')})
     SELECT minute / 60, lane, ${statsColumns.join(', ')} FROM stats
     WHERE (minute, lane) >= (?, ?) AND minute < ? ORDER BY minute, lane LIMIT ?
     ON CONFLICT (hour, lane) DO UPDATE SET ${sums}`,
  );
  const lastOf = arrayStatement(
    db,
    `SELECT minute, lane FROM stats WHERE (minute, lane) >= (?, ?) AND minute < ? ORDER BY minute, lane LIMIT 1 OFFSET ?`,
  );
  const setMinute = db.prepare("UPDATE meta SET value = ? WHERE key = 'stats_rolled_minute'");
  const setLane = db.prepare("UPDATE meta SET value = ? WHERE key = 'stats_rolled_lane'");
  let rolled = readRolled(db);
  const moveTo = (place: Rolled): void => {
    setMinute.run(place.minute);
    setLane.run(place.lane);
    rolled = place;
  };
  return {
    add(counts) {
      const [minute = 0, lane = 0] = counts;
      if (minute > rolled.minute || (minute === rolled.minute && lane >= rolled.lane)) return;
      addHour([Math.floor(minute / 60), lane, ...counts.slice(2)]);
    },
    roll(minute, rowsMax) {
      if (minute <= rolled.minute) return false;
      const { changes } = move.run(rolled.minute, rolled.lane, minute, rowsMax);
      const next = lastOf.get(rolled.minute, rolled.lane, minute, rowsMax);
      if (next === undefined || Number(changes) === 0) {
        moveTo({ minute, lane: 0 });
        return false;
      }
      moveTo({ minute: numberOf(next[0]), lane: numberOf(next[1]) });
      return true;
    },
    reload() {
      rolled = readRolled(db);
    },
  };
}

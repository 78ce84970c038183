/** An empty PostgreSQL as the target of a move. How far the move is lies beside what was moved, written with it. */
import { hash } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import { AssetwireError } from '../../core/errors.ts';
import {
  type MovedRow,
  type MovedTable,
  movedTables,
  type MoveProgress,
  type MoveTarget,
  printedColumns,
} from '../move.ts';
import { type Connection, connect } from './connection.ts';
import { createDays, type Days } from './days.ts';
import { migrate } from './migrate.ts';
import { storable } from './parameters.ts';
import { lockClass, locks } from './schema.ts';
import { createSql, type Sql } from './sql.ts';

const timeoutMs = 300_000;
const daily: ReadonlySet<MovedTable> = new Set(['changes', 'log', 'attempts']);

export async function openMoveTarget(url: string, pacing: Clock): Promise<MoveTarget> {
  const connection = await connect({
    url,
    connectTimeoutMs: 10_000,
    applicationName: 'assetwire migrate',
    preparedStatements: true,
    pacing,
  });
  const sql = createSql('assetwire');
  try {
    await migrate(connection, { sql, timeoutMs });
    // One move at a time.
    await one(connection, `SELECT pg_advisory_lock(${lockClass}, ${locks.migration})`);
  } catch (error) {
    connection.close();
    throw error;
  }
  const days = createDays(sql, timeoutMs);
  return {
    begin: (fingerprint) => begin(connection, sql, fingerprint),
    put: (part, rows, done) => put({ connection, sql, days }, { part, rows, done }),
    printOf,
    async sumOf(table) {
      const print = `concat_ws('|', ${printedColumns[table].map(shown).join(', ')})`;
      const text = `SELECT count(*)::text, coalesce(sum(('x' || substr(md5(${print}), 1, 12))::bit(48)::bigint), 0)::text FROM aw.${table}`;
      const [rows] = await connection.run([{ sql: sql.of(text) }], timeoutMs);
      const [count = '0', sum = '0'] = rows?.[0] ?? [];
      return { rows: Number(count), sum: sum ?? '0' };
    },
    async finish() {
      // With the next start the numbers of changes begin behind those that were moved.
      const text = sql.of(
        "DELETE FROM aw.meta WHERE key = 'cluster' OR key LIKE 'move:%'; INSERT INTO aw.meta (key, value) VALUES ('moved', 'yes') ON CONFLICT DO NOTHING; ANALYZE",
      );
      await connection.script(text, timeoutMs);
    },
    async close() {
      connection.close();
    },
  };
}

/** A value as the print of a row shows it: the same text on both sides. */
function shown(column: string): string {
  if (column === 'body') return `md5(${column}::text)`;
  if (['state', 'attempt', 'payload', 'response', 'frozen'].includes(column))
    return `md5(coalesce(${column}::text, ''))`;
  if (column === 'unexpanded') return `CASE WHEN ${column} THEN '1' ELSE '0' END`;
  return `coalesce(${column}::text, '')`;
}

async function one(connection: Connection, text: string): Promise<string | null> {
  const [rows] = await connection.run([{ sql: text }], timeoutMs);
  return rows?.[0]?.[0] ?? null;
}

async function begin(connection: Connection, sql: Sql, fingerprint: string): Promise<MoveProgress> {
  const stored = await one(connection, sql.of("SELECT value FROM aw.meta WHERE key = 'move:source'"));
  if (stored !== null && stored !== fingerprint) {
    throw occupied('another installation, or an earlier state of this one, was begun to be moved there');
  }
  if (stored === null) {
    const filled = movedTables.map((table) => `EXISTS (SELECT FROM aw.${table})`).join(' OR ');
    if ((await one(connection, sql.of(`SELECT ${filled}`))) === 't') throw occupied('it holds an installation');
    await connection.run(
      [{ sql: sql.of("INSERT INTO aw.meta (key, value) VALUES ('move:source', $1)"), values: [fingerprint] }],
      timeoutMs,
    );
    return {};
  }
  const [rows = []] = await connection.run(
    [{ sql: sql.of("SELECT substr(key, 11), value FROM aw.meta WHERE key LIKE 'move:part:%'") }],
    timeoutMs,
  );
  return Object.fromEntries(
    rows.map(([part, value]) => [part ?? '', JSON.parse(value ?? '{}') as MoveProgress[string]]),
  );
}

function occupied(found: string): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The database to move to must be empty: ${found}`,
    mend: 'Name another database, or drop its schema: DROP SCHEMA assetwire CASCADE',
  });
}

type Writing = Parameters<MoveTarget['put']>;

async function put(
  { connection, sql, days }: { readonly connection: Connection; readonly sql: Sql; readonly days: Days },
  { part, rows, done }: { readonly part: Writing[0]; readonly rows: Writing[1]; readonly done: Writing[2] },
): Promise<void> {
  if (daily.has(part.table)) {
    for (const day of new Set(rows.map((row) => Number(row['day'])))) await days.ensure(connection, day);
  }
  const columns = Object.keys(rows[0] ?? {});
  const insert = {
    sql: sql.of(
      `INSERT INTO aw.${part.table} (${columns.join(', ')})
       SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::aw.${part.table}, $1::json)`,
    ),
    values: [JSON.stringify(rows.map(storableRow))],
  };
  const remember = {
    sql: sql.of(
      'INSERT INTO aw.meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ),
    values: [`move:part:${part.name}`, JSON.stringify(done)],
  };
  // Statements of one call are one transaction.
  await connection.run(rows.length === 0 ? [remember] : [insert, remember], timeoutMs);
}

/** Columns of JSON, in which no character needs care; everything else may be a key of any characters. */
const json: ReadonlySet<string> = new Set(['state', 'attempt', 'payload', 'response', 'frozen', 'body']);

function storableRow(row: MovedRow): MovedRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && !json.has(name) ? storable(value) : value,
    ]),
  );
}

/** As `shown` has the database make it. */
function printOf(table: MovedTable, row: MovedRow): string {
  const text = printedColumns[table]
    .map((column) => {
      const value = row[column] ?? null;
      // Bytes come in hex, which the database shows in lower case.
      if (column === 'body') return md5(table === 'bodies' ? String(value).toLowerCase() : String(value));
      if (json.has(column)) return md5(String(value ?? ''));
      if (typeof value === 'boolean') return value ? '1' : '0';
      return value === null ? '' : storable(String(value));
    })
    .join('|');
  return md5(text).slice(0, 12);
}

function md5(text: string): string {
  return hash('md5', text, 'hex');
}

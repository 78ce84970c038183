/**
 * Brings the schema up to date: one process at a time, each stage one transaction with the raise of the version, so a kill
 * between two leaves what the next start goes on from. What cannot be done is told by the exact thing that is missing.
 */
import { AssetwireError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { faultOf } from './postgres-error.ts';
import { dailyTables, lockClass, locks, numberBits, schemaVersion, stages, workspaceTables } from './schema.ts';
import type { Sql } from './sql.ts';

export type Migrating = {
  readonly sql: Sql;
  readonly timeoutMs: number;
  /** Up to this stage, for tests of upgrades. Default all. */
  readonly untilStage?: number;
  /** How long a stage may wait for a table at a time. Default 5 s. */
  readonly lockTimeoutMs?: number;
};

/**
 * Whoever waits for a table that somebody reads or writes holds up everybody who comes after it: processes of the version
 * before would stand still behind a dump of an hour. So a stage waits a little, lets them pass, and tries again.
 */
const lockWaitMs = 5_000;
const lockTries = 6;

/** Answers the version that the schema has then. */
export async function migrate(connection: Connection, migrating: Migrating): Promise<number> {
  const { sql, untilStage = schemaVersion } = migrating;
  const found = await readVersion(connection, migrating);
  if (found > schemaVersion) throw newer(found, sql.schema);
  if (found < untilStage) {
    for (let stage = found; stage < untilStage; )
      stage = await raisePatiently(connection, { ...migrating, untilStage });
  }
  if (untilStage === schemaVersion) await checkPrivileges(connection, migrating);
  return Math.max(found, untilStage);
}

type Raising = Migrating & { readonly untilStage: number };

async function raisePatiently(connection: Connection, raising: Raising): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await raise(connection, raising);
    } catch (error) {
      if (faultOf(error).sqlState !== '55P03') throw error;
      if (tries >= lockTries) throw held(error, raising);
      await connection.run([{ sql: 'SELECT pg_sleep(0.5)' }], raising.timeoutMs);
    }
  }
}

function held(cause: unknown, { sql }: Migrating): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The schema ${sql.schema} must be brought up to date: another transaction held one of its tables all the while`,
    mend: `End it (a dump, a forgotten session: SELECT pid, xact_start, query FROM pg_stat_activity WHERE xact_start < now() - interval '5 s'), then start again`,
    cause,
  });
}

/**
 * Makes the next stage, unless somebody else just did; answers the version after it. The lock is the transaction's, so it
 * holds behind a pooler too.
 */
async function raise(connection: Connection, migrating: Raising): Promise<number> {
  const { sql, timeoutMs, untilStage, lockTimeoutMs = lockWaitMs } = migrating;
  const lock = `SELECT pg_advisory_xact_lock(${lockClass}, ${locks.migration})`;
  await connection.run([{ sql: 'BEGIN' }, { sql: lock }], timeoutMs);
  try {
    const version = await readVersion(connection, migrating);
    if (version > schemaVersion) throw newer(version, sql.schema);
    const stage = stages[version];
    if (stage === undefined || version >= untilStage) {
      await connection.script('COMMIT', timeoutMs);
      return version;
    }
    const next = version + 1;
    const lines = [
      `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
      next === 1 ? makeSchema(sql.schema) : '',
      sql.of(stage),
      sql.of(
        `INSERT INTO aw.meta (key, value) VALUES ('version', '${next}') ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      ),
      'COMMIT',
    ];
    await connection.script(lines.join(';\n'), timeoutMs).catch((error: unknown) => {
      throw explained(error, `Stage ${next} of the schema ${sql.schema} must be made`, sql.schema);
    });
    return next;
  } catch (error) {
    if (connection.usable()) await connection.script('ROLLBACK', timeoutMs);
    throw error;
  }
}

/** Not `IF NOT EXISTS`: that asks for the right to make one even where an owner has made it for this role. */
function makeSchema(schema: string): string {
  return `DO $$ BEGIN IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF; END $$`;
}

/** 0 where there is no schema yet. */
async function readVersion(connection: Connection, { sql, timeoutMs }: Migrating): Promise<number> {
  const [there] = await connection
    .run([{ sql: 'SELECT to_regclass($1)::text', values: [`${sql.schema}.meta`] }], timeoutMs)
    .catch((error: unknown) => {
      throw explained(error, `The schema ${sql.schema} must be readable`, sql.schema);
    });
  if ((there?.[0]?.[0] ?? null) === null) return 0;
  try {
    const [rows] = await connection.run(
      [{ sql: sql.of("SELECT value FROM aw.meta WHERE key = 'version'") }],
      timeoutMs,
    );
    return Number(rows?.[0]?.[0] ?? 0);
  } catch (error) {
    throw explained(error, `The schema ${sql.schema} must be readable`, sql.schema);
  }
}

/** Whether this role may do with every table what the store does with it. */
async function checkPrivileges(connection: Connection, { sql, timeoutMs }: Migrating): Promise<void> {
  const tables = [...workspaceTables.map(([table]) => table), 'meta', 'days', 'cluster_members', 'shard_leases'];
  const [rows] = await connection.run(
    [
      {
        sql: `SELECT t.name || ': ' || p.what FROM unnest(string_to_array($1, ',')) t (name)
          CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p (what)
          WHERE to_regclass($2 || '.' || t.name) IS NULL OR NOT has_table_privilege($2 || '.' || t.name, p.what)
          UNION ALL SELECT c.relname || ': ownership' FROM pg_class c
          WHERE c.oid = ANY (ARRAY[${dailyTables.map((name) => `to_regclass($2 || '.${name}')`).join(', ')}]) AND NOT pg_has_role(c.relowner, 'USAGE')`,
        values: [tables.join(','), sql.schema],
      },
    ],
    timeoutMs,
  );
  const missing = (rows ?? []).map(([what]) => what ?? '');
  if (missing.length === 0) return;
  throw new AssetwireError('storage_unavailable', {
    detail: `The role must be allowed to use every table of the schema ${sql.schema}: it lacks ${missing.slice(0, 5).join(', ')}`,
    mend: `Let it own the schema ${sql.schema} and its tables, or grant it the role that does: a table per day is made and dropped`,
  });
}

function newer(found: number, schema: string): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The store must have schema ${schemaVersion} or older: ${schema} in the database has schema ${found}`,
    mend: 'Start the newer Assetwire that wrote it, or restore a backup from before the upgrade',
  });
}

/** What the owner of the database does for a role that may not make or use the schema. */
export function schemaMend(schema: string): string {
  return `Grant it: GRANT CREATE ON DATABASE … TO the role, or make the schema for it: CREATE SCHEMA ${schema} AUTHORIZATION the_role`;
}

function explained(error: unknown, wanted: string, schema: string): unknown {
  const { sqlState, detail } = faultOf(error);
  if (sqlState !== '42501') return error;
  return new AssetwireError('storage_unavailable', {
    detail: `${wanted}: ${detail}`,
    mend: schemaMend(schema),
    cause: error,
  });
}

/**
 * Raises the base of numbers where those that are stored may lie ahead of this cluster's transactions: a dump was restored,
 * perhaps into a younger one. Called at start, before anything is written. Reads the tables whole, once per restore.
 */
export async function raiseNumberBase(connection: Connection, { sql, timeoutMs }: Migrating): Promise<void> {
  const identity = sql.of(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text || ':' || 'aw.meta'::regclass::oid::text,
       (SELECT value FROM aw.meta WHERE key = 'cluster')`,
  );
  const [rows] = await connection.run([{ sql: identity }], timeoutMs);
  const [now = null, stored = null] = rows?.[0] ?? [];
  if (now === stored) return;
  const highest = [
    ...['changes', 'kept_changes'].map((table) => `(SELECT max(seq) FROM aw.${table})`),
    ...['log', 'queue'].map((table) => `(SELECT max(position) FROM aw.${table})`),
  ].join(', ');
  const raise = sql.of(
    `UPDATE aw.meta m SET value = (found.needed - found.now)::text
     FROM (SELECT (coalesce(greatest(${highest}), 0) >> ${numberBits}) + 1 AS needed,
         pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS now) found
     WHERE m.key = 'number_base' AND m.value::bigint + found.now < found.needed`,
  );
  const remember = sql.of(
    "INSERT INTO aw.meta (key, value) VALUES ('cluster', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );
  await connection.run([{ sql: raise }, { sql: remember, values: [now] }], timeoutMs);
}

/**
 * The role that reads of one workspace take on: it may read, and sees only rows of the workspace that its transaction names.
 * A query that forgot its condition shows nothing of anybody else. Batches, the engine and upkeep go on as the role that logs
 * in, whom the rule does not concern.
 *
 * Making a role takes a right that a role need not have; without it there is no guard, and the start says so. The operator can
 * make the role beforehand (docs/guides/postgres.md).
 */
import type { Connection } from './connection.ts';
import { faultOf } from './postgres-error.ts';
import { lockClass, locks, workspaceTables } from './schema.ts';
import type { Sql } from './sql.ts';

export type Guarding = { readonly sql: Sql; readonly timeoutMs: number; readonly role: string };

const policy = 'one_workspace';
/** Starts of other databases of the server may touch the role at the same time. */
const triesMax = 5;

/** Makes role, grants and rules where they are missing. Whether reads are guarded from now on. */
export async function guardReads(connection: Connection, { sql, timeoutMs, role }: Guarding): Promise<boolean> {
  const tables = workspaceTables.map(([table, column]) => guardTable(table, column, role)).join('\n');
  const script = sql.of(`BEGIN;
    SELECT pg_advisory_xact_lock(${lockClass}, ${locks.migration});
    DO $body$ BEGIN
      IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') THEN
        CREATE ROLE ${role} NOLOGIN;
      END IF;
      IF NOT pg_has_role(current_user, '${role}', 'MEMBER') THEN GRANT ${role} TO CURRENT_USER; END IF;
    END $body$;
    GRANT USAGE ON SCHEMA ${sql.schema} TO ${role};
    GRANT SELECT ON aw.days, aw.meta TO ${role};
    ${tables}
    COMMIT`);
  const guarding = { sql, timeoutMs, role };
  for (let tries = 1; ; tries += 1) {
    if (await isGuarded(connection, guarding)) return true;
    try {
      await connection.script(script, timeoutMs);
    } catch (error) {
      if (connection.usable()) await connection.script('ROLLBACK', timeoutMs);
      const { sqlState } = faultOf(error);
      // No right to make a role.
      if (sqlState === '42501') return false;
      if (tries >= triesMax || !['23505', '42710', 'XX000'].includes(sqlState ?? '')) throw error;
    }
  }
}

function guardTable(table: string, column: string, role: string): string {
  return `ALTER TABLE aw.${table} ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON aw.${table} TO ${role};
    DROP POLICY IF EXISTS everything ON aw.${table};
    CREATE POLICY everything ON aw.${table} USING (true) WITH CHECK (true);
    DROP POLICY IF EXISTS ${policy} ON aw.${table};
    CREATE POLICY ${policy} ON aw.${table} AS RESTRICTIVE TO ${role}
      USING (${column} = current_setting('assetwire.workspace', true));`;
}

/** More tables than we know are a newer version's, which has guarded them. */
async function isGuarded(connection: Connection, { sql, timeoutMs, role }: Guarding): Promise<boolean> {
  const [rows] = await connection.run(
    [
      {
        sql: `SELECT EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = $1 AND pg_has_role(current_user, r.oid, 'MEMBER'))
          AND (SELECT count(*) FROM pg_policies p WHERE p.schemaname = $2 AND p.policyname = $3) >= $4::int8`,
        values: [role, sql.schema, policy, String(workspaceTables.length)],
      },
    ],
    timeoutMs,
  );
  return rows?.[0]?.[0] === 't';
}

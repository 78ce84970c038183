/**
 * Takes everything of one workspace out of the database, in slices: each step one statement, bounded in rows. The slice's
 * cursor is handed to the caller, so an erasure goes on after a crash where it was; beginning anew is harmless too. Deleted
 * rows lie on their pages until PostgreSQL vacuums them.
 */
import { type EraseCursor, type EraseSlice, resourceTypes } from '../storage.ts';
import { storable } from './parameters.ts';
import type { Statement } from './pipeline.ts';
import type { Pool } from './pool.ts';
import { writeSettings } from './settings-local.ts';
import type { Sql } from './sql.ts';

export type Eraser = (workspaceId: string, cursor: EraseCursor | null) => Promise<EraseSlice>;

export type EraserParts = {
  readonly pool: Pool;
  readonly sql: Sql;
  /** A slice ends after the step that passes this. */
  readonly sliceMsMax: number;
  readonly monotonicMs: () => number;
  /** What is remembered of lanes is no longer true. */
  readonly forget: () => void;
};

const rowsPerStep = 1_000;
const timeouts = { statementTimeoutMs: 30_000, lockTimeoutMs: 5_000 };
const answerMs = 35_000;

/** A table with the columns of its key; `types`: one type of resource after another. */
type Stage = {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  readonly types?: true;
};

const of = (table: string, key: readonly string[]): Stage => ({ table, column: 'workspace', key });

/** In this order: what is owed first, so that nothing of it is sent; what finds the others last. */
const stages: readonly Stage[] = [
  of('duties', ['id']),
  of('queue', ['workspace', 'id']),
  of('log', ['workspace', 'id', 'day']),
  of('attempts', ['workspace', 'delivery', 'number', 'day']),
  of('bodies', ['delivery']),
  of('changes', ['workspace', 'id', 'day']),
  of('kept_changes', ['workspace', 'id']),
  of('kept_for', ['workspace', 'change_id', 'delivery']),
  of('idempotency', ['workspace', 'key']),
  of('stats_minutes', ['minute', 'webhook', 'writer']),
  of('stats_hours', ['hour', 'webhook']),
  { ...of('revisions', ['type', 'workspace', 'id', 'version']), types: true },
  { ...of('resources', ['type', 'workspace', 'id']), types: true },
  of('lanes', ['webhook']),
  { table: 'workspaces', column: 'id', key: ['id'] },
];

export function createEraser({ pool, sql, sliceMsMax, monotonicMs, forget }: EraserParts): Eraser {
  const settings = writeSettings(timeouts);
  const remove = (stage: Stage, workspaceId: string, at: number): Promise<number> =>
    pool.use(async (connection) => {
      const statement = statementOf(stage, workspaceId, at);
      const results = await connection.run([settings, { ...statement, sql: sql.of(statement.sql) }], answerMs);
      return Number(results[1]?.[0]?.[0] ?? 0);
    });
  return async (workspaceId, cursor) => {
    let { stage, at } = cursor ?? { stage: 0, at: 0 };
    let removed = 0;
    const endMs = monotonicMs() + sliceMsMax;
    try {
      for (let one = stages[stage]; one !== undefined; one = stages[stage]) {
        const count = await remove(one, workspaceId, at);
        removed += count;
        if (count < rowsPerStep) {
          at = one.types === true && at + 1 < resourceTypes.length ? at + 1 : 0;
          if (at === 0) stage += 1;
        }
        if (monotonicMs() >= endMs) break;
      }
    } finally {
      forget();
    }
    return { cursor: stage < stages.length ? { stage, at } : null, removed };
  };
}

function statementOf({ table, column, key, types }: Stage, workspaceId: string, at: number): Statement {
  const typed = types === true ? ' AND type = $3' : '';
  const names = key.join(', ');
  const same = key.map((name) => `t.${name} = old.${name}`).join(' AND ');
  return {
    sql: `WITH gone AS (
        DELETE FROM aw.${table} t USING (SELECT ${names} FROM aw.${table} WHERE ${column} = $1${typed} LIMIT $2::int8) old
        WHERE ${same} RETURNING 1)
      SELECT count(*) FROM gone`,
    values: [storable(workspaceId), String(rowsPerStep), ...(types === true ? [resourceTypes[at] ?? ''] : [])],
  };
}

/**
 * Takes everything of one workspace out of the database, in slices: each step a transaction, bounded in rows. The slice's
 * cursor is handed to the caller, so an erasure goes on after a crash where it was; beginning anew is harmless too. Deleted
 * rows lie on their pages until PostgreSQL vacuums them.
 */
import { resourceTypes } from '../contract/resources.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import { searchTables } from './search/search-schema.ts';
import { storable, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';
import type { Pool } from './pool.ts';
import { commonSettings } from './settings-local.ts';
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

/** A table with the columns of its key. */
type Stage = {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  readonly typed?: true;
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
  // Nobody makes an index anew that has lost its row.
  ...searchTables.map(([table, key]) => of(table, key)),
  of('stats_minutes', ['minute', 'webhook', 'writer']),
  of('stats_hours', ['hour', 'webhook']),
  { ...of('revisions', ['type', 'workspace', 'id', 'version']), typed: true },
  { ...of('resources', ['type', 'workspace', 'id']), typed: true },
  of('blob_usage', ['workspace']),
  of('lanes', ['webhook']),
  { table: 'workspaces', column: 'id', key: ['id'] },
];

export function createEraser({ pool, sql, sliceMsMax, monotonicMs, forget }: EraserParts): Eraser {
  const settings = commonSettings(timeouts);
  /** One step over every stage that is left, in one transaction: the first that has more, null where none has. */
  const step = (
    workspaceId: string,
    from: number,
  ): Promise<{ readonly removed: number; readonly next: number | null }> =>
    pool.use(async (connection) => {
      const statements = stages.slice(from).map((stage) => statementOf(stage, workspaceId));
      const results = await connection.run(
        [settings, ...statements.map((one) => ({ ...one, sql: sql.of(one.sql) }))],
        answerMs,
      );
      const counts = results.slice(1).map((rows) => Number(rows[0]?.[0] ?? 0));
      const full = counts.findIndex((count) => count >= rowsPerStep);
      return { removed: counts.reduce((sum, count) => sum + count, 0), next: full < 0 ? null : from + full };
    });
  return async (workspaceId, cursor) => {
    const endMs = monotonicMs() + sliceMsMax;
    let stage = Math.min(cursor?.stage ?? 0, stages.length - 1);
    let removed = 0;
    try {
      do {
        const done = await step(workspaceId, stage);
        removed += done.removed;
        if (done.next === null) return { cursor: null, removed };
        stage = done.next;
      } while (monotonicMs() < endMs);
      return { cursor: { stage, at: 0 }, removed };
    } finally {
      forget();
    }
  };
}

function statementOf({ table, column, key, typed }: Stage, workspaceId: string): Statement {
  // The key of these tables leads with the type.
  const types = typed === true ? ' AND type = ANY($3::text[])' : '';
  const names = key.join(', ');
  const same = key.map((name) => `t.${name} = old.${name}`).join(' AND ');
  return {
    sql: `WITH gone AS (
        DELETE FROM aw.${table} t USING (SELECT ${names} FROM aw.${table} WHERE ${column} = $1${types} LIMIT $2::int8) old
        WHERE ${same} RETURNING 1)
      SELECT count(*) FROM gone`,
    values: [storable(workspaceId), String(rowsPerStep), ...(typed === true ? [texts(resourceTypes)] : [])],
  };
}

/**
 * The sorted runs that a list of deliveries is merged from: one per lane with something pending, one per partition and state
 * of the log, and one for the rows at a partition's end that are not listed yet.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { DeliveryState } from '../../core/delivery.ts';
import type { DeliveryQuery } from '../contract/list-queries.ts';
import { createHeld, summaryColumns } from './delivery-rows.ts';
import { readPartitions } from './partitions.ts';
import { arrayStatement, numberOf, numberOrNull } from './rows.ts';
import { listedTable, partitionTable, stateCodes } from './schema.ts';
import { subjectKey } from './subject-key.ts';

export type DeliveryFilter = Omit<DeliveryQuery, 'limit' | 'cursor'>;

/** A sorted stretch of rows: its bound tells without reading it that nothing in it comes sooner. */
export type Run = {
  readonly bound: number;
  /** The column that it is sorted by. */
  readonly order: string;
  /** The same rows for counting, without what a count does not need. */
  readonly counted?: string;
  readonly from: string;
  readonly columns: string;
  readonly values: SQLInputValue[];
  /** The rows that its filter looks at, sorted; absent where there is no filter, or where they are few. */
  readonly looked?: { readonly from: string; readonly values: readonly SQLInputValue[] };
};
const pendingStates: readonly DeliveryState[] = ['pending', 'held'];

export function runsOf(db: DatabaseSync, query: DeliveryFilter, newest: boolean): readonly Run[] {
  const workspace = numberOrNull(
    arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?').get(query.workspaceId)?.[0],
  );
  if (workspace === null) return [];
  const lane =
    query.webhookId === undefined
      ? null
      : numberOrNull(
          arrayStatement(db, 'SELECT n FROM lanes WHERE webhook = ? AND workspace = ?').get(
            query.webhookId,
            workspace,
          )?.[0],
        );
  if (query.webhookId !== undefined && lane === null) return [];
  const scope = { db, query, newest, workspace, lane };
  return [...queueRuns(scope), ...logRuns(scope)];
}

type Scope = {
  readonly db: DatabaseSync;
  readonly query: DeliveryFilter;
  readonly newest: boolean;
  readonly workspace: number;
  readonly lane: number | null;
};

function queueRuns({ db, query, newest, workspace, lane }: Scope): readonly Run[] {
  const wanted = query.states?.filter((state) => pendingStates.includes(state));
  if (wanted?.length === 0) return [];
  const lanes =
    lane === null
      ? arrayStatement(db, 'SELECT n FROM lanes WHERE workspace = ?')
          .all(workspace)
          .map(([n]) => numberOf(n))
      : [lane];
  const edge = arrayStatement(
    db,
    `SELECT position FROM queue WHERE lane = ? ORDER BY position ${newest ? 'DESC' : 'ASC'} LIMIT 1`,
  );
  const filter = conditionsOf(query);
  const runs: Run[] = [];
  const only = wanted?.length === 1 ? wanted[0] : undefined;
  const held = only === undefined ? null : createHeld(db);
  for (const n of lanes) {
    const bound = numberOrNull(edge.get(n)?.[0]);
    if (bound === null || (held !== null && held(n) !== (only === 'held'))) continue;
    runs.push({
      bound,
      order: 'position',
      columns: summaryColumns.queue,
      from: `queue WHERE lane = ?${filter.sql}`,
      values: [n, ...filter.values],
      ...(filter.sql === '' ? {} : { looked: { from: 'queue WHERE lane = ?', values: [n] } }),
    });
  }
  return runs;
}

function logRuns({ db, query, newest, workspace, lane }: Scope): readonly Run[] {
  const codes = (query.states ?? (Object.keys(stateCodes) as DeliveryState[]))
    .map((state) => (Object.hasOwn(stateCodes, state) ? stateCodes[state as keyof typeof stateCodes] : 0))
    .filter((code) => code !== 0);
  if (codes.length === 0) return [];
  const parts = { db, query, newest, workspace, lane, codes };
  return readPartitions(db, 'log')
    .filter(({ state }) => state === 'open' || state === 'closed')
    .flatMap(({ n, state, listed }) => [
      ...listedRuns(parts, n, listed),
      ...(state === 'open' ? [recentRun(parts, n, listed)] : []),
    ]);
}

type LogScope = Scope & { readonly codes: readonly number[] };

/** What of a partition is listed by workspace and state: a run each. */
function listedRuns(
  { db, query, newest, workspace, lane, codes }: LogScope,
  n: number,
  listed: number,
): readonly Run[] {
  const list = listedTable('log', n);
  const edge = arrayStatement(
    db,
    `SELECT at_position FROM ${list} WHERE of_workspace = ? AND of_state = ? ORDER BY at_position ${newest ? 'DESC' : 'ASC'} LIMIT 1`,
  );
  const filter = conditionsOf(query);
  // The rows of a list are narrow: what they hold is looked at before the row itself is fetched.
  const narrow: readonly (readonly [string, number | null])[] = [
    ['of_lane', lane],
    ['of_subject', query.subject === undefined ? null : subjectKey(query.subject)],
  ];
  const asked = narrow.filter((pair): pair is [string, number] => pair[1] !== null);
  const runs: Run[] = [];
  for (const code of codes) {
    const bound = numberOrNull(edge.get(workspace, code)?.[0]);
    if (bound === null) continue;
    const conditions = ['of_workspace = ?', 'of_state = ?', 'at_n < ?', ...asked.map(([column]) => `${column} = ?`)];
    const where = conditions.join(' AND ');
    const narrowly = {
      from: `${list} WHERE ${where}`,
      values: [workspace, code, listed, ...asked.map(([, value]) => value)],
    };
    runs.push({
      bound,
      ...(filter.sql === '' ? { counted: narrowly.from } : { looked: narrowly }),
      order: 'at_position',
      columns: summaryColumns.log,
      from: `${list} CROSS JOIN ${partitionTable('log', n)} ON n = at_n WHERE ${where}${filter.sql}`,
      values: [...narrowly.values, ...filter.values],
    });
  }
  return runs;
}

/** The rows that were written since the last run was listed: few, and read as they lie. */
function recentRun({ query, newest, workspace, lane, codes }: LogScope, n: number, listed: number): Run {
  const filter = conditionsOf(query);
  const ofLane = lane === null ? '' : ' AND lane = ?';
  return {
    bound: newest ? Number.MAX_SAFE_INTEGER : 0,
    order: 'position',
    columns: summaryColumns.log,
    from: `${partitionTable('log', n)} WHERE n >= ? AND workspace = ? AND state IN (${codes.join(', ')})${ofLane}${filter.sql}`,
    values: [listed, workspace, ...(lane === null ? [] : [lane]), ...filter.values],
  };
}

function conditionsOf(query: DeliveryFilter): { readonly sql: string; readonly values: SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(` AND ${condition}`);
    values.push(value);
  };
  add('subject = ?', query.subject);
  add('event = ?', query.event);
  add('change_id = ?', query.changeId);
  add('status = ?', query.status);
  if (query.outcomes !== undefined) {
    conditions.push(` AND outcome IN (${query.outcomes.map(() => '?').join(', ')})`);
    values.push(...query.outcomes);
  }
  if (query.firstOnly === true) conditions.push(' AND redelivery_of IS NULL');
  if (query.origins !== undefined) {
    conditions.push(` AND origin IN (${query.origins.map(() => '?').join(', ')})`);
    values.push(...query.origins);
  }
  if (query.dialect !== undefined) {
    conditions.push(` AND lane IN (SELECT l.n FROM workspaces w CROSS JOIN resources r CROSS JOIN lanes l
      WHERE w.id = ? AND r.type = 'webhook' AND r.workspace = w.n AND r.state ->> '$.dialect' = ? AND l.webhook = r.id)`);
    values.push(query.workspaceId, query.dialect);
  }
  add('created_at >= ?', query.fromMs);
  add('created_at < ?', query.toMs);
  return { sql: conditions.join(''), values };
}

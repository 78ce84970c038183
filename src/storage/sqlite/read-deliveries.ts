/**
 * Lists and counts of deliveries over queue and log. Both keep the position (order of commit) of a delivery, so a list is
 * a merge of sorted runs: one per lane with something pending, and one per partition and state of the log. A delivery
 * that ends while somebody pages keeps its place.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { DeliveryOrigin, DeliveryState, DeliverySummary } from '../../core/delivery.ts';
import { compileFilter } from '../../core/filter-evaluation.ts';
import type { Filter as ChangeFilter } from '../../core/filter.ts';
import type { ChangeId, DeliveryId, WebhookId } from '../../core/ids.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import { type CursorCodec, cursorNumber } from '../cursor.ts';
import type { DeliveryQuery, Page } from '../storage.ts';
import { createChangeReader } from './change-reader.ts';
import { pageLimit } from './page.ts';
import { readPartitions } from './partitions.ts';
import { arrayStatement, isDamage, numberOf, numberOrNull, textOf, textOrNull } from './rows.ts';
import { listedTable, partitionTable, stateCodes, stateNames } from './schema.ts';
import { subjectKey } from './subject-key.ts';

type Filter = Omit<DeliveryQuery, 'limit' | 'cursor'>;

/** Columns that queue and log share, in the order `summaryOf` takes them; state and what only the log has come behind. */
const shared =
  'position, lane, id, attempts, change_id, subject, event, message_id, origin, redelivery_of, created_at, due_at, status, outcome, duration';
const queueColumns = `${shared}, 0, NULL, NULL`;
const logColumns = `${shared}, state, ended_at, reason`;

/** A sorted stretch of rows: its bound tells without reading it that nothing in it comes sooner. */
type Run = {
  readonly bound: number;
  /** The column that it is sorted by. */
  readonly order: string;
  /** The same rows for counting, without what a count does not need. */
  readonly counted?: string;
  readonly from: string;
  readonly columns: string;
  readonly values: SQLInputValue[];
};
type Summaries = { row: readonly SQLOutputValue[]; position: number };

export type DeliveryLister = {
  list(query: DeliveryQuery): Page<DeliverySummary>;
  count(query: Filter): number;
};

export function createDeliveryLister(db: DatabaseSync, cursors: CursorCodec): DeliveryLister {
  return {
    list: (query) => listDeliveries(db, cursors, query),
    count(query) {
      let count = 0;
      for (const run of runsOf(db, query, true)) {
        if (query.change !== undefined) {
          count += countMatching(db, run, query.change);
          continue;
        }
        count += numberOf(
          arrayStatement(db, `SELECT count(*) FROM ${run.counted ?? run.from}`).get(...run.values)?.[0],
        );
      }
      return count;
    },
  };
}

function listDeliveries(db: DatabaseSync, cursors: CursorCodec, query: DeliveryQuery): Page<DeliverySummary> {
  const newest = (query.order ?? 'newest') === 'newest';
  const scope = { workspaceId: query.workspaceId, list: `deliveries:${newest ? 'newest' : 'oldest'}` };
  const limit = pageLimit(query.limit);
  const behind = query.cursor === undefined ? null : cursorNumber(cursors.decode(scope, query.cursor)[0]);
  const rows = merge(db, { runs: runsOf(db, query, newest), newest, behind, count: limit + 1 });
  const namer = createNamer(db, query.workspaceId);
  const wanted = query.change === undefined ? null : createChangeTest(db, query.change);
  const items = rows
    .slice(0, limit)
    .filter(({ row }) => wanted === null || wanted(numberOf(row[changeSeqAt])))
    .map(({ row }) => summaryOf(row, namer));
  const last = rows[limit - 1];
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? cursors.encode(scope, [last.position]) : null,
  };
}

/** The first `count` rows over all runs; runs that cannot matter any more are not read. */
function merge(
  db: DatabaseSync,
  { runs, newest, behind, count }: { runs: readonly Run[]; newest: boolean; behind: number | null; count: number },
): readonly Summaries[] {
  const sooner = (a: number, b: number): number => (newest ? b - a : a - b);
  const sorted = [...runs].sort((a, b) => sooner(a.bound, b.bound));
  let best: Summaries[] = [];
  for (const run of sorted) {
    const worst = best.length === count ? best[count - 1] : undefined;
    if (worst !== undefined && sooner(worst.position, run.bound) < 0) break;
    const place = behind === null ? '' : ` AND ${run.order} ${newest ? '<' : '>'} ?`;
    const rows = arrayStatement(
      db,
      `SELECT ${run.columns}, change_seq FROM ${run.from}${place} ORDER BY ${run.order} ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
    ).all(...run.values, ...(behind === null ? [] : [behind]), count);
    if (rows.length === 0) continue;
    best = [...best, ...rows.map((row) => ({ row, position: numberOf(row[0]) }))]
      .sort((a, b) => sooner(a.position, b.position))
      .slice(0, count);
  }
  return best;
}

/** Behind the columns of a summary. */
const changeSeqAt = 18;

/** Whether a filter holds for the change of this number; a change that is gone or damaged fulfils none. */
function createChangeTest(db: DatabaseSync, filter: ChangeFilter): (seq: number) => boolean {
  const holds = compileFilter(filter);
  const changes = createChangeReader(db);
  return (seq) => {
    try {
      const change = changes.bySeq(seq);
      return change !== null && holds(change);
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  };
}

function countMatching(db: DatabaseSync, run: Run, filter: ChangeFilter): number {
  const wanted = createChangeTest(db, filter);
  const rows = arrayStatement(db, `SELECT change_seq FROM ${run.from}`).all(...run.values);
  return rows.filter(([seq]) => wanted(numberOf(seq))).length;
}

const pendingStates: readonly DeliveryState[] = ['pending', 'held'];

function runsOf(db: DatabaseSync, query: Filter, newest: boolean): readonly Run[] {
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
  readonly query: Filter;
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
      columns: queueColumns,
      from: `queue WHERE lane = ?${filter.sql}`,
      values: [n, ...filter.values],
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
    runs.push({
      bound,
      ...(filter.sql === '' ? { counted: `${list} WHERE ${where}` } : {}),
      order: 'at_position',
      columns: logColumns,
      from: `${list} CROSS JOIN ${partitionTable('log', n)} ON n = at_n WHERE ${where}${filter.sql}`,
      values: [workspace, code, listed, ...asked.map(([, value]) => value), ...filter.values],
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
    columns: logColumns,
    from: `${partitionTable('log', n)} WHERE n >= ? AND workspace = ? AND state IN (${codes.join(', ')})${ofLane}${filter.sql}`,
    values: [listed, workspace, ...(lane === null ? [] : [lane]), ...filter.values],
  };
}

function conditionsOf(query: Filter): { readonly sql: string; readonly values: SQLInputValue[] } {
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

type Namer = { readonly workspaceId: string; webhook(lane: number): string; held(lane: number): boolean };

export function createNamer(db: DatabaseSync, workspaceId: string): Namer {
  const select = arrayStatement(db, 'SELECT webhook FROM lanes WHERE n = ?');
  const webhooks = new Map<number, string>();
  return {
    workspaceId,
    webhook(lane) {
      const known = webhooks.get(lane) ?? textOf(select.get(lane)?.[0]);
      webhooks.set(lane, known);
      return known;
    },
    held: createHeld(db),
  };
}

/** Whether a lane's webhook is there and not enabled: then what is pending is held. */
function createHeld(db: DatabaseSync): (lane: number) => boolean {
  const select = arrayStatement(
    db,
    `SELECT r.state ->> '$.state' FROM lanes l CROSS JOIN resources r
     WHERE l.n = ? AND r.type = 'webhook' AND r.workspace = l.workspace AND r.id = l.webhook`,
  );
  const known = new Map<number, boolean>();
  return (lane) => {
    const found = known.get(lane);
    if (found !== undefined) return found;
    const held = select.get(lane)?.[0] === 'disabled';
    known.set(lane, held);
    return held;
  };
}

export function summaryOf(row: readonly SQLOutputValue[], namer: Namer): DeliverySummary {
  const id = textOf(row[2]) as DeliveryId;
  const lane = numberOf(row[1]);
  const redeliveryOf = textOrNull(row[9]);
  const status = numberOrNull(row[12]);
  const outcome = textOrNull(row[13]);
  const duration = numberOrNull(row[14]);
  const code = numberOf(row[15]);
  const endedAtMs = numberOrNull(row[16]);
  const reason = textOrNull(row[17]);
  const state = code === 0 && namer.held(lane) ? 'held' : (stateNames[code] ?? 'pending');
  return {
    id,
    workspaceId: namer.workspaceId,
    webhookId: namer.webhook(lane) as WebhookId,
    changeId: textOf(row[4]) as ChangeId,
    subject: textOf(row[5]),
    event: textOf(row[6]),
    messageId: textOrNull(row[7]) ?? id,
    origin: textOf(row[8]) as DeliveryOrigin,
    ...(redeliveryOf === null ? {} : { redeliveryOf: redeliveryOf as DeliveryId }),
    state,
    ...(reason === null ? {} : { reason }),
    attempts: numberOf(row[3]),
    createdAtMs: numberOf(row[10]),
    ...(code === 0 ? { dueAtMs: numberOf(row[11]) } : {}),
    ...(endedAtMs === null ? {} : { endedAtMs }),
    ...(status === null ? {} : { lastStatus: status }),
    ...(outcome === null ? {} : { lastOutcome: outcome as OutcomeKind }),
    ...(duration === null ? {} : { lastDurationMs: duration }),
  };
}

export const summaryColumns = { queue: queueColumns, log: logColumns } as const;

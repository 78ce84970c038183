/** Lists, counts and the feed of changes: a walk over partitions in order of commit. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Change } from '../../core/change.ts';
import { limits } from '../../core/limits.ts';
import { type CursorCodec, cursorNumber } from '../cursor.ts';
import type { ChangeQuery, Page } from '../contract/list-queries.ts';
import { readableChange } from '../change-body.ts';
import { pageBytesMax, pageLimit } from '../page.ts';
import { changesStride, readPartitions } from './partitions.ts';
import { arrayStatement, numberOf, numberOrNull, textOf } from './rows.ts';
import { listedTable, partitionTable } from './schema.ts';

/** Changes with numbers of a range, `to` not included. `listed`: found by workspace in a table beside the partition. */
type Source = { readonly table: string; readonly from: number; readonly to: number; readonly listed: string | null };

/**
 * Where changes lie, oldest first: what was kept of dropped partitions, then the partitions, each in two: what is listed by
 * workspace, and the rows behind it.
 */
export function changeSources(db: DatabaseSync): Source[] {
  const visible = readPartitions(db, 'changes').filter(({ state }) => state === 'open' || state === 'closed');
  const first = (visible[0]?.n ?? 0) * changesStride;
  return [
    // Copies of what still lies in a partition are behind `first` and not read.
    { table: 'kept_changes', from: 0, to: first, listed: null },
    ...visible.flatMap(({ n, listed }) => {
      const table = partitionTable('changes', n);
      const [from, to] = [n * changesStride, (n + 1) * changesStride];
      const split = Math.max(from, listed);
      return [
        { table, from, to: split, listed: listedTable('changes', n) },
        { table, from: split, to, listed: null },
      ];
    }),
  ];
}

/** The partitions whole: for what has an index of its own. */
export function wholeChangeSources(db: DatabaseSync): Source[] {
  return changeSources(db)
    .filter(({ listed }) => listed === null)
    .map((source) => (source.table === 'kept_changes' ? source : { ...source, from: wholeFrom(source.from) }));
}

const wholeFrom = (seq: number): number => Math.floor(seq / changesStride) * changesStride;

/** Table and conditions for the changes of a workspace between two numbers, neither included; and the column of the number. */
export function within({ table, listed }: Source): { readonly sql: string; readonly seq: string } {
  return listed === null
    ? { sql: `${table} WHERE workspace = ? AND seq > ? AND seq < ?`, seq: 'seq' }
    : {
        sql: `${listed} CROSS JOIN ${table} ON seq = at_seq WHERE of_workspace = ? AND at_seq > ? AND at_seq < ?`,
        seq: 'at_seq',
      };
}

export function workspaceNumber(db: DatabaseSync, workspaceId: string): number {
  const row = arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?').get(workspaceId);
  return row === undefined ? -1 : numberOf(row[0]);
}

export function readChange(db: DatabaseSync, workspaceId: string, id: string): Change | null {
  const workspace = workspaceNumber(db, workspaceId);
  for (const { table } of wholeChangeSources(db).reverse()) {
    const row = arrayStatement(db, `SELECT body FROM ${table} WHERE id = ? AND workspace = ?`).get(id, workspace);
    if (row !== undefined) return readableChange(textOf(row[0]));
  }
  return null;
}

function conditionsOf(query: Omit<ChangeQuery, 'limit' | 'cursor'>): { sql: string; values: SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, ...given: SQLInputValue[]): void => {
    conditions.push(` AND ${condition}`);
    values.push(...given);
  };
  if (query.subject !== undefined) add('subject = ?', query.subject);
  if (query.fromMs !== undefined) add('accepted_at >= ?', query.fromMs);
  if (query.toMs !== undefined) add('accepted_at < ?', query.toMs);
  if (query.kinds !== undefined) add(`kind IN (${query.kinds.map(() => '?').join(', ')})`, ...query.kinds);
  return { sql: conditions.join(''), values };
}

/** The changes of a source between two numbers, neither included. */
type Stretch = { readonly source: Source; readonly low: number; readonly high: number; readonly newest: boolean };

/**
 * The last of the first `rows` changes of a stretch that a filter would look at, and how many there are: what of it one page
 * may look at. By the narrow list where there is one, so that it costs little.
 */
function lookedAt(
  db: DatabaseSync,
  { source, low, high, newest }: Stretch,
  {
    workspace,
    subject,
    rows,
  }: { readonly workspace: number; readonly subject: string | undefined; readonly rows: number },
): { readonly count: number; readonly edge: number | null } {
  const { listed, table } = source;
  const [from, seq] =
    listed === null
      ? [`${table} WHERE workspace = ? AND seq > ? AND seq < ?`, 'seq']
      : [`${listed} WHERE of_workspace = ? AND at_seq > ? AND at_seq < ?`, 'at_seq'];
  const bySubject = subject === undefined ? '' : ' AND subject = ?';
  const found = arrayStatement(
    db,
    `SELECT count(*), ${newest ? 'min' : 'max'}(n) FROM (
       SELECT ${seq} AS n FROM ${from}${bySubject} ORDER BY ${seq} ${newest ? 'DESC' : 'ASC'} LIMIT ?)`,
  ).get(workspace, low, high, ...(subject === undefined ? [] : [subject]), rows);
  return { count: numberOf(found?.[0]), edge: numberOrNull(found?.[1]) };
}

/** Bounds of time are by acceptance, `fromMs` included, `toMs` not. Order is the order of commit. */
export function listChanges(db: DatabaseSync, cursors: CursorCodec, query: ChangeQuery): Page<Change> {
  const { subject } = query;
  const newest = (query.order ?? 'newest') === 'newest';
  const scope = { workspaceId: query.workspaceId, list: `changes:${newest ? 'newest' : 'oldest'}` };
  const start = newest ? Number.MAX_SAFE_INTEGER : -1;
  const behind = query.cursor === undefined ? start : cursorNumber(cursors.decode(scope, query.cursor)[0]);
  const workspace = workspaceNumber(db, query.workspaceId);
  const { sql, values } = conditionsOf(query);
  // A subject has an index of its own, over the whole partition; alone it looks at nothing in vain.
  const inVain = query.kinds !== undefined || query.fromMs !== undefined || query.toMs !== undefined;
  const limit = pageLimit(query.limit);
  const items: Change[] = [];
  let bytes = 0;
  let last = behind;
  let looked = 0;
  const places = subject === undefined ? changeSources(db) : wholeChangeSources(db);
  for (const source of newest ? places.reverse() : places) {
    if (newest ? source.from > behind : source.to <= behind) continue;
    let low = newest ? source.from - 1 : Math.max(behind, source.from - 1);
    let high = newest ? Math.min(behind, source.to) : source.to;
    let edge: number | null = null;
    if (inVain) {
      const rows = limits.rowsPerPageMax - looked;
      const first = lookedAt(db, { source, low, high, newest }, { workspace, subject, rows });
      looked += first.count;
      if (looked >= limits.rowsPerPageMax) edge = first.edge;
      if (edge !== null && newest) low = edge - 1;
      if (edge !== null && !newest) high = edge + 1;
    }
    const place = within(source);
    const found = arrayStatement(
      db,
      `SELECT seq, body FROM ${place.sql}${sql} ORDER BY ${place.seq} ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
    ).all(workspace, low, high, ...values, limit + 1 - items.length);
    for (const row of found) {
      const body = textOf(row[1]);
      if (items.length === limit || (items.length > 0 && bytes + body.length > pageBytesMax)) {
        return { items, nextCursor: cursors.encode(scope, [last]) };
      }
      const change = readableChange(body);
      if (change !== null) items.push(change);
      bytes += body.length;
      last = numberOf(row[0]);
    }
    if (edge !== null) return { items, nextCursor: cursors.encode(scope, [edge]) };
  }
  return { items, nextCursor: null };
}

export function countChanges(db: DatabaseSync, query: Omit<ChangeQuery, 'limit' | 'cursor'>): number {
  const workspace = workspaceNumber(db, query.workspaceId);
  const { sql, values } = conditionsOf(query);
  let count = 0;
  for (const source of query.subject === undefined ? changeSources(db) : wholeChangeSources(db)) {
    const row = arrayStatement(db, `SELECT count(*) FROM ${within(source).sql}${sql}`).get(
      workspace,
      source.from - 1,
      source.to,
      ...values,
    );
    count += numberOf(row?.[0]);
  }
  return count;
}

/** One writer commits in the order of the numbers, so what lies behind a number can never appear before it. */
export function readFeed(
  db: DatabaseSync,
  cursors: CursorCodec,
  query: { readonly workspaceId: string; readonly cursor: string | null; readonly limit: number },
): { readonly changes: readonly Change[]; readonly cursor: string } {
  const scope = { workspaceId: query.workspaceId, list: 'feed' };
  const workspace = workspaceNumber(db, query.workspaceId);
  const now = query.cursor === 'now';
  let behind = query.cursor === null || now ? -1 : cursorNumber(cursors.decode(scope, query.cursor ?? '')[0]);
  if (now) return { changes: [], cursor: cursors.encode(scope, [lastSeq(db)]) };
  const limit = pageLimit(query.limit);
  const changes: Change[] = [];
  let bytes = 0;
  for (const source of changeSources(db)) {
    const { from, to } = source;
    if (to <= behind || changes.length >= limit) continue;
    const place = within(source);
    const rows = arrayStatement(db, `SELECT seq, body FROM ${place.sql} ORDER BY ${place.seq} LIMIT ?`).all(
      workspace,
      Math.max(behind, from - 1),
      to,
      limit - changes.length,
    );
    for (const row of rows) {
      const body = textOf(row[1]);
      if (changes.length > 0 && bytes + body.length > pageBytesMax) {
        return { changes, cursor: cursors.encode(scope, [behind]) };
      }
      const change = readableChange(body);
      if (change !== null) changes.push(change);
      bytes += body.length;
      behind = numberOf(row[0]);
    }
  }
  return { changes, cursor: cursors.encode(scope, [behind]) };
}

function lastSeq(db: DatabaseSync): number {
  for (const { table } of wholeChangeSources(db).reverse()) {
    const row = arrayStatement(db, `SELECT max(seq) FROM ${table}`).get();
    if (typeof row?.[0] === 'number') return row[0];
  }
  return -1;
}

/** Lists, counts and the feed of changes, in order of commit, over the days and what was kept of those that have left. */
import type { Change, ChangeKind } from '../../core/change.ts';
import type { ChangeId } from '../../core/ids.ts';
import { readableChange } from '../change-body.ts';
import { createJudge, type Judge } from '../change-judge.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import { pageBytesMax, pageLimit } from '../page.ts';
import type { ChangeQuery, Page } from '../contract/list-queries.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { TriedChange, TriedPage, TryQuery } from '../contract/tried-changes.ts';
import { createConditions, finalNumber, type ListAsk, setFinal } from './list-ask.ts';
import { keys, storable, texts } from './parameters.ts';
import type { Row } from './pipeline.ts';
import { keyOf, numberOf, textOf } from './rows.ts';

type Filter = Omit<ChangeQuery, 'limit' | 'cursor'> & { readonly ids?: readonly string[] };

const highest = '9223372036854775807';

/**
 * Rows of both places in one order. What is kept of a day that has not left yet is not read twice: copies count only when
 * their day is gone.
 */
function bothPlaces(columns: string, conditions: string, tail: string): string {
  const part = (table: string, more: string): string =>
    `(SELECT ${columns} FROM aw.${table} c WHERE ${conditions}${more} ${tail})`;
  const gone = " AND NOT EXISTS (SELECT 1 FROM aw.days d WHERE d.kind = 'changes' AND d.day = c.day)";
  return `${part('changes', '')} UNION ALL ${part('kept_changes', gone)}`;
}

function conditionsOf(query: Filter) {
  const conditions = createConditions();
  conditions.add('c.workspace = ?', storable(query.workspaceId));
  if (query.subject !== undefined) conditions.add('c.subject = ?', storable(query.subject));
  if (query.fromMs !== undefined) conditions.add('c.accepted_at >= ?::int8', String(query.fromMs));
  if (query.toMs !== undefined) conditions.add('c.accepted_at < ?::int8', String(query.toMs));
  if (query.kinds !== undefined) conditions.add('c.kind = ANY(?::text[])', texts(query.kinds));
  if (query.ids !== undefined) conditions.add('c.id = ANY(?::text[])', keys(query.ids));
  return conditions;
}

export async function readChange(ask: ListAsk, workspaceId: string, id: string): Promise<Change | null> {
  const sql = `SELECT body FROM (${bothPlaces('body', 'c.workspace = $1 AND c.id = $2', '')}) found LIMIT 1`;
  const [row] = await ask(workspaceId, [{ sql, values: [storable(workspaceId), storable(id)] }]);
  return row === undefined ? null : readableChange(textOf(row[0]));
}

/** Bounds of time are by acceptance, `fromMs` included, `toMs` not. Order is the order of commit. */
export async function listChanges(ask: ListAsk, cursors: CursorCodec, query: ChangeQuery): Promise<Page<Change>> {
  const newest = (query.order ?? 'newest') === 'newest';
  const scope = { workspaceId: query.workspaceId, list: `changes:${newest ? 'newest' : 'oldest'}` };
  const behind =
    query.cursor === undefined ? (newest ? highest : '-1') : cursorText(cursors.decode(scope, query.cursor)[0]);
  const limit = pageLimit(query.limit);
  const conditions = conditionsOf(query);
  conditions.add(newest ? 'c.seq < ?::int8' : 'c.seq > ?::int8', behind);
  const rows = await readPage(ask, query.workspaceId, { conditions, newest, count: limit + 1 });
  const items: Change[] = [];
  let bytes = 0;
  let last = behind;
  for (const row of rows) {
    const body = textOf(row[1]);
    if (items.length === limit || (items.length > 0 && bytes + body.length > pageBytesMax)) {
      return { items, nextCursor: cursors.encode(scope, [last]) };
    }
    const change = readableChange(body);
    if (change !== null) items.push(change);
    bytes += body.length;
    last = textOf(row[0]);
  }
  // Only damaged rows may have left room.
  return { items, nextCursor: rows.length > limit ? cursors.encode(scope, [last]) : null };
}

type PageRead = {
  readonly conditions: ReturnType<typeof conditionsOf>;
  readonly newest: boolean;
  readonly count: number;
  readonly columns?: string;
};

/** Rows whose bodies come to about one page: the server stops adding them up where the page is full. */
function readPage(
  ask: ListAsk,
  workspaceId: string,
  { conditions, newest, count, columns = 'c.seq, c.body' }: PageRead,
): Promise<readonly Row[]> {
  const direction = newest ? 'DESC' : 'ASC';
  const place = `$${conditions.values.length + 1}::int8`;
  const parts = bothPlaces(columns, conditions.text(), `ORDER BY c.seq ${direction} LIMIT ${place}`);
  const page = `SELECT * FROM (${parts}) c ORDER BY c.seq ${direction} LIMIT ${place}`;
  const room = `$${conditions.values.length + 2}::int8`;
  const sql = `SELECT * FROM (SELECT c.*, sum(length(c.body)) OVER (ORDER BY c.seq ${direction} ROWS UNBOUNDED PRECEDING) - length(c.body) AS before
    FROM (${page}) c) c WHERE c.before <= ${room} ORDER BY c.seq ${direction}`;
  return ask(workspaceId, [{ sql, values: [...conditions.values, String(count), String(pageBytesMax)] }]);
}

export async function countChanges(ask: ListAsk, query: Filter): Promise<number> {
  const conditions = conditionsOf(query);
  const sql = `SELECT count(*) FROM (${bothPlaces('1', conditions.text(), '')}) found`;
  const [row] = await ask(query.workspaceId, [{ sql, values: conditions.values }]);
  return numberOf(row?.[0]);
}

/** Shows what lies behind the cursor and can have nothing new before it any more. */
export async function readFeed(
  ask: ListAsk,
  cursors: CursorCodec,
  query: Parameters<StorageReads['feed']>[0],
): Promise<{ readonly changes: readonly Change[]; readonly cursor: string }> {
  const { workspaceId } = query;
  const scope = { workspaceId, list: 'feed' };
  if (query.cursor === 'now') {
    const [row] = await ask(workspaceId, [{ sql: 'SELECT aw.final_below() - 1' }]);
    return { changes: [], cursor: cursors.encode(scope, [textOf(row?.[0])]) };
  }
  let behind = query.cursor === null ? '-1' : cursorText(cursors.decode(scope, query.cursor)[0]);
  const conditions = createConditions();
  conditions.add('c.workspace = ?', storable(workspaceId));
  conditions.add(`c.seq < ${finalNumber} AND c.seq > ?::int8`, behind);
  const asking: ListAsk = (of, statements) => ask(of, [setFinal, ...statements]);
  const rows = await readPage(asking, workspaceId, { conditions, newest: false, count: pageLimit(query.limit) });
  const changes: Change[] = [];
  let bytes = 0;
  for (const row of rows) {
    const body = textOf(row[1]);
    if (changes.length > 0 && bytes + body.length > pageBytesMax) break;
    const change = readableChange(body);
    if (change !== null) changes.push(change);
    bytes += body.length;
    behind = textOf(row[0]);
  }
  return { changes, cursor: cursors.encode(scope, [behind]) };
}

// --- Past changes held against what a webhook would ask for ------------------------------------------------------

/** Bodies looked at in one call, in characters; one change may pass it. */
const examinedCharactersMax = 16 * 1024 * 1024;
const rowsPerRead = 100;

type Examined = { readonly items: TriedChange[]; count: number; characters: number; matched: number; bytes: number };

/** Ends at the limits of the query, at the bytes of a page of matching changes, or where all were examined. */
export async function tryChanges(ask: ListAsk, cursors: CursorCodec, query: TryQuery): Promise<TriedPage> {
  const scope = { workspaceId: query.workspaceId, list: 'tried-changes' };
  const judge = createJudge(query);
  const keep = query.keep ?? 'all';
  const examined: Examined = { items: [], count: 0, characters: 0, matched: 0, bytes: 0 };
  const full = (): boolean =>
    examined.items.length >= pageLimit(query.limit) ||
    examined.count >= query.examinedMax ||
    examined.characters >= examinedCharactersMax ||
    examined.bytes >= pageBytesMax;
  const page = (): Omit<TriedPage, 'nextCursor'> => ({
    items: examined.items,
    examined: examined.count,
    matched: examined.matched,
  });
  let behind = query.cursor === undefined ? highest : cursorText(cursors.decode(scope, query.cursor)[0]);
  for (;;) {
    const conditions = conditionsOf(query);
    conditions.add('c.seq < ?::int8', behind);
    const columns = 'c.seq, c.body, c.id, c.kind, c.subject, c.accepted_at';
    const rows = await readPage(ask, query.workspaceId, { conditions, newest: true, count: rowsPerRead, columns });
    for (const row of rows) {
      if (full()) return { ...page(), nextCursor: cursors.encode(scope, [behind]) };
      examine(examined, row, { judge, keep });
      behind = textOf(row[0]);
    }
    if (rows.length === 0) return { ...page(), nextCursor: null };
  }
}

type Judging = { readonly judge: Judge; readonly keep: NonNullable<TryQuery['keep']> };

function examine(examined: Examined, row: Row, { judge, keep }: Judging): void {
  const body = textOf(row[1]);
  const kind = textOf(row[3]) as ChangeKind;
  const judged = judge(kind, body);
  examined.count += 1;
  examined.characters += body.length;
  if (judged.miss === null) examined.matched += 1;
  if (keep === 'matched' && judged.miss !== null) return;
  if (keep === 'unmatched' && judged.miss === null) return;
  if (judged.miss === null) examined.bytes += body.length;
  const acceptedAtMs = numberOf(row[5]);
  examined.items.push({ id: keyOf(row[2]) as ChangeId, kind, subject: keyOf(row[4]), acceptedAtMs, ...judged });
}

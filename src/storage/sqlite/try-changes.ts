/** Past changes held against what a webhook would ask for: on a reader, so that the loop that delivers sees answers only. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { ChangeKind } from '../../core/change.ts';
import type { ChangeId } from '../../core/ids.ts';
import { createJudge, type Judge } from '../change-judge.ts';
import { type CursorCodec, cursorNumber } from '../cursor.ts';
import type { TriedChange, TriedPage, TryQuery } from '../contract/tried-changes.ts';
import { pageBytesMax, pageLimit } from '../page.ts';
import { changeSources, wholeChangeSources, within, workspaceNumber } from './read-changes.ts';
import { arrayStatement, numberOf, textOf } from './rows.ts';

/** Bodies looked at in one call, in characters; one change may pass it. */
const examinedCharactersMax = 16 * 1024 * 1024;
const rowsPerRead = 100;

type Examined = { readonly items: TriedChange[]; count: number; characters: number; matched: number; bytes: number };

/** Ends at the limits of the query, at the bytes of a page of matching changes, or where all were examined. */
export function tryChanges(db: DatabaseSync, cursors: CursorCodec, query: TryQuery): TriedPage {
  const scope = { workspaceId: query.workspaceId, list: 'tried-changes' };
  const workspace = workspaceNumber(db, query.workspaceId);
  const judging: Judging = { judge: createJudge(query), keep: query.keep ?? 'all' };
  const examined: Examined = { items: [], count: 0, characters: 0, matched: 0, bytes: 0 };
  let behind =
    query.cursor === undefined ? Number.MAX_SAFE_INTEGER : cursorNumber(cursors.decode(scope, query.cursor)[0]);
  const full = (): boolean =>
    examined.items.length >= pageLimit(query.limit) ||
    examined.count >= query.examinedMax ||
    examined.characters >= examinedCharactersMax ||
    examined.bytes >= pageBytesMax;
  const { sql, values } = conditionsOf(query);
  // Subjects and ids have indexes of their own, over whole partitions.
  const whole = query.subject !== undefined || query.ids !== undefined;
  for (const source of (whole ? wholeChangeSources(db) : changeSources(db)).reverse()) {
    if (source.from > behind) continue;
    const place = within(source);
    const read = arrayStatement(
      db,
      `SELECT seq, id, kind, subject, accepted_at, body FROM ${place.sql}${sql} ORDER BY ${place.seq} DESC LIMIT ${rowsPerRead}`,
    );
    let rows: readonly (readonly SQLOutputValue[])[];
    do {
      rows = read.all(workspace, source.from - 1, behind, ...values);
      const room = rows.findIndex((row) => full() || !examine(examined, row, judging));
      behind = numberOf((room < 0 ? rows : rows.slice(0, room)).at(-1)?.[0] ?? behind);
      if (room >= 0) return { ...shown(examined), nextCursor: cursors.encode(scope, [behind]) };
    } while (rows.length === rowsPerRead);
  }
  return { ...shown(examined), nextCursor: null };
}

function shown({ items, count, matched }: Examined): Omit<TriedPage, 'nextCursor'> {
  return { items, examined: count, matched };
}

function conditionsOf(query: TryQuery): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, ...given: readonly SQLInputValue[]): void => {
    conditions.push(` AND ${condition}`);
    values.push(...given);
  };
  if (query.subject !== undefined) add('subject = ?', query.subject);
  if (query.fromMs !== undefined) add('accepted_at >= ?', query.fromMs);
  if (query.toMs !== undefined) add('accepted_at < ?', query.toMs);
  if (query.kinds !== undefined) add(`kind IN (${query.kinds.map(() => '?').join(', ')})`, ...query.kinds);
  if (query.ids !== undefined) add(`id IN (${query.ids.map(() => '?').join(', ')})`, ...query.ids);
  return { sql: conditions.join(''), values };
}

type Judging = { readonly judge: Judge; readonly keep: NonNullable<TryQuery['keep']> };

/** Always true, so that a search for the first row that there is no room for looks at each before it. */
function examine(examined: Examined, row: readonly SQLOutputValue[], { judge, keep }: Judging): true {
  const kind = textOf(row[2]) as ChangeKind;
  const body = textOf(row[5]);
  const judged = judge(kind, body);
  examined.count += 1;
  examined.characters += body.length;
  if (judged.miss === null) examined.matched += 1;
  if (keep === 'matched' && judged.miss !== null) return true;
  if (keep === 'unmatched' && judged.miss === null) return true;
  if (judged.miss === null) examined.bytes += body.length;
  examined.items.push({
    id: textOf(row[1]) as ChangeId,
    kind,
    subject: textOf(row[3]),
    acceptedAtMs: numberOf(row[4]),
    ...judged,
  });
  return true;
}

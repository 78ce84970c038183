/**
 * Lists of assets without the search index: a walk in order of creation that looks at a bounded number of them per page.
 * For lists without filters, and for searches while the index is being made.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { compileSearch } from '../../core/search-evaluation.ts';
import { searchOf } from '../../core/search-expression.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import type { AssetPage, AssetQuery } from '../contract/list-queries.ts';
import type { Resource } from '../contract/resources.ts';
import { resourceColumns, resourceOf } from './keyed-reads.ts';
import { pageBytesMax, pageLimit } from '../page.ts';
import { arrayStatement, type Row, textOf } from './rows.ts';

/** Rows read at a time: what is read beyond the page's end is thrown away. */
const rowsPerStep = 500;
/** Texts looked at for one page; together with the bound of rows it keeps a page within a fraction of a second. */
const lookedBytesMax = 64 * 1024 * 1024;

/**
 * A page ends when it is full, or when `limits.assetRowsPerPageMax` assets have been looked at: it may then hold less than its limit, even
 * nothing, says that it is not complete, and goes on behind its cursor. The cursor is a place in the order of ids, so assets that come, change or go
 * meanwhile make no other one be skipped or shown twice.
 */
export function listAssets(db: DatabaseSync, cursors: CursorCodec, query: AssetQuery): AssetPage {
  const { workspaceId, order = 'newest' } = query;
  if (order !== 'newest' && order !== 'oldest') throw notOrdered(order);
  const scope = { workspaceId, list: `assets:${order}` };
  const page: PageInMaking = {
    items: [],
    limit: pageLimit(query.limit),
    shownBytes: 0,
    at: query.cursor === undefined ? null : cursorText(cursors.decode(scope, query.cursor)[0]),
    looked: 0,
    lookedBytes: 0,
  };
  const ended = lookThrough(db, query, page);
  const more = ended !== 'end' && page.at !== null;
  const nextCursor = more ? cursors.encode(scope, [page.at ?? '']) : null;
  return { items: page.items, nextCursor, complete: ended !== 'early' };
}

type PageInMaking = {
  readonly items: Resource[];
  readonly limit: number;
  shownBytes: number;
  /** The last one looked at; the page goes on behind it. */
  at: string | null;
  looked: number;
  lookedBytes: number;
};

/** Fills the page: until it is full, to the end of all assets, or as many have been looked at as one page may. */
function lookThrough(db: DatabaseSync, query: AssetQuery, page: PageInMaking): 'full' | 'end' | 'early' {
  const wanted = predicateOf(query);
  for (;;) {
    const room = limits.assetRowsPerPageMax - page.looked;
    const step = Math.min(rowsPerStep, room, wanted === null ? page.limit + 1 - page.items.length : rowsPerStep);
    const rows = readRows(db, query, { at: page.at, step });
    for (const row of rows) if (!look(page, row, wanted === null || wanted(row))) return 'full';
    if (rows.length < step) return 'end';
    if (page.looked >= limits.assetRowsPerPageMax || page.lookedBytes > lookedBytesMax) return 'early';
  }
}

/** Takes one row in; false where it is wanted and does not fit any more. */
function look(page: PageInMaking, row: readonly Row[string][], wanted: boolean): boolean {
  const bytes = textOf(row[4]).length;
  if (wanted) {
    const { items, limit } = page;
    if (items.length >= limit || (items.length > 0 && page.shownBytes + bytes > pageBytesMax)) return false;
    items.push(resourceOf(row));
    page.shownBytes += bytes;
  }
  page.at = textOf(row[2]);
  page.looked += 1;
  page.lookedBytes += bytes;
  return true;
}

function readRows(
  db: DatabaseSync,
  { workspaceId, externalId, order = 'newest' }: AssetQuery,
  { at, step }: { readonly at: string | null; readonly step: number },
): readonly (readonly Row[string][])[] {
  const newest = order === 'newest';
  const values: SQLInputValue[] = [workspaceId];
  let conditions = `w.id = ? AND r.type = 'asset' AND r.workspace = w.n`;
  if (externalId !== undefined) {
    conditions += ' AND r.alias = ?';
    values.push(externalId);
  }
  if (at !== null) {
    conditions += newest ? ' AND r.id < ?' : ' AND r.id > ?';
    values.push(at);
  }
  return arrayStatement(
    db,
    `SELECT ${resourceColumns} FROM workspaces w CROSS JOIN resources r WHERE ${conditions}
     ORDER BY r.id ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
  ).all(...values, step);
}

/** Null where everything is wanted. */
function predicateOf(query: AssetQuery): ((row: readonly Row[string][]) => boolean) | null {
  const { externalId, ...rest } = query;
  // An external id is looked up.
  const expression = searchOf(externalId === undefined ? query : rest);
  if (expression === null) return null;
  const test = compileSearch(expression);
  return (row) => test(resourceOf(row));
}

function notOrdered(order: string): AssetwireError {
  return new AssetwireError('not_ready', {
    detail: `The search index must be made before assets can be listed in the order "${order}": it is being made`,
    mend: 'Try again in a moment, or ask for the order newest or oldest',
    retryAfterSeconds: 5,
  });
}

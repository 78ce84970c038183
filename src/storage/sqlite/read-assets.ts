/** Lists of assets by what they are: a walk in order of creation that looks at a bounded number of them per page. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { compileAssetFilter } from '../../core/asset-filter.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import type { AssetQuery, Page, Resource } from '../storage.ts';
import { resourceColumns, resourceOf } from './keyed-reads.ts';
import { pageBytesMax, pageLimit } from './page.ts';
import { arrayStatement, numberOf, type Row, textOf } from './rows.ts';

/** Rows read at a time: what is read beyond the page's end is thrown away. */
const rowsPerStep = 500;
/** Texts looked at for one page; together with the bound of rows it keeps a page within a fraction of a second. */
const lookedBytesMax = 64 * 1024 * 1024;

/**
 * A page ends when it is full, or when `rowsMax` assets have been looked at: it may then hold less than its limit, even
 * nothing, and goes on behind its cursor. The cursor is a place in the order of ids, so assets that come, change or go
 * meanwhile make no other one be skipped or shown twice.
 */
export function listAssets(
  db: DatabaseSync,
  cursors: CursorCodec,
  query: AssetQuery,
  rowsMax: number = limits.assetRowsPerPageMax,
): Page<Resource> {
  const { workspaceId, order = 'newest' } = query;
  const scope = { workspaceId, list: `assets:${order}` };
  const limit = pageLimit(query.limit);
  const wanted = predicateOf(query);
  const items: Resource[] = [];
  let at = query.cursor === undefined ? null : cursorText(cursors.decode(scope, query.cursor)[0]);
  let looked = 0;
  let lookedBytes = 0;
  let shownBytes = 0;
  for (;;) {
    const step = Math.min(rowsPerStep, rowsMax - looked, wanted === null ? limit + 1 - items.length : rowsPerStep);
    const rows = readRows(db, query, { at, step });
    for (const row of rows) {
      const text = textOf(row[4]);
      const full = items.length >= limit || (items.length > 0 && shownBytes + text.length > pageBytesMax);
      if (wanted === null || wanted(row)) {
        // There is one more than fits: that is all that had to be known of it.
        if (full && at !== null) return { items, nextCursor: cursors.encode(scope, [at]) };
        items.push(resourceOf(row));
        shownBytes += text.length;
      }
      at = textOf(row[2]);
      looked += 1;
      lookedBytes += text.length;
    }
    if (rows.length < step) return { items, nextCursor: null };
    if (looked >= rowsMax || lookedBytes > lookedBytesMax) {
      return { items, nextCursor: at === null ? null : cursors.encode(scope, [at]) };
    }
  }
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

/** Times first: they cost no parsing. Null where everything is wanted. */
function predicateOf(query: AssetQuery): ((row: readonly Row[string][]) => boolean) | null {
  const filter = compileAssetFilter(query);
  const { createdFromMs, createdToMs, updatedFromMs, updatedToMs } = query;
  if (filter === null && [createdFromMs, createdToMs, updatedFromMs, updatedToMs].every((bound) => bound === undefined))
    return null;
  return (row) =>
    isWithin(numberOf(row[6]), createdFromMs, createdToMs) &&
    isWithin(numberOf(row[7]), updatedFromMs, updatedToMs) &&
    (filter === null || filter(JSON.parse(textOf(row[4])) as JsonObject));
}

function isWithin(ms: number, fromMs: number | undefined, toMs: number | undefined): boolean {
  return (fromMs === undefined || ms >= fromMs) && (toMs === undefined || ms < toMs);
}

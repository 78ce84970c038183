/**
 * Lists and searches of assets: a walk in order of creation that looks at a bounded number of them per page; whether one is
 * meant is decided by the evaluator that every store agrees with. Texts that a search cannot do without are asked of the
 * server first. Orders by name and by last write are given where so many assets can be looked at in one call.
 */
import type { JsonObject } from '../../core/json.ts';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { compileSearch, type SearchTest } from '../../core/search-evaluation.ts';
import { type SearchExpression, searchOf } from '../../core/search-expression.ts';
import { foldText } from '../../core/search-words.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import { pageBytesMax, pageLimit } from '../page.ts';
import type { AssetPage, AssetQuery, AssetTotal } from '../contract/list-queries.ts';
import type { Resource } from '../contract/resources.ts';
import { resourceColumns, resourceOf } from './keyed-reads.ts';
import { createConditions, type ListAsk } from './list-ask.ts';
import { storable } from './parameters.ts';
import type { Row } from './pipeline.ts';
import { textOf } from './rows.ts';

/** Rows read at a time: what is read beyond the page's end is thrown away. */
const rowsPerStep = 500;
/** Texts looked at for one page; together with the bound of rows it keeps a page within a fraction of a second. */
const lookedBytesMax = 64 * 1024 * 1024;

export async function listAssets(ask: ListAsk, cursors: CursorCodec, query: AssetQuery): Promise<AssetPage> {
  const { order = 'newest' } = query;
  const search = searchOf(query);
  const looking: Looking = { ask, query, search, test: search === null ? null : compileSearch(search) };
  const page =
    order === 'newest' || order === 'oldest'
      ? await walk(looking, cursors, order)
      : await sorted(looking, cursors, order);
  if (query.count !== true) return page;
  return { ...page, total: await total(looking, page) };
}

type Looking = {
  readonly ask: ListAsk;
  readonly query: AssetQuery;
  readonly search: SearchExpression | null;
  /** Null where everything is wanted. */
  readonly test: SearchTest | null;
};

/** A page ends when it is full, or when so many assets have been looked at (then it is not complete); it goes on behind its cursor. */
async function walk(looking: Looking, cursors: CursorCodec, order: 'newest' | 'oldest'): Promise<AssetPage> {
  const { query, test } = looking;
  const { workspaceId } = query;
  const scope = { workspaceId, list: `assets:${order}` };
  const limit = pageLimit(query.limit);
  const items: Resource[] = [];
  let at = query.cursor === undefined ? null : cursorText(cursors.decode(scope, query.cursor)[0]);
  let looked = 0;
  let lookedBytes = 0;
  let shownBytes = 0;
  const more = (complete: boolean): AssetPage => ({ items, nextCursor: cursors.encode(scope, [at ?? '']), complete });
  for (;;) {
    const step = test === null ? Math.min(rowsPerStep, limit + 1 - items.length) : rowsPerStep;
    const rows = await readRows(looking, { at, step, newest: order === 'newest' });
    for (const row of rows) {
      const bytes = textOf(row[4]).length;
      const asset = resourceOf(row);
      const wanted = test === null || test(asset);
      const full = items.length >= limit || (items.length > 0 && shownBytes + bytes > pageBytesMax);
      if (wanted && full) return more(true);
      if (wanted) {
        items.push(asset);
        shownBytes += bytes;
      }
      at = asset.id;
      looked += 1;
      lookedBytes += bytes;
    }
    if (rows.length < step) return { items, nextCursor: null, complete: true };
    if (looked >= limits.assetRowsPerPageMax || lookedBytes > lookedBytesMax) return more(false);
  }
}

/** All that are meant, sorted here. */
async function sorted(looking: Looking, cursors: CursorCodec, order: 'updated' | 'name'): Promise<AssetPage> {
  const { query } = looking;
  const scope = { workspaceId: query.workspaceId, list: `assets:${order}` };
  const limit = pageLimit(query.limit);
  const found = await collect(looking);
  const keyOf = (asset: Resource): string =>
    order === 'name' ? nameOf(asset.state) : String(1e15 - asset.updatedAtMs);
  const all = found
    .map((asset) => ({ asset, key: keyOf(asset) }))
    .sort((a, b) => compare(a.key, b.key) || compare(b.asset.id, a.asset.id));
  const [key, id] = query.cursor === undefined ? [null, null] : cursors.decode(scope, query.cursor).map(cursorText);
  const from =
    key === null || key === undefined
      ? 0
      : all.findIndex((one) => (compare(one.key, key) || compare(id ?? '', one.asset.id)) > 0);
  const items = from < 0 ? [] : all.slice(from, from + limit);
  const last = items.at(-1);
  const more = from >= 0 && last !== undefined && from + limit < all.length;
  return {
    items: items.map(({ asset }) => asset),
    nextCursor: more ? cursors.encode(scope, [last.key, last.asset.id]) : null,
    complete: true,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What of a name fits into a cursor. */
const nameCharactersMax = 200;

function nameOf(state: JsonObject): string {
  const { name } = state;
  return typeof name === 'string' ? foldText(name).slice(0, nameCharactersMax) : '';
}

async function collect(looking: Looking): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  let at: string | null = null;
  let bytes = 0;
  for (let looked = 0; ; looked += rowsPerStep) {
    if (looked >= limits.assetRowsPerPageMax || bytes > lookedBytesMax) throw tooBroad();
    const rows: readonly Row[] = await readRows(looking, { at, step: rowsPerStep, newest: false });
    for (const row of rows) {
      const asset = resourceOf(row);
      if (looking.test === null || looking.test(asset)) found.push(asset);
      at = asset.id;
      bytes += textOf(row[4]).length;
    }
    if (rows.length < rowsPerStep) return found;
  }
}

function tooBroad(): AssetwireError {
  return new AssetwireError('search_too_broad', {
    detail: `A search in this order must look at ${limits.assetRowsPerPageMax} assets at most: it would look at more`,
    mend: 'Narrow the search, or ask for another order',
  });
}

/** Exact where it is known without another look. */
async function total(looking: Looking, page: AssetPage): Promise<AssetTotal> {
  const { query, test } = looking;
  if (query.cursor === undefined && page.nextCursor === null) return { value: page.items.length, is: 'exact' };
  const { sql, values } = conditionsOf(looking);
  const most = limits.assetRowsPerPageMax;
  const text = `SELECT count(*) FROM (SELECT 1 FROM aw.resources r WHERE ${sql} LIMIT $${values.length + 1}::int8) found`;
  const [row] = await looking.ask(query.workspaceId, [{ sql: text, values: [...values, String(most)] }]);
  const value = Number(row?.[0] ?? 0);
  if (test !== null) return { value, is: value < most ? 'atMost' : 'atLeast' };
  return { value, is: value < most ? 'exact' : 'atLeast' };
}

type Step = { readonly at: string | null; readonly step: number; readonly newest: boolean };

function readRows(looking: Looking, { at, step, newest }: Step): Promise<readonly Row[]> {
  const { sql, values } = conditionsOf(looking);
  let conditions = sql;
  if (at !== null) conditions += ` AND r.id ${newest ? '<' : '>'} $${values.push(storable(at))}`;
  const text = `SELECT ${resourceColumns} FROM aw.resources r WHERE ${conditions}
    ORDER BY r.id ${newest ? 'DESC' : 'ASC'} LIMIT $${values.push(String(step))}::int8`;
  return looking.ask(looking.query.workspaceId, [{ sql: text, values }]);
}

function conditionsOf({ query, search }: Looking): { readonly sql: string; readonly values: (string | Buffer)[] } {
  const conditions = createConditions();
  conditions.add("r.type = 'asset' AND r.workspace = ?", storable(query.workspaceId));
  if (query.externalId !== undefined) conditions.add('r.alias = ?', storable(query.externalId));
  for (const text of neededTexts(search)) conditions.add('position(? IN r.state) > 0', text);
  return { sql: conditions.text(), values: conditions.values };
}

/** Parts that the stored text of every asset that is meant must have; states are written as JSON without spaces. */
function neededTexts(search: SearchExpression | null): readonly string[] {
  if (search === null) return [];
  if (search.op === 'all') return search.of.flatMap(neededTexts);
  if (search.op !== 'value' || search.match !== 'exact') return [];
  if (search.field === 'kind') return [`"kind":${JSON.stringify(search.value)}`];
  return ['tags', 'labels', 'collections'].includes(search.field) ? [JSON.stringify(search.value)] : [];
}

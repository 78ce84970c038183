/**
 * Lists of resources. Rows are found by the range of an index; filters on fields are held against them here, since a state
 * may hold what PostgreSQL's own JSON cannot (a NUL). What a matching text must contain is asked of the server first, as plain
 * text, so that few rows travel.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isList, ownValue } from '../../core/json-equality.ts';
import { limits } from '../../core/limits.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import { pageLimit } from '../page.ts';
import type { Page, PageQuery, ResourceQuery } from '../contract/list-queries.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { Resource, ResourceType } from '../contract/resources.ts';
import { resourceColumns, resourceOf } from './keyed-reads.ts';
import type { ListAsk } from './list-ask.ts';
import { storable } from './parameters.ts';
import type { Row } from './pipeline.ts';
import { keyOf, textOf } from './rows.ts';

type Filter = Pick<
  ResourceQuery,
  'workspaceId' | 'type' | 'alias' | 'idPrefix' | 'where' | 'contains' | 'fromMs' | 'toMs'
>;

const rowsPerStep = 500;

/** Pages by id; our ids sort by time, so `newest` is the order of creation. Ids chosen by people are in alphabetical order. */
export async function listResources(ask: ListAsk, cursors: CursorCodec, query: ResourceQuery): Promise<Page<Resource>> {
  const { workspaceId, type, order = 'newest' } = query;
  const scope = { workspaceId, list: `resources:${type}:${order}` };
  const limit = pageLimit(query.limit);
  const items: Resource[] = [];
  let at = query.cursor === undefined ? null : cursorText(cursors.decode(scope, query.cursor)[0]);
  for (let looked = 0; ; ) {
    const step = filtersHere(query) ? rowsPerStep : limit + 1 - items.length;
    const rows = await readRows(ask, query, { at, step, newest: order === 'newest' });
    for (const resource of rows.map(resourceOf)) {
      const wanted = holds(resource.state, query);
      if (wanted && items.length === limit) return { items, nextCursor: cursors.encode(scope, [at ?? '']) };
      if (wanted) items.push(resource);
      at = resource.id;
    }
    looked += rows.length;
    if (rows.length < step) return { items, nextCursor: null };
    if (looked >= limits.assetRowsPerPageMax) return { items, nextCursor: cursors.encode(scope, [at ?? '']) };
  }
}

export async function countResources(
  ask: ListAsk,
  query: Parameters<StorageReads['countResources']>[0],
): Promise<number> {
  if (!filtersHere(query)) {
    const { sql, values } = conditionsOf(query);
    const text = `SELECT count(*) FROM (SELECT 1 FROM aw.resources r WHERE ${sql} LIMIT $${values.length + 1}::int8) found`;
    const rows = await ask(query.workspaceId, [{ sql: text, values: [...values, String(query.max)] }]);
    return Number(rows[0]?.[0] ?? 0);
  }
  let count = 0;
  let at: string | null = null;
  for (;;) {
    const rows: readonly Row[] = await readRows(ask, query, { at, step: rowsPerStep, newest: false });
    for (const row of rows) {
      if (holds(JSON.parse(textOf(row[4])) as JsonObject, query)) count += 1;
      at = keyOf(row[2]);
      if (count >= query.max) return query.max;
    }
    if (rows.length < rowsPerStep) return count;
  }
}

/** All of a type, by workspace and id. */
export async function listAllResources(
  ask: ListAsk,
  cursors: CursorCodec,
  query: { readonly type: ResourceType } & PageQuery,
): Promise<Page<Resource>> {
  const scope = { workspaceId: null, list: `all-resources:${query.type}` };
  const key = query.cursor === undefined ? ['', ''] : cursors.decode(scope, query.cursor);
  const limit = pageLimit(query.limit);
  const rows = await ask(null, [
    {
      sql: `SELECT ${resourceColumns} FROM aw.resources r WHERE r.type = $1 AND (r.workspace, r.id) > ($2, $3)
        ORDER BY r.workspace, r.id LIMIT $4::int8`,
      values: [query.type, storable(cursorText(key[0])), storable(cursorText(key[1])), String(limit + 1)],
    },
  ]);
  const items = rows.slice(0, limit).map(resourceOf);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursors.encode(scope, [last.workspaceId, last.id]) : null };
}

type Step = { readonly at: string | null; readonly step: number; readonly newest: boolean };

function readRows(ask: ListAsk, query: Filter, { at, step, newest }: Step): Promise<readonly Row[]> {
  const { sql, values } = conditionsOf(query);
  let conditions = sql;
  if (at !== null) {
    values.push(storable(at));
    conditions += ` AND r.id ${newest ? '<' : '>'} $${values.length}`;
  }
  values.push(String(step));
  const text = `SELECT ${resourceColumns} FROM aw.resources r WHERE ${conditions}
    ORDER BY r.id ${newest ? 'DESC' : 'ASC'} LIMIT $${values.length}::int8`;
  return ask(query.workspaceId, [{ sql: text, values }]);
}

function conditionsOf({ workspaceId, type, alias, idPrefix, where, fromMs, toMs }: Filter): {
  readonly sql: string;
  readonly values: string[];
} {
  const values: string[] = [type, storable(workspaceId)];
  const conditions = ['r.type = $1', 'r.workspace = $2'];
  const add = (condition: (n: string) => string, value: string): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (idPrefix !== undefined) {
    // A range of the index: behind every id that begins so comes the prefix with the highest character there is.
    add((n) => `r.id >= ${n}`, storable(idPrefix));
    add((n) => `r.id < ${n}`, `${storable(idPrefix)}\u{10ffff}`);
  }
  if (alias !== undefined) add((n) => `r.alias = ${n}`, storable(alias));
  if (fromMs !== undefined) add((n) => `r.created_at >= ${n}::int8`, String(fromMs));
  if (toMs !== undefined) add((n) => `r.created_at < ${n}::int8`, String(toMs));
  for (const [field, value] of Object.entries(where ?? {})) {
    // States are written without spaces, so a field that equals this is in the text just so.
    add((n) => `position(${n} IN r.state) > 0`, `${JSON.stringify(field)}:${JSON.stringify(value)}`);
  }
  return { sql: conditions.join(' AND '), values };
}

function filtersHere({ where, contains }: Filter): boolean {
  return Object.keys(where ?? {}).length > 0 || Object.keys(contains ?? {}).length > 0;
}

function holds(state: JsonObject, { where, contains }: Filter): boolean {
  for (const [field, value] of Object.entries(where ?? {})) if (ownValue(state, field) !== value) return false;
  for (const [field, part] of Object.entries(contains ?? {})) if (!has(ownValue(state, field), part)) return false;
  return true;
}

function has(value: JsonValue | undefined, part: string): boolean {
  if (typeof value === 'string') return lower(value).includes(lower(part));
  return value !== undefined && isList(value) && value.includes(part);
}

/** Letters of ASCII only, as everywhere where ids and names of ours are compared. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

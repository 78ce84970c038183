/** Lists of resources. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type CursorCodec, cursorNumber, cursorText } from '../cursor.ts';
import type { Page, PageQuery, ResourceQuery } from '../contract/list-queries.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { Resource, ResourceType } from '../contract/resources.ts';
import { resourceColumns, resourceOf } from './keyed-reads.ts';
import { pageLimit } from '../page.ts';
import { arrayStatement, numberOf } from './rows.ts';

/**
 * Pages by id; our ids sort by time, so `newest` is the order of creation. Ids chosen by people (settings, workspaces)
 * are in alphabetical order. `where` compares top-level fields; the field's name is a parameter like its value.
 */
export function listResources(db: DatabaseSync, cursors: CursorCodec, query: ResourceQuery): Page<Resource> {
  const { workspaceId, type, order = 'newest' } = query;
  const scope = { workspaceId, list: `resources:${type}:${order}` };
  const newest = order === 'newest';
  const { conditions, values } = conditionsOf(query);
  if (query.cursor !== undefined) {
    conditions.push(newest ? 'r.id < ?' : 'r.id > ?');
    values.push(cursorText(cursors.decode(scope, query.cursor)[0]));
  }
  const limit = pageLimit(query.limit);
  const rows = arrayStatement(
    db,
    `SELECT ${resourceColumns} FROM workspaces w CROSS JOIN resources r WHERE ${conditions.join(' AND ')}
     ORDER BY r.id ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
  ).all(...values, limit + 1);
  const items = rows.slice(0, limit).map(resourceOf);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursors.encode(scope, [last.id]) : null };
}

/** By a range of the key's index where only a prefix is asked for. */
export function countResources(db: DatabaseSync, query: ResourceCount): number {
  const { conditions, values } = conditionsOf(query);
  const row = arrayStatement(
    db,
    `SELECT count(*) FROM (SELECT 1 FROM workspaces w CROSS JOIN resources r WHERE ${conditions.join(' AND ')} LIMIT ?)`,
  ).get(...values, query.max);
  return numberOf(row?.[0]);
}

type ResourceCount = Parameters<StorageReads['countResources']>[0];

function conditionsOf({
  workspaceId,
  type,
  alias,
  where,
  contains,
  idPrefix,
  fromMs,
  toMs,
}: Omit<ResourceQuery, 'limit'>): { readonly conditions: string[]; readonly values: SQLInputValue[] } {
  const conditions = ['w.id = ?', 'r.type = ?', 'r.workspace = w.n'];
  const values: SQLInputValue[] = [workspaceId, type];
  if (idPrefix !== undefined) {
    // A range of the index: behind every id that begins so comes the prefix with the highest character there is.
    conditions.push('r.id >= ? AND r.id < ?');
    values.push(idPrefix, `${idPrefix}\u{10ffff}`);
  }
  if (alias !== undefined) {
    conditions.push('r.alias = ?');
    values.push(alias);
  }
  if (fromMs !== undefined) {
    conditions.push('r.created_at >= ?');
    values.push(fromMs);
  }
  if (toMs !== undefined) {
    conditions.push('r.created_at < ?');
    values.push(toMs);
  }
  for (const [field, value] of Object.entries(where ?? {})) {
    const [kind, ...compared] = comparison(value);
    conditions.push(`EXISTS (SELECT 1 FROM json_each(r.state) f WHERE f.key = ? AND ${kind})`);
    values.push(field, ...compared);
  }
  for (const [field, part] of Object.entries(contains ?? {})) {
    conditions.push(
      `EXISTS (SELECT 1 FROM json_each(r.state) f WHERE f.key = ?
         AND (f.type = 'text' AND instr(lower(f.atom), lower(?)) > 0
           OR f.type = 'array' AND EXISTS (SELECT 1 FROM json_each(f.value) item WHERE item.atom = ?)))`,
    );
    values.push(field, part, part);
  }
  return { conditions, values };
}

function comparison(value: string | number | boolean): [sql: string, ...values: SQLInputValue[]] {
  switch (typeof value) {
    case 'string':
      return [`f.type = 'text' AND f.atom = ?`, value];
    case 'number':
      return [`f.type IN ('integer', 'real') AND f.atom = ?`, value];
    default:
      return ['f.type = ?', value ? 'true' : 'false'];
  }
}

/** All of a type, by workspace and id. */
export function listAllResources(
  db: DatabaseSync,
  cursors: CursorCodec,
  query: { readonly type: ResourceType } & PageQuery,
): Page<Resource> {
  const scope = { workspaceId: null, list: `all-resources:${query.type}` };
  const key = query.cursor === undefined ? [0, ''] : cursors.decode(scope, query.cursor);
  const limit = pageLimit(query.limit);
  const rows = arrayStatement(
    db,
    `SELECT ${resourceColumns}, r.workspace FROM resources r CROSS JOIN workspaces w
     WHERE r.type = ? AND (r.workspace, r.id) > (?, ?) AND w.n = r.workspace ORDER BY r.workspace, r.id LIMIT ?`,
  ).all(query.type, cursorNumber(key[0]), cursorText(key[1]), limit + 1);
  const items = rows.slice(0, limit).map(resourceOf);
  const last = items.at(-1);
  const lastRow = rows[items.length - 1];
  const more = rows.length > limit && last !== undefined && lastRow !== undefined;
  return { items, nextCursor: more ? cursors.encode(scope, [numberOf(lastRow[8]), last.id]) : null };
}

/**
 * What receivers of the vendor do with a notification: search the asset, download its preview or original, update its
 * metadata. As far as the vendor's own sample and a known client use it; facets, relations and files in an update are not.
 */
import { decodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type {
  VendorAnswer,
  VendorCommand,
  VendorContent,
  VendorRequest,
  VendorRoute,
} from '../contract/vendor-route.ts';
import { failure } from './manage-output.ts';
import { presentHit } from './present-asset.ts';
import { parseQuery } from './query.ts';
import type { QueryLeaf } from './query-tree.ts';
import { searchExpression } from './query-search.ts';
import { readMetadata } from './update-input.ts';

/** The vendor answers 50 hits where nothing is said, and none behind the ten thousandth. */
const hitsDefault = 50;
const hitsMax = 1_000;
const lastHitMax = 10_000;
const fieldsMax = 500;

/** The vendor's field to sort by, and our order by direction; by default times go down and texts up. */
const orders: { readonly [sort: string]: 'newest' | 'oldest' | 'updated' | 'name' } = {
  assetCreated: 'newest',
  'assetCreated-desc': 'newest',
  'assetCreated-asc': 'oldest',
  assetModified: 'updated',
  'assetModified-desc': 'updated',
  name: 'name',
  'name-asc': 'name',
  filename: 'name',
  'filename-asc': 'name',
};

/** A parameter from the query, or from a form or JSON body. */
function parameter({ query, body }: VendorRequest, name: string): JsonValue | undefined {
  const value = body === null ? undefined : ownValue(body, name);
  return value ?? query[name];
}

function textOf(request: VendorRequest, name: string): string {
  const value = parameter(request, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A query as text, or in the form in which generated clients of the vendor send it. */
function queryOf(request: VendorRequest): string | null {
  const plain = parameter(request, 'q');
  if (typeof plain === 'string') return plain;
  const wrapped = parameter(request, 'query');
  const inner = isObject(wrapped) ? ownValue(wrapped, 'QueryStringQuery') : undefined;
  const text = isObject(inner) ? ownValue(inner, 'queryString') : undefined;
  return typeof text === 'string' ? text : null;
}

function countOf(request: VendorRequest, names: readonly string[], preset: number): number | null {
  for (const name of names) {
    const text = textOf(request, name);
    if (text === '') continue;
    return /^\d{1,9}$/.test(text) ? Number(text) : null;
  }
  return preset;
}

function search(request: VendorRequest): VendorCommand | VendorAnswer {
  const query = queryOf(request);
  if (query === null) return failure(400, 'q is required: the query to search for');
  const start = countOf(request, ['start', 'firstResult'], 0);
  const num = countOf(request, ['num', 'maxResultHits'], hitsDefault);
  if (start === null || num === null) return failure(400, 'start and num must be whole numbers from 0 on');
  const format = textOf(request, 'format');
  if (format !== '' && format !== 'json') return failure(400, `format must be json: got ${format.slice(0, 20)}`);
  const sort = textOf(request, 'sort') || 'assetCreated-desc';
  const order = Object.hasOwn(orders, sort) ? orders[sort] : undefined;
  if (order === undefined) {
    return failure(400, `sort must be one of ${Object.keys(orders).join(', ')}: got ${sort.slice(0, 60)}`);
  }
  const parsed = parseQuery(query.trim());
  if ('problem' in parsed) {
    const { at, wanted, found } = parsed.problem;
    return failure(400, `q cannot be read: at character ${at} wanted ${wanted}, found ${found}`);
  }
  const refused: QueryLeaf[] = [];
  const where = searchExpression(parsed.node, (leaf) => refused.push(leaf));
  if (refused.length > 0) {
    return failure(
      400,
      'q cannot be searched for: a wildcard may stand at the end of a word, and on both sides of a part of filename',
    );
  }
  const limit = Math.min(num, hitsMax, Math.max(0, lastHitMax - start));
  return { command: 'assets.search', input: { where, order, offset: Math.min(start, lastHitMax), limit } };
}

function found(result: JsonObject, request: VendorRequest): VendorAnswer {
  const items = ownValue(result, 'items');
  const hits = isList(items) ? items.filter(isObject) : [];
  const options = { base: request.base, fields: fieldsOf(request), mayWrite: request.scopes.includes('assets:write') };
  return {
    status: 200,
    body: {
      firstResult: countOf(request, ['start', 'firstResult'], 0) ?? 0,
      maxResultHits: countOf(request, ['num', 'maxResultHits'], hitsDefault) ?? hitsDefault,
      totalHits: ownValue(result, 'total') ?? hits.length,
      hits: hits.map((hit) => presentHit(hit, options)),
    },
  };
}

/** Null for all. */
function fieldsOf(request: VendorRequest): readonly string[] | null {
  const wanted = parameter(request, 'metadataToReturn');
  const names = isList(wanted)
    ? wanted.filter((name) => typeof name === 'string')
    : typeof wanted === 'string'
      ? wanted.split(',').map((name) => name.trim())
      : [];
  const fields = names.filter((name) => name !== '').slice(0, fieldsMax);
  return fields.length === 0 || fields.includes('all') ? null : fields;
}

function update(request: VendorRequest): VendorCommand | VendorAnswer {
  const id = textOf(request, 'id');
  if (id === '') return failure(400, 'id is required: the asset to update');
  const read = readMetadata(parameter(request, 'metadata'));
  if ('refused' in read) return failure(400, read.refused);
  return { command: 'assets.patch', input: { ...named(id), patch: read.patch } };
}

function updated(result: JsonObject, request: VendorRequest): VendorAnswer {
  const view = ownValue(result, 'body');
  const options = { base: request.base, fields: fieldsOf(request), mayWrite: true };
  return { status: 200, body: presentHit(isObject(view) ? view : {}, options) };
}

/** An asset by the vendor's id. */
function named(id: string): { readonly id: string; readonly ownId?: string } {
  const ownId = decodeId('asset', 'base64url', id);
  return { id, ...(ownId === null ? {} : { ownId }) };
}

function download(renditions: readonly string[]): (request: VendorRequest) => VendorContent {
  return ({ parameters, query }) => ({
    content: {
      ...named(parameters['id'] ?? ''),
      ...(renditions.length === 0 ? {} : { renditions }),
      ...(query['forceDownload'] === 'true' ? { saved: true } : {}),
    },
  });
}

const read = 'assets:read';
const nothing = (): VendorAnswer => ({ status: 200, body: null });

/** Behind the id come a part for the version or the size (`*`) and a file name, both chosen by whoever links. */
function downloads(place: string, renditions: readonly string[]): readonly VendorRoute[] {
  const parse = download(renditions);
  return ['', '/:version', '/:version/:name'].map((tail) => ({
    method: 'GET',
    path: `/${place}/:id${tail}`,
    scope: read,
    parse,
    present: nothing,
  }));
}

export const assetRoutes: readonly VendorRoute[] = [
  { method: 'GET', path: '/services/search', scope: read, parse: search, present: found },
  { method: 'POST', path: '/services/search', scope: read, parse: search, present: found },
  { method: 'POST', path: '/services/update', scope: 'assets:write', parse: update, present: updated },
  ...downloads('file', []),
  ...downloads('preview', ['large', 'medium', 'small']),
  ...downloads('thumbnail', ['small', 'medium', 'large']),
];

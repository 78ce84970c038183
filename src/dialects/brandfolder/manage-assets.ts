/** What a receiver asks next: the asset that a notification named, and which brandfolders and organizations there are. */
import { decodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PresentError, VendorAnswer, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { failure, titleOf, titles } from './manage-output.ts';
import { type Asked, includable, presentAsset, selectable } from './present-asset.ts';

const base = '/api/v4';
/** Any key may come; it finds what it may see. */
const scope = 'signed-in';

/** A comma-separated list of known names; the first that is not known, as it was given. */
function listed<Name extends string>(
  { query }: VendorRequest,
  parameter: string,
  known: readonly Name[],
): readonly Name[] | VendorAnswer {
  const names = (Object.hasOwn(query, parameter) ? (query[parameter] ?? '') : '').split(',').map((name) => name.trim());
  const found: Name[] = [];
  for (const name of names) {
    const one = known.find((candidate) => candidate === name);
    if (one !== undefined && !found.includes(one)) found.push(one);
    if (one === undefined && name !== '') {
      const detail = `Name in ${parameter} any of ${known.join(', ')}: found ${JSON.stringify(name.slice(0, 100))}`;
      return failure({ status: 400, title: titleOf(400), detail });
    }
  }
  return found;
}

function askedOf(request: VendorRequest): Asked | VendorAnswer {
  const include = listed(request, 'include', includable);
  if ('status' in include) return include;
  const fields = listed(request, 'fields', selectable);
  return 'status' in fields ? fields : { include, fields };
}

/** A key that is not known is told so: these calls have the usual answers of the vendor's v4. */
function presentErrorOf(missing: string): PresentError {
  return ({ status, detail }) =>
    status === 404 || status === 410
      ? failure({ status: 404, title: missing, detail })
      : failure({ status: status === 422 ? 400 : status, title: titleOf(status), detail });
}

function items(result: JsonObject): readonly JsonObject[] {
  const list = ownValue(result, 'items');
  return isList(list) ? list.filter(isObject) : [];
}

function brandfolder(library: JsonObject): JsonObject {
  const key = ownValue(library, 'key') ?? '';
  return {
    id: key,
    type: 'brandfolders',
    attributes: {
      name: ownValue(library, 'name') ?? '',
      tagline: ownValue(library, 'description') ?? null,
      privacy: 'private',
      slug: key,
    },
    relationships: {
      organization: { data: { id: ownValue(library, 'organization') ?? '', type: 'organizations' } },
    },
  };
}

/** A workspace is an organization; its libraries may say that they belong to others. */
function organizations(result: JsonObject): readonly JsonObject[] {
  const keys = new Set(items(result).map((library) => ownValue(library, 'organization')));
  return [...keys]
    .filter((key) => typeof key === 'string')
    .map((key) => ({
      id: key,
      type: 'organizations',
      attributes: { name: key, slug: key, tagline: null },
    }));
}

function page(data: readonly JsonObject[]): JsonObject {
  const meta = { current_page: 1, next_page: null, prev_page: null, total_pages: 1, total_count: data.length };
  return { data, meta };
}

export const resourceRoutes: readonly VendorRoute[] = [
  {
    method: 'GET',
    path: `${base}/assets/:id`,
    scope,
    presentError: presentErrorOf(titles.noAsset),
    parse: (request) => {
      const asked = askedOf(request);
      if ('status' in asked) return asked;
      const id = request.parameters['id'] ?? '';
      const ownId = decodeId('asset', 'base64url', id);
      return { command: 'assets.getPlaced', input: { id, ...(ownId === null ? {} : { ownId }) } };
    },
    present: (result, request) => {
      const asked = askedOf(request);
      return { status: 200, body: presentAsset(result, 'status' in asked ? { include: [], fields: [] } : asked) };
    },
  },
  {
    method: 'GET',
    path: `${base}/brandfolders`,
    scope,
    presentError: presentErrorOf(titles.noResource),
    parse: () => ({ command: 'libraries.list', input: {} }),
    present: (result) => ({ status: 200, body: page(items(result).map(brandfolder)) }),
  },
  {
    method: 'GET',
    path: `${base}/brandfolders/:id`,
    scope,
    presentError: presentErrorOf(titles.noResource),
    parse: ({ parameters }) => ({ command: 'libraries.get', input: { key: parameters['id'] ?? '' } }),
    present: (result) => ({ status: 200, body: { data: brandfolder(result) } }),
  },
  {
    method: 'GET',
    path: `${base}/organizations`,
    scope,
    presentError: presentErrorOf(titles.noResource),
    parse: () => ({ command: 'libraries.list', input: {} }),
    present: (result) => ({ status: 200, body: page(organizations(result)) }),
  },
];

import { fetchStates, type FetchInput } from '../../app/app.ts';
import { AssetwireError, type ErrorCode, errorTable } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { ok, type Route, route } from '../route.ts';
import { array, object, oneOf, optional, raw, string } from '../schema.ts';
import { byId, cursor, limit, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { fetchInputSchema, fetchResultSchema, fetchSchema, foundContentSchema } from '../schemas/fetch.ts';
import { problemsOf } from '../validation.ts';
import { replayedHeader } from './changes.ts';

const area = 'fetches';

type Asked = FetchInput | { readonly assets: readonly FetchInput[] };

const batchSchema = object({ assets: array(fetchInputSchema, { minItems: 1, maxItems: limits.batchItemsMax }) });

function isBatch(body: unknown): body is { readonly assets: readonly FetchInput[] } {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'assets');
}

const fetchAssets = route({
  method: 'POST',
  path: '/v1/assets/from-url',
  operation: 'fetchAssets',
  area,
  summary: 'Upload files by their addresses',
  description:
    'One, or up to 1,000 as {"assets": […]}, each with a result of its own. Files are fetched over the guarded road, as webhooks leave: private addresses are refused, ' +
    'redirects not followed. The asset is made when its bytes are here; until then `GET /v1/fetches/{id}` says how far it is. ' +
    'An asset that has the externalId already gets a further version, if what lies at the address is not what it has.',
  scope: 'assets:write',
  idempotent: true,
  items: ({ body }) => (isBatch(body) ? body.assets.length : 1),
  body: raw<Asked>({ oneOf: [fetchInputSchema, batchSchema] }),
  check: (body) => problemsOf(isBatch(body) ? batchSchema : fetchInputSchema, body),
  bodyBytesMax: 4 * 1024 * 1024,
  answers: { 202: { description: 'Accepted and on disk', schema: object({ results: array(fetchResultSchema) }) } },
  errors: [
    'conflict',
    'target_scheme',
    'target_malformed',
    'target_forbidden_address',
    'target_forbidden_name',
    'target_forbidden_port',
    'credentials_in_url',
  ],
  async handle({ caller, body, idempotency }, { app }) {
    const written = await app.fetches.create(caller, isBatch(body) ? body.assets : [body], idempotency);
    const [only] = written.body.results;
    if (!isBatch(body) && only?.status === 'rejected') {
      throw new AssetwireError(isErrorCode(only.code) ? only.code : 'invalid_request', {
        detail: only.detail,
        ...(only.problems === undefined ? {} : { problems: only.problems }),
      });
    }
    return {
      status: written.status,
      json: written.body,
      ...(written.replayed === true ? { headers: replayedHeader } : {}),
    };
  },
});

const lookUpContent = route({
  method: 'POST',
  path: '/v1/assets/lookup',
  operation: 'lookUpContent',
  area,
  summary: 'Which assets have these bytes already, by their SHA-256',
  description:
    'Ask before you upload: what is there need not be sent. Hashes that no asset has are left out of the answer.',
  scope: 'assets:read',
  bodyBytesMax: 128 * 1024,
  body: object({
    sha256: array(string({ pattern: '^[0-9a-f]{64}$' }), { minItems: 1, maxItems: limits.batchItemsMax }),
  }),
  answers: { 200: { description: 'Those that are there', schema: object({ data: array(foundContentSchema) }) } },
  async handle({ caller, body }, { app }) {
    return ok({ data: await app.assets.lookup(caller, body) });
  },
});

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

const listFetches = route({
  method: 'GET',
  path: '/v1/fetches',
  operation: 'listFetches',
  area,
  summary: 'List fetches, newest first; ended ones are kept for a week',
  scope: 'assets:read',
  query: object({ limit: optional(limit), cursor: optional(cursor), state: optional(oneOf(fetchStates)) }),
  answers: { 200: { description: 'A page of fetches', schema: pageOf(fetchSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.fetches.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getFetch = route({
  method: 'GET',
  path: '/v1/fetches/{id}',
  operation: 'getFetch',
  area,
  summary: 'Show a fetch: how far it is, what became of it, why it failed',
  scope: 'assets:read',
  params: byId('fetch'),
  answers: { 200: { description: 'The fetch', schema: fetchSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.fetches.get(caller, params.id));
  },
});

const repeatFetch = route({
  method: 'POST',
  path: '/v1/fetches/{id}/repeat',
  operation: 'repeatFetch',
  area,
  summary: 'Fetch the same address again: what changed there becomes a further version',
  scope: 'assets:write',
  params: byId('fetch'),
  answers: { 202: { description: 'The new fetch', schema: fetchSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return { status: 202, json: await app.fetches.repeat(caller, params.id) };
  },
});

const cancelFetch = route({
  method: 'DELETE',
  path: '/v1/fetches/{id}',
  operation: 'cancelFetch',
  area,
  summary: 'Cancel a fetch that has not ended',
  scope: 'assets:write',
  params: byId('fetch'),
  answers: { 200: { description: 'The fetch', schema: fetchSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.fetches.cancel(caller, params.id));
  },
});

export const fetchRoutes: readonly Route[] = [
  fetchAssets,
  lookUpContent,
  listFetches,
  getFetch,
  repeatFetch,
  cancelFetch,
];

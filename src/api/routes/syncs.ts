import { syncStates } from '../../app/app.ts';
import { created, ok, type Route, route } from '../route.ts';
import { object, oneOf, optional } from '../schema.ts';
import { byId, cursor, limit, pageOf, pageOptions, pageQuery, shownPage } from '../schemas/basics.ts';
import { sourceName, syncCompletionSchema, syncInputSchema, syncSchema, vanishedSchema } from '../schemas/sync.ts';

const area = 'syncs';

const createSync = route({
  method: 'POST',
  path: '/v1/syncs',
  operation: 'createSync',
  area,
  summary: 'Begin a full sync with another system',
  description:
    'Push every asset that the system has by `PUT /v1/assets` with `sync`, then complete it: what was not pushed has vanished. ' +
    'Assets belong to the source that named them last; those of others are not touched. One sync runs per source.',
  scope: 'assets:write',
  body: syncInputSchema,
  answers: {
    200: { description: 'The one that runs, with `resume`', schema: syncSchema },
    201: { description: 'The sync', schema: syncSchema },
  },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body }, { app }) {
    const { sync, made } = await app.syncs.create(caller, body);
    return made ? created(sync, `/v1/syncs/${sync.id}`) : ok(sync);
  },
});

const listSyncs = route({
  method: 'GET',
  path: '/v1/syncs',
  operation: 'listSyncs',
  area,
  summary: 'List full syncs, newest first',
  scope: 'assets:read',
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    source: optional(sourceName),
    state: optional(oneOf(syncStates)),
  }),
  answers: { 200: { description: 'A page of syncs', schema: pageOf(syncSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.syncs.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getSync = route({
  method: 'GET',
  path: '/v1/syncs/{id}',
  operation: 'getSync',
  area,
  summary: 'Show a full sync and how far it has come',
  scope: 'assets:read',
  params: byId('sync'),
  answers: { 200: { description: 'The sync', schema: syncSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.syncs.get(caller, params.id));
  },
});

const completeSync = route({
  method: 'POST',
  path: '/v1/syncs/{id}/complete',
  operation: 'completeSync',
  area,
  summary: 'Find what vanished, and delete, archive or only report it',
  description:
    'Answered at once; follow the sync by `GET`. Where more than 20 % of the source vanished nothing is done: the sync waits, says so, and goes on when it is ' +
    'completed with `"confirm": true`. A dry run waits too. Assets that change between being found and being deleted are left as they are.',
  scope: 'assets:write',
  params: byId('sync'),
  body: syncCompletionSchema,
  answers: { 202: { description: 'The sync', schema: syncSchema } },
  errors: ['conflict'],
  async handle({ caller, params, body }, { app }) {
    return { status: 202, json: await app.syncs.complete(caller, params.id, body) };
  },
});

const listVanished = route({
  method: 'GET',
  path: '/v1/syncs/{id}/vanished',
  operation: 'listVanishedAssets',
  area,
  summary: 'What the latest comparison did not find in the source',
  scope: 'assets:read',
  params: byId('sync'),
  query: pageQuery,
  answers: { 200: { description: 'A page of assets', schema: pageOf(vanishedSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, params, query }, { app }) {
    return ok(shownPage(await app.syncs.vanished(caller, params.id, pageOptions(query))));
  },
});

const cancelSync = route({
  method: 'DELETE',
  path: '/v1/syncs/{id}',
  operation: 'cancelSync',
  area,
  summary: 'Cancel a full sync; states that were pushed stay',
  scope: 'assets:write',
  params: byId('sync'),
  answers: { 200: { description: 'The sync', schema: syncSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.syncs.cancel(caller, params.id));
  },
});

export const syncRoutes: readonly Route[] = [createSync, listSyncs, getSync, completeSync, listVanished, cancelSync];

import { created, noContent, ok, type Route, route } from '../route.ts';
import { object, optional } from '../schema.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { grantInputSchema, grantSchema, paging, principal } from '../schemas/people.ts';

const area = 'grants';

const createGrant = route({
  method: 'POST',
  path: '/v1/grants',
  operation: 'createGrant',
  area,
  summary: 'Let a user or key read or write one folder, collection, library or asset',
  description:
    'For those whose scopes do not cover all assets. Lists then hold what the grants cover; everything else is not found. Whoever gives a grant has its scopes on everything.',
  scope: 'keys:write',
  body: grantInputSchema,
  answers: { 201: { description: 'The grant', schema: grantSchema } },
  errors: ['limit_reached', 'conflict'],
  async handle({ caller, body }, { app }) {
    const { resource, ...rest } = body;
    // The schema has told the three forms apart.
    const grant = await app.grants.create(caller, { ...rest, resource: resource });
    return created(grant, `/v1/grants/${grant.id}`);
  },
});

const listGrants = route({
  method: 'GET',
  path: '/v1/grants',
  operation: 'listGrants',
  area,
  summary: 'List grants, newest first',
  scope: 'keys:read',
  query: object({ ...paging, principal: optional(principal) }),
  answers: { 200: { description: 'A page of grants', schema: pageOf(grantSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const filter = query.principal === undefined ? {} : { principal: query.principal };
    return ok(shownPage(await app.grants.list(caller, { ...pageOptions(query), ...filter })));
  },
});

const getGrant = route({
  method: 'GET',
  path: '/v1/grants/{id}',
  operation: 'getGrant',
  area,
  summary: 'Show a grant',
  scope: 'keys:read',
  params: byId('grant'),
  answers: { 200: { description: 'The grant', schema: grantSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.grants.get(caller, params.id));
  },
});

const deleteGrant = route({
  method: 'DELETE',
  path: '/v1/grants/{id}',
  operation: 'deleteGrant',
  area,
  summary: 'Take a grant away; within a second it allows nothing',
  scope: 'keys:write',
  params: byId('grant'),
  answers: { 204: { description: 'Taken away' } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    await app.grants.remove(caller, params.id);
    return noContent;
  },
});

export const grantRoutes: readonly Route[] = [createGrant, listGrants, getGrant, deleteGrant];

import { created, noContent, ok, type Route, route } from '../route.ts';
import { boolean, integer, named, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { byId, pageOf, pageOptions, shownPage, timeMs } from '../schemas/basics.ts';
import { createdKeySchema, keyFields, keyInputSchema, keySchema } from '../schemas/operation.ts';
import { paging } from '../schemas/people.ts';

const area = 'keys';
const overlapSecondsMax = 30 * 24 * 3_600;
const rotatedKeySchema: Schema<unknown> = named(
  'RotatedKey',
  object({
    ...keyFields(),
    key: string({ description: 'Shown here once' }),
    replaces: string({ description: 'Id of the key it takes the place of' }),
  }),
);

const signInLinkSchema: Schema<unknown> = named(
  'SignInLink',
  object({
    url: string({ description: 'Begins with the public URL of the server' }),
    expiresAtMs: timeMs('Until when it is good'),
  }),
);

const createKey = route({
  method: 'POST',
  path: '/v1/keys',
  operation: 'createKey',
  area,
  summary: 'Make a key with some of your own scopes',
  description: 'The key is shown in this answer only.',
  scope: 'keys:write',
  body: keyInputSchema,
  answers: { 201: { description: 'The key', schema: createdKeySchema } },
  errors: ['limit_reached', 'conflict'],
  async handle({ caller, body }, { app }) {
    const key = await app.keys.create(caller, body);
    return created(key, `/v1/keys/${key.id}`);
  },
});

const listKeys = route({
  method: 'GET',
  path: '/v1/keys',
  operation: 'listKeys',
  area,
  summary: 'List keys, newest first; never the keys themselves',
  scope: 'keys:read',
  query: object({
    ...paging,
    state: optional(oneOf(['active', 'expired', 'revoked'])),
    admin: optional(boolean()),
  }),
  answers: { 200: { description: 'A page of keys', schema: pageOf(keySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const { state, admin } = query;
    const filter = { ...(state === undefined ? {} : { state }), ...(admin === undefined ? {} : { admin }) };
    return ok(shownPage(await app.keys.list(caller, { ...pageOptions(query), ...filter })));
  },
});

const getKey = route({
  method: 'GET',
  path: '/v1/keys/{id}',
  operation: 'getKey',
  area,
  summary: 'Show a key; never the key itself',
  scope: 'keys:read',
  params: byId('key'),
  answers: { 200: { description: 'The key', schema: keySchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.keys.get(caller, params.id));
  },
});

const rotateKey = route({
  method: 'POST',
  path: '/v1/keys/{id}/rotate',
  operation: 'rotateKey',
  area,
  summary: 'Make a new key in the place of one, with its name, scopes and grants',
  description: 'The old key ends at once, or after overlapSeconds. The new one is shown in this answer only.',
  scope: 'keys:write',
  params: byId('key'),
  body: object({ overlapSeconds: optional(integer({ minimum: 0, maximum: overlapSecondsMax })) }),
  bodyOptional: true,
  answers: { 201: { description: 'The new key', schema: rotatedKeySchema } },
  errors: ['conflict'],
  async handle({ caller, params, body }, { app }) {
    const key = await app.keys.rotate(caller, params.id, { overlapMs: (body.overlapSeconds ?? 0) * 1_000 });
    return created(key, `/v1/keys/${key.id}`);
  },
});

const keySignInLink = route({
  method: 'POST',
  path: '/v1/keys/{id}/sign-in-link',
  operation: 'createKeySignInLink',
  area,
  summary: 'Make a one-time link that signs a browser in at the console as a key',
  description:
    'For a customer of yours without an account here: make a key with what they may do, ask for a link when they are about to come, and send their browser there. Good once and for a quarter of an hour; the session lasts 12 hours, and ends with the key.',
  scope: 'keys:write',
  params: byId('key'),
  answers: { 201: { description: 'The link, shown in this answer only', schema: signInLinkSchema } },
  errors: ['limit_reached'],
  async handle({ caller, params }, { app }) {
    return { status: 201, json: await app.keys.signInLink(caller, params.id) };
  },
});

const revokeKey = route({
  method: 'DELETE',
  path: '/v1/keys/{id}',
  operation: 'revokeKey',
  area,
  summary: 'Revoke a key; within a second nothing takes it any more',
  scope: 'keys:write',
  params: byId('key'),
  answers: { 204: { description: 'Revoked' } },
  errors: ['conflict', 'last_admin'],
  async handle({ caller, params }, { app }) {
    await app.keys.revoke(caller, params.id);
    return noContent;
  },
});

export const keyRoutes: readonly Route[] = [createKey, listKeys, getKey, rotateKey, keySignInLink, revokeKey];

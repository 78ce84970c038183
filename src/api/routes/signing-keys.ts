import { noContent, ok, type Route, route } from '../route.ts';
import { object } from '../schema.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { paging } from '../schemas/people.ts';
import { rotateSigningKeySchema, signingKeyById, signingKeySchema } from '../schemas/signing-key.ts';

const area = 'signing-keys';

const listSigningKeys = route({
  method: 'GET',
  path: '/v1/signing-keys',
  operation: 'listSigningKeys',
  area,
  summary: 'List signing keys: the one that signs, then those before it',
  scope: 'settings:read',
  query: object(paging),
  answers: { 200: { description: 'A page of signing keys', schema: pageOf(signingKeySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    return ok(shownPage(await app.signingKeys.list(caller, pageOptions(query))));
  },
});

const getSigningKey = route({
  method: 'GET',
  path: '/v1/signing-keys/{id}',
  operation: 'getSigningKey',
  area,
  summary: 'Show a signing key with its certificate',
  scope: 'settings:read',
  params: signingKeyById,
  answers: { 200: { description: 'The signing key', schema: signingKeySchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.signingKeys.get(caller, params.id));
  },
});

const rotateSigningKey = route({
  method: 'POST',
  path: '/v1/signing-keys',
  operation: 'rotateSigningKey',
  area,
  summary: 'Make a signing key, which takes the place of the present one',
  description:
    'What is accepted from now on is signed with it. The one before is kept for 60 days, and its certificate served, because what was signed with it may still be tried and sent again.',
  scope: 'settings:write',
  body: rotateSigningKeySchema,
  answers: { 201: { description: 'The signing key', schema: signingKeySchema } },
  errors: ['conflict'],
  async handle({ caller, body }, { app }) {
    const made = await app.signingKeys.rotate(caller, body);
    return { status: 201, json: made, headers: { location: `/v1/signing-keys/${made.id}` } };
  },
});

const withdrawSigningKey = route({
  method: 'DELETE',
  path: '/v1/signing-keys/{id}',
  operation: 'withdrawSigningKey',
  area,
  summary: 'Withdraw a former signing key',
  description:
    'Its certificate is gone at once. What was signed with it and is still pending is signed with the present key when it leaves.',
  scope: 'settings:write',
  params: signingKeyById,
  answers: { 204: { description: 'Withdrawn' } },
  errors: ['signing_key_in_use'],
  async handle({ caller, params }, { app }) {
    await app.signingKeys.withdraw(caller, params.id);
    return noContent;
  },
});

export const signingKeyRoutes: readonly Route[] = [
  listSigningKeys,
  getSigningKey,
  rotateSigningKey,
  withdrawSigningKey,
];

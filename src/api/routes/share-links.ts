import { noContent, ok, type Route, route } from '../route.ts';
import { object, oneOf, optional, string } from '../schema.ts';
import { byId, cursor, id, limit, line, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { shareLinkInputSchema, shareLinkPatchSchema, shareLinkSchema, shareLinkStates } from '../schemas/share-link.ts';
import { writtenAnswer } from './assets.ts';

const area = 'share-links';

const createShareLink = route({
  method: 'POST',
  path: '/v1/share-links',
  operation: 'createShareLink',
  area,
  summary: 'Share assets, a folder or a collection with people who have no account',
  description:
    'Answers the URL to hand out: a page with preview and downloads. Needs `assets:write` for what is shared, by scope or grant. ' +
    'What a folder or a collection holds is looked up when the link is opened. Webhooks are told of its making (`share_link.created`) and of its end ' +
    '(`share_link.removed`), without URL and password.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  body: shareLinkInputSchema,
  answers: { 201: { description: 'The share link', schema: shareLinkSchema } },
  errors: ['conflict', 'too_many_requests'],
  async handle({ caller, body, idempotency }, { app }) {
    return writtenAnswer(
      await app.shareLinks.create(caller, body, idempotency),
      (made) => `/v1/share-links/${made.id}`,
    );
  },
});

const listShareLinks = route({
  method: 'GET',
  path: '/v1/share-links',
  operation: 'listShareLinks',
  area,
  summary: 'List share links, newest first',
  description:
    'Whoever may not read all assets sees those he made himself. Links that were revoked or have expired are in it for 90 days where `state` asks for them.',
  scope: 'assets:read',
  grantable: true,
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    asset: optional(id('asset')),
    folder: optional(
      string({ pattern: '^/', maxLength: 2_000, description: 'Links of exactly this folder', examples: ['/press'] }),
    ),
    collection: optional(line(300)),
    state: optional(oneOf(shareLinkStates, { description: 'Default `active`' })),
  }),
  answers: { 200: { description: 'A page of share links', schema: pageOf(shareLinkSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    return ok(shownPage(await app.shareLinks.list(caller, { ...filters, ...pageOptions(query) })));
  },
});

const getShareLink = route({
  method: 'GET',
  path: '/v1/share-links/{id}',
  operation: 'getShareLink',
  area,
  summary: 'Show a share link: its URL, its settings, how often it was used',
  scope: 'assets:read',
  grantable: true,
  params: byId('shareLink'),
  answers: { 200: { description: 'The share link', schema: shareLinkSchema } },
  errors: ['gone'],
  async handle({ caller, params }, { app }) {
    return ok(await app.shareLinks.get(caller, params.id));
  },
});

const updateShareLink = route({
  method: 'PATCH',
  path: '/v1/share-links/{id}',
  operation: 'updateShareLink',
  area,
  summary: 'Prolong a share link, or change its name, its password or what it allows',
  description:
    'What is absent stays. What it shares never changes: make another link for that. Visitors who know the old password are asked anew.',
  scope: 'assets:write',
  grantable: true,
  params: byId('shareLink'),
  body: shareLinkPatchSchema,
  answers: { 200: { description: 'The share link', schema: shareLinkSchema } },
  errors: ['conflict', 'gone', 'too_many_requests'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.shareLinks.update(caller, params.id, body));
  },
});

const removeShareLink = route({
  method: 'DELETE',
  path: '/v1/share-links/{id}',
  operation: 'removeShareLink',
  area,
  summary: 'Revoke a share link: it answers 410 from now on',
  scope: 'assets:write',
  grantable: true,
  params: byId('shareLink'),
  answers: { 204: { description: 'Revoked' } },
  errors: ['conflict', 'gone'],
  async handle({ caller, params }, { app }) {
    await app.shareLinks.remove(caller, params.id);
    return noContent;
  },
});

export const shareLinkRoutes: readonly Route[] = [
  createShareLink,
  listShareLinks,
  getShareLink,
  updateShareLink,
  removeShareLink,
];

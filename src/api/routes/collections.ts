import type { Answer, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  collectionInputSchema,
  collectionListQuery,
  collectionPatchSchema,
  collectionReference,
  collectionSchema,
  memberListQuery,
  memberResultsSchema,
  membersSchema,
  startedSchema,
} from '../schemas/folder.ts';
import { assetViewSchema } from '../schemas/asset.ts';
import { versionTag } from '../if-match.ts';
import type { CollectionView, Written } from '../../app/app.ts';
import { writeOptionsOf, writtenAnswer } from './assets.ts';
import { removalAnswer } from './folders.ts';

const area = 'collections';

function collectionAnswer(written: Written<CollectionView>): Answer {
  const answer = writtenAnswer(written, ({ id }) => `/v1/collections/${id}`);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

const createCollection = route({
  method: 'POST',
  path: '/v1/collections',
  operation: 'createCollection',
  area,
  summary: 'Make a collection',
  description:
    'Assets carry its key in `collections`, as uploads, patches, pushed states and reports may write it themselves: those that carry it already are in it at once.',
  scope: 'assets:write',
  idempotent: true,
  body: collectionInputSchema,
  answers: { 201: { description: 'The collection', schema: collectionSchema, headers: ['ETag'] } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body, idempotency }, { app }) {
    return collectionAnswer(await app.collections.create(caller, body, idempotency));
  },
});

const listCollections = route({
  method: 'GET',
  path: '/v1/collections',
  operation: 'listCollections',
  area,
  summary: 'List collections, newest first',
  scope: 'assets:read',
  grantable: true,
  query: collectionListQuery,
  answers: { 200: { description: 'A page of collections', schema: pageOf(collectionSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.collections.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getCollection = route({
  method: 'GET',
  path: '/v1/collections/{reference}',
  operation: 'getCollection',
  area,
  summary: 'Show a collection, and how many assets are in it',
  scope: 'assets:read',
  grantable: true,
  params: collectionReference,
  answers: { 200: { description: 'The collection', schema: collectionSchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    const collection = await app.collections.get(caller, params.reference);
    return { status: 200, json: collection, headers: { etag: versionTag(collection.version) } };
  },
});

const updateCollection = route({
  method: 'PATCH',
  path: '/v1/collections/{reference}',
  operation: 'updateCollection',
  area,
  summary: 'Rename or describe a collection',
  description: 'The key stays, so no asset changes; told as `collection.changed`.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: collectionReference,
  body: collectionPatchSchema,
  answers: { 200: { description: 'The collection', schema: collectionSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return collectionAnswer(await app.collections.update(caller, params.reference, { ...patch, ...options }));
  },
});

const deleteCollection = route({
  method: 'DELETE',
  path: '/v1/collections/{reference}',
  operation: 'deleteCollection',
  area,
  summary: 'Delete a collection',
  description: 'The assets stay. Where there are any, it is taken off them by a task (202), one change each.',
  scope: 'assets:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: collectionReference,
  answers: {
    202: { description: 'Deleted; its assets follow by a task', schema: startedSchema },
    204: { description: 'Deleted: no asset was in it' },
  },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, idempotency, request }, { app }) {
    return removalAnswer(
      await app.collections.remove(caller, params.reference, writeOptionsOf({ request, idempotency })),
    );
  },
});

const listCollectionAssets = route({
  method: 'GET',
  path: '/v1/collections/{reference}/assets',
  operation: 'listCollectionAssets',
  area,
  summary: 'List the assets of a collection, oldest first',
  scope: 'assets:read',
  grantable: true,
  params: collectionReference,
  query: memberListQuery,
  answers: { 200: { description: 'A page of assets', schema: pageOf(assetViewSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, params, query }, { app }) {
    return ok(shownPage(await app.collections.assets(caller, params.reference, { ...query, ...pageOptions(query) })));
  },
});

const changeCollectionAssets = route({
  method: 'POST',
  path: '/v1/collections/{reference}/assets',
  operation: 'changeCollectionAssets',
  area,
  summary: 'Put assets into a collection and take others out, up to 1,000 at once',
  description:
    'Each asset on its own: one `asset.collections_changed` for each that changes, and one `collection.changed` that names them. What one is refused for is in its result.',
  scope: 'assets:write',
  grantable: true,
  params: collectionReference,
  items: ({ body: { add = [], remove = [] } }) => Math.max(1, add.length + remove.length),
  body: membersSchema,
  answers: { 200: { description: 'What came of each asset', schema: memberResultsSchema } },
  errors: ['conflict'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.collections.change(caller, params.reference, body));
  },
});

export const collectionRoutes: readonly Route[] = [
  createCollection,
  listCollections,
  getCollection,
  updateCollection,
  deleteCollection,
  listCollectionAssets,
  changeCollectionAssets,
];

/** Deletion, and the trash: what lies there, back out of it, and for good. */
import type { Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { object } from '../schema.ts';
import { assetReference, assetViewSchema } from '../schemas/asset.ts';
import {
  deleteQuery,
  restoreSchema,
  trashedAssetSchema,
  trashListQuery,
  trashReference,
  trashUsageSchema,
} from '../schemas/asset-life.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { assetAnswer, emptyAnswer, writeOptionsOf } from './assets.ts';

const area = 'trash';

const deleteAsset = route({
  method: 'DELETE',
  path: '/v1/assets/{reference}',
  operation: 'deleteAsset',
  area: 'assets',
  summary: 'Delete an asset: it goes into the trash',
  description:
    'For receivers it is deleted (`asset.deleted`): its id and the links to it in payloads answer 410, its external id and aliases are free again. ' +
    'It can be brought back for as many days as the workspace says (`trashDays`, 30 by default): `POST /v1/trash/{reference}/restore`. ' +
    'With `permanently=true` it is deleted for good at once, as is one that lies in the trash already.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  query: deleteQuery,
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict', 'precondition_failed', 'gone', 'checked_out'],
  async handle({ caller, params, query, idempotency, request }, { app }) {
    const options = { ...query, ...writeOptionsOf({ request, idempotency }) };
    return emptyAnswer(await app.assets.remove(caller, params.reference, options));
  },
});

const listTrash = route({
  method: 'GET',
  path: '/v1/trash',
  operation: 'listTrash',
  area,
  summary: 'List the assets in the trash, last deleted first',
  scope: 'assets:read',
  grantable: true,
  query: trashListQuery,
  answers: { 200: { description: 'A page of deleted assets', schema: pageOf(trashedAssetSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.trash.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const emptyTrash = route({
  method: 'DELETE',
  path: '/v1/trash',
  operation: 'emptyTrash',
  area,
  summary: 'Delete everything in the trash for good',
  description:
    'What lies there now, in steps, some time after the answer; `GET /v1/trash/usage` shows how much is left. Nobody is told: for receivers it was deleted before. It is in the audit log.',
  scope: 'assets:write',
  idempotent: true,
  answers: { 202: { description: 'It will be', schema: object({}) } },
  async handle({ caller, idempotency }, { app }) {
    const { status, body } = await app.trash.empty(caller, idempotency === undefined ? {} : { idempotency });
    return { status, json: body };
  },
});

const getTrashUsage = route({
  method: 'GET',
  path: '/v1/trash/usage',
  operation: 'getTrashUsage',
  area,
  summary: 'How much lies in the trash',
  scope: 'assets:read',
  answers: { 200: { description: 'Assets and bytes', schema: trashUsageSchema } },
  async handle({ caller }, { app }) {
    return ok(await app.trash.usage(caller));
  },
});

const getTrashed = route({
  method: 'GET',
  path: '/v1/trash/{reference}',
  operation: 'getTrashedAsset',
  area,
  summary: 'Show an asset in the trash',
  scope: 'assets:read',
  grantable: true,
  params: trashReference,
  answers: { 200: { description: 'The asset as it was', schema: trashedAssetSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.trash.get(caller, params.reference));
  },
});

const restoreAsset = route({
  method: 'POST',
  path: '/v1/trash/{reference}/restore',
  operation: 'restoreAsset',
  area,
  summary: 'Bring an asset back out of the trash',
  description:
    'With its id, versions, history and everything that was known of it; told as `asset.rescued`. Where its external id or an alias belongs to another asset by now it is refused with 409: send others, or null.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  params: trashReference,
  body: restoreSchema,
  bodyOptional: true,
  answers: { 200: { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } },
  errors: ['already_exists', 'alias_taken', 'conflict'],
  async handle({ caller, params, body, idempotency }, { app }) {
    const options = idempotency === undefined ? {} : { idempotency };
    return assetAnswer(await app.trash.restore(caller, params.reference, { ...body, ...options }));
  },
});

const deleteTrashed = route({
  method: 'DELETE',
  path: '/v1/trash/{reference}',
  operation: 'deleteTrashedAsset',
  area,
  summary: 'Delete an asset in the trash for good',
  description: 'Its bytes are removed soon after, unless another asset holds the same. It is in the audit log.',
  scope: 'assets:write',
  idempotent: true,
  params: trashReference,
  answers: { 204: { description: 'Deleted for good' } },
  async handle({ caller, params, idempotency }, { app }) {
    return emptyAnswer(
      await app.trash.remove(caller, params.reference, idempotency === undefined ? {} : { idempotency }),
    );
  },
});

export const trashRoutes: readonly Route[] = [
  deleteAsset,
  listTrash,
  emptyTrash,
  getTrashUsage,
  getTrashed,
  restoreAsset,
  deleteTrashed,
];

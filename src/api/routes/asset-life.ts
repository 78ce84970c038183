/** Copies, promoted versions, check-out and check-in. */
import type { IncomingMessage } from 'node:http';
import { AssetwireError } from '../../core/errors.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import type { Route } from '../route.ts';
import { route } from '../route.ts';
import { assetReference, assetViewSchema, versionInputSchema, versionReference } from '../schemas/asset.ts';
import { copySchema } from '../schemas/asset-life.ts';
import { takeUpload, uploadErrors, uploadForm } from '../uploaded-file.ts';
import { assetAnswer, writeOptionsOf } from './assets.ts';

const area = 'assets';
const changed = { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } as const;

const copyAsset = route({
  method: 'POST',
  path: '/v1/assets/{reference}/copy',
  operation: 'copyAsset',
  area,
  summary: 'Copy an asset',
  description:
    'A new asset with the same bytes, which take no room a second time; told as `asset.copied`. It has one version: the active one of the original, or the one that `fromVersion` names. ' +
    'External id, aliases, check-out and archive do not come along; the dates of publication and expiry always do.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  body: copySchema,
  bodyOptional: true,
  answers: { 201: { ...changed, description: 'The copy' } },
  errors: ['conflict', 'precondition_failed', 'gone', 'already_exists', 'limit_reached', 'quota_exceeded'],
  async handle({ caller, params, body, ...call }, { app }) {
    return assetAnswer(await app.assets.copy(caller, params.reference, { ...body, ...writeOptionsOf(call) }));
  },
});

const promoteVersion = route({
  method: 'POST',
  path: '/v1/assets/{reference}/versions/{number}/promote',
  operation: 'promoteAssetVersion',
  area,
  summary: 'Take an older version up again, as a further one',
  description:
    'Its file becomes a new version, with a number of its own and `promotedFrom`, and is active; told as `asset.promoted`. To make the older version itself active, activate it. Nothing happens where it is active.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: versionReference,
  answers: { 200: changed },
  errors: ['conflict', 'precondition_failed', 'gone', 'checked_out', 'limit_reached'],
  async handle({ caller, params, ...call }, { app }) {
    const version = { reference: params.reference, number: Number(params.number) };
    return assetAnswer(await app.assets.promoteVersion(caller, version, writeOptionsOf(call)));
  },
});

const checkOut = route({
  method: 'POST',
  path: '/v1/assets/{reference}/checkout',
  operation: 'checkOutAsset',
  area,
  summary: 'Check an asset out: nobody else may touch its file',
  description:
    'Until it is checked in, others get 409 `checked_out` for further versions, activating, promoting and deleting versions, renaming, moving and deleting. What is said about the asset anybody may change. Nothing happens where the caller has it already.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  answers: { 200: changed },
  errors: ['conflict', 'precondition_failed', 'gone', 'checked_out'],
  async handle({ caller, params, ...call }, { app }) {
    return assetAnswer(await app.assets.checkOut(caller, params.reference, writeOptionsOf(call)));
  },
});

const checkIn = route({
  method: 'POST',
  path: '/v1/assets/{reference}/checkin',
  operation: 'checkInAsset',
  area,
  summary: 'Check an asset in, with a further version or without',
  description:
    'Without a body it only ends the check-out. With a multipart form as for a further version, the file becomes one in the same write. Only whoever has checked it out can check it in.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  upload: uploadForm(versionInputSchema),
  bodyOptional: true,
  answers: { 200: changed },
  errors: [
    ...uploadErrors,
    'conflict',
    'precondition_failed',
    'gone',
    'checked_out',
    'not_checked_out',
    'limit_reached',
  ],
  async handle({ caller, params: { reference }, request }, services) {
    const { assets } = services.app;
    if (hasNoBody(request)) {
      const key = idempotencyKeyOf(request);
      const idempotency =
        key === undefined ? undefined : { key, fingerprint: fingerprintOf('checkInAsset', `${reference}\n`, '') };
      return assetAnswer(await assets.checkIn(caller, reference, writeOptionsOf({ request, idempotency })));
    }
    return takeUpload(request, services, {
      operation: 'checkInAsset',
      parameters: `${reference}\n`,
      schema: versionInputSchema,
      take: async ({ input, file, idempotency }) =>
        assetAnswer(
          await assets.checkIn(caller, reference, { ...input, file, ...writeOptionsOf({ request, idempotency }) }),
        ),
    });
  },
});

function hasNoBody({ headers }: IncomingMessage): boolean {
  const declared = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  if (declared || headers['content-type']?.startsWith('multipart/') !== true) return !declared;
  throw new AssetwireError('upload_incomplete', { detail: 'Send the form that Content-Type announces: it is empty' });
}

const undoCheckOut = route({
  method: 'POST',
  path: '/v1/assets/{reference}/undo-checkout',
  operation: 'undoCheckOutOfAsset',
  area,
  summary: 'Undo a check-out: nothing was handed in',
  description:
    "One's own; somebody else's with an admin key or the scope `settings:write`. Told as `asset.checkout_undone`.",
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  answers: { 200: changed },
  errors: ['conflict', 'precondition_failed', 'gone', 'checked_out', 'not_checked_out'],
  async handle({ caller, params, ...call }, { app }) {
    return assetAnswer(await app.assets.undoCheckOut(caller, params.reference, writeOptionsOf(call)));
  },
});

export const assetLifeRoutes: readonly Route[] = [copyAsset, promoteVersion, checkOut, checkIn, undoCheckOut];

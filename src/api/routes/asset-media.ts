import type { Route } from '../route.ts';
import { route } from '../route.ts';
import { assetReference, assetViewSchema, clipInputSchema } from '../schemas/asset.ts';
import { assetAnswer, writeOptionsOf } from './assets.ts';

const area = 'assets';

const clipAsset = route({
  method: 'POST',
  path: '/v1/assets/{reference}/clips',
  operation: 'clipAsset',
  area,
  summary: 'Cut a stretch out of a film or of sound, as an asset of its own',
  description:
    'The asset is there at once with `clipOf` and without a file (`asset.created`); the clip is cut behind it, to the frame, and comes with ' +
    '`asset.ready`: as MP4 (M4A of sound), or `inspection` says `failed` with a note. Info and metadata are those of the film. ' +
    'Needs `ffmpeg` on the server: `films` in `/v1/settings` says whether there is one. 10 minutes at most.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  body: clipInputSchema,
  answers: { 201: { description: 'The asset that the clip will be', schema: assetViewSchema, headers: ['ETag'] } },
  errors: [
    'not_a_film',
    'films_unavailable',
    'content_unavailable',
    'content_withheld',
    'conflict',
    'precondition_failed',
    'gone',
    'quota_exceeded',
  ],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const options = writeOptionsOf({ request, idempotency });
    return assetAnswer(await app.assets.clip(caller, params.reference, { ...body, ...options }));
  },
});

const inspectAsset = route({
  method: 'POST',
  path: '/v1/assets/{reference}/inspect',
  operation: 'inspectAsset',
  area,
  summary: 'Look into the active file of an asset again, and make its renditions anew',
  description:
    'For files that could not be read at their time, and after an update of the server that reads more. What is found is told as a change ' +
    'of information, new renditions as `asset.renditions_made`; where nothing changed nobody is told.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  answers: { 202: { description: 'The asset as it is now', schema: assetViewSchema, headers: ['ETag'] } },
  errors: ['content_unavailable', 'content_withheld', 'conflict', 'precondition_failed', 'gone'],
  async handle({ caller, params, ...call }, { app }) {
    return assetAnswer(await app.assets.inspect(caller, params.reference, writeOptionsOf(call)));
  },
});

export const assetMediaRoutes: readonly Route[] = [clipAsset, inspectAsset];

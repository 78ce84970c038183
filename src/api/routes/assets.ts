import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Answer, Route } from '../route.ts';
import { noContent, ok, route } from '../route.ts';
import { contentAnswer, readRange } from '../content-answer.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { readJson } from '../json-body.ts';
import { readUpload, type Upload } from '../multipart-upload.ts';
import { invalidRequest } from '../problem.ts';
import { object, optional, raw, string } from '../schema.ts';
import {
  assetInputSchema,
  assetPatchSchema,
  assetPushedSchema,
  assetPushSchema,
  assetReference,
  assetViewSchema,
} from '../schemas/asset.ts';
import { cursor, limit, line, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { problemsOf } from '../validation.ts';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { AssetInput, Written } from '../../app/app.ts';
import { replayedHeader } from './changes.ts';

const area = 'assets';

const uploadAsset = route({
  method: 'POST',
  path: '/v1/assets',
  operation: 'uploadAsset',
  area,
  summary: 'Upload a file as a new asset',
  description:
    'A multipart form: the optional part `asset` with JSON comes first, then the part `file`. Answered when the bytes are on disk.',
  scope: 'assets:write',
  idempotent: true,
  upload: {
    contentType: 'multipart/form-data',
    schema: raw({
      type: 'object',
      required: ['file'],
      properties: { asset: assetInputSchema, file: { type: 'string', format: 'binary' } },
    }),
  },
  answers: { 201: { description: 'The asset', schema: assetViewSchema } },
  errors: [
    'upload_incomplete',
    'upload_too_large',
    'upload_malformed',
    'unsupported_media_type',
    'already_exists',
    'conflict',
  ],
  async handle({ caller, request }, { app, settings, bodies }) {
    const key = idempotencyKeyOf(request);
    const upload = await readUpload(request, { bytesMax: settings.uploadBytesMax, bodies });
    try {
      const input = readAssetPart(upload.asset);
      const idempotency = key === undefined ? undefined : { key, fingerprint: uploadFingerprint(request, upload) };
      const written = await app.assets.upload(caller, input, upload.file, idempotency);
      // A repeated upload is answered without its bytes; they are let pass, for an answer in their midst would be lost.
      await readToEnd(upload.file.content);
      return writtenAnswer(written, (asset) => `/v1/assets/${asset.id}`);
    } catch (error) {
      // What went wrong on the way in says more than what it led to further on.
      const cause = upload.file.content.errored;
      upload.file.content.destroy();
      throw cause instanceof AssetwireError ? cause : error;
    }
  },
});

function readToEnd(stream: Readable): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on('close', () => resolve());
    stream.resume();
  });
}

/**
 * What makes an upload the same one again. The bytes cannot be part of it: they are still to come when it is needed. The
 * length stands in for them, so that another file under the same name is told apart in all but the rarest case.
 */
function uploadFingerprint({ headers }: IncomingMessage, { asset, file }: Upload): string {
  return fingerprintOf('uploadAsset', `${file.name}\n${headers['content-length'] ?? ''}`, asset ?? '');
}

function readAssetPart(text: string | undefined): AssetInput {
  if (text === undefined) return {};
  const value = readJson(Buffer.from(text), limits);
  const problems = problemsOf(assetInputSchema, value);
  if (problems.length > 0) throw invalidRequest(problems, 'the part "asset"');
  return value as AssetInput;
}

/** 201 with its place where something was made, else the status of the use case. */
export function writtenAnswer<Body>(written: Written<Body>, location: (body: Body) => string): Answer {
  return {
    status: written.status,
    json: written.body,
    headers: {
      ...(written.status === 201 ? { location: location(written.body) } : {}),
      ...(written.replayed === true ? replayedHeader : {}),
    },
  };
}

const pushAsset = route({
  method: 'PUT',
  path: '/v1/assets/{reference}',
  operation: 'pushAsset',
  area,
  summary: "Tell an asset's full present state; what changed is computed",
  scope: 'assets:write',
  idempotent: true,
  params: assetReference,
  body: assetPushSchema,
  answers: {
    200: { description: 'The asset, and what came of it', schema: assetPushedSchema },
    201: { description: 'The asset, which was not known before', schema: assetPushedSchema },
  },
  errors: ['conflict', 'stale_source_version', 'already_exists'],
  async handle({ caller, params, body, idempotency }, { app }) {
    return writtenAnswer(
      await app.assets.push(caller, params.reference, body, idempotency),
      (asset) => `/v1/assets/${asset.id}`,
    );
  },
});

const listAssets = route({
  method: 'GET',
  path: '/v1/assets',
  operation: 'listAssets',
  area,
  summary: 'List assets, newest first',
  scope: 'assets:read',
  query: object({ limit: optional(limit), cursor: optional(cursor), externalId: optional(line(300)) }),
  answers: { 200: { description: 'A page of assets', schema: pageOf(assetViewSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { externalId } = query;
    return ok(
      shownPage(
        await app.assets.list(caller, { ...pageOptions(query), ...(externalId === undefined ? {} : { externalId }) }),
      ),
    );
  },
});

const getAsset = route({
  method: 'GET',
  path: '/v1/assets/{reference}',
  operation: 'getAsset',
  area,
  summary: 'Show an asset',
  scope: 'assets:read',
  params: assetReference,
  answers: { 200: { description: 'The asset', schema: assetViewSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.assets.get(caller, params.reference));
  },
});

const patchAsset = route({
  method: 'PATCH',
  path: '/v1/assets/{reference}',
  operation: 'patchAsset',
  area,
  summary: 'Change an asset: name, path, info, metadata, tags, labels, collections, archived, focus point',
  description: 'What is absent stays; `info` and `metadata` are merged by field, null removes one.',
  scope: 'assets:write',
  idempotent: true,
  params: assetReference,
  body: assetPatchSchema,
  answers: { 200: { description: 'The asset', schema: assetViewSchema } },
  errors: ['conflict'],
  async handle({ caller, params, body, idempotency }, { app }) {
    const { expectedVersion, ...patch } = body;
    return writtenAnswer(
      await app.assets.patch(caller, params.reference, patch, expectedVersion, idempotency),
      (asset) => `/v1/assets/${asset.id}`,
    );
  },
});

const deleteAsset = route({
  method: 'DELETE',
  path: '/v1/assets/{reference}',
  operation: 'deleteAsset',
  area,
  summary: 'Delete an asset',
  scope: 'assets:write',
  params: assetReference,
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    await app.assets.remove(caller, params.reference);
    return noContent;
  },
});

const content = {
  description: 'The bytes',
  contentType: '*/*',
  schema: string(),
  headers: ['ETag', 'ContentDisposition'],
} as const;

const getAssetContent = route({
  method: 'GET',
  path: '/v1/assets/{reference}/content',
  operation: 'getAssetContent',
  area,
  summary: 'Download the content of an asset',
  description: 'One range may be asked for. Everything but plain pictures, video and sound comes as an attachment.',
  scope: 'assets:read',
  params: assetReference,
  requestHeaders: ['Range'],
  answers: {
    200: content,
    206: { ...content, description: 'The range of the bytes', headers: [...content.headers, 'ContentRange'] },
  },
  errors: ['content_unavailable', 'range_not_satisfiable'],
  async handle({ caller, params, request }, { app }) {
    const whole = await app.assets.content(caller, params.reference);
    if (request.headers.range === undefined) return contentAnswer(whole, undefined, false);
    // How long the content is, and so whether the range fits, is known only now.
    whole.stream.destroy();
    const range = readRange(request.headers.range, whole.bytes);
    const part = await app.assets.content(caller, params.reference, range);
    return contentAnswer({ ...part, bytes: whole.bytes }, range, false);
  },
});

const getLinkedContent = route({
  method: 'GET',
  path: '/content/{token}',
  operation: 'getLinkedContent',
  area,
  summary: 'Download what a link in a payload stands for',
  scope: 'open',
  params: object({ token: string({ minLength: 1, maxLength: 1_024, pattern: '^[\\w.~-]+$' }) }),
  answers: { 200: content },
  errors: ['content_unavailable'],
  async handle({ params }, { app }) {
    return contentAnswer(await app.assets.linked(params.token), undefined, true);
  },
});

export const assetRoutes: readonly Route[] = [
  uploadAsset,
  pushAsset,
  listAssets,
  getAsset,
  patchAsset,
  deleteAsset,
  getAssetContent,
  getLinkedContent,
];

import type { Answer, Call, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { servedContent } from '../content-answer.ts';
import { ifMatchOf, versionTag } from '../if-match.ts';
import { array, object, oneOf, optional, string } from '../schema.ts';
import {
  assetInputSchema,
  assetPatchSchema,
  assetPushedSchema,
  assetPushSchema,
  assetReference,
  assetViewSchema,
} from '../schemas/asset.ts';
import { assetListPage, assetListQuery } from '../schemas/asset-list.ts';
import { cursor, limit, pageOf, pageOptions, shownPage, timeMs } from '../schemas/basics.ts';
import { changeSchema } from '../schemas/change.ts';
import { takeUpload, uploadErrors, uploadForm } from '../uploaded-file.ts';
import { changeKinds } from '../../core/change.ts';
import type { AssetView, AssetWriteOptions, Written } from '../../app/app.ts';
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
  grantable: true,
  idempotent: true,
  upload: uploadForm(assetInputSchema),
  answers: { 201: { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } },
  errors: [...uploadErrors, 'already_exists', 'alias_taken', 'conflict', 'limit_reached'],
  async handle({ caller, request }, services) {
    return takeUpload(request, services, {
      operation: 'uploadAsset',
      parameters: '',
      schema: assetInputSchema,
      take: async ({ input, file, idempotency }) =>
        assetAnswer(
          await services.app.assets.upload(caller, {
            ...input,
            file,
            ...(idempotency === undefined ? {} : { idempotency }),
          }),
        ),
    });
  },
});

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

/** As `writtenAnswer`, with the tag of the state that the write left. */
export function assetAnswer<View extends AssetView>(
  written: Written<View>,
  location: (asset: View) => string = ({ id }) => `/v1/assets/${id}`,
): Answer {
  const answer = writtenAnswer(written, location);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

/** What a write carries beside its content. */
export function writeOptionsOf({ request, idempotency }: Pick<Call, 'request' | 'idempotency'>): AssetWriteOptions {
  const expected = ifMatchOf(request);
  return {
    ...(expected === undefined ? {} : { expected }),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** Nothing to show; whether it was done just now or before. */
export function emptyAnswer({ status, replayed }: Written<unknown>): Answer {
  return { status, empty: true, ...(replayed === true ? { headers: replayedHeader } : {}) };
}

const pushAsset = route({
  method: 'PUT',
  path: '/v1/assets/{reference}',
  operation: 'pushAsset',
  area,
  summary: "Tell an asset's full present state; what changed is computed",
  description:
    'What is left out is empty, but for what is ours: the bytes we hold where no file is named, and dates, which null takes away. Metadata that does not fit the ' +
    'definitions is taken and told in `metadataProblems`, unless `/v1/metadata-rules` says `"fromElsewhere": "refuse"`.',
  scope: 'assets:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  body: assetPushSchema,
  answers: {
    200: { description: 'The asset, and what came of it', schema: assetPushedSchema, headers: ['ETag'] },
    201: { description: 'The asset, which was not known before', schema: assetPushedSchema, headers: ['ETag'] },
  },
  errors: [
    'conflict',
    'precondition_failed',
    'stale_source_version',
    'already_exists',
    'alias_taken',
    'gone',
    'limit_reached',
  ],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const options = writeOptionsOf({ request, idempotency });
    return assetAnswer(await app.assets.push(caller, params.reference, { ...body, ...options }));
  },
});

const listAssets = route({
  method: 'GET',
  path: '/v1/assets',
  operation: 'listAssets',
  area,
  summary: 'List or search assets',
  description:
    'Every filter that is given must hold, and `q` with them; docs/reference/search.md is the manual of its language. A page takes a ' +
    'bounded time: it may hold less than `limit`, even nothing, while `nextCursor` says that there is more. In the orders newest and ' +
    'oldest, assets that come, change or go meanwhile make no other one be skipped or shown twice.',
  scope: 'assets:read',
  grantable: true,
  query: assetListQuery,
  answers: { 200: { description: 'A page of assets', schema: assetListPage } },
  errors: ['invalid_cursor', 'invalid_search', 'search_too_broad', 'not_ready'],
  async handle({ caller, query }, { app }) {
    const { items, nextCursor, complete, total } = await app.assets.list(caller, { ...query, ...pageOptions(query) });
    return ok({ data: items, nextCursor, complete, ...(total === undefined ? {} : { total }) });
  },
});

const getAsset = route({
  method: 'GET',
  path: '/v1/assets/{reference}',
  operation: 'getAsset',
  area,
  summary: 'Show an asset',
  scope: 'assets:read',
  grantable: true,
  params: assetReference,
  answers: { 200: { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } },
  errors: ['gone'],
  async handle({ caller, params }, { app }) {
    const asset = await app.assets.get(caller, params.reference);
    return { status: 200, json: asset, headers: { etag: versionTag(asset.version) } };
  },
});

const patchAsset = route({
  method: 'PATCH',
  path: '/v1/assets/{reference}',
  operation: 'patchAsset',
  area,
  summary:
    'Change an asset: name, path, info, metadata, tags, labels, collections, archived, dates, aliases, focus point',
  description:
    'What is absent stays; `info` and `metadata` are merged by field, null removes one. Each kind of thing that changes is one change ' +
    '(renamed, moved, metadata changed …), all with the same before and after, told in a fixed order; where nothing changes nobody is told. ' +
    '`If-Match` refuses with 412 where somebody else was faster, `expectedVersion` with 409.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  body: assetPatchSchema,
  answers: { 200: { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed', 'gone', 'limit_reached', 'alias_taken', 'checked_out'],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    // Where both are given, If-Match counts.
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return assetAnswer(await app.assets.patch(caller, params.reference, { ...patch, ...options }));
  },
});

const assetChangeKinds = changeKinds.filter((kind) => kind.startsWith('asset.'));

const listAssetChanges = route({
  method: 'GET',
  path: '/v1/assets/{reference}/changes',
  operation: 'listAssetChanges',
  area,
  summary: 'What happened to an asset, newest first; after its deletion too',
  scope: 'assets:read',
  params: assetReference,
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    kinds: optional(
      array(oneOf(assetChangeKinds), {
        minItems: 1,
        maxItems: assetChangeKinds.length,
        description: 'Separated by commas',
      }),
    ),
    fromMs: optional(timeMs('Accepted then or later')),
    toMs: optional(timeMs('Accepted before')),
    order: optional(oneOf(['newest', 'oldest'])),
  }),
  answers: { 200: { description: 'A page of changes', schema: pageOf(changeSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, params, query }, { app }) {
    return ok(shownPage(await app.assets.changes(caller, params.reference, { ...query, ...pageOptions(query) })));
  },
});

export const contentOfFile = {
  description: 'The bytes',
  contentType: '*/*',
  schema: string(),
  headers: ['ETag', 'ContentDisposition'],
} as const;

/** What such a route looks at. */
export const contentHeaders = ['Range', 'If-Range', 'If-None-Match'] as const;

/** The answers of a route that gives bytes, whole or in part. */
export const contentAnswers = {
  200: contentOfFile,
  206: {
    ...contentOfFile,
    description: 'The range of the bytes',
    headers: [...contentOfFile.headers, 'ContentRange'],
  },
  304: { description: 'The caller has these very bytes', headers: ['ETag'] },
} as const;

const getAssetContent = route({
  method: 'GET',
  path: '/v1/assets/{reference}/content',
  operation: 'getAssetContent',
  area,
  summary: 'Download the content of an asset',
  description: 'One range may be asked for. Everything but plain pictures, video and sound comes as an attachment.',
  scope: 'assets:read',
  grantable: true,
  params: assetReference,
  requestHeaders: contentHeaders,
  answers: contentAnswers,
  errors: ['content_unavailable', 'content_withheld', 'range_not_satisfiable', 'gone'],
  handle({ caller, params, request }, { app }) {
    return servedContent(request, (wanted) => app.assets.content(caller, params.reference, wanted));
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
  description:
    'Opaque and signed: the link alone lets in, until the time it was made for, 30 days after the change it was sent with. One range may be ' +
    'asked for; it may be kept by the one who asks, who asks anew with `If-None-Match` each time. Once the asset is deleted it answers 410.',
  requestHeaders: contentHeaders,
  answers: contentAnswers,
  errors: ['content_unavailable', 'content_withheld', 'range_not_satisfiable', 'gone'],
  handle({ params, request }, { app }) {
    return servedContent(request, (wanted) => app.assets.linked(params.token, wanted), { crossOrigin: true });
  },
});

export const assetRoutes: readonly Route[] = [
  uploadAsset,
  pushAsset,
  listAssets,
  getAsset,
  patchAsset,
  listAssetChanges,
  getAssetContent,
  getLinkedContent,
];

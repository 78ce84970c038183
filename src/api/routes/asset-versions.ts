import type { Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { assetReference, assetViewSchema, versionInputSchema, versionReference } from '../schemas/asset.ts';
import { assetVersionSchema } from '../schemas/asset-state.ts';
import { pageOf, pageOptions, pageQuery, shownPage } from '../schemas/basics.ts';
import { takeUpload, uploadErrors, uploadForm } from '../uploaded-file.ts';
import type { VersionReference } from '../../app/app.ts';
import { servedContent } from '../content-answer.ts';
import { assetAnswer, contentAnswers, contentHeaders, writeOptionsOf } from './assets.ts';

const area = 'assets';
const changed = { description: 'The asset', schema: assetViewSchema, headers: ['ETag'] } as const;

/** Path parameters are texts. */
function versionOf({ reference, number }: { readonly reference: string; readonly number: string }): VersionReference {
  return { reference, number: Number(number) };
}

const addVersion = route({
  method: 'POST',
  path: '/v1/assets/{reference}/versions',
  operation: 'addAssetVersion',
  area,
  summary: 'Upload a file as a further version of an asset',
  description:
    'A multipart form as for a new asset: the optional part `asset` with JSON (`name`, `activate`), then the part `file`. It becomes the active ' +
    'version unless `activate` is false; what is found out about its file follows as a change of information. 100 versions at most.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: assetReference,
  upload: uploadForm(versionInputSchema),
  answers: { 201: changed },
  errors: [...uploadErrors, 'conflict', 'precondition_failed', 'gone', 'checked_out', 'limit_reached'],
  async handle({ caller, params, request }, services) {
    const { reference } = params;
    return takeUpload(request, services, {
      operation: 'addAssetVersion',
      parameters: `${reference}\n`,
      schema: versionInputSchema,
      take: async ({ input, file, idempotency }) =>
        assetAnswer(
          await services.app.assets.addVersion(caller, reference, {
            ...input,
            file,
            ...writeOptionsOf({ request, idempotency }),
          }),
          ({ id, state }) => `/v1/assets/${id}/versions/${state.versions.at(-1)?.number ?? 1}`,
        ),
    });
  },
});

const listVersions = route({
  method: 'GET',
  path: '/v1/assets/{reference}/versions',
  operation: 'listAssetVersions',
  area,
  summary: 'List the versions of an asset, oldest first',
  scope: 'assets:read',
  grantable: true,
  params: assetReference,
  query: pageQuery,
  answers: { 200: { description: 'A page of versions', schema: pageOf(assetVersionSchema) } },
  errors: ['invalid_cursor', 'gone'],
  async handle({ caller, params, query }, { app }) {
    return ok(shownPage(await app.assets.versions(caller, params.reference, pageOptions(query))));
  },
});

const getVersion = route({
  method: 'GET',
  path: '/v1/assets/{reference}/versions/{number}',
  operation: 'getAssetVersion',
  area,
  summary: 'Show a version of an asset',
  scope: 'assets:read',
  grantable: true,
  params: versionReference,
  answers: { 200: { description: 'The version', schema: assetVersionSchema } },
  errors: ['gone'],
  async handle({ caller, params }, { app }) {
    return ok(await app.assets.version(caller, versionOf(params)));
  },
});

const deleteVersion = route({
  method: 'DELETE',
  path: '/v1/assets/{reference}/versions/{number}',
  operation: 'deleteAssetVersion',
  area,
  summary: 'Delete a version of an asset; not the active one',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: versionReference,
  answers: { 200: changed },
  errors: ['conflict', 'precondition_failed', 'gone', 'active_version', 'checked_out'],
  async handle({ caller, params, ...call }, { app }) {
    return assetAnswer(await app.assets.removeVersion(caller, versionOf(params), writeOptionsOf(call)));
  },
});

const getVersionContent = route({
  method: 'GET',
  path: '/v1/assets/{reference}/versions/{number}/content',
  operation: 'getAssetVersionContent',
  area,
  summary: 'Download the content of a version',
  description: 'One range may be asked for.',
  scope: 'assets:read',
  grantable: true,
  params: versionReference,
  requestHeaders: contentHeaders,
  answers: contentAnswers,
  errors: ['content_unavailable', 'content_withheld', 'range_not_satisfiable', 'gone'],
  handle({ caller, params, request }, { app }) {
    return servedContent(request, (wanted) => app.assets.versionContent(caller, versionOf(params), wanted));
  },
});

const activateVersion = route({
  method: 'POST',
  path: '/v1/assets/{reference}/versions/{number}/activate',
  operation: 'activateAssetVersion',
  area,
  summary: 'Make a version the active one; nothing happens where it is',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: versionReference,
  answers: { 200: changed },
  errors: ['conflict', 'precondition_failed', 'gone', 'checked_out'],
  async handle({ caller, params, ...call }, { app }) {
    return assetAnswer(await app.assets.activateVersion(caller, versionOf(params), writeOptionsOf(call)));
  },
});

export const assetVersionRoutes: readonly Route[] = [
  addVersion,
  listVersions,
  getVersion,
  deleteVersion,
  getVersionContent,
  activateVersion,
];

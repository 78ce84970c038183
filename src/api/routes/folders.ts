import type { Answer, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  changedFolderSchema,
  folderInputSchema,
  folderListQuery,
  folderPatchSchema,
  folderReference,
  folderRemovalQuery,
  folderSchema,
  startedSchema,
} from '../schemas/folder.ts';
import { versionTag } from '../if-match.ts';
import type { Written } from '../../app/app.ts';
import { emptyAnswer, writeOptionsOf, writtenAnswer } from './assets.ts';

const area = 'folders';

/** With the tag of the state that the write left. */
function folderAnswer<View extends { readonly id: string; readonly version: number }>(written: Written<View>): Answer {
  const answer = writtenAnswer(written, ({ id }) => `/v1/folders/${id}`);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

const createFolder = route({
  method: 'POST',
  path: '/v1/folders',
  operation: 'createFolder',
  area,
  summary: 'Make a folder, with those on the way to it',
  description:
    'Folders come into being by themselves too, as soon as an asset lies in them; nobody is told of those. Each one that this makes is told as `folder.created`.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  body: folderInputSchema,
  answers: { 201: { description: 'The folder', schema: folderSchema, headers: ['ETag'] } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body, idempotency }, { app }) {
    return folderAnswer(await app.folders.create(caller, body, idempotency));
  },
});

const listFolders = route({
  method: 'GET',
  path: '/v1/folders',
  operation: 'listFolders',
  area,
  summary: 'List the folders in a folder, or all below it',
  description:
    'By name; with `below` those of one folder together, those above first. Who only holds grants sees, above what they cover, the folders that are granted.',
  scope: 'assets:read',
  grantable: true,
  query: folderListQuery,
  answers: { 200: { description: 'A page of folders', schema: pageOf(folderSchema) } },
  errors: ['invalid_cursor', 'not_found'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.folders.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getFolder = route({
  method: 'GET',
  path: '/v1/folders/{reference}',
  operation: 'getFolder',
  area,
  summary: 'Show a folder, and how much lies directly in it',
  scope: 'assets:read',
  grantable: true,
  params: folderReference,
  answers: { 200: { description: 'The folder', schema: folderSchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    const folder = await app.folders.get(caller, params.reference);
    return { status: 200, json: folder, headers: { etag: versionTag(folder.version) } };
  },
});

const updateFolder = route({
  method: 'PATCH',
  path: '/v1/folders/{reference}',
  operation: 'updateFolder',
  area,
  summary: 'Rename, move or describe a folder',
  description:
    'Renamed or moved, all that lies in it goes along: one `asset.moved` for each asset, `folder.renamed` or `folder.moved` for the folder and `folder.moved` ' +
    'for each one in it. Up to 1,000 assets it is one commit (200); with more the folders have their new paths at once and the assets follow by a task (202). ' +
    'The old path is free from then on. Grants on the folder and share links of it go along; filters of webhooks go by path and stay.',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: folderReference,
  body: folderPatchSchema,
  answers: {
    200: { description: 'The folder', schema: changedFolderSchema, headers: ['ETag'] },
    202: {
      description: 'The folder, and the task that its assets follow by',
      schema: changedFolderSchema,
      headers: ['ETag'],
    },
  },
  errors: [
    'already_exists',
    'folder_into_itself',
    'folder_busy',
    'limit_reached',
    'forbidden',
    'conflict',
    'precondition_failed',
  ],
  async handle({ caller, params, body, idempotency, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return folderAnswer(await app.folders.update(caller, params.reference, { ...patch, ...options }));
  },
});

const deleteFolder = route({
  method: 'DELETE',
  path: '/v1/folders/{reference}',
  operation: 'deleteFolder',
  area,
  summary: 'Remove a folder with all folders in it',
  description:
    'Where something lies in it, say what becomes of that: `contents=delete` deletes the assets as `DELETE /v1/assets/{id}` does (into the trash, where the workspace has one), ' +
    '`contents=move` takes everything to another folder as it lies. Up to 1,000 assets it is one commit (204); with more the folders are gone at once and the assets follow by a task (202).',
  scope: 'assets:write',
  grantable: true,
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: folderReference,
  query: folderRemovalQuery,
  answers: {
    202: { description: 'The folder is gone; its assets follow by a task', schema: startedSchema },
    204: { description: 'Removed' },
  },
  errors: [
    'folder_not_empty',
    'folder_into_itself',
    'folder_busy',
    'limit_reached',
    'forbidden',
    'conflict',
    'precondition_failed',
  ],
  async handle({ caller, params, query, idempotency, request }, { app }) {
    const options = writeOptionsOf({ request, idempotency });
    return removalAnswer(await app.folders.remove(caller, params.reference, { ...query, ...options }));
  },
});

/** 204 where it is done, 202 with the task where it goes on. */
export function removalAnswer(written: Written<object>): Answer {
  return written.status === 204 ? emptyAnswer(written) : writtenAnswer(written, () => '');
}

export const folderRoutes: readonly Route[] = [createFolder, listFolders, getFolder, updateFolder, deleteFolder];

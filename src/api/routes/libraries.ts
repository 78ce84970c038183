import type { LibraryView } from '../../app/app.ts';
import { versionTag } from '../if-match.ts';
import { type Answer, noContent, ok, type Route, route } from '../route.ts';
import { object } from '../schema.ts';
import { pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { libraryByKey, libraryInputSchema, libraryPatchSchema, librarySchema } from '../schemas/library.ts';
import { paging } from '../schemas/people.ts';
import { writeOptionsOf } from './assets.ts';

const area = 'libraries';

function shown(library: LibraryView, status = 200): Answer {
  const location = status === 201 ? { location: `/v1/libraries/${library.key}` } : {};
  return { status, json: library, headers: { etag: versionTag(library.version), ...location } };
}

const createLibrary = route({
  method: 'POST',
  path: '/v1/libraries',
  operation: 'createLibrary',
  area,
  summary: 'Make a library: one of the parts that the assets of a workspace are divided into',
  description:
    'An asset is in one library, whose key it carries as `library`. Access to a library is given by a grant; webhooks of dialects that know libraries (a Brandfolder is one) are about one of them.',
  scope: 'settings:write',
  body: libraryInputSchema,
  answers: { 201: { description: 'The library', schema: librarySchema, headers: ['ETag'] } },
  errors: ['already_exists', 'conflict', 'limit_reached'],
  async handle({ caller, body }, { app }) {
    return shown(await app.libraries.create(caller, body), 201);
  },
});

const listLibraries = route({
  method: 'GET',
  path: '/v1/libraries',
  operation: 'listLibraries',
  area,
  summary: 'List libraries: the built-in one, then the others, newest first',
  scope: 'assets:read',
  grantable: true,
  query: object(paging),
  answers: { 200: { description: 'A page of libraries', schema: pageOf(librarySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    return ok(shownPage(await app.libraries.list(caller, pageOptions(query))));
  },
});

const getLibrary = route({
  method: 'GET',
  path: '/v1/libraries/{key}',
  operation: 'getLibrary',
  area,
  summary: 'Show a library',
  scope: 'assets:read',
  grantable: true,
  params: libraryByKey,
  answers: { 200: { description: 'The library', schema: librarySchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    return shown(await app.libraries.get(caller, params.key));
  },
});

const updateLibrary = route({
  method: 'PATCH',
  path: '/v1/libraries/{key}',
  operation: 'updateLibrary',
  area,
  summary: 'Rename a library, describe it, or say which organization it belongs to',
  description: 'The key stays, so no asset changes. Webhooks go on telling the organization that they were made with.',
  scope: 'settings:write',
  requestHeaders: ['If-Match'],
  params: libraryByKey,
  body: libraryPatchSchema,
  answers: { 200: { description: 'The library', schema: librarySchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, body, request }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const { expected = said.expected } = writeOptionsOf({ request, idempotency: undefined });
    const options = expected === undefined ? {} : { expected };
    return shown(await app.libraries.update(caller, params.key, { ...patch, ...options }));
  },
});

const deleteLibrary = route({
  method: 'DELETE',
  path: '/v1/libraries/{key}',
  operation: 'deleteLibrary',
  area,
  summary: 'Delete a library',
  description:
    'Its assets stay and go on carrying the key; webhooks about it are switched off. The built-in one is refused.',
  scope: 'settings:write',
  requestHeaders: ['If-Match'],
  params: libraryByKey,
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, request }, { app }) {
    const { expected } = writeOptionsOf({ request, idempotency: undefined });
    await app.libraries.remove(caller, params.key, expected);
    return noContent;
  },
});

export const libraryRoutes: readonly Route[] = [createLibrary, listLibraries, getLibrary, updateLibrary, deleteLibrary];

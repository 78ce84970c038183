import { created, ok, type Route, route } from '../route.ts';
import { boolean, object, oneOf, optional } from '../schema.ts';
import { line, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { paging, quotaPatchSchema, workspaceId, workspaceSchema, workspaceStates } from '../schemas/people.ts';

const area = 'workspaces';
const byWorkspace = object({ id: workspaceId });

const createWorkspace = route({
  method: 'POST',
  path: '/v1/workspaces',
  operation: 'createWorkspace',
  area,
  summary: 'Make a workspace: a tenant of its own',
  scope: 'admin',
  body: object({ id: workspaceId, name: line(200), parent: optional(workspaceId) }),
  answers: { 201: { description: 'The workspace', schema: workspaceSchema } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body }, { app }) {
    return created(await app.workspaces.create(caller, body), `/v1/workspaces/${body.id}`);
  },
});

const listWorkspaces = route({
  method: 'GET',
  path: '/v1/workspaces',
  operation: 'listWorkspaces',
  area,
  summary: "List workspaces: all for an admin key, else the caller's own",
  scope: 'settings:read',
  query: object({
    ...paging,
    state: optional(oneOf(workspaceStates)),
    parent: optional({ ...workspaceId, description: 'Only the environments of this workspace' }),
  }),
  answers: { 200: { description: 'A page of workspaces', schema: pageOf(workspaceSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    return ok(shownPage(await app.workspaces.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getWorkspace = route({
  method: 'GET',
  path: '/v1/workspaces/{id}',
  operation: 'getWorkspace',
  area,
  summary: 'Show a workspace, what it holds and may, and how far its erasure is',
  scope: 'settings:read',
  params: byWorkspace,
  answers: { 200: { description: 'The workspace', schema: workspaceSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.workspaces.get(caller, params.id));
  },
});

const updateWorkspace = route({
  method: 'PATCH',
  path: '/v1/workspaces/{id}',
  operation: 'updateWorkspace',
  area,
  summary: 'Rename, disable or enable a workspace, or set its quota',
  description:
    'Disabled, its keys, users and sessions are refused within a second. Deliveries that are owed go on. Beyond its quota no file is taken in ' +
    '(quota_exceeded); metadata, changes and deliveries go on. Written to faster than `changesPerSecondMax` it is answered 429 with Retry-After.',
  scope: 'admin',
  params: byWorkspace,
  body: object({ name: optional(line(200)), disabled: optional(boolean()), quota: optional(quotaPatchSchema) }),
  answers: { 200: { description: 'The workspace', schema: workspaceSchema } },
  errors: ['conflict', 'workspace_protected'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.workspaces.update(caller, params.id, body));
  },
});

const eraseWorkspace = route({
  method: 'DELETE',
  path: '/v1/workspaces/{id}',
  operation: 'eraseWorkspace',
  area,
  summary: 'Erase a workspace with everything in it; cannot be undone',
  description:
    'Nobody is let in from now on and nothing more is sent. Rows and files go in the background; GET shows how far it is, and answers 404 once nothing is left. The workspace default stays.',
  scope: 'admin',
  params: byWorkspace,
  body: object({ confirm: workspaceId }),
  answers: { 202: { description: 'It has begun', schema: workspaceSchema } },
  errors: ['conflict', 'in_use', 'workspace_protected'],
  async handle({ caller, params, body }, { app }) {
    return { status: 202, json: await app.workspaces.erase(caller, params.id, body.confirm) };
  },
});

export const workspaceRoutes: readonly Route[] = [
  createWorkspace,
  listWorkspaces,
  getWorkspace,
  updateWorkspace,
  eraseWorkspace,
];

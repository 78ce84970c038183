import { created, noContent, ok, type Route, route } from '../route.ts';
import { object, oneOf, optional } from '../schema.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  createdUserSchema,
  email,
  linkSchema,
  paging,
  roleId,
  roleInputSchema,
  rolePatchSchema,
  roleSchema,
  userInputSchema,
  userPatchSchema,
  userSchema,
  userStates,
} from '../schemas/people.ts';

const users = 'users';

const createUser = route({
  method: 'POST',
  path: '/v1/users',
  operation: 'createUser',
  area: users,
  summary: 'Make a user; the answer holds the link behind which they set their password',
  description: 'Nobody gives a role that allows more than they may themselves. The link opens once, within 72 hours.',
  scope: 'keys:write',
  body: userInputSchema,
  answers: { 201: { description: 'The user', schema: createdUserSchema } },
  errors: ['already_exists', 'limit_reached', 'conflict'],
  async handle({ caller, body }, { app }) {
    const user = await app.users.create(caller, body);
    return created(user, `/v1/users/${user.id}`);
  },
});

const listUsers = route({
  method: 'GET',
  path: '/v1/users',
  operation: 'listUsers',
  area: users,
  summary: 'List users, newest first',
  scope: 'keys:read',
  query: object({
    ...paging,
    email: optional(email),
    role: optional(roleId),
    state: optional(oneOf(userStates)),
  }),
  answers: { 200: { description: 'A page of users', schema: pageOf(userSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const { limit: _, cursor: __, ...filter } = query;
    return ok(shownPage(await app.users.list(caller, { ...pageOptions(query), ...filter })));
  },
});

const getUser = route({
  method: 'GET',
  path: '/v1/users/{id}',
  operation: 'getUser',
  area: users,
  summary: 'Show a user',
  scope: 'keys:read',
  params: byId('user'),
  answers: { 200: { description: 'The user', schema: userSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.users.get(caller, params.id));
  },
});

const updateUser = route({
  method: 'PATCH',
  path: '/v1/users/{id}',
  operation: 'updateUser',
  area: users,
  summary: 'Rename a user, give other roles, disable or enable',
  description: 'What a session of theirs may do changes within a second. The last admin of a workspace stays one.',
  scope: 'keys:write',
  params: byId('user'),
  body: userPatchSchema,
  answers: { 200: { description: 'The user', schema: userSchema } },
  errors: ['already_exists', 'conflict', 'last_admin'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.users.update(caller, params.id, body));
  },
});

const deleteUser = route({
  method: 'DELETE',
  path: '/v1/users/{id}',
  operation: 'deleteUser',
  area: users,
  summary: 'Remove a user with sessions and grants',
  scope: 'keys:write',
  params: byId('user'),
  answers: { 204: { description: 'Removed' } },
  errors: ['conflict', 'last_admin'],
  async handle({ caller, params }, { app }) {
    await app.users.remove(caller, params.id);
    return noContent;
  },
});

const createPasswordLink = route({
  method: 'POST',
  path: '/v1/users/{id}/password-link',
  operation: 'createPasswordLink',
  area: users,
  summary: 'Make a new link for setting the password; an earlier one ends',
  scope: 'keys:write',
  params: byId('user'),
  answers: { 201: { description: 'The link', schema: linkSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return { status: 201, json: await app.users.issueLink(caller, params.id) };
  },
});

const roles = 'roles';
const byRole = object({ id: roleId });

const createRole = route({
  method: 'POST',
  path: '/v1/roles',
  operation: 'createRole',
  area: roles,
  summary: 'Make a role of some of your own scopes',
  scope: 'keys:write',
  body: roleInputSchema,
  answers: { 201: { description: 'The role', schema: roleSchema } },
  errors: ['already_exists', 'limit_reached', 'conflict'],
  async handle({ caller, body }, { app }) {
    return created(await app.roles.create(caller, body), `/v1/roles/${body.id}`);
  },
});

const listRoles = route({
  method: 'GET',
  path: '/v1/roles',
  operation: 'listRoles',
  area: roles,
  summary: "List roles: the built-in ones, then the workspace's own",
  description: 'The first page holds the four built-in roles beside its items.',
  scope: 'keys:read',
  query: object(paging),
  answers: { 200: { description: 'A page of roles', schema: pageOf(roleSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.roles.list(caller, pageOptions(query ?? {}))));
  },
});

const getRole = route({
  method: 'GET',
  path: '/v1/roles/{id}',
  operation: 'getRole',
  area: roles,
  summary: 'Show a role',
  scope: 'keys:read',
  params: byRole,
  answers: { 200: { description: 'The role', schema: roleSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.roles.get(caller, params.id));
  },
});

const updateRole = route({
  method: 'PATCH',
  path: '/v1/roles/{id}',
  operation: 'updateRole',
  area: roles,
  summary: "Change a role of the workspace's own; its users feel it within a second",
  scope: 'keys:write',
  params: byRole,
  body: rolePatchSchema,
  answers: { 200: { description: 'The role', schema: roleSchema } },
  errors: ['conflict'],
  async handle({ caller, params, body }, { app }) {
    return ok(await app.roles.update(caller, params.id, body));
  },
});

const deleteRole = route({
  method: 'DELETE',
  path: '/v1/roles/{id}',
  operation: 'deleteRole',
  area: roles,
  summary: 'Remove a role that nobody has',
  scope: 'keys:write',
  params: byRole,
  answers: { 204: { description: 'Removed' } },
  errors: ['conflict', 'in_use'],
  async handle({ caller, params }, { app }) {
    await app.roles.remove(caller, params.id);
    return noContent;
  },
});

export const userRoutes: readonly Route[] = [
  createUser,
  listUsers,
  getUser,
  updateUser,
  deleteUser,
  createPasswordLink,
  createRole,
  listRoles,
  getRole,
  updateRole,
  deleteRole,
];

import { AssetwireError } from '../../core/errors.ts';
import { type Admission, assertSameOrigin, cookieOf } from '../admission.ts';
import { created, noContent, ok, type Route, route } from '../route.ts';
import { object, optional, string } from '../schema.ts';
import { byId, line, pageOf, pageOptions, pageQuery, shownPage } from '../schemas/basics.ts';
import { callerSchema, createdKeySchema, keyInputSchema, keySchema, recordSchema } from '../schemas/operation.ts';
import type { Caller } from '../../app/app.ts';
import { sessionCookie, sessionCookieName } from '../session-cookie.ts';

const workspaces = 'workspaces';
const workspaceId = string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9-]+$' });

const createWorkspace = route({
  method: 'POST',
  path: '/v1/workspaces',
  operation: 'createWorkspace',
  area: workspaces,
  summary: 'Make a workspace: a tenant of its own',
  scope: 'admin',
  body: object({ id: workspaceId, name: line(200), parent: optional(workspaceId) }),
  answers: { 201: { description: 'The workspace', schema: recordSchema } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body }, { app }) {
    return created(await app.workspaces.create(caller, body), `/v1/workspaces/${body.id}`);
  },
});

const listWorkspaces = route({
  method: 'GET',
  path: '/v1/workspaces',
  operation: 'listWorkspaces',
  area: workspaces,
  summary: "List workspaces: all for an admin key, else the caller's own",
  scope: 'settings:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of workspaces', schema: pageOf(recordSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.workspaces.list(caller, pageOptions(query ?? {}))));
  },
});

const getWorkspace = route({
  method: 'GET',
  path: '/v1/workspaces/{id}',
  operation: 'getWorkspace',
  area: workspaces,
  summary: 'Show a workspace',
  scope: 'settings:read',
  params: object({ id: workspaceId }),
  answers: { 200: { description: 'The workspace', schema: recordSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.workspaces.get(caller, params.id));
  },
});

const keys = 'keys';

const createKey = route({
  method: 'POST',
  path: '/v1/keys',
  operation: 'createKey',
  area: keys,
  summary: 'Make a key with some of your own scopes',
  description: 'The key is shown in this answer only.',
  scope: 'keys:write',
  body: keyInputSchema,
  answers: { 201: { description: 'The key', schema: createdKeySchema } },
  errors: ['limit_reached', 'conflict'],
  async handle({ caller, body }, { app }) {
    const key = await app.keys.create(caller, body);
    return created(key, `/v1/keys/${key.id}`);
  },
});

const listKeys = route({
  method: 'GET',
  path: '/v1/keys',
  operation: 'listKeys',
  area: keys,
  summary: 'List keys, newest first; never the keys themselves',
  scope: 'keys:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of keys', schema: pageOf(keySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.keys.list(caller, pageOptions(query ?? {}))));
  },
});

const revokeKey = route({
  method: 'DELETE',
  path: '/v1/keys/{id}',
  operation: 'revokeKey',
  area: keys,
  summary: 'Revoke a key; within a second nothing takes it any more',
  scope: 'keys:write',
  params: byId('key'),
  answers: { 204: { description: 'Revoked' } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    await app.keys.revoke(caller, params.id);
    return noContent;
  },
});

const listAudit = route({
  method: 'GET',
  path: '/v1/audit',
  operation: 'listAudit',
  area: 'audit',
  summary: 'Who did what: administration, secrets, replays',
  scope: 'settings:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of entries', schema: pageOf(recordSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.operation.audit(caller, pageOptions(query ?? {}))));
  },
});

export const peopleRoutes: readonly Route[] = [
  createWorkspace,
  listWorkspaces,
  getWorkspace,
  createKey,
  listKeys,
  revokeKey,
  listAudit,
];

export type SessionRouteOptions = {
  readonly admission: Pick<Admission, 'assertNotGuessing' | 'failed'>;
  readonly https: boolean;
};

/** Sign-in for browsers. Made with what they need of the server instead of reaching for it through every call. */
export function createSessionRoutes({ admission, https }: SessionRouteOptions): readonly Route[] {
  const area = 'sessions';
  const cookieName = sessionCookieName(https);

  const createSession = route({
    method: 'POST',
    path: '/v1/sessions',
    operation: 'createSession',
    area,
    summary: 'Sign in with the one-time token of the terminal, or with a key; sets the session cookie',
    scope: 'open',
    body: object({
      token: optional(string({ minLength: 1, maxLength: 512 })),
      key: optional(string({ minLength: 1, maxLength: 512 })),
    }),
    answers: { 201: { description: 'Signed in', schema: callerSchema } },
    errors: ['unauthenticated', 'cross_site_request', 'too_many_requests'],
    async handle({ body, request }, { app, clock }) {
      // A browser that is made to sign in as somebody else would upload to that somebody's workspace.
      if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
        assertSameOrigin(request);
      const secret = body.token ?? body.key ?? '';
      admission.assertNotGuessing(request, secret);
      const session = secret === '' ? null : await app.sessions.create(body);
      if (session === null) {
        admission.failed(request);
        throw new AssetwireError('unauthenticated', {
          detail: 'Sign in with a token or key that is good: this one is not, or no longer',
          mend: 'A sign-in link works once and for an hour; starting the server prints a new one',
        });
      }
      const maxAgeSeconds = Math.max(0, Math.floor((session.expiresAtMs - clock.nowMs()) / 1_000));
      return {
        status: 201,
        json: { ...shownCaller(session.caller), expiresAtMs: session.expiresAtMs },
        headers: { 'set-cookie': sessionCookie(https, session.cookie, maxAgeSeconds) },
      };
    },
  });

  const currentSession = route({
    method: 'GET',
    path: '/v1/sessions/current',
    operation: 'getCurrentSession',
    area,
    summary: 'Who am I, where, and what may I do',
    scope: 'signed-in',
    answers: { 200: { description: 'The caller', schema: callerSchema } },
    handle: ({ caller }) => ok(shownCaller(caller)),
  });

  const deleteSession = route({
    method: 'DELETE',
    path: '/v1/sessions/current',
    operation: 'deleteCurrentSession',
    area,
    summary: 'Sign out',
    scope: 'signed-in',
    answers: { 204: { description: 'Signed out' } },
    async handle({ request }, { app }) {
      const cookie = cookieOf(request, cookieName);
      if (cookie !== undefined) await app.sessions.remove(cookie);
      return { ...noContent, headers: { 'set-cookie': sessionCookie(https, '', 0) } };
    },
  });

  return [createSession, currentSession, deleteSession];
}

function shownCaller({ workspaceId, actor, scopes, admin }: Caller): object {
  return { workspaceId, actor, scopes: [...scopes], admin };
}

/** Sign-in for browsers, and whose sessions there are. */
import type { Caller } from '../../app/app.ts';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { type Admission, assertSameOrigin, cookieOf } from '../admission.ts';
import { noContent, ok, type Route, route } from '../route.ts';
import { boolean, integer, named, object, optional, string } from '../schema.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { callerSchema } from '../schemas/operation.ts';
import { email, paging, password, sessionSchema, userSchema, workspaceId } from '../schemas/people.ts';
import { sessionCookie, sessionCookieName } from '../session-cookie.ts';

const area = 'sessions';
const secret = string({ minLength: 1, maxLength: 512 });
/** What is compared with a password may be anything that fits: that it cannot be one is not told apart. */
const anyPassword = string({ minLength: 1, maxLength: limits.passwordBytesMax });

const holder = string({
  pattern: '^(?:user|key):[a-z0-9_]{1,40}$',
  description: 'user:ID or key:ID',
  examples: ['user:terminal'],
});

export type SessionRouteOptions = {
  readonly admission: Pick<Admission, 'assertNotGuessing' | 'failed' | 'originOf'>;
  readonly https: boolean;
};

/** Made with what they need of the server instead of reaching for it through every call. */
export function createSessionRoutes(options: SessionRouteOptions): readonly Route[] {
  return [
    signIn(options),
    currentSession,
    signOut(options),
    changePassword(options),
    listSessions,
    revokeSessions,
    revokeSession,
    setPassword(options),
  ];
}

function signIn({ admission, https }: SessionRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/sessions',
    operation: 'createSession',
    area,
    summary: 'Sign in with e-mail and password, with the one-time token of the terminal, or with a key',
    description:
      'Sets the session cookie. workspace is needed only where the same address is a user of several. Whoever is wrong gets the same answer after the same time, and after ten times in a row 429 with Retry-After.',
    scope: 'open',
    body: object({
      token: optional(secret),
      key: optional(secret),
      email: optional(email),
      password: optional(anyPassword),
      workspace: optional(workspaceId),
    }),
    answers: { 201: { description: 'Signed in', schema: callerSchema } },
    errors: ['unauthenticated', 'cross_site_request', 'too_many_requests', 'workspace_disabled'],
    async handle({ body, request }, { app, clock }) {
      // A browser that is made to sign in as somebody else would upload to that somebody's workspace.
      if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
        assertSameOrigin(request);
      const brought =
        body.token ?? body.key ?? (body.email === undefined ? '' : `${body.email} ${body.password ?? ''}`);
      admission.assertNotGuessing(request, brought);
      const session = brought === '' ? null : await app.sessions.create(body, admission.originOf(request));
      if (session === null) {
        admission.failed(request);
        throw new AssetwireError('unauthenticated', {
          detail: 'Sign in with a password, token or key that is good: this one is not, or no longer',
          mend: 'An admin can give you a link to set a password; a sign-in link works once and for an hour, and starting the server prints a new one',
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
}

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

function signOut({ https }: SessionRouteOptions): Route {
  return route({
    method: 'DELETE',
    path: '/v1/sessions/current',
    operation: 'deleteCurrentSession',
    area,
    summary: 'Sign out',
    scope: 'signed-in',
    answers: { 204: { description: 'Signed out' } },
    async handle({ request }, { app }) {
      const cookie = cookieOf(request, sessionCookieName(https));
      if (cookie !== undefined) await app.sessions.remove(cookie);
      return signedOut(https);
    },
  });
}

function changePassword({ https }: SessionRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/sessions/current/password',
    operation: 'changePassword',
    area,
    summary: 'Change your own password; every session of yours ends, this one too',
    scope: 'signed-in',
    body: object({ present: anyPassword, password }),
    answers: { 204: { description: 'Changed; sign in with it' } },
    errors: ['unauthenticated', 'too_many_requests', 'conflict'],
    async handle({ caller, body }, { app }) {
      if (!(await app.users.changePassword(caller, body.present, body.password))) {
        throw new AssetwireError('invalid_request', {
          detail: 'Give your present password: this is another one',
          problems: [{ at: '/present', wanted: 'your present password', found: 'another one' }],
        });
      }
      return signedOut(https);
    },
  });
}

const listSessions = route({
  method: 'GET',
  path: '/v1/sessions',
  operation: 'listSessions',
  area,
  summary: "List sessions: with keys:read everybody's, else your own",
  scope: 'signed-in',
  query: object({
    ...paging,
    holder: optional(holder),
    own: optional(boolean({ description: 'true: your own only, whatever you may see' })),
  }),
  answers: { 200: { description: 'A page of sessions', schema: pageOf(sessionSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const filter = {
      ...(query.holder === undefined ? {} : { holder: query.holder }),
      ...(query.own === undefined ? {} : { own: query.own }),
    };
    return ok(shownPage(await app.sessions.list(caller, { ...pageOptions(query), ...filter })));
  },
});

const revokeSessions = route({
  method: 'DELETE',
  path: '/v1/sessions',
  operation: 'revokeSessions',
  area,
  summary: 'End every session of yours but this one, or every one of somebody else',
  description: "Without holder, your own but the one that asks. With it and keys:write, another's who may not do more.",
  scope: 'signed-in',
  query: object({ holder: optional(holder) }),
  answers: {
    200: { description: 'How many ended', schema: named('EndedSessions', object({ ended: integer({ minimum: 0 }) })) },
  },
  errors: ['conflict', 'forbidden'],
  async handle({ caller, query }, { app }) {
    return ok(await app.sessions.revokeMany(caller, query?.holder));
  },
});

const revokeSession = route({
  method: 'DELETE',
  path: '/v1/sessions/{id}',
  operation: 'revokeSession',
  area,
  summary: "End a session: one's own, or with keys:write anybody's who may not do more",
  scope: 'signed-in',
  params: byId('session'),
  answers: { 204: { description: 'Ended' } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    await app.sessions.revoke(caller, params.id);
    return noContent;
  },
});

/** The link is the authority; guessing links is slowed down as guessing keys is. */
function setPassword({ admission }: SessionRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/v1/passwords',
    operation: 'setPassword',
    area: 'users',
    summary: 'Set the password behind a one-time link; then sign in with it',
    scope: 'open',
    body: object({ token: secret, password }),
    answers: { 200: { description: 'The user', schema: userSchema } },
    errors: ['unauthenticated', 'cross_site_request', 'too_many_requests', 'conflict'],
    async handle({ body, request }, { app }) {
      if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
        assertSameOrigin(request);
      admission.assertNotGuessing(request, body.token);
      const user = await app.users.redeemLink(body.token, body.password, admission.originOf(request));
      if (user !== null) return ok(user);
      admission.failed(request);
      throw new AssetwireError('unauthenticated', {
        detail: 'Set a password behind a link that is good: this one was used, is over, or was replaced',
        mend: 'Ask an admin for a new link: POST /v1/users/{id}/password-link',
      });
    },
  });
}

function signedOut(https: boolean) {
  return { ...noContent, headers: { 'set-cookie': sessionCookie(https, '', 0) } };
}

function shownCaller({ workspaceId: workspace, actor, scopes, admin, grants }: Caller): object {
  return { workspaceId: workspace, actor, scopes: [...scopes], admin, ...(grants === undefined ? {} : { grants }) };
}

/**
 * Sessions of people at the console: opened with the one-time sign-in token that `serve` prints, with that of a key's sign-in link, with a key, or with
 * e-mail and password. The cookie's value is random and stored as SHA-256. A session lasts as long as what opened it: it
 * ends with its key, with its user, with the user's password, and holds within a second what the user's roles say.
 */
import { limits } from '../core/limits.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { type Caller, type Origin, type SessionCases, scopes } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { digest, makeToken } from './key-format.ts';
import type { KeySignInLinks } from './key-sign-in-links.ts';
import type { Keys } from './keys.ts';
import type { Passwords } from './passwords.ts';
import type { SignIn } from './people.ts';
import type { Roles } from './roles.ts';
import { createSessionLists, endSession } from './session-lists.ts';
import { createSessionLookup, holderOf, type StoredSession, terminalKeyId } from './session-lookup.ts';
import { createSignInTokens, type SignInTokens } from './sign-in-tokens.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { traceThrottle } from './sign-in-trace.ts';
import { emailAlias, type StoredUser, storedUser } from './user-state.ts';

/** A working day. */
export const sessionLifetimeMs = 12 * 3_600_000;

export interface Sessions extends SessionCases {
  /** A token that opens one session, once, within the hour. Kept in memory only. */
  readonly issueSignInToken: () => string;
  /** See `SessionLookup`. */
  readonly forgetAll: () => void;
}

export type SessionsDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids' | 'logger'> & {
  readonly committer: Committer;
  readonly keys: Keys;
  readonly roles: Roles;
  readonly passwords: Passwords;
  readonly throttle: SignInThrottle;
  readonly signInLinks: Pick<KeySignInLinks, 'redeem'>;
  readonly admit: (caller: Caller, workspace: string | undefined) => Promise<Caller>;
};

type Parts = SessionsDeps & { readonly tokens: SignInTokens; readonly draw: () => string };

export function createSessions(deps: SessionsDeps): Sessions {
  const { clock, random, storage } = deps;
  const draw = (): string => makeToken((count) => random.bytes(count));
  const tokens = createSignInTokens(clock, draw);
  const lookup = createSessionLookup(deps);
  const parts = { ...deps, tokens, draw };

  return {
    issueSignInToken: tokens.issue,
    forgetAll: lookup.forgetAll,

    async create(input, from) {
      const caller = await opened(parts, { ...input, from }, lookup.callerOfUser);
      if (caller === null) return null;
      const cookie = draw();
      const expiresAtMs = clock.nowMs() + sessionLifetimeMs;
      await store(deps, { caller, cookie, expiresAtMs, from });
      return { cookie, expiresAtMs, caller };
    },

    async authenticate(cookie, workspace) {
      const caller = await lookup.find(digest(cookie));
      return caller === null ? null : deps.admit(caller, workspace);
    },

    async remove(cookie) {
      const alias = digest(cookie);
      lookup.forget(alias);
      for (const row of await storage.findByAlias('session', alias)) await endSession(deps, row);
    },

    ...createSessionLists({ ...deps, lookup }),
  };
}

/** Who comes by what was brought; null where it is no good. */
async function opened(
  { keys, tokens, signInLinks, ...deps }: Parts,
  { token, key, email, password, workspace, from }: SignIn & { readonly from: Origin | undefined },
  callerOfUser: (row: Resource) => Promise<Caller | null>,
): Promise<Caller | null> {
  if (token !== undefined) return tokens.redeem(token) ? terminalCaller() : signInLinks.redeem(token);
  if (key !== undefined) return keys.authenticate(key, undefined);
  if (email === undefined || password === undefined) return null;
  const { throttle, passwords } = deps;
  const name = `${workspace ?? ''} ${emailAlias(email)}`;
  throttle.assertMayTry(name);
  const row = await userOf(deps, email, workspace);
  const user = row === null ? null : storedUser(row.state);
  // One comparison whoever it is, so that time does not tell who exists.
  const right = await passwords.matches(password, user?.state === 'active' ? user.password : null);
  const caller = right && row !== null ? await callerOfUser(row) : null;
  if (caller !== null) throttle.right(name);
  else if (throttle.wrong(name)) traceThrottle(deps, row, from);
  return caller;
}

/** The user of this address: in the workspace that was named, else the only one, else the one in `default`. */
async function userOf(
  { storage }: Pick<SessionsDeps, 'storage'>,
  email: string,
  workspace: string | undefined,
): Promise<Resource | null> {
  const rows = await storage.findByAlias('user', emailAlias(email), workspace);
  if (rows.length <= 1) return rows[0] ?? null;
  return rows.find(({ workspaceId }) => workspaceId === 'default') ?? null;
}

type Opening = {
  readonly caller: Caller;
  readonly cookie: string;
  readonly expiresAtMs: number;
  readonly from: Origin | undefined;
};

async function store(
  { committer, ids, clock, storage }: SessionsDeps,
  { caller, cookie, expiresAtMs, from }: Opening,
): Promise<void> {
  const { workspaceId, actor } = caller;
  const holder = holderOf(caller);
  const session: StoredSession = {
    holder,
    name: actor.name ?? actor.id,
    scopes: [...caller.scopes],
    admin: caller.admin,
    expiresAtMs,
    createdAtMs: clock.nowMs(),
    from: from === undefined ? null : { ...from },
  };
  const id = ids.next('session');
  const note = { action: 'session.created', target: `session:${id}` };
  const by = { ids, caller: { ...caller, ...(from === undefined ? {} : { from }) } };
  const crowded = await surplus(storage, workspaceId, holder);
  await committer.write({ workspaceId, type: 'session', id }, (_, atMs) => ({
    kind: 'write',
    plan: {
      state: session,
      alias: digest(cookie),
      changes: [],
      resources: [...crowded, auditWrite(by, note, atMs)],
    },
    answer: () => undefined,
  }));
  if (holder.startsWith('user:')) await noteSignIn(committer, { workspaceId, id: actor.id });
}

/** The oldest sessions of somebody who would otherwise have too many (HARDENING AK-09). */
async function surplus(
  storage: SessionsDeps['storage'],
  workspaceId: string,
  holder: string,
): Promise<readonly ResourceWrite[]> {
  const { items } = await storage.read.resources({
    workspaceId,
    type: 'session',
    where: { holder },
    limit: limits.pageItemsMax,
  });
  return items
    .slice(limits.sessionsPerPersonMax - 1)
    .map(({ id }) => ({ type: 'session', id, expectedVersion: 'any', state: null }));
}

async function noteSignIn(
  committer: Committer,
  { workspaceId, id }: { readonly workspaceId: string; readonly id: string },
): Promise<void> {
  await committer.write({ workspaceId, type: 'user', id }, (current, atMs) => {
    if (current === null) return { kind: 'nothing', answer: undefined };
    const state: StoredUser = { ...storedUser(current.state), lastSignInAtMs: atMs };
    return { kind: 'write', plan: { state, changes: [] }, answer: () => undefined };
  });
}

/** Whoever reads the terminal of the server owns it. */
function terminalCaller(): Caller {
  return {
    workspaceId: 'default',
    actor: { type: 'user', id: terminalKeyId, name: 'Terminal' },
    keyId: terminalKeyId,
    scopes: new Set(scopes),
    admin: true,
  };
}

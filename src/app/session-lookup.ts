/** Sessions by the digest of their cookie, believed for a moment; none whose key or user is no longer good. */
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Origin, Scope } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { grantSetKey, heldGrants } from './grant-sets.ts';
import { keyBelievedMs, lastUsedStepMs } from './key-lookup.ts';
import type { Keys } from './keys.ts';
import type { Roles } from './roles.ts';
import { type StoredUser, storedUser } from './user-state.ts';
import { workspaceDisabled, workspaceState } from './workspace-state.ts';

/** What opened the session: a key by its id, or the terminal that started the server. */
export const terminalKeyId = 'terminal';

export type StoredSession = {
  /** `user:usr_…`, `key:key_…`, `user:terminal`. */
  readonly holder: string;
  readonly name: string;
  /** As they were at sign-in; for users, roles are asked anew. */
  readonly scopes: readonly Scope[];
  readonly admin: boolean;
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  /** Accurate to `lastUsedStepMs`; absent while it was only opened. */
  readonly lastSeenAtMs?: number;
  readonly from: Origin | null;
};

export interface SessionLookup {
  /** Who comes with the cookie of this digest, in his own workspace; null where the session is over. */
  find(alias: string): Promise<Caller | null>;
  forget(alias: string | undefined): void;
  /** After a write to what anybody may do: grants are read with the user. */
  forgetAll(): void;
  /** Those of these sessions that still let somebody in: what opened them is good, and their time is not over. */
  open(rows: readonly Resource[]): Promise<readonly Resource[]>;
  /** A user as a caller, with what his roles give him now; null where his workspace is being erased. */
  callerOfUser(row: Resource): Promise<Caller | null>;
}

export type SessionLookupDeps = Pick<AppDeps, 'storage' | 'clock' | 'logger'> & {
  readonly committer: Committer;
  readonly keys: Keys;
  readonly roles: Roles;
};

type Believed = { readonly caller: Caller; readonly expiresAtMs: number; readonly checkedAtMs: number };

export function createSessionLookup(deps: SessionLookupDeps): SessionLookup {
  const { storage, clock, logger } = deps;
  const believed = new LRUCache<string, Believed>({ max: 1_000 });

  const callerOfUser = (row: Resource): Promise<Caller | null> => userCaller(deps, row);

  return {
    callerOfUser,
    forget: (alias) => {
      if (alias !== undefined) believed.delete(alias);
    },
    forgetAll: () => believed.clear(),
    open: (rows) => openOnes(deps, rows),
    async find(alias) {
      const known = believed.get(alias);
      if (known !== undefined && known.expiresAtMs <= clock.nowMs()) return null;
      if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < keyBelievedMs) return known.caller;
      believed.delete(alias);
      const [row] = await storage.findByAlias('session', alias);
      if (row === undefined) return null;
      const session = storedSession(row.state);
      if (session.expiresAtMs <= clock.nowMs()) return null;
      const found = await holder(deps, row, session);
      if (found === null) return null;
      const caller: Caller = { ...found, sessionId: row.id };
      believed.set(alias, { caller, expiresAtMs: session.expiresAtMs, checkedAtMs: clock.monotonicMs() });
      // Nobody waits for it, and a store that cannot take it now will take it with a later call.
      noteSeen(deps, row).catch((error: unknown) => logger.warn('session.use_not_stored', { error }));
      return caller;
    },
  };
}

async function noteSeen({ committer, clock }: SessionLookupDeps, row: Resource): Promise<void> {
  const seen = ({ createdAtMs, lastSeenAtMs = createdAtMs }: StoredSession): number => lastSeenAtMs;
  if (clock.nowMs() - seen(storedSession(row.state)) < lastUsedStepMs) return;
  const { workspaceId, id } = row;
  await committer.write({ workspaceId, type: 'session', id }, (current, atMs) => {
    // One that was ended meanwhile stays ended.
    if (current === null) return { kind: 'nothing', answer: undefined };
    const session = storedSession(current.state);
    if (atMs - seen(session) < lastUsedStepMs) return { kind: 'nothing', answer: undefined };
    const state: StoredSession = { ...session, lastSeenAtMs: atMs };
    return { kind: 'write', plan: { state, changes: [] }, answer: () => undefined };
  });
}

async function openOnes(deps: SessionLookupDeps, rows: readonly Resource[]): Promise<readonly Resource[]> {
  const nowMs = deps.clock.nowMs();
  const inTime = rows.filter(({ state }) => storedSession(state).expiresAtMs > nowMs);
  const good = await Promise.all(inTime.map((row) => openedByGood(deps, row)));
  return inTime.filter((_, at) => good[at]);
}

async function openedByGood({ storage, keys }: SessionLookupDeps, { workspaceId, state }: Resource): Promise<boolean> {
  const session = storedSession(state);
  const [type, id = ''] = session.holder.split(':');
  if (id === terminalKeyId) return true;
  if (type !== 'user') return (await keys.stillGood(workspaceId, id)) !== null;
  const [user] = await storage.resources([{ workspaceId, type: 'user', id }]);
  return user !== undefined && user !== null && outlives(session, storedUser(user.state));
}

/** A new password ends the sessions that the old one opened (HARDENING AK-09). */
function outlives({ createdAtMs }: StoredSession, { state, passwordSetAtMs }: StoredUser): boolean {
  return state === 'active' && passwordSetAtMs !== null && passwordSetAtMs <= createdAtMs;
}

/** The session's holder as he is now. */
async function holder(deps: SessionLookupDeps, row: Resource, session: StoredSession): Promise<Caller | null> {
  const { storage, keys } = deps;
  const { workspaceId } = row;
  const [type, id = ''] = session.holder.split(':');
  if (type === 'user' && id !== terminalKeyId) {
    const [user] = await storage.resources([{ workspaceId, type: 'user', id }]);
    if (user === undefined || user === null) return null;
    if (!outlives(session, storedUser(user.state))) return null;
    return userCaller(deps, user);
  }
  if (id !== terminalKeyId && (await keys.stillGood(workspaceId, id)) === null) return null;
  const [workspace, grants] = await storage.resources([
    { workspaceId, type: 'workspace', id: workspaceId },
    grantSetKey(workspaceId, session.holder),
  ]);
  if (!isOpen(workspace)) return null;
  return {
    workspaceId,
    actor: { type: 'user', id, name: session.name },
    keyId: id,
    scopes: new Set(session.scopes),
    admin: session.admin,
    ...grantsOf(grants),
  };
}

async function userCaller({ storage, roles }: SessionLookupDeps, row: Resource): Promise<Caller | null> {
  const { workspaceId, id } = row;
  const user = storedUser(row.state);
  const [workspace, grants] = await storage.resources([
    { workspaceId, type: 'workspace', id: workspaceId },
    grantSetKey(workspaceId, `user:${id}`),
  ]);
  if (!isOpen(workspace)) return null;
  return {
    workspaceId,
    actor: { type: 'user', id, name: user.name },
    keyId: id,
    scopes: await roles.scopesOf(workspaceId, user.roles),
    admin: user.admin,
    ...grantsOf(grants),
  };
}

/** Throws where the workspace is disabled; false where it is being erased. */
function isOpen(workspace: Resource | null | undefined): boolean {
  const state = workspaceState(workspace);
  if (state === 'disabled') throw workspaceDisabled();
  return state === 'active';
}

function grantsOf(set: Resource | null | undefined): Pick<Caller, 'grants'> {
  const grants = heldGrants(set);
  return grants.length === 0 ? {} : { grants };
}

/** Whose session, in one text: by it one's own are found. */
export function holderOf({ actor, keyId }: Pick<Caller, 'actor' | 'keyId'>): string {
  // A session opened with a key is told as its user's doing, and stays the key's.
  return keyId.startsWith('key_') ? `key:${keyId}` : `${actor.type}:${keyId}`;
}

/** Rows of this type are written by sessions.ts and here, in this shape. */
export function storedSession(state: JsonObject): StoredSession {
  return state as StoredSession;
}

/**
 * Sessions of people at the console: opened with the one-time sign-in token that `serve` prints, or with a key. The
 * cookie's value is random and stored as SHA-256; a session ends with its key.
 */
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/storage.ts';
import { type Caller, type Scope, type SessionCases, scopes } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { digest, makeToken } from './key-format.ts';
import { type Keys, keyBelievedMs } from './keys.ts';
import { LRUCache } from 'lru-cache';

/** A working day. */
export const sessionLifetimeMs = 12 * 3_600_000;
/** A sign-in link is for now, not for the shell's history. */
export const signInTokenLifetimeMs = 60 * 60_000;
const signInTokensMax = 16;

/** What opened the session: a key by its id, or the terminal that started the server. */
const terminalKeyId = 'terminal';

type StoredSession = {
  readonly keyId: string;
  readonly keyWorkspaceId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly admin: boolean;
  readonly expiresAtMs: number;
};

export interface Sessions extends SessionCases {
  /** A token that opens one session, once, within the hour. Kept in memory only. */
  readonly issueSignInToken: () => string;
}

export type SessionsDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids'> & {
  readonly committer: Committer;
  readonly keys: Keys;
  readonly admit: (caller: Caller, workspace: string | undefined) => Promise<Caller>;
};

export function createSessions(deps: SessionsDeps): Sessions {
  const { clock, keys, random } = deps;
  const draw = (): string => makeToken((count) => random.bytes(count));
  const tokens = createSignInTokens(clock, draw);
  const lookup = createSessionLookup(deps);

  const opened = async (input: { readonly token?: string; readonly key?: string }): Promise<Caller | null> => {
    if (input.token !== undefined) return tokens.redeem(input.token) ? terminalCaller() : null;
    return input.key === undefined ? null : keys.authenticate(input.key, undefined);
  };

  return {
    issueSignInToken: tokens.issue,

    async create(input) {
      const caller = await opened(input);
      if (caller === null) return null;
      const cookie = draw();
      const expiresAtMs = clock.nowMs() + sessionLifetimeMs;
      await store(deps, { caller, cookie, expiresAtMs });
      return { cookie, expiresAtMs, caller };
    },

    async authenticate(cookie, workspace) {
      const session = await lookup.find(digest(cookie));
      if (session === null || session.expiresAtMs <= clock.nowMs()) return null;
      return deps.admit(
        {
          workspaceId: session.keyWorkspaceId,
          actor: { type: 'user', id: session.keyId, name: session.name },
          keyId: session.keyId,
          scopes: new Set(session.scopes),
          admin: session.admin,
        },
        workspace,
      );
    },

    async remove(cookie) {
      const alias = digest(cookie);
      lookup.forget(alias);
      for (const row of await deps.storage.findByAlias('session', alias)) await erase(deps, row);
    },
  };
}

function createSignInTokens(clock: SessionsDeps['clock'], draw: () => string) {
  const tokens = new Map<string, number>();
  return {
    issue: (): string => {
      const nowMs = clock.nowMs();
      for (const [key, expiresAtMs] of tokens) if (expiresAtMs <= nowMs) tokens.delete(key);
      const [oldest] = tokens.keys();
      if (tokens.size >= signInTokensMax && oldest !== undefined) tokens.delete(oldest);
      const token = draw();
      tokens.set(digest(token), nowMs + signInTokenLifetimeMs);
      return token;
    },
    redeem: (token: string): boolean => {
      const key = digest(token);
      const expiresAtMs = tokens.get(key);
      // Taken out before anything else: of two who bring it at once, one wins (HARDENING AK-11).
      tokens.delete(key);
      return expiresAtMs !== undefined && expiresAtMs > clock.nowMs();
    },
  };
}

/** Sessions by the digest of their cookie, believed for a moment; none whose key is no longer good. */
function createSessionLookup({ storage, clock, keys }: Pick<SessionsDeps, 'storage' | 'clock' | 'keys'>) {
  const believed = new LRUCache<string, { readonly session: StoredSession; readonly checkedAtMs: number }>({
    max: 1_000,
  });
  return {
    forget: (alias: string): void => void believed.delete(alias),
    find: async (alias: string): Promise<StoredSession | null> => {
      const known = believed.get(alias);
      if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < keyBelievedMs) return known.session;
      believed.delete(alias);
      const [row] = await storage.findByAlias('session', alias);
      if (row === undefined) return null;
      const session = storedSession(row.state);
      const { keyId, keyWorkspaceId } = session;
      if (keyId !== terminalKeyId && (await keys.stillGood(keyWorkspaceId, keyId)) === null) return null;
      believed.set(alias, { session, checkedAtMs: clock.monotonicMs() });
      return session;
    },
  };
}

async function store(
  { committer, ids }: SessionsDeps,
  { caller, cookie, expiresAtMs }: { readonly caller: Caller; readonly cookie: string; readonly expiresAtMs: number },
): Promise<void> {
  const session: StoredSession = {
    keyId: caller.keyId,
    keyWorkspaceId: caller.workspaceId,
    name: caller.actor.name ?? caller.keyId,
    scopes: [...caller.scopes],
    admin: caller.admin,
    expiresAtMs,
  };
  await committer.write({ workspaceId: caller.workspaceId, type: 'session', id: ids.next('session') }, () => ({
    kind: 'write',
    plan: { state: session, alias: digest(cookie), changes: [] },
    answer: () => undefined,
  }));
}

async function erase({ committer }: SessionsDeps, { workspaceId, id }: Resource): Promise<void> {
  await committer.write({ workspaceId, type: 'session', id }, (current) =>
    current === null
      ? { kind: 'nothing', answer: undefined }
      : { kind: 'write', plan: { state: null, changes: [] }, answer: () => undefined },
  );
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

/** Rows of this type are written here only, in this shape. */
function storedSession(state: JsonObject): StoredSession {
  return state as StoredSession;
}

/**
 * Sessions of people at the console: opened with the one-time sign-in token that `serve` prints, or with a key. The
 * cookie's value is random and stored as SHA-256; a session ends with its key.
 */
import type { JsonObject } from '../core/json.ts';
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
  const { storage, clock, ids, committer, keys } = deps;
  const tokens = new Map<string, number>();
  const believed = new LRUCache<
    string,
    { readonly session: StoredSession; readonly id: string; readonly checkedAtMs: number }
  >({ max: 1_000 });
  const draw = (): string => makeToken((count) => deps.random.bytes(count));

  const redeem = (token: string): boolean => {
    const key = digest(token);
    const expiresAtMs = tokens.get(key);
    // Taken out before anything else: of two who bring it at once, one wins (HARDENING AK-11).
    tokens.delete(key);
    return expiresAtMs !== undefined && expiresAtMs > clock.nowMs();
  };

  const opened = async (input: { readonly token?: string; readonly key?: string }): Promise<Caller | null> => {
    if (input.token !== undefined) return redeem(input.token) ? terminalCaller() : null;
    return input.key === undefined ? null : keys.authenticate(input.key, undefined);
  };

  const look = async (cookie: string): Promise<StoredSession | null> => {
    const alias = digest(cookie);
    const known = believed.get(alias);
    if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < keyBelievedMs) return known.session;
    believed.delete(alias);
    const [row] = await storage.findByAlias('session', alias);
    if (row === undefined) return null;
    const session = storedSession(row.state);
    if (session.keyId !== terminalKeyId && (await keys.stillGood(session.keyWorkspaceId, session.keyId)) === null)
      return null;
    believed.set(alias, { session, id: row.id, checkedAtMs: clock.monotonicMs() });
    return session;
  };

  return {
    issueSignInToken() {
      const nowMs = clock.nowMs();
      for (const [key, expiresAtMs] of tokens) if (expiresAtMs <= nowMs) tokens.delete(key);
      const [oldest] = tokens.keys();
      if (tokens.size >= signInTokensMax && oldest !== undefined) tokens.delete(oldest);
      const token = draw();
      tokens.set(digest(token), nowMs + signInTokenLifetimeMs);
      return token;
    },

    async create(input) {
      const caller = await opened(input);
      if (caller === null) return null;
      const cookie = draw();
      const expiresAtMs = clock.nowMs() + sessionLifetimeMs;
      const session: StoredSession = {
        keyId: caller.keyId,
        keyWorkspaceId: caller.workspaceId,
        name: caller.actor.name ?? caller.keyId,
        scopes: [...caller.scopes],
        admin: caller.admin,
        expiresAtMs,
      };
      const id = ids.next('session');
      await committer.write({ workspaceId: caller.workspaceId, type: 'session', id }, () => ({
        kind: 'write',
        plan: { state: session, alias: digest(cookie), changes: [] },
        answer: () => undefined,
      }));
      return { cookie, expiresAtMs, caller };
    },

    async authenticate(cookie, workspace) {
      const session = await look(cookie);
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
      believed.delete(alias);
      for (const row of await storage.findByAlias('session', alias)) {
        await committer.write({ workspaceId: row.workspaceId, type: 'session', id: row.id }, (current) =>
          current === null
            ? { kind: 'nothing', answer: undefined }
            : { kind: 'write', plan: { state: null, changes: [] }, answer: () => undefined },
        );
      }
    },
  };
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

/**
 * One-time links that sign a browser in at the console as a key: how whoever runs a platform lets a customer of his look after
 * their own webhooks, without an account here. The row lies under the key's id; the token stands behind the #, which no server
 * and no log sees, and only its SHA-256 is stored.
 */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { digest, makeToken } from './key-format.ts';
import { allScopes, isGood, storedKey } from './key-lookup.ts';
import { notFound, unfit } from './refusals.ts';

/** A program asks for it and sends the browser there at once. */
export const signInLinkLifetimeMs = 15 * 60_000;

export type SignInLink = { readonly url: string; readonly expiresAtMs: number };

/** How the rows of these links begin, which share their type with the links behind which passwords are set. */
export const keyLinkPrefix = 'key_';

export interface KeySignInLinks {
  /** Throws `not_found`, `forbidden` for a key that may do more than the caller, `limit_reached`. */
  issue(caller: Caller, keyId: string): Promise<SignInLink>;
  /** Whom the link lets in, as a key would; null where it is no good. A link is good once. */
  redeem(token: string): Promise<Caller | null>;
}

export type KeySignInLinksDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids' | 'settings'> & {
  readonly committer: Committer;
};

export function createKeySignInLinks(deps: KeySignInLinksDeps): KeySignInLinks {
  const { storage, clock, random, ids, settings, committer } = deps;
  return {
    async issue(caller, keyId) {
      const { workspaceId } = caller;
      const [row] = await storage.resources([{ workspaceId, type: 'key', id: keyId }]);
      if (row === undefined || row === null) throw notFound('the key');
      const key = storedKey(row.state);
      refuseStronger(caller, key);
      if (!isGood(key, clock.nowMs())) throw unfit('/id', 'a key that is neither revoked nor expired', 'one that is');
      const over = await overdue(deps, { workspaceId, keyId });
      const token = makeToken((count) => random.bytes(count));
      const expiresAtMs = clock.nowMs() + signInLinkLifetimeMs;
      const id = `${keyId}.${digest(token).slice(0, 16)}`;
      await committer.write({ workspaceId, type: 'invitation', id }, (_, atMs) => {
        const note = { action: 'key.sign_in_link_issued', target: `key:${keyId}`, after: { expiresAtMs } };
        const plan = {
          state: { expiresAtMs },
          alias: digest(token),
          changes: [],
          resources: [...over, auditWrite({ ids, caller }, note, atMs)],
        };
        return { kind: 'write', plan, answer: () => undefined };
      });
      return { url: `${settings.publicUrl()}/#sign-in=${token}`, expiresAtMs };
    },

    async redeem(token) {
      const [link] = await storage.findByAlias('invitation', digest(token));
      if (link === undefined || !link.id.startsWith(keyLinkPrefix)) return null;
      const { workspaceId, id } = link;
      // Taken out before anything else: of two who bring it at once, one wins.
      const taken = await committer.write<boolean>({ workspaceId, type: 'invitation', id }, (current) =>
        current === null
          ? { kind: 'nothing', answer: false }
          : { kind: 'write', plan: { state: null, changes: [] }, answer: () => true },
      );
      if (taken.kind === 'duplicate' || !taken.answer || Number(link.state['expiresAtMs']) <= clock.nowMs())
        return null;
      const keyId = id.split('.')[0] ?? '';
      const [row] = await storage.resources([{ workspaceId, type: 'key', id: keyId }]);
      const key = row === undefined || row === null ? null : storedKey(row.state);
      if (key === null || !isGood(key, clock.nowMs())) return null;
      const { name, admin } = key;
      const scopes = admin ? allScopes : new Set(key.scopes);
      return { workspaceId, actor: { type: 'key', id: keyId, name }, keyId, scopes, admin };
    },
  };
}

/** The removal of links whose time is over. Throws `limit_reached` where as many are good as may be. */
async function overdue(
  { storage, clock }: KeySignInLinksDeps,
  { workspaceId, keyId }: { readonly workspaceId: string; readonly keyId: string },
): Promise<readonly ResourceWrite[]> {
  const limit = limits.signInLinksPerKeyMax;
  const query = { workspaceId, type: 'invitation', idPrefix: `${keyId}.`, limit } as const;
  const { items } = await storage.read.resources(query);
  const nowMs = clock.nowMs();
  const over = items.filter(({ state }) => Number(state['expiresAtMs']) <= nowMs);
  if (items.length - over.length >= limit) {
    throw new AssetwireError('limit_reached', {
      detail: `Keep at most ${limit} sign-in links of one key that nobody has visited: there are as many`,
      mend: 'Make a link when somebody is about to visit it; those that nobody visits end after a quarter of an hour',
    });
  }
  return over.map(({ id }) => ({ type: 'invitation', id, expectedVersion: 'any', state: null }));
}

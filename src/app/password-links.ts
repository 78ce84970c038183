/**
 * One-time links behind which a person sets a password. One per user: the row lies under the user's id, the token's
 * SHA-256 is its alias. The link begins with the configured public URL, never with what a request calls this server
 * (HARDENING AK-15); the token stands behind the #, which no server and no log sees.
 */
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { digest, makeToken } from './key-format.ts';
import { keyLinkPrefix } from './key-sign-in-links.ts';
import type { PasswordLink } from './people.ts';

/** Long enough to reach somebody over a weekend. */
export const passwordLinkLifetimeMs = 72 * 3_600_000;

export interface PasswordLinks {
  issue(caller: Caller, user: Resource): Promise<PasswordLink>;
  /** The link's row, whose id is the user's; null where it is not good. */
  find(token: string): Promise<Resource | null>;
  isGood(invitation: Resource, token: string): boolean;
}

export type PasswordLinksDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids' | 'settings'> & {
  readonly committer: Committer;
};

export function createPasswordLinks(deps: PasswordLinksDeps): PasswordLinks {
  const { storage, clock, random, ids, settings, committer } = deps;
  const isGood = ({ alias, state }: Resource, token: string): boolean =>
    alias === digest(token) && Number(state['expiresAtMs']) > clock.nowMs();
  return {
    isGood,

    async issue(caller, { workspaceId, id }) {
      const token = makeToken((count) => random.bytes(count));
      const expiresAtMs = clock.nowMs() + passwordLinkLifetimeMs;
      await committer.writeAlone({ workspaceId, type: 'invitation', id }, [], (_, atMs) => {
        const note = { action: 'user.link_issued', target: `user:${id}`, after: { expiresAtMs } };
        return {
          kind: 'write',
          plan: {
            state: { expiresAtMs },
            alias: digest(token),
            changes: [],
            resources: [auditWrite({ ids, caller }, note, atMs)],
          },
          answer: () => undefined,
        };
      });
      return { url: `${settings.publicUrl()}/password#link=${token}`, expiresAtMs };
    },

    async find(token) {
      const [row] = await storage.findByAlias('invitation', digest(token));
      return row !== undefined && !row.id.startsWith(keyLinkPrefix) && isGood(row, token) ? row : null;
    },
  };
}

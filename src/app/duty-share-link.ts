/**
 * The `share_link` duty: at a link's expiry it ends the link, with the change that webhooks are told, once; long after a link's
 * end it forgets that there was one. Each expiry that was ever set has a duty; those that are not the last one do nothing.
 */
import type { DutyHandler } from '../engine/engine.ts';
import { commitOne } from './commit-one.ts';
import { type Committer, DutyGone } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type Ending, endLink, type ShareDutyPayload } from './share-link-end.ts';

export type ShareLinkDutyDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock'> & { readonly committer: Committer };

const clockwork = { actor: { type: 'system', id: 'timer' }, keyId: 'none' } as const;

export function createShareLinkDuty(deps: ShareLinkDutyDeps): DutyHandler {
  const { storage, clock } = deps;
  return async ({ id, version, workspaceId, payload }) => {
    const { linkId, phase } = payload as ShareDutyPayload;
    const fulfils = { dutyId: id, version };
    if (phase === 'expire' && (await expired(deps, { workspaceId, id: linkId, fulfils }))) return;
    const forgotten = { type: 'share_access', id: linkId, expectedVersion: 'any', state: null } as const;
    await commitOne(storage, {
      workspaceId,
      atMs: clock.nowMs(),
      fulfils,
      ...(phase === 'forget' ? { resources: [forgotten] } : {}),
    });
  };
}

type Due = Pick<Ending, 'workspaceId' | 'id' | 'fulfils'>;

/** True where the link has ended by this duty, or the duty was done by somebody else. */
async function expired(deps: ShareLinkDutyDeps, due: Due): Promise<boolean> {
  try {
    return await endLink(deps, {
      ...due,
      end: 'expired',
      caller: clockwork,
      only: ({ expiresAtMs }, atMs) => expiresAtMs !== null && expiresAtMs <= atMs,
    });
  } catch (error) {
    if (!(error instanceof DutyGone)) throw error;
    return true;
  }
}

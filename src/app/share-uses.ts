/**
 * Counts what share links are used for. Visitors are strangers and may be many, so nothing is written per visit: counts are
 * gathered for some seconds and written per link at once. A crash loses the last of them.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Storage } from '../storage/storage.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { asState, storedAccess } from './share-access.ts';

export interface ShareUsesCounter {
  /** `workspaceId` null: not at hand, and looked up when it is written. */
  count(link: { readonly workspaceId: string | null; readonly id: string }, what: 'views' | 'downloads'): void;
  /** Writes what was gathered. */
  flush(): Promise<void>;
}

/** How exact the counts are. */
export const usesStepMs = 5_000;
/** Links in hand at most; of more, visits are not counted until the next step. */
const linksMax = 10_000;

type Gathered = { workspaceId: string | null; views: number; downloads: number; atMs: number };

export type ShareUsesDeps = Pick<AppDeps, 'logger'> & {
  readonly storage: Pick<Storage, 'findByAlias'>;
  readonly clock: Clock;
  readonly committer: Pick<Committer, 'write'>;
};

export function createShareUses({ storage, clock, committer, logger }: ShareUsesDeps): ShareUsesCounter {
  let gathered = new Map<string, Gathered>();
  let timer: Timer | null = null;

  const write = async (id: string, { workspaceId, views, downloads, atMs }: Gathered): Promise<void> => {
    const place = workspaceId ?? (await storage.findByAlias('share_access', id))[0]?.workspaceId;
    if (place === undefined) return;
    await committer.write({ workspaceId: place, type: 'share_access', id }, (current) => {
      const access = storedAccess(current);
      // Ended meanwhile, or erased with its workspace: nobody asks any more.
      if (current === null || access.ended !== undefined) return { kind: 'nothing', answer: undefined };
      const state = {
        ...access,
        views: access.views + views,
        downloads: access.downloads + downloads,
        lastUsedAtMs: Math.max(atMs, access.lastUsedAtMs ?? 0),
      };
      return { kind: 'write', plan: { state: asState(state), changes: [] }, answer: () => undefined };
    });
  };

  const flush = async (): Promise<void> => {
    timer?.cancel();
    timer = null;
    const links = [...gathered];
    gathered = new Map();
    for (const [id, counts] of links) {
      try {
        await write(id, counts);
      } catch (error) {
        logger.warn('share.uses_not_stored', { linkId: id, error });
      }
    }
  };

  return {
    flush,
    count({ workspaceId, id }, what) {
      let counts = gathered.get(id);
      if (counts === undefined) {
        if (gathered.size >= linksMax) return;
        counts = { workspaceId, views: 0, downloads: 0, atMs: 0 };
        gathered.set(id, counts);
      }
      counts.workspaceId ??= workspaceId;
      counts[what] += 1;
      counts.atMs = clock.nowMs();
      timer ??= clock.timer(usesStepMs, () => void flush());
    },
  };
}

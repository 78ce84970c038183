/**
 * How fast a workspace may be written to: its quota of changes a second, a bucket per workspace and process. What counts is
 * what callers ask for, one for each item of a batch and whatever comes of it; what the server does for itself (duties,
 * renditions, timers, files it fetches) was asked for once and is paced by its own bounds. So a workspace that floods is
 * told to wait before it fills the line of the store that all workspaces share.
 *
 * Asked with every write, so a workspace without a quota costs one look at what is known of it: the quota is read when it
 * is first asked for, and then now and then beside the requests.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createPassingMap } from '../core/passing-map.ts';
import { createTokenBucket, type TokenBucket } from '../core/token-bucket.ts';
import type { AppDeps } from './dependencies.ts';
import type { Quotas } from './quotas.ts';

/** How long a quota is believed: the bound on a change of it in other processes. Here it holds at once. */
export const quotaBelievedMs = 5_000;

/** Workspaces that are known at a time. One that drops out begins with a full bucket. */
const workspacesMax = 10_000;

export interface ChangeRate {
  /**
   * Counts so many changes (at least 1) that a caller wants to write. Throws `too_many_requests` with the seconds after which
   * they fit, and then counts nothing. A batch of more than the bucket holds fits when it is full. A promise only where
   * the quota has to be read first.
   */
  take(workspaceId: string, items: number): Promise<void> | undefined;
}

export type ChangeRates = ChangeRate & {
  /** The workspace has another quota: it is read anew, and the bucket is full. */
  forget(workspaceId: string): void;
};

export type ChangeRateDeps = Pick<AppDeps, 'clock' | 'metrics' | 'logger'> & { readonly quotas: Pick<Quotas, 'of'> };

/** `rate` is null where there is no bound. */
type Known = { readonly rate: Rate | null; readAtMs: number };
type Rate = { readonly perSecond: number; readonly bucket: TokenBucket };

export function createChangeRate({ clock, metrics, logger, quotas }: ChangeRateDeps): ChangeRates {
  const known = new LRUCache<string, Known>({ max: workspacesMax });
  const reading = createPassingMap<string, Promise<Known>>();

  const read = async (workspaceId: string): Promise<Known> => {
    const { changesPerSecondMax: perSecond } = await quotas.of(workspaceId);
    const readAtMs = clock.monotonicMs();
    const before = known.get(workspaceId)?.rate ?? null;
    if (perSecond === null) return { rate: null, readAtMs };
    if (before?.perSecond === perSecond) return { rate: before, readAtMs };
    const bucket = createTokenBucket(perSecond, readAtMs, perSecond * limits.changesBurstSeconds);
    return { rate: { perSecond, bucket }, readAtMs };
  };
  /** Many may ask at once: they share one reading, and one bucket. */
  const learn = (workspaceId: string): Promise<Known> => {
    const underWay = reading.get(workspaceId);
    if (underWay !== undefined) return underWay;
    const mine: Promise<Known> = read(workspaceId).then(
      (found) => {
        // What was read before the quota was set anew is for those who asked before.
        if (reading.get(workspaceId) === mine) {
          known.set(workspaceId, found);
          reading.delete(workspaceId);
        }
        return found;
      },
      (error: unknown) => {
        if (reading.get(workspaceId) === mine) reading.delete(workspaceId);
        throw error;
      },
    );
    reading.set(workspaceId, mine);
    return mine;
  };
  const spend = (workspaceId: string, items: number, { rate }: Known): void => {
    if (rate === null) return;
    const nowMs = clock.monotonicMs();
    const waitMs = rate.bucket.readyAtMs(nowMs, items) - nowMs;
    if (waitMs > 0) {
      metrics?.overQuota?.(workspaceId);
      throw tooFast(rate.perSecond, items, waitMs);
    }
    rate.bucket.spend(items, nowMs);
  };

  return {
    take(workspaceId, items) {
      const there = known.get(workspaceId);
      if (there === undefined) return learn(workspaceId).then((found) => spend(workspaceId, items, found));
      if (clock.monotonicMs() - there.readAtMs >= quotaBelievedMs) {
        // Nobody waits for it. Where it cannot be read now, what was known goes on being believed as long again.
        there.readAtMs = clock.monotonicMs();
        learn(workspaceId).catch((error: unknown) => logger.warn('quota.not_read', { workspaceId, error }));
      }
      spend(workspaceId, items, there);
      return undefined;
    },
    forget(workspaceId) {
      known.delete(workspaceId);
      reading.delete(workspaceId);
    },
  };
}

function tooFast(perSecond: number, items: number, waitMs: number): AssetwireError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  const found = items === 1 ? 'this one comes' : `these ${items} come`;
  return new AssetwireError('too_many_requests', {
    detail: `Keep within the workspace's quota of ${perSecond} changes a second, ${perSecond * limits.changesBurstSeconds} at once: ${found} too early`,
    mend: `Wait ${seconds} s, as Retry-After says, and send it again; or let the operator raise the quota: assetwire workspaces update ID --changes-per-second-max`,
    retryAfterSeconds: seconds,
  });
}

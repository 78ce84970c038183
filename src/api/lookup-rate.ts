/**
 * How often one address may ask for what anybody may ask for by its id. Far above what a receiver needs that verifies each
 * notification, and below what would be a burden: each question is four reads of the store. What is not there counts for
 * more, so that guessing is slow; whoever is out of questions waits a second and no longer, because the ids that a receiver
 * asks for are chosen by whoever sends it something.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { bucketName } from './failed-authentications.ts';

const addressesMax = 10_000;

export interface LookupRate {
  /** Before a question. Throws `too_many_requests`. */
  take(address: string): void;
  /** There was nothing: the question counts as `limits.openLookupMissCost` of them. */
  missed(address: string): void;
}

export function createLookupRate({ clock }: { readonly clock: Pick<Clock, 'monotonicMs'> }): LookupRate {
  const perSecond = limits.openLookupsPerSecondMax;
  const buckets = new LRUCache<string, { left: number; atMs: number }>({ max: addressesMax });

  const bucketOf = (address: string): { left: number } => {
    const nowMs = clock.monotonicMs();
    const name = bucketName(address);
    const bucket = buckets.get(name) ?? { left: perSecond, atMs: nowMs };
    bucket.left = Math.min(perSecond, bucket.left + ((nowMs - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = nowMs;
    buckets.set(name, bucket);
    return bucket;
  };

  return {
    take(address) {
      const bucket = bucketOf(address);
      if (bucket.left < 1) {
        throw new AssetwireError('too_many_requests', {
          detail: `Ask at most ${perSecond} times a second from one address, and for at most ${perSecond / limits.openLookupMissCost} that there are not: more questions came`,
          mend: 'Wait a second, then ask again',
          retryAfterSeconds: 1,
        });
      }
      bucket.left -= 1;
    },
    missed(address) {
      const bucket = bucketOf(address);
      bucket.left = Math.max(0, bucket.left - (limits.openLookupMissCost - 1));
    },
  };
}

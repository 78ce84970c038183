/**
 * How often one address may ask for what anybody may ask for by its id. Far above what a receiver needs that verifies each
 * notification, and below what would be a burden: each question is four reads of the store.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';

const addressesMax = 10_000;

export interface LookupRate {
  /** Throws `too_many_requests`. */
  take(address: string): void;
}

export function createLookupRate({ clock }: { readonly clock: Pick<Clock, 'monotonicMs'> }): LookupRate {
  const perSecond = limits.openLookupsPerSecondMax;
  const buckets = new LRUCache<string, { left: number; atMs: number }>({ max: addressesMax });
  return {
    take(address) {
      const nowMs = clock.monotonicMs();
      const bucket = buckets.get(address) ?? { left: perSecond, atMs: nowMs };
      bucket.left = Math.min(perSecond, bucket.left + ((nowMs - bucket.atMs) * perSecond) / 1_000);
      bucket.atMs = nowMs;
      buckets.set(address, bucket);
      if (bucket.left < 1) {
        throw new AssetwireError('too_many_requests', {
          detail: `Ask at most ${perSecond} times a second from one address: more questions came`,
          retryAfterSeconds: 1,
        });
      }
      bucket.left -= 1;
    },
  };
}

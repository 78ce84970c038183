/**
 * Slows down guessing of one person's password, wherever the guesses come from (HARDENING AK-06, AK-08). One bucket per
 * workspace and address as they were typed, whether or not there is such a person, so that it tells nothing.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { digest } from './key-format.ts';

export const wrongInARowMax = 10;
/** One more guess every so often once they are used up. */
export const guessRefillMs = 30_000;
/** Who goes on guessing is told of again after this long. */
export const throttleToldMs = 3_600_000;
const peopleMax = 10_000;

type Bucket = { left: number; atMs: number; toldAtMs: number | null };

export interface SignInThrottle {
  /** Throws `too_many_requests` with the seconds to wait. */
  assertMayTry(name: string): void;
  /** True where this used the guesses up, once per `throttleToldMs`: then it is worth a trace. */
  wrong(name: string): boolean;
  right(name: string): void;
}

export function createSignInThrottle({ clock }: { readonly clock: Clock }): SignInThrottle {
  const buckets = new LRUCache<string, Bucket>({ max: peopleMax });
  const bucketOf = (name: string): Bucket | undefined => {
    const bucket = buckets.get(digest(name));
    if (bucket === undefined) return undefined;
    const nowMs = clock.monotonicMs();
    bucket.left = Math.min(wrongInARowMax, bucket.left + (nowMs - bucket.atMs) / guessRefillMs);
    bucket.atMs = nowMs;
    return bucket;
  };
  return {
    assertMayTry(name) {
      const bucket = bucketOf(name);
      if (bucket === undefined || bucket.left >= 1) return;
      throw new AssetwireError('too_many_requests', {
        detail: 'Sign in with the right password: it was wrong too often',
        mend: 'Wait as long as Retry-After says; an admin can give you a link to set a new password',
        retryAfterSeconds: Math.ceil(((1 - bucket.left) * guessRefillMs) / 1_000),
      });
    },
    wrong(name) {
      const bucket = bucketOf(name) ?? { left: wrongInARowMax, atMs: clock.monotonicMs(), toldAtMs: null };
      bucket.left = Math.max(0, bucket.left - 1);
      buckets.set(digest(name), bucket);
      if (bucket.left >= 1) return false;
      if (bucket.toldAtMs !== null && bucket.atMs - bucket.toldAtMs < throttleToldMs) return false;
      bucket.toldAtMs = bucket.atMs;
      return true;
    },
    right: (name) => void buckets.delete(digest(name)),
  };
}

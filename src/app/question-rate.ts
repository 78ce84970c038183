/**
 * How often one place is asked for consent, by whomever: a webhook that is deleted and made again asks again, so the bound on
 * questions that are open (`unconfirmed-limit.ts`) does not keep a stranger's mailbox from being flooded (HARDENING CF-05).
 * Counted in each process for itself, over all workspaces.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createTokenBucket, type TokenBucket } from '../core/token-bucket.ts';
import type { Target } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import { placeOf } from './unconfirmed-limit.ts';

const placesMax = 10_000;
const hourSeconds = 3_600;

/** Counts a question to the place of the target. Throws `too_many_requests`. */
export type QuestionRate = (target: Target) => void;

export function createQuestionRate({ clock }: { readonly clock: Pick<Clock, 'monotonicMs'> }): QuestionRate {
  const places = new LRUCache<string, TokenBucket>({ max: placesMax });
  return (target) => {
    const place = placeOf(target);
    const most =
      target.transport === 'email' ? limits.questionsPerMailboxPerHourMax : limits.questionsPerHostPerHourMax;
    const nowMs = clock.monotonicMs();
    const bucket = places.get(place) ?? createTokenBucket(most / hourSeconds, nowMs, most);
    const readyAtMs = bucket.readyAtMs(nowMs);
    if (readyAtMs > nowMs) {
      throw new AssetwireError('too_many_requests', {
        detail: `Ask ${place} for consent at most ${most} times an hour, whoever asks: more questions came`,
        mend: 'Confirm those that were asked, or wait as long as Retry-After says',
        retryAfterSeconds: Math.ceil((readyAtMs - nowMs) / 1_000),
      });
    }
    bucket.spend(1, nowMs);
    places.set(place, bucket);
  };
}

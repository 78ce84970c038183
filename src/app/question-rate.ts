/**
 * How often one place is asked for consent, by whomever: a webhook that is deleted and made again asks again, so the bound on
 * questions that are open (`unconfirmed-limit.ts`) does not keep a stranger's mailbox from being flooded (HARDENING CF-05).
 * Counted in each process for itself, over all workspaces.
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Target } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import { placeOf } from './unconfirmed-limit.ts';

const placesMax = 10_000;
const hourMs = 3_600_000;

/** Counts a question to the place of the target. Throws `too_many_requests`. */
export type QuestionRate = (target: Target) => void;

export function createQuestionRate({ clock }: { readonly clock: Pick<Clock, 'monotonicMs'> }): QuestionRate {
  const places = new LRUCache<string, { readonly left: number; readonly atMs: number }>({ max: placesMax });
  return (target) => {
    const place = placeOf(target);
    const most =
      target.transport === 'email' ? limits.questionsPerMailboxPerHourMax : limits.questionsPerHostPerHourMax;
    const nowMs = clock.monotonicMs();
    const before = places.get(place) ?? { left: most, atMs: nowMs };
    const left = Math.min(most, before.left + ((nowMs - before.atMs) * most) / hourMs);
    if (left < 1) {
      throw new AssetwireError('too_many_requests', {
        detail: `Ask ${place} for consent at most ${most} times an hour, whoever asks: more questions came`,
        mend: 'Confirm those that were asked, or wait as long as Retry-After says',
        retryAfterSeconds: Math.ceil(((1 - left) * hourMs) / most / 1_000),
      });
    }
    places.set(place, { left: left - 1, atMs: nowMs });
  };
}

/**
 * The wall clock that all processes on one store go by: the database's, carried on by the monotonic clock between two
 * looks at it. A machine whose own clock is minutes off dates nothing differently, and a jump of its clock is not even
 * noticed. Until the database has been asked for the first time it is the machine's own.
 */
import type { Clock } from './clock.ts';

export type SharedClock = Clock & {
  /** What the database's clock showed between these two moments of the monotonic one. */
  learn(databaseMs: number, askedAtMs: number, answeredAtMs: number): void;
};

/** Differences below this are the way there and back, not the clocks. */
const followedFromMs = 100;

export function createSharedClock(own: Clock): SharedClock {
  let base: { readonly wallMs: number; readonly monotonicMs: number } | null = null;
  const nowMs = (): number =>
    base === null ? own.nowMs() : Math.floor(base.wallMs + (own.monotonicMs() - base.monotonicMs));
  return {
    nowMs,
    monotonicMs: own.monotonicMs,
    timer: own.timer,
    learn(databaseMs, askedAtMs, answeredAtMs) {
      const monotonicMs = (askedAtMs + answeredAtMs) / 2;
      const shownMs = nowMs() - (own.monotonicMs() - monotonicMs);
      const unsureMs = Math.max(followedFromMs, (answeredAtMs - askedAtMs) / 2);
      if (base === null || Math.abs(databaseMs - shownMs) > unsureMs) base = { wallMs: databaseMs, monotonicMs };
    },
  };
}

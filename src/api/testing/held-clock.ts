import type { Clock } from '../../runtime/clock.ts';

export type HeldClock = Clock & {
  /** Moves on and fires what falls due, in order. */
  advance(ms: number): void;
  /** Resolves when at least one timer is set. */
  waitForTimer(): Promise<void>;
  readonly pending: () => number;
};

/** A clock that stands still until it is moved. */
export function createHeldClock(startMs = 1_760_000_000_000): HeldClock {
  let elapsedMs = 0;
  const waiting: (() => void)[] = [];
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    timer(delayMs, fire) {
      const entry = { atMs: elapsedMs + Math.max(0, delayMs), fire };
      timers.add(entry);
      for (const resume of waiting.splice(0)) resume();
      return { cancel: () => timers.delete(entry) };
    },
    advance(ms) {
      const untilMs = elapsedMs + ms;
      for (;;) {
        const next = [...timers]
          .filter((entry) => entry.atMs <= untilMs)
          .sort((left, right) => left.atMs - right.atMs)[0];
        if (next === undefined) break;
        timers.delete(next);
        elapsedMs = next.atMs;
        next.fire();
      }
      elapsedMs = untilMs;
    },
    waitForTimer: () => (timers.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    pending: () => timers.size,
  };
}

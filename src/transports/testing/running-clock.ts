/**
 * Time for tests whose peers live in their own process: it passes only while that process runs. Where a machine gives it no
 * processor for two seconds, peer and sender both stood still, and neither is late by it: a gap between two looks counts for
 * `gapMsMax` and no more. It is never ahead of real time, so that what waits waits at least as long as it says.
 */
import { type Clock, systemClock } from '../../runtime/clock.ts';

const lookEveryMs = 10;
const gapMsMax = 25;

/** `pass` moves it on by hand: what has come due by then strikes in the next turn of the loop. */
export type RunningClock = Clock & { pass(ms: number): void };

type Waiting = { readonly dueMs: number; readonly fire: () => void };

export function createRunningClock(): RunningClock {
  let passedMs = 0;
  let seenMs = performance.now();
  const waiting = new Set<Waiting>();
  let looking: NodeJS.Timeout | null = null;
  const look = (): number => {
    const nowMs = performance.now();
    passedMs += Math.min(nowMs - seenMs, gapMsMax);
    seenMs = nowMs;
    return passedMs;
  };
  const turn = (): void => {
    looking = null;
    const nowMs = look();
    const due = [...waiting].filter(({ dueMs }) => dueMs <= nowMs).sort((one, other) => one.dueMs - other.dueMs);
    // One that strikes may cancel others.
    for (const timer of due) if (waiting.delete(timer)) timer.fire();
    arm();
  };
  const arm = (): void => {
    if (looking !== null || waiting.size === 0) return;
    const nextMs = Math.min(...[...waiting].map(({ dueMs }) => dueMs)) - passedMs;
    looking = setTimeout(turn, Math.min(lookEveryMs, Math.max(1, nextMs)));
  };
  // Time passes also while nothing waits for it.
  setInterval(look, lookEveryMs).unref();
  return {
    nowMs: () => systemClock.nowMs(),
    monotonicMs: look,
    timer(delayMs, fire) {
      const timer = { dueMs: look() + Math.max(0, delayMs), fire };
      waiting.add(timer);
      arm();
      return {
        cancel() {
          waiting.delete(timer);
          if (waiting.size > 0 || looking === null) return;
          clearTimeout(looking);
          looking = null;
        },
      };
    },
    pass(ms) {
      passedMs += ms;
    },
  };
}

/** For everyone who does not move time by hand. */
export const runningClock: Clock = createRunningClock();

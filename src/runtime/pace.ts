/**
 * The pace of work that can wait: signatures, which bring deliveries with them, and what a workspace starts beyond its
 * share. It gets a share of a core's time: all of it where the loop that delivers has time to spare, and never less than a
 * tenth, so that it comes to its end however long others keep the loop busy.
 */
import type { LoopLoad } from './loop-load.ts';

export type Pace = {
  /** Milliseconds until the next piece may start; 0: now. */
  waitMs(nowMs: number): number;
  /** A piece starts; what it will cost is taken to be what pieces cost lately. */
  began(): void;
  /** A piece has ended and took so much of the thread's time. */
  ended(tookMs: number): void;
};

export const shareMin = 0.1;
const lookEveryMs = 20;
const shareStep = 0.1;
const shareFall = 0.7;
/** Time that may be saved up: enough to bridge a timer's grain, too little for a burst. */
const savedMsMax = 2;
const costsAveraged = 16;

export type PaceOptions = {
  /** What a piece costs, in milliseconds, until `ended` tells. */
  readonly costMs?: number;
  /** Loads of the loop below which the share grows, and above which it falls. */
  readonly loadFree?: number;
  readonly loadBusy?: number;
};

export function createPace(load: LoopLoad, startMs: number, options: PaceOptions = {}): Pace {
  const { loadFree = 0.5, loadBusy = 0.6 } = options;
  let share = shareMin;
  let lookedMs = startMs;
  let paidMs = startMs;
  let savedMs = savedMsMax;
  let costMs = options.costMs ?? 0.5;

  const look = (nowMs: number): void => {
    if (nowMs < lookedMs + lookEveryMs) return;
    // After a rest nothing is known of the load; what was known then is old.
    if (nowMs > lookedMs + 10 * lookEveryMs) share = shareMin;
    lookedMs = nowMs;
    const busy = load();
    if (busy < loadFree) share = Math.min(1, share + shareStep);
    else if (busy > loadBusy) share = Math.max(shareMin, share * shareFall);
  };

  return {
    waitMs(nowMs) {
      look(nowMs);
      savedMs = Math.min(savedMsMax, savedMs + (nowMs - paidMs) * share);
      paidMs = nowMs;
      return savedMs >= 0 ? 0 : -savedMs / share;
    },
    began() {
      savedMs -= costMs;
    },
    ended(tookMs) {
      // Systems count a thread's time in ticks: of single pieces it is often 0, on average it is right.
      costMs += (tookMs - costMs) / costsAveraged;
    },
  };
}

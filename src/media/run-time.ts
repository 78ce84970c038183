/**
 * How long a process may take over a job. The time in which the machine did not let it run is not counted, so that a good
 * file is not given up because others needed the processors; and somebody hears of it where a process comes to nothing.
 */
import type { Clock, Timer } from '../runtime/clock.ts';

export type RunTimeWatch = {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** For how long the process was ready and not let run, since its start; null where the system does not tell. */
  readonly waitedMs: () => Promise<number | null>;
  /** It took `timeoutMs`, or four times as long with all its waiting. */
  readonly onTimeout: () => void;
  /** It has hardly been let run for `starvedAfterMs`. Absent: nobody asks. */
  readonly onStarved?: () => void;
};

export const starvedAfterMs = 15_000;
/** Of the time since it was first looked at. */
const starvedShare = 0.9;
const patience = 4;
/** Most jobs end before anything is looked at. */
const firstLookMs = 1_000;
const restMsMin = 20;

/** Calls one of the two, once, unless it is cancelled before. */
export function watchRunTime({ clock, timeoutMs, waitedMs, onTimeout, onStarved }: RunTimeWatch): Timer {
  const startedMs = clock.monotonicMs();
  let cancelled = false;
  let timer: Timer | null = null;
  let first: { readonly atMs: number; readonly waitedMs: number } | null = null;

  const arm = (restMs: number): void => {
    timer = clock.timer(Math.max(restMsMin, restMs), () => void look());
  };
  const look = async (): Promise<void> => {
    const nowWaitedMs = await waitedMs();
    if (cancelled) return;
    const elapsedMs = clock.monotonicMs() - startedMs;
    first ??= { atMs: elapsedMs, waitedMs: nowWaitedMs ?? 0 };
    const watchedMs = elapsedMs - first.atMs;
    const lostMs = nowWaitedMs === null ? 0 : Math.min(watchedMs, Math.max(0, nowWaitedMs - first.waitedMs));
    const leftMs = Math.min(timeoutMs - (elapsedMs - lostMs), timeoutMs * patience - elapsedMs);
    if (leftMs <= 0) return onTimeout();
    if (onStarved === undefined) return arm(leftMs);
    if (watchedMs >= starvedAfterMs && lostMs >= watchedMs * starvedShare) return onStarved();
    arm(Math.min(leftMs, starvedAfterMs));
  };
  arm(Math.min(firstLookMs, timeoutMs / 4));
  return {
    cancel() {
      cancelled = true;
      timer?.cancel();
    },
  };
}

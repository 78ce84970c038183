/** One timer for all lanes: a heap of wake times, and the clock's timer set to the earliest. */
import type { Clock, Timer } from '../runtime/clock.ts';
import { createHeap } from './heap.ts';
import type { Lane } from './lane.ts';

export type Alarm = {
  /** Wakes the lane at this monotonic time; an earlier time replaces a later one, a later one is ignored. */
  wakeAt(lane: Lane, atMs: number): void;
  stop(): void;
};

/** A longer wait is looked at again after this time: due times follow a clock that drifts against the monotonic one. */
const waitMsMax = 3_600_000;
/** Timers fire a little early at times; a lane woken before its time would only be put back. */
const grainMs = 1;

export function createAlarm(clock: Clock, wake: (lane: Lane) => void): Alarm {
  const heap = createHeap<{ readonly lane: Lane; readonly atMs: number }>();
  let timer: Timer | null = null;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const ring = (): void => {
    timer = null;
    timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.monotonicMs();
    // First all that is due, then the waking: a lane that is woken and asks for a time that has passed meanwhile (it
    // reckons with the time of its turn, which is older than ours) is woken by the next ring, never by this one again.
    const due: Lane[] = [];
    while (heap.earliest() <= nowMs) {
      const entry = heap.take();
      // A lane that has been given an earlier time since is in the heap twice; only its valid entry counts.
      if (entry === undefined || entry.lane.wakeAtMs !== entry.atMs) continue;
      entry.lane.wakeAtMs = Number.POSITIVE_INFINITY;
      due.push(entry.lane);
    }
    for (const lane of due) wake(lane);
    arm();
  };

  const arm = (): void => {
    const earliestMs = heap.earliest();
    if (stopped || earliestMs >= timerAtMs) return;
    timer?.cancel();
    timerAtMs = earliestMs;
    timer = clock.timer(Math.max(grainMs, Math.ceil(earliestMs - clock.monotonicMs())), ring);
  };

  return {
    wakeAt(lane, atMs) {
      const cappedMs = Math.min(atMs, clock.monotonicMs() + waitMsMax);
      if (lane.wakeAtMs <= cappedMs) return;
      lane.wakeAtMs = cappedMs;
      heap.add(cappedMs, { lane, atMs: cappedMs });
      arm();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      timer = null;
    },
  };
}

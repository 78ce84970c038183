/**
 * What time it is, asked once per turn of the loop: a delivery passes a dozen questions of time, and within a turn of a
 * few milliseconds all may have the same answer.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Turn } from '../runtime/turn.ts';
import type { DueClock } from './due-clock.ts';
import type { LaneNow } from './lane.ts';

export function createTurnNow(clock: Clock, due: DueClock, endOfTurn: Turn): () => LaneNow {
  let now: LaneNow | null = null;
  const forget = (): void => {
    now = null;
  };
  return () => {
    if (now !== null) return now;
    now = { monotonicMs: clock.monotonicMs(), dueMs: due.nowMs() };
    endOfTurn(forget);
    return now;
  };
}

/**
 * The clocks that due times and ages are judged by. Wall-clock time may jump by an hour or forty days (HARDENING FC-01).
 * Taken as it is, a jump forward would send every waiting retry at once and let every delivery die of old age, and a jump
 * back would leave the queue standing. Both clocks here run with the monotonic one and drift towards the wall:
 *
 * - `steadyMs`, for ages and the clocks of disable rules, by at most a tenth of the time that passes.
 * - `nowMs`, for due times, likewise where the wall fell behind; where it ran ahead, the gap is closed within an hour. A
 *   machine that starts with its clock in the past and is put right a moment later must not leave what is overdue waiting,
 *   and what is early by such a jump comes spread over that hour instead of at once.
 *
 * Ordinary corrections (below half a second) are followed at once. A restart begins at the wall clock. A suspended
 * machine looks like a jump forward: its monotonic clock stood still.
 */
import type { Clock } from '../runtime/clock.ts';

export type DueClock = {
  /** Unix milliseconds as due times count them. */
  nowMs(): number;
  /** Unix milliseconds for clocks of days: what the wall showed at the start and what has passed since. */
  steadyMs(): number;
  /** How long a delivery made at `createdAtMs` (by the wall clock of its time) has been owed, whatever the wall did since. */
  ageMs(createdAtMs: number): number;
  /** What rows are asked for: everything due by either clock; the reader sorts out retries that only the wall calls due. */
  horizonMs(): number;
};

const followedAtOnceMs = 500;
const driftShare = 0.1;
const catchUpMs = 3_600_000;

export function createDueClock(clock: Clock): DueClock {
  let lastMonotonicMs = clock.monotonicMs();
  let steady = clock.nowMs();
  let due = steady;
  /** Share of passing time by which `due` runs faster while it catches up with a wall clock that ran ahead. */
  let haste = 0;

  const step = (): void => {
    const monotonicMs = clock.monotonicMs();
    const wallMs = clock.nowMs();
    const passedMs = monotonicMs - lastMonotonicMs;
    lastMonotonicMs = monotonicMs;
    steady = towards(steady + passedMs, wallMs, passedMs * driftShare);
    const gapMs = wallMs - (due + passedMs);
    // Fixed when the jump is seen, so that the last of the gap closes as fast as the first.
    haste = gapMs > followedAtOnceMs ? Math.max(haste, gapMs / catchUpMs, driftShare) : 0;
    due = towards(due + passedMs, wallMs, passedMs * Math.max(haste, driftShare));
  };

  return {
    nowMs() {
      step();
      return Math.floor(due);
    },
    steadyMs() {
      step();
      return Math.floor(steady);
    },
    ageMs(createdAtMs) {
      step();
      return Math.max(0, Math.min(steady, clock.nowMs()) - createdAtMs);
    },
    horizonMs() {
      step();
      return Math.floor(Math.max(due, clock.nowMs()));
    },
  };
}

function towards(fromMs: number, wallMs: number, driftMsMax: number): number {
  const gapMs = wallMs - fromMs;
  if (Math.abs(gapMs) <= followedAtOnceMs) return wallMs;
  return fromMs + Math.max(-driftMsMax, Math.min(driftMsMax, gapMs));
}

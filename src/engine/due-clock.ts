/**
 * The clocks that due times and ages are judged by. Wall-clock time may jump by an hour or forty days (HARDENING FC-01).
 * Taken as it is, a jump forward would send every waiting retry at once and let every delivery die of old age, and a jump
 * back would leave the queue standing. Both clocks here run with the monotonic one and drift towards the wall:
 *
 * - `steadyMs`, for ages and the clocks of disable rules, by at most a tenth of the time that passes.
 * - `nowMs`, for due times, likewise; but where the wall has stayed ahead for an hour, the gap is closed within the next.
 *   A machine that started with its clock in the past and was put right must not leave what is overdue waiting for ever;
 *   and a clock that is wrong for less than an hour makes no retry early.
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
const patienceMs = 3_600_000;
const catchUpMs = 3_600_000;

export function createDueClock(clock: Clock): DueClock {
  let begun = false;
  let lastMonotonicMs = 0;
  let steady = 0;
  let due = 0;
  let aheadSinceMs: number | null = null;
  /** Share of passing time by which `due` runs faster. */
  let haste = driftShare;

  const step = (): void => {
    const monotonicMs = clock.monotonicMs();
    const wallMs = clock.nowMs();
    // With the first question, not before: a shared clock asks the database for its time when the engine starts.
    if (!begun) {
      begun = true;
      lastMonotonicMs = monotonicMs;
      steady = wallMs;
      due = wallMs;
    }
    const passedMs = monotonicMs - lastMonotonicMs;
    lastMonotonicMs = monotonicMs;
    steady = towards(steady + passedMs, wallMs, passedMs * driftShare);
    const gapMs = wallMs - (due + passedMs);
    if (gapMs <= followedAtOnceMs) {
      aheadSinceMs = null;
      haste = driftShare;
    } else {
      aheadSinceMs ??= monotonicMs;
      // Fixed at its greatest, so that the last of the gap closes as fast as the first.
      if (monotonicMs - aheadSinceMs > patienceMs) haste = Math.max(haste, gapMs / catchUpMs);
    }
    due = towards(due + passedMs, wallMs, passedMs * haste);
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

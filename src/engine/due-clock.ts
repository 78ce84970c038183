/**
 * The clock that due times and ages are judged by. Wall-clock time may jump by an hour or forty days (HARDENING FC-01);
 * taken as it is, a jump forward would send every waiting retry at once and a jump back would leave the queue standing.
 * So this clock runs with the monotonic one and drifts towards the wall clock by at most a tenth of the time that
 * passes: after a jump, waits are up to a tenth shorter or longer until the gap has closed. Ordinary corrections of the
 * wall clock (below half a second) are followed at once. A restart begins at the wall clock.
 *
 * A suspended machine looks like a jump: its monotonic clock stood still. Waits go on where they stood.
 */
import type { Clock } from '../runtime/clock.ts';

export type DueClock = {
  /** Unix milliseconds as due times count them. */
  nowMs(): number;
  /** How long a delivery made at `createdAtMs` (by the wall clock of its time) has been owed, whatever the wall did since. */
  ageMs(createdAtMs: number): number;
  /** What rows are asked for: everything due by either clock; the reader sorts out retries that only the wall calls due. */
  horizonMs(): number;
};

const followedAtOnceMs = 500;
const driftShare = 0.1;

export function createDueClock(clock: Clock): DueClock {
  let lastMonotonicMs = clock.monotonicMs();
  let dueMs = clock.nowMs();

  const nowMs = (): number => {
    const monotonicMs = clock.monotonicMs();
    const passedMs = monotonicMs - lastMonotonicMs;
    lastMonotonicMs = monotonicMs;
    dueMs += passedMs;
    const gapMs = clock.nowMs() - dueMs;
    if (Math.abs(gapMs) <= followedAtOnceMs) dueMs += gapMs;
    else dueMs += Math.max(-passedMs * driftShare, Math.min(passedMs * driftShare, gapMs));
    return Math.floor(dueMs);
  };

  return {
    nowMs,
    ageMs: (createdAtMs) => Math.max(0, Math.min(nowMs(), clock.nowMs()) - createdAtMs),
    horizonMs: () => Math.max(nowMs(), Math.floor(clock.nowMs())),
  };
}

/**
 * What this version does not know and another may: a dialect, a transport, a change kind. In a rolling upgrade, and after a
 * step back, versions share a store; who meets what only the other one can send leaves it for it, instead of ending the
 * delivery. It is looked at again, ever more seldom, for a day; then it is dead, where it can be seen and replayed.
 */
import { type ChangeKind, changeKinds } from '../core/change.ts';
import type { Outcome } from '../core/outcome.ts';
import type { RetrySchedule } from '../core/policy.ts';
import { type NextAttemptInput, nextAttempt } from '../core/retry-schedule.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Refusal } from './lane-setup.ts';

const codes: ReadonlySet<string> = new Set(['unknown-dialect', 'unknown-transport', 'unknown-change-kind']);
const kinds: ReadonlySet<ChangeKind> = new Set(changeKinds);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const schedule: RetrySchedule = {
  delaysMs: [5_000, 15_000, ...[1, 2, 4, 8, 15, 30].map((minutes) => minutes * minuteMs)],
  jitter: 0.2,
  then: { everyMs: hourMs, times: 24 },
  ageMaxMs: 24 * hourMs,
};

/** Null where this version knows the kind. */
export function unknownKind(kind: ChangeKind): Refusal | null {
  if (kinds.has(kind)) return null;
  return { code: 'unknown-change-kind', detail: `No change kind ${String(kind).slice(0, 100)} in this server` };
}

/** Whether another version of ours may be able to do what this one could not. */
export function isForAnotherVersion(outcome: Outcome): boolean {
  return outcome.kind === 'refused-by-config' && codes.has(outcome.code);
}

/** Later, without a word to the receiver. */
export function leftToAnotherVersion(input: Omit<NextAttemptInput, 'schedule' | 'askedMs'>): Verdict {
  const next = nextAttempt({ ...input, schedule });
  return next.kind === 'retry' ? { kind: 'retry', atMs: next.atMs, reason: 'refused-by-config' } : next;
}

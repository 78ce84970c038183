/** From an outcome to a verdict, and from a verdict to what is recorded. */
import { judgeByPolicy } from '../core/judge.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { RecordItem } from '../storage/storage.ts';
import { makeAttempt } from './attempt-record.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { LaneNow } from './lane.ts';
import { isUnusable } from './lane-setup.ts';
import type { Run } from './run.ts';

export type JudgeParts = Pick<EngineDeps, 'random' | 'log'> & {
  readonly due: DueClock;
  readonly turnNow: () => LaneNow;
};

/** A dialect that names no usable time gets this; never an immediate hot loop (HARDENING RX-15). */
const retryUnnamedMs = 60_000;

/** What the dialect makes of an outcome; its policy decides where it throws. */
export function verdictOf(run: Run, outcome: Outcome, { random, log, due, turnNow }: JudgeParts): Verdict {
  const { setup, task } = run;
  if (isUnusable(setup)) return { kind: 'rejected', reason: 'refused-by-config' };
  const nowMs = turnNow().dueMs;
  const input = {
    outcome,
    event: task.delivery.event,
    attempt: task.delivery.attempts + 1,
    // On the clock of due times, so that a jump of the wall clock ages nothing.
    createdAtMs: nowMs - due.ageMs(task.delivery.createdAtMs),
    nowMs,
    policy: setup.policy,
    chance: random.fraction(),
  };
  let verdict: Verdict;
  try {
    verdict = setup.dialect.judge(input);
  } catch (error) {
    log.error({ err: error, dialect: setup.webhook.dialect }, 'A dialect threw while judging: its policy decides');
    verdict = judgeByPolicy(input);
  }
  if (verdict.kind === 'retry' && !Number.isFinite(verdict.atMs)) return { ...verdict, atMs: nowMs + retryUnnamedMs };
  return verdict;
}

/** The item that the store is given. */
export function recordOf(
  run: Run,
  outcome: Outcome,
  { verdict, nowMs }: { readonly verdict: Verdict; readonly nowMs: number },
): RecordItem {
  const { lane, setup, task, prepared } = run;
  const { delivery } = task;
  const usable = isUnusable(setup) ? null : setup;
  const attempt = makeAttempt({
    number: delivery.attempts + 1,
    startedAtMs: run.startedAtMs,
    outcome,
    verdict,
    method: usable?.method ?? 'POST',
    url: usable?.target ?? '',
    headers: prepared?.shownHeaders ?? [],
    bodyBytes: prepared?.body.length ?? 0,
    bodySha256: prepared?.bodySha256 ?? '',
    webhookRevision: setup.webhook.revision,
    hidden: usable?.hidden ?? [],
  });
  const keepBody = verdict.kind !== 'delivered' && prepared !== null && run.storedBody === null;
  return {
    workspaceId: lane.workspaceId,
    webhookId: lane.webhookId,
    deliveryId: delivery.id,
    epoch: run.epoch,
    attemptsBefore: delivery.attempts,
    attempt,
    next: nextOf(verdict, nowMs),
    ...(keepBody ? { body: prepared.body } : {}),
  };
}

function nextOf(verdict: Verdict, endedAtMs: number): RecordItem['next'] {
  switch (verdict.kind) {
    case 'delivered':
      return { state: 'delivered', endedAtMs };
    case 'retry':
      return { state: 'pending', dueAtMs: Math.ceil(verdict.atMs) };
    case 'rejected':
    case 'dead':
      return { state: verdict.kind, reason: verdict.reason, endedAtMs };
    // The receiver asked for no more: its answer ends this delivery, and the webhook is switched off beside it.
    case 'disable':
      return { state: 'rejected', reason: verdict.reason, endedAtMs };
    default:
      return verdict satisfies never;
  }
}

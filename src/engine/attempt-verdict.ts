/** From an outcome to a verdict, and from a verdict to what is recorded. */
import type { Outcome } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { RecordItem } from '../storage/contract/record-item.ts';
import { makeAttempt } from './attempt-record.ts';
import { dialectVerdict } from './dialect-verdict.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { LaneNow } from './lane.ts';
import { isUnusable, type LaneSetup, shownMethod } from './lane-setup.ts';
import { isForAnotherVersion, leftToAnotherVersion } from './other-version.ts';
import type { Prepared } from './prepare.ts';
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
  const nowMs = turnNow().dueMs;
  const attempt = task.delivery.attempts + 1;
  // On the clock of due times, so that a jump of the wall clock ages nothing.
  const createdAtMs = nowMs - due.ageMs(task.delivery.createdAtMs);
  const chance = random.fraction();
  if (isForAnotherVersion(outcome)) return leftToAnotherVersion({ attempt, createdAtMs, nowMs, chance });
  if (isUnusable(setup)) return { kind: 'rejected', reason: 'refused-by-config' };
  const { event, frozen } = task.delivery;
  const input = { outcome, event, frozen, attempt, createdAtMs, nowMs, policy: setup.policy, chance };
  const verdict = dialectVerdict(setup, input, log);
  if (verdict.kind === 'retry' && !Number.isFinite(verdict.atMs)) return { ...verdict, atMs: nowMs + retryUnnamedMs };
  return verdict;
}

/** The item that the store is given of a run. */
export function recordOf(
  { setup, task, prepared, epoch, startedAtMs, storedBody }: Run,
  outcome: Outcome,
  { verdict, nowMs }: { readonly verdict: Verdict; readonly nowMs: number },
): RecordItem {
  return recordItem({
    task,
    epoch,
    setup: isUnusable(setup) ? null : setup,
    webhookRevision: setup.webhook.revision,
    prepared,
    startedAtMs,
    outcome,
    verdict,
    endedAtMs: nowMs,
    bodyIsStored: storedBody !== null,
  });
}

/** An attempt that has ended, in a lane or beside it. */
export type EndedAttempt = {
  readonly task: DeliveryTask;
  readonly epoch: number;
  /** Null where the webhook is unusable. */
  readonly setup: LaneSetup | null;
  readonly webhookRevision: number;
  /** Null where nothing could be made to be sent. */
  readonly prepared: Prepared | null;
  readonly startedAtMs: number;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly endedAtMs: number;
  /** Bytes of an earlier attempt lie in the store already. */
  readonly bodyIsStored: boolean;
};

export function recordItem(ended: EndedAttempt): RecordItem {
  const { setup, prepared, outcome, verdict, startedAtMs, webhookRevision } = ended;
  const { delivery } = ended.task;
  const isKept = verdict.kind === 'delivered' ? keepsMessages(setup) : !ended.bodyIsStored;
  const keepBody = prepared !== null && isKept;
  return {
    workspaceId: delivery.workspaceId,
    webhookId: delivery.webhookId,
    deliveryId: delivery.id,
    epoch: ended.epoch,
    attemptsBefore: delivery.attempts,
    attempt: makeAttempt({
      number: delivery.attempts + 1,
      startedAtMs,
      outcome,
      verdict,
      method: shownMethod(setup, prepared?.method),
      url: setup?.shownTarget ?? '',
      headers: prepared?.shownHeaders ?? [],
      bodyBytes: prepared?.body.length ?? 0,
      bodySha256: prepared?.bodySha256 ?? '',
      webhookRevision,
      hidden: [...(setup?.hidden ?? []), ...(prepared?.hidden ?? [])],
    }),
    next: nextOf(verdict, ended.endedAtMs),
    ...(keepBody ? { body: prepared.body } : {}),
  };
}

function keepsMessages(setup: LaneSetup | null): boolean {
  return setup?.dialect.keepsMessages === true;
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

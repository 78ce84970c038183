/**
 * What a crash left behind. The flight log names the attempts that were in the air; each is recorded as `interrupted`,
 * outcome unknown, before anything new is started, so that attempt numbers go on without a gap and nobody takes silence
 * for success. A delivery found at the third crash in a row is suspected of causing them: it ends as dead, visibly, and
 * can be redelivered by hand.
 */
import type { Outcome } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RecordItem } from '../storage/contract/record-item.ts';
import { makeAttempt } from './attempt-record.ts';
import { dialectVerdict } from './dialect-verdict.ts';
import type { DueClock } from './due-clock.ts';
import type { CurrentWebhook, WebhookCare } from './engine.ts';
import type { EngineDeps, EngineLog } from './engine-deps.ts';
import type { CrashedFlight } from './flight-log.ts';
import { isUnusable, makeLaneSetup } from './lane-setup.ts';
import type { Ownership } from './engine.ts';

export const quarantineReason = 'quarantined_after_crashes';

export type CrashRecoveryParts = Pick<EngineDeps, 'dialects' | 'transports' | 'links' | 'random'> & {
  readonly care: WebhookCare;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly due: DueClock;
  readonly log: EngineLog;
  readonly crashesMax: number;
};

export type CrashRecord = {
  readonly item: RecordItem;
  /**
   * The webhook's revision now, where a dead head stops its lane: before this death is recorded, the stop must be stored,
   * and one stored for a death that the crash forestalled must be lifted. Null where a death stops nothing. Not the
   * revision that was sent with: who edited the webhook before the death has not looked at it.
   */
  readonly stopRevision: number | null;
};

/**
 * The record of one attempt that a crash cut off; null where the lane is another worker's. Rejects where the store does not answer.
 */
export async function recordOfCrash(flight: CrashedFlight, parts: CrashRecoveryParts): Promise<CrashRecord | null> {
  const claim = parts.ownership.owns(flight.webhookId);
  if (claim === null) return null;
  // Of a webhook that was deleted meanwhile the attempt is recorded all the same; what is pending is cancelled after it.
  const current = await parts.care.current(flight.workspaceId, flight.webhookId);
  const revision = await parts.care.revision(flight.workspaceId, flight.webhookId, flight.webhookRevision);
  const target = revision?.target;
  const outcome: Outcome = { kind: 'interrupted', timing: { startedAtMs: flight.startedAtMs, totalMs: 0 } };
  const verdict: Verdict =
    flight.crashes >= parts.crashesMax
      ? { kind: 'dead', reason: quarantineReason }
      : judge({ flight, outcome, current }, parts);
  const item: RecordItem = {
    workspaceId: flight.workspaceId,
    webhookId: flight.webhookId,
    deliveryId: flight.deliveryId,
    epoch: claim.epoch,
    attemptsBefore: flight.attempt - 1,
    attempt: makeAttempt({
      number: flight.attempt,
      startedAtMs: flight.startedAtMs,
      outcome,
      verdict,
      method: target?.transport === 'http' ? (target.method ?? 'POST') : 'POST',
      url: target?.transport === 'http' ? target.url : '',
      // What was sent is known by its hash; the headers went with the process.
      headers: [],
      bodyBytes: flight.bodyBytes,
      bodySha256: flight.bodySha256,
      webhookRevision: flight.webhookRevision,
      hidden: [],
    }),
    next:
      verdict.kind === 'retry'
        ? { state: 'pending', dueAtMs: Math.ceil(verdict.atMs) }
        : {
            state: 'dead',
            reason: 'reason' in verdict ? verdict.reason : 'interrupted',
            endedAtMs: parts.clock.nowMs(),
          },
  };
  return { item, stopRevision: stopRevision(current, parts) };
}

function stopRevision(current: CurrentWebhook | null, parts: CrashRecoveryParts): number | null {
  if (current === null) return null;
  const setup = makeLaneSetup(current, parts, parts.clock.nowMs());
  const stops = !isUnusable(setup) && setup.policy.order !== 'none' && setup.policy.onDead === 'stop';
  return stops ? current.webhook.revision : null;
}

type Broken = { readonly flight: CrashedFlight; readonly outcome: Outcome; readonly current: CurrentWebhook | null };

function judge({ flight, outcome, current }: Broken, parts: CrashRecoveryParts): Verdict {
  const nowMs = parts.due.nowMs();
  const again: Verdict = { kind: 'retry', atMs: nowMs, reason: 'interrupted' };
  if (current === null) return again;
  const setup = makeLaneSetup(current, parts, parts.clock.nowMs());
  if (isUnusable(setup)) return again;
  const input = {
    outcome,
    event: '',
    attempt: flight.attempt,
    createdAtMs: nowMs - parts.due.ageMs(flight.createdAtMs),
    nowMs,
    policy: setup.policy,
    chance: parts.random.fraction(),
  };
  const verdict = dialectVerdict(setup, input, parts.log);
  // An attempt that we broke off never ends a delivery well; whatever a dialect says, it is tried again or dead.
  return verdict.kind === 'retry' || verdict.kind === 'dead' ? verdict : again;
}

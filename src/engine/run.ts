/** One attempt on its way, and what is read off it. */
import type { Outcome } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Consent } from '../core/verdict.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { RecordItem } from '../storage/contract/record-item.ts';
import type { Flight } from './flight-log.ts';
import type { Lane } from './lane.ts';
import type { LaneSetup, Unusable } from './lane-setup.ts';
import type { Prepared } from './prepare.ts';
import type { Shelf } from './shelf.ts';

/**
 * Which room an attempt takes: `none`, its lane has proved itself; `untried`, the first one of a lane that has not yet, or not
 * since it failed; `failing`, every other one of such a lane, and all of a lane in failure.
 */
export type Doubt = 'none' | 'untried' | 'failing';

/** One attempt from its lane's turn until its result is stored. */
export type Run = {
  readonly lane: Lane;
  readonly shelf: Shelf;
  readonly task: DeliveryTask;
  readonly setup: LaneSetup | Unusable;
  readonly epoch: number;
  readonly doubt: Doubt;
  /** Bytes of an earlier attempt; null where there are none. */
  storedBody: Uint8Array | null;
  prepared: Prepared | null;
  startedAtMs: number;
  /** Monotonic: when it will have overrun its deadline so far that the transport must have lost it. */
  lostFromMs: number;
  outcome: Outcome | null;
  item: RecordItem | null;
  /** What the endpoint allowed, where it was asked and consented. */
  consent: Consent | null;
};

/** Until now: for outcomes that no transport told. */
export function timingOf(run: Run, clock: Clock): Outcome['timing'] {
  return { startedAtMs: run.startedAtMs, totalMs: Math.max(0, clock.nowMs() - run.startedAtMs) };
}

/** What the flight log keeps of it while it is in the air. */
export function flightOf(run: Run): Flight {
  const { delivery } = run.task;
  return {
    deliveryId: delivery.id,
    webhookId: delivery.webhookId,
    workspaceId: delivery.workspaceId,
    attempt: delivery.attempts + 1,
    startedAtMs: run.startedAtMs,
    createdAtMs: delivery.createdAtMs,
    webhookRevision: run.setup.webhook.revision,
    bodyBytes: run.prepared?.body.length ?? 0,
    bodySha256: run.prepared?.bodySha256 ?? '',
  };
}

/**
 * From an outcome to the stored result: judged at once, learnt from, recorded together with others of its turn. The room an
 * attempt takes is free again when its result is stored, so a store that stands still stops new attempts by itself.
 */
import type { DeliveryId } from '../core/ids.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Consent } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RecordItem, RecordResult } from '../storage/contract/record-item.ts';
import { learn } from './attempt-lessons.ts';
import { refusalOf } from './attempt-record.ts';
import type { AttemptRoom } from './attempt-room.ts';
import { recordOf, verdictOf } from './attempt-verdict.ts';
import { summaryOf } from './delivery-summary.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineEvent } from './engine.ts';
import type { EngineDeps, EngineLog } from './engine-deps.ts';
import { type LaneNow, stopWith } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';
import { isUnusable } from './lane-setup.ts';
import type { LaneWatch } from './lane-watch.ts';
import { createProxyTrouble } from './proxy-trouble.ts';
import type { Recorder } from './recorder.ts';
import type { Run } from './run.ts';

export type Landing = {
  settle(run: Run, outcome: Outcome): void;
  recorded(run: Run, result: RecordResult, repeated: boolean): void;
};

export type LandingParts = Pick<EngineDeps, 'flights' | 'random' | 'log' | 'onEvent' | 'care'> & {
  readonly clock: Clock;
  readonly due: DueClock;
  readonly room: AttemptRoom;
  readonly keeper: () => LaneKeeper;
  readonly turnNow: () => LaneNow;
  readonly watch: LaneWatch;
  readonly recorder: () => Recorder<Run>;
  readonly wake: () => void;
};

const fencePauseMsMin = 1_000;
const fencePauseMsMax = 30_000;

export function createLanding(parts: LandingParts): Landing {
  const { clock, room, log } = parts;
  const proxyTrouble = createProxyTrouble({ clock, log });

  const settle = (run: Run, outcome: Outcome): void => {
    // An attempt given up as lost, or interrupted, may still be answered.
    if (run.outcome !== null) return;
    run.outcome = outcome;
    const { lane, setup, task } = run;
    room.land(run);
    const verdict = verdictOf(run, outcome, parts);
    learn(run, { outcome, verdict }, parts);
    run.item = recordOf(run, outcome, { verdict, nowMs: clock.nowMs() });
    if (verdict.kind === 'delivered' && verdict.confirms !== undefined) run.consent = verdict.confirms;
    if (verdict.kind === 'rejected') logRefusal(run, run.item, log);
    proxyTrouble.note(outcome);
    lane.recording += 1;
    const stops =
      run.item.next.state === 'dead' && lane.order !== 'none' && !isUnusable(setup) && setup.policy.onDead === 'stop';
    if (stops) parts.recorder().addAfter(stopLane(run, task.delivery.id), run.item, run);
    else parts.recorder().add(run.item, run);
    parts.keeper().attend(lane);
    parts.wake();
    room.checkSettled();
  };

  /** The order ends here until somebody looks: said in the store before the death is, so that no crash can skip it. */
  const stopLane = async (run: Run, deliveryId: DeliveryId): Promise<void> => {
    const { lane } = run;
    // The lane may be on its way to another worker, and know its webhook no more.
    lane.stopped = stopWith(lane.stopped, deliveryId, (lane.setup ?? run.setup).webhook.revision);
    lane.shelf.giveBack();
    for (let pauseMs = fencePauseMsMin; !parts.recorder().stopped; pauseMs = Math.min(fencePauseMsMax, 2 * pauseMs)) {
      try {
        return await parts.watch.save(lane);
      } catch (error) {
        log.warn({ err: error, webhookId: lane.webhookId }, 'A stopped order could not be stored: trying again');
        await new Promise<void>((resolve) => {
          clock.timer(pauseMs, resolve);
        });
      }
    }
  };

  const recorded = (run: Run, result: RecordResult, repeated: boolean): void => {
    const { lane, task, item } = run;
    room.leave();
    lane.recording -= 1;
    parts.flights.end(task.delivery.id, run.outcome?.kind !== 'interrupted');
    if (result === 'fenced' && !repeated) {
      // Somebody else recorded it, or our epoch is over: the store knows, and we do not press.
      lane.fencedTimes += 1;
      const pauseMs = Math.min(fencePauseMsMax, fencePauseMsMin * 2 ** Math.min(lane.fencedTimes - 1, 10));
      lane.startFromMs = Math.max(lane.startFromMs, clock.monotonicMs() + pauseMs);
      log.warn({ deliveryId: task.delivery.id, webhookId: lane.webhookId }, 'A result was fenced off');
    } else if (result === 'recorded') lane.fencedTimes = 0;
    if (result === 'recorded' && item?.next.state === 'pending') {
      run.shelf.settle(task, { kind: 'retry', dueAtMs: item.next.dueAtMs });
    } else run.shelf.settle(task, result === 'fenced' ? { kind: 'unknown' } : { kind: 'ended' });
    if (parts.onEvent !== undefined && item !== null && (result === 'recorded' || repeated))
      parts.onEvent(eventOf(run, item));
    if (run.consent !== null && result === 'recorded') confirm(run, run.consent);
    parts.keeper().attend(lane);
    parts.wake();
  };

  /** Lost in a crash, the question is asked again. */
  const confirm = ({ lane }: Run, consent: Consent): void => {
    const { workspaceId, webhookId } = lane;
    parts.care.confirm(workspaceId, webhookId, consent).catch((error: unknown) => {
      log.warn({ err: error, webhookId }, 'A consent could not be stored: the endpoint will be asked again');
    });
  };

  return { settle, recorded };
}

function logRefusal({ lane, task }: Run, { attempt }: RecordItem, log: EngineLog): void {
  const refusal = refusalOf(attempt);
  if (refusal === null) return;
  const { id: deliveryId } = task.delivery;
  log.warn({ deliveryId, webhookId: lane.webhookId, ...refusal }, 'A receiver refused a delivery for good');
}

/** What live streams, metrics and traces hear. */
function eventOf(run: Run, item: RecordItem): EngineEvent {
  const { delivery, change } = run.task;
  const first = delivery.attempts === 0 && delivery.origin === 'change';
  return {
    kind: 'attempted',
    delivery: summaryOf(delivery, item),
    dialect: run.setup.webhook.dialect,
    startedAtMs: run.startedAtMs,
    answer: run.outcome,
    ...(first ? { acceptedToFirstByteMs: Math.max(0, run.startedAtMs - change.acceptedAtMs) } : {}),
  };
}

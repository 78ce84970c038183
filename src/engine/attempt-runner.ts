/**
 * Attempts: from a lane's turn to the stored result.
 *
 * Each turn of the loop takes lanes from the rota, prepares one delivery each (render, sign, assemble), lists all of them
 * in the flight log with one write, and only then lets them go. An outcome is judged at once; its record joins those of
 * the same turn. The room an attempt takes is free again when its result is stored, so a store that stands still stops
 * new attempts by itself.
 */
import { breakerAfterFailure, breakerAfterNothing, breakerAfterSuccess } from '../core/breaker.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Webhook } from '../core/webhook.ts';
import { judgeByPolicy } from '../core/judge.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import { askedWaitMs } from '../core/retry-schedule.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeliveryTask, RecordItem, RecordResult } from '../storage/storage.ts';
import { makeAttempt, refusalOf } from './attempt-record.ts';
import { createDeque } from './deque.ts';
import { summaryOf } from './delivery-summary.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineDeps, EngineOptions } from './engine-deps.ts';
import type { Flight } from './flight-log.ts';
import { narrow, widen } from './in-flight-window.ts';
import { type Lane, type LaneNow, laneNeed, mayStart, serviceOf } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';
import { isUnusable, type LaneSetup, type Refusal, type Unusable } from './lane-setup.ts';
import type { LaneWatch } from './lane-watch.ts';
import { type Preparation, type Prepared, prepare } from './prepare.ts';
import type { Recorder } from './recorder.ts';
import type { Rota } from './rota.ts';
import type { Shelf } from './shelf.ts';

/** One attempt from its lane's turn until its result is stored. */
export type Run = {
  readonly lane: Lane;
  readonly shelf: Shelf;
  readonly task: DeliveryTask;
  readonly setup: LaneSetup | Unusable;
  readonly epoch: number;
  /** Counts against the room of lanes in failure. */
  readonly unproven: boolean;
  /** Bytes of an earlier attempt; null where there are none. */
  storedBody: Uint8Array | null;
  prepared: Prepared | null;
  startedAtMs: number;
  /** Monotonic: when it will have overrun its deadline so far that the transport must have lost it. */
  lostFromMs: number;
  outcome: Outcome | null;
  item: RecordItem | null;
};

export type AttemptRunner = {
  /** Takes turns at the end of this turn of the loop. */
  wake(): void;
  recorded(run: Run, result: RecordResult, repeated: boolean): void;
  /** Ends attempts whose transport never answered. */
  endLost(): void;
  /** Nothing new is started from now on. */
  quiesce(): void;
  /** Resolves when no attempt is without an outcome, or the time is over. */
  settled(withinMs: number): Promise<void>;
  /** Ends what is in flight as interrupted. */
  interrupt(): void;
  readonly inFlight: number;
  /** From the start of an attempt to its stored result. */
  readonly open: number;
};

export type AttemptRunnerParts = Pick<
  EngineDeps,
  'storage' | 'flights' | 'signer' | 'ownership' | 'random' | 'endOfTurn' | 'log' | 'onEvent'
> & {
  readonly clock: Clock;
  readonly due: DueClock;
  readonly options: EngineOptions;
  readonly rota: Rota;
  readonly keeper: () => LaneKeeper;
  readonly turnNow: () => LaneNow;
  readonly watch: LaneWatch;
  readonly recorder: () => Recorder<Run>;
  /** True while nothing may start: recovering. */
  readonly closed: () => boolean;
};

/** Failures in a row after which a lane counts as failing. */
const failuresToDoubt = 3;
/** Lanes looked at in one turn, for each start that a turn may make. */
const looksPerStartMax = 4;
/** A transport ends within the deadline; one that does not has lost the attempt, and a slot must not be lost with it. */
const lostAfterMs = 10_000;
const notOursMs = 500;
const fencePauseMsMin = 1_000;
const fencePauseMsMax = 30_000;
/** A dialect that names no usable time gets this; never an immediate hot loop (HARDENING RX-15). */
const retryUnnamedMs = 60_000;

export function createAttemptRunner(parts: AttemptRunnerParts): AttemptRunner {
  const { clock, due, options, rota, log } = parts;
  const abort = new AbortController();
  /** Sent, in the order they were sent. */
  const airborne = new Set<Run>();
  const runway: Run[] = [];
  const parked = createDeque<Lane>();
  let open = 0;
  let unprovenOpen = 0;
  let preparing = 0;
  let woken = false;
  let quiet = false;
  let whenSettled: (() => void) | null = null;

  const wake = (): void => {
    if (woken) return;
    woken = true;
    parts.endOfTurn(turn);
  };

  const turn = (): void => {
    woken = false;
    let started = 0;
    // Looks are bounded too: a lane that asks for its turn and cannot use it must not hold the loop.
    for (let looks = 0; looks < options.startsPerTurnMax * looksPerStartMax; looks += 1) {
      if (started >= options.startsPerTurnMax || !mayGoOn()) break;
      const lane = rota.next();
      if (lane === undefined) break;
      if (startOne(lane)) started += 1;
      parts.keeper().attend(lane);
    }
    launch();
    if (rota.length > 0 && mayGoOn()) wake();
  };

  const mayGoOn = (): boolean => !quiet && open < options.inFlightMax && !parts.closed() && !parts.recorder().blocked();

  /** The lane's turn: one delivery is taken and prepared. False: it could not be, and the lane is looked at again. */
  const startOne = (lane: Lane): boolean => {
    const now = parts.turnNow();
    const { monotonicMs } = now;
    if (laneNeed(lane, now).kind !== 'ready') return false;
    const { setup } = lane;
    if (setup === null || !isOurs(lane, setup, monotonicMs)) return false;
    const startedAtMs = clock.nowMs();
    if (!isUnusable(setup) && setup.secretsUntilMs !== null && startedAtMs >= setup.secretsUntilMs) {
      lane.knowledge = 'stale';
      return false;
    }
    const unproven = lane.failures >= failuresToDoubt || (!lane.proven && lane.inFlight > 0);
    if (unproven && unprovenOpen >= options.inFlightOfFailingMax) {
      lane.parked = true;
      parked.push(lane);
      return false;
    }
    if (!mayStart(lane, monotonicMs)) return false;
    const task = lane.shelf.take(lane.window.size);
    if (task === undefined) return false;
    if (serviceOf(lane) === 'handshake' && task.delivery.origin !== 'handshake') {
      // Held until the webhook is confirmed; the write that confirms it brings the lane back to the store.
      lane.shelf.settle(task, { kind: 'ended' });
      return false;
    }
    begin(lane, setup, task, { unproven, startedAtMs });
    return true;
  };

  const isOurs = (lane: Lane, setup: LaneSetup | Unusable, monotonicMs: number): boolean => {
    const claim = parts.ownership.owns(lane.webhookId);
    if (claim === null) {
      lane.shelf.giveBack();
      lane.startFromMs = monotonicMs + notOursMs;
      return false;
    }
    const timeoutMs = isUnusable(setup) ? 0 : setup.policy.timeoutMs;
    if (claim.untilMonotonicMs >= monotonicMs + timeoutMs + options.leaseSafetyMs) return true;
    lane.startFromMs = monotonicMs + notOursMs;
    return false;
  };

  const begin = (
    lane: Lane,
    setup: LaneSetup | Unusable,
    task: DeliveryTask,
    { unproven, startedAtMs }: { readonly unproven: boolean; readonly startedAtMs: number },
  ): void => {
    const claim = parts.ownership.owns(lane.webhookId);
    const run: Run = {
      lane,
      shelf: lane.shelf,
      task,
      setup,
      epoch: claim?.epoch ?? 0,
      unproven,
      storedBody: null,
      prepared: null,
      startedAtMs,
      lostFromMs: 0,
      outcome: null,
      item: null,
    };
    lane.inFlight += 1;
    open += 1;
    preparing += 1;
    if (unproven) unprovenOpen += 1;
    lane.requestRate?.spend(1, parts.turnNow().monotonicMs);
    if (isUnusable(setup)) {
      refuse(run, setup.unusable);
      return;
    }
    const revision = task.delivery.attempts === 0 ? lane.revisions.get(task.delivery.webhookRevision) : undefined;
    if (revision !== undefined) {
      prepareRun(run, setup, revision);
      return;
    }
    void fetchAndPrepare(run, setup);
  };

  /** What the attempt needs is not in memory: an older revision of the webhook, or the bytes of the earlier attempt. */
  const fetchAndPrepare = async (run: Run, setup: LaneSetup): Promise<void> => {
    const { delivery } = run.task;
    let revision: Webhook | null;
    try {
      [revision, run.storedBody] = await Promise.all([
        parts.keeper().revision(run.lane, delivery.webhookRevision),
        delivery.attempts === 0 ? null : parts.storage.storedBody(delivery.id),
      ]);
    } catch (error) {
      log.warn({ err: error, deliveryId: delivery.id }, 'A delivery could not be read: trying again');
      run.lane.readFromMs = clock.monotonicMs() + fencePauseMsMin;
      standDown(run);
      return;
    }
    if (revision === null) refuse(run, { code: 'revision-missing', detail: 'The revision of its commit is gone' });
    else prepareRun(run, setup, revision);
  };

  const prepareRun = (run: Run, setup: LaneSetup, revision: Webhook): void => {
    // Signatures carry the time: that of signing, which may be later than that of the lane's turn.
    run.startedAtMs = clock.nowMs();
    const preparation = prepare(
      { task: run.task, setup, revision, storedBody: run.storedBody, attemptAtMs: run.startedAtMs },
      { signer: parts.signer, userAgent: options.userAgent },
    );
    if (preparation instanceof Promise) {
      preparation.then(
        (later) => toRunway(run, later),
        (error: unknown) => {
          log.error({ err: error, deliveryId: run.task.delivery.id }, 'Preparing a delivery threw');
          refuse(run, { code: 'render-failed', detail: 'Preparing the message threw' });
        },
      );
    } else toRunway(run, preparation);
  };

  const toRunway = (run: Run, preparation: Preparation): void => {
    if ('refusal' in preparation) {
      refuse(run, preparation.refusal);
      return;
    }
    if (!preparation.sameBytes) {
      log.warn({ deliveryId: run.task.delivery.id }, 'Rendered again, the body differs: the stored bytes are sent');
    }
    run.prepared = preparation;
    runway.push(run);
    wake();
  };

  /** Lists what is about to leave, in one write, and lets it go. */
  const launch = (): void => {
    if (runway.length === 0) return;
    const leaving = runway.splice(0);
    const { monotonicMs } = parts.turnNow();
    const going = leaving.filter((run) => {
      // Disabled, deleted, throttled or shut down since its turn: it has not left, so it has not happened.
      const held = quiet || serviceOf(run.lane) === 'none' || run.lane.startFromMs > monotonicMs;
      if (held) standDown(run);
      return !held;
    });
    if (going.length === 0) return;
    try {
      parts.flights.begin(going.map(flightOf));
    } catch (error) {
      log.error({ err: error }, 'The flight log could not be written: a crash now would leave attempts unnamed');
    }
    for (const run of going) send(run);
  };

  const send = (run: Run): void => {
    const { setup, prepared, lane } = run;
    if (isUnusable(setup) || prepared === null) return;
    preparing -= 1;
    airborne.add(run);
    const { policy } = setup;
    const { monotonicMs } = parts.turnNow();
    run.lostFromMs = monotonicMs + policy.timeoutMs + lostAfterMs;
    lane.byteRate?.spend(prepared.body.length, monotonicMs);
    try {
      setup.transport
        .send({
          workspaceId: lane.workspaceId,
          webhookId: lane.webhookId,
          target: setup.target,
          method: setup.method,
          headers: prepared.headers,
          body: prepared.body,
          ...(prepared.subject === undefined ? {} : { subject: prepared.subject }),
          timeoutMs: policy.timeoutMs,
          connectionsMax: policy.concurrencyMax,
          signal: abort.signal,
        })
        .then(
          (outcome) => settle(run, outcome),
          (error: unknown) => settle(run, transportFault(run, error)),
        );
    } catch (error) {
      settle(run, transportFault(run, error));
    }
  };

  /** A transport promises outcomes; one that throws is a bug, and the receiver may have got the message. */
  const transportFault = (run: Run, error: unknown): Outcome => {
    log.error({ err: error, deliveryId: run.task.delivery.id }, 'A transport threw');
    return { kind: 'broken', code: 'other', detail: 'internal', timing: timingOf(run) };
  };

  const timingOf = (run: Run): Outcome['timing'] => ({
    startedAtMs: run.startedAtMs,
    totalMs: Math.max(0, clock.nowMs() - run.startedAtMs),
  });

  const refuse = (run: Run, refusal: Refusal): void => {
    preparing -= 1;
    const timing = { startedAtMs: run.startedAtMs, totalMs: 0 };
    log.warn(
      { deliveryId: run.task.delivery.id, webhookId: run.lane.webhookId, code: refusal.code },
      'A delivery was refused before it left',
    );
    settle(run, { kind: 'refused-by-config', code: refusal.code, detail: refusal.detail, timing });
  };

  /** Taken but not sent: as if it had never been its turn. */
  const standDown = (run: Run): void => {
    preparing -= 1;
    open -= 1;
    run.lane.inFlight -= 1;
    release(run);
    run.shelf.putBack(run.task);
    run.lane.breaker = breakerAfterNothing(run.lane.breaker, clock.monotonicMs());
    parts.keeper().attend(run.lane);
    checkSettled();
  };

  const release = (run: Run): void => {
    if (!run.unproven) return;
    unprovenOpen -= 1;
    for (let next = parked.shift(); next !== undefined; next = parked.shift()) {
      // One that has proved itself meanwhile does not need this room.
      if (!next.parked) continue;
      next.parked = false;
      parts.keeper().attend(next);
      return;
    }
  };

  const settle = (run: Run, outcome: Outcome): void => {
    // An attempt given up as lost, or interrupted, may still be answered.
    if (run.outcome !== null) return;
    run.outcome = outcome;
    const { lane, setup, task } = run;
    airborne.delete(run);
    lane.inFlight -= 1;
    release(run);
    const verdict = judge(run, outcome);
    learn(run, outcome, verdict);
    run.item = recordOf(run, outcome, verdict);
    if (verdict.kind === 'rejected') logRefusal(run, run.item);
    lane.recording += 1;
    const stops =
      run.item.next.state === 'dead' && lane.order !== 'none' && !isUnusable(setup) && setup.policy.onDead === 'stop';
    if (stops) void stopLane(run, task.delivery.id, run.item);
    else parts.recorder().add(run.item, run);
    parts.keeper().attend(lane);
    wake();
    checkSettled();
  };

  const logRefusal = ({ lane, task }: Run, { attempt }: RecordItem): void => {
    const refusal = refusalOf(attempt);
    if (refusal === null) return;
    const { id: deliveryId } = task.delivery;
    log.warn({ deliveryId, webhookId: lane.webhookId, ...refusal }, 'A receiver refused a delivery for good');
  };

  /** The order ends here until somebody looks: said in the store before the death is, so that no crash can skip it. */
  const stopLane = async (run: Run, deliveryId: string, item: RecordItem): Promise<void> => {
    const { lane } = run;
    lane.stopped = { deliveryId, revision: lane.setup?.webhook.revision ?? 0 };
    lane.shelf.giveBack();
    for (let pauseMs = fencePauseMsMin; ; pauseMs = Math.min(fencePauseMsMax, 2 * pauseMs)) {
      try {
        await parts.watch.save(lane);
        break;
      } catch (error) {
        log.warn({ err: error, webhookId: lane.webhookId }, 'A stopped order could not be stored: trying again');
        await new Promise<void>((resolve) => {
          clock.timer(pauseMs, resolve);
        });
      }
    }
    parts.recorder().add(item, run);
  };

  const judge = (run: Run, outcome: Outcome): Verdict => {
    const { setup, task } = run;
    if (isUnusable(setup)) return { kind: 'rejected', reason: 'refused-by-config' };
    const nowMs = parts.turnNow().dueMs;
    const input = {
      outcome,
      event: task.delivery.event,
      attempt: task.delivery.attempts + 1,
      // On the clock of due times, so that a jump of the wall clock ages nothing.
      createdAtMs: nowMs - due.ageMs(task.delivery.createdAtMs),
      nowMs,
      policy: setup.policy,
      chance: parts.random.fraction(),
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
  };

  /** What the lane learns from an outcome: window, breaker, throttle, health. */
  const learn = (run: Run, outcome: Outcome, verdict: Verdict): void => {
    const { lane, setup } = run;
    if (isUnusable(setup)) return;
    const { policy } = setup;
    const { monotonicMs } = parts.turnNow();
    const silent = outcome.kind === 'interrupted' || outcome.kind === 'refused-by-config';
    if (verdict.kind === 'delivered') {
      lane.failures = 0;
      lane.proven = true;
      lane.parked = false;
      widen(lane.window, lane.shelf.ready(lane.window.size), policy.concurrencyMax);
      lane.breaker = breakerAfterSuccess(lane.breaker);
    } else if (silent) {
      lane.breaker = breakerAfterNothing(lane.breaker, monotonicMs);
    } else {
      lane.failures += 1;
      if (lane.failures >= failuresToDoubt) lane.proven = false;
      if (outcome.kind === 'timeout' || outcome.kind === 'connect-failed') {
        lane.proven = false;
        narrow(lane.window);
      }
      if (policy.breaker !== null) lane.breaker = breakerAfterFailure(lane.breaker, policy.breaker, monotonicMs);
    }
    const pauseMs = askedPauseMs(policy, outcome, verdict);
    if (pauseMs > 0) {
      narrow(lane.window);
      lane.startFromMs = Math.max(lane.startFromMs, monotonicMs + pauseMs);
    }
    parts.watch.observe(lane, policy, outcome, verdict);
  };

  /** How long the receiver asked the whole lane to wait; also where the answer was this delivery's last. */
  const askedPauseMs = (policy: DeliveryPolicy, outcome: Outcome, verdict: Verdict): number => {
    if (verdict.kind === 'retry') return (verdict.throttleLaneUntilMs ?? 0) - parts.turnNow().dueMs;
    if (verdict.kind !== 'dead' || outcome.kind !== 'response' || policy.retryAfter?.throttlesLane !== true) return 0;
    return askedWaitMs(policy.retryAfter, outcome.response, clock.nowMs()) ?? 0;
  };

  const recordOf = (run: Run, outcome: Outcome, verdict: Verdict): RecordItem => {
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
      next: nextOf(verdict, clock.nowMs()),
      ...(keepBody ? { body: prepared.body } : {}),
    };
  };

  const recorded = (run: Run, result: RecordResult, repeated: boolean): void => {
    const { lane, task, item } = run;
    open -= 1;
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
    if (parts.onEvent !== undefined && item !== null && (result === 'recorded' || repeated)) emit(run, item);
    parts.keeper().attend(lane);
    wake();
  };

  const emit = (run: Run, item: RecordItem): void => {
    const { delivery, change } = run.task;
    const first = delivery.attempts === 0 && delivery.origin === 'change';
    parts.onEvent?.({
      kind: 'attempted',
      delivery: summaryOf(delivery, item),
      dialect: run.setup.webhook.dialect,
      startedAtMs: run.startedAtMs,
      ...(first ? { acceptedToFirstByteMs: Math.max(0, run.startedAtMs - change.acceptedAtMs) } : {}),
    });
  };

  const checkSettled = (): void => {
    if (airborne.size + preparing === 0) whenSettled?.();
  };

  return {
    wake,
    recorded,
    endLost() {
      const nowMs = clock.monotonicMs();
      for (const run of airborne) {
        // Deadlines differ by webhook, by no more than a minute: beyond that, younger ones cannot be lost.
        if (run.lostFromMs > nowMs + 60_000) return;
        if (run.lostFromMs > nowMs) continue;
        log.error({ deliveryId: run.task.delivery.id }, 'A transport never answered: the attempt is given up');
        settle(run, { kind: 'timeout', phase: 'body', timing: timingOf(run) });
      }
    },
    quiesce() {
      quiet = true;
    },
    settled(withinMs) {
      if (airborne.size + preparing === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.timer(withinMs, resolve);
        whenSettled = () => {
          timer.cancel();
          resolve();
        };
      });
    },
    interrupt() {
      abort.abort();
      // The transport answers `interrupted` by itself; one that does not is not waited for.
      for (const run of [...airborne]) settle(run, { kind: 'interrupted', timing: timingOf(run) });
    },
    get inFlight() {
      return airborne.size;
    },
    get open() {
      return open;
    },
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

function flightOf(run: Run): Flight {
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

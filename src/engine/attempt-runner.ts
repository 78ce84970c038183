/**
 * Attempts: from a lane's turn to the stored result.
 *
 * Each turn of the loop takes lanes from the rota, prepares one delivery each (render, sign, assemble), lists all of them
 * in the flight log with one write, and only then lets them go. An outcome is judged at once; its record joins those of
 * the same turn. Here is the turn; what follows lies in attempt-departure.ts and attempt-landing.ts.
 */
import type { WorkspaceId } from '../core/ids.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { RecordResult } from '../storage/contract/record-item.ts';
import { createDeparture } from './attempt-departure.ts';
import { createLanding } from './attempt-landing.ts';
import { failuresToDoubt } from './attempt-lessons.ts';
import { createAttemptRoom } from './attempt-room.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineDeps, EngineOptions } from './engine-deps.ts';
import type { FairShare } from './fair-share.ts';
import { type Lane, type LaneNow, laneNeed, mayStart, serviceOf } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';
import { isUnusable, type LaneSetup, type Unusable } from './lane-setup.ts';
import type { LaneWatch } from './lane-watch.ts';
import type { Recorder } from './recorder.ts';
import type { Rota } from './rota.ts';
import { type Doubt, type Run, timingOf } from './run.ts';

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
  'storage' | 'flights' | 'signer' | 'ownership' | 'random' | 'endOfTurn' | 'log' | 'onEvent' | 'care'
> & {
  readonly clock: Clock;
  readonly due: DueClock;
  readonly options: EngineOptions;
  readonly rota: Rota;
  /** Null: nobody steps back for others. */
  readonly fairShare: FairShare | null;
  readonly keeper: () => LaneKeeper;
  readonly turnNow: () => LaneNow;
  readonly watch: LaneWatch;
  readonly recorder: () => Recorder<Run>;
  /** True while nothing may start: recovering. */
  readonly closed: () => boolean;
};

/** Lanes looked at in one turn, for each start that a turn may make. */
const looksPerStartMax = 4;
const notOursMs = 500;
/**
 * Of the room for attempts, what lanes that have not proved themselves may hold: who has thousands of receivers that hang, or
 * all of them at once after a start, leaves the rest to those that answer (HARDENING FO-02).
 */
const doubtedShare = 0.75;

function doubtOf({ proven, failures, inFlight }: Lane): Doubt {
  if (failures >= failuresToDoubt) return 'failing';
  if (proven) return 'none';
  return inFlight > 0 ? 'failing' : 'untried';
}

/** Its messages carry signatures that another thread makes. */
function signsByThread(setup: LaneSetup | Unusable): boolean {
  return !isUnusable(setup) && setup.dialect.manifest.signingKeys !== undefined;
}

export function createAttemptRunner(parts: AttemptRunnerParts): AttemptRunner {
  const { clock, options, rota, fairShare, log } = parts;
  const room = createAttemptRoom({
    clock,
    unprovenMax: options.inFlightOfFailingMax,
    doubtedMax: Math.max(1, Math.floor(options.inFlightMax * doubtedShare)),
    signaturesMax: options.signaturesMax,
    attend: (lane) => parts.keeper().attend(lane),
  });
  let woken = false;
  let quiet = false;
  let admission: Timer | null = null;

  const wake = (): void => {
    if (woken) return;
    woken = true;
    parts.endOfTurn(turn);
  };

  const turn = (): void => {
    woken = false;
    let started = 0;
    const overMs = clock.monotonicMs() + options.turnMsMax;
    const { monotonicMs } = parts.turnNow();
    const mayServe = (workspaceId: WorkspaceId): boolean => {
      const waitMs = fairShare?.waitMs(workspaceId, monotonicMs) ?? 0;
      if (waitMs > 0) admitIn(waitMs);
      return waitMs === 0;
    };
    // Looks are bounded too: a lane that asks for its turn and cannot use it must not hold the loop.
    for (let looks = 0; looks < options.startsPerTurnMax * looksPerStartMax; looks += 1) {
      if (started >= options.startsPerTurnMax || !mayGoOn() || clock.monotonicMs() >= overMs) break;
      const lane = rota.next(mayServe);
      if (lane === undefined) break;
      if (startOne(lane)) {
        started += 1;
        fairShare?.started(lane.workspaceId, monotonicMs);
      }
      parts.keeper().attend(lane);
    }
    departure.launch();
    if (rota.length > 0 && mayGoOn()) wake();
  };

  /** Whoever stands aside is looked at again. */
  const admitIn = (waitMs: number): void => {
    admission ??= clock.timer(Math.ceil(waitMs), () => {
      admission = null;
      rota.admitAll();
      wake();
    });
  };

  const mayGoOn = (): boolean =>
    !quiet && room.open < options.inFlightMax && !parts.closed() && !parts.recorder().blocked();

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
    const doubt = doubtOf(lane);
    if (doubt !== 'none' && !room.has(doubt)) {
      room.park(lane, doubt);
      return false;
    }
    if (!room.hasSignatures && signsByThread(setup)) {
      room.parkForSignature(lane);
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
    begin(lane, setup, { task, doubt, startedAtMs });
    return true;
  };

  const isOurs = (lane: Lane, setup: LaneSetup | Unusable, monotonicMs: number): boolean => {
    const claim = parts.ownership.owns(lane.webhookId);
    if (claim === null) {
      lane.shelf.giveBack();
      lane.startFromMs = monotonicMs + notOursMs;
      return false;
    }
    if (outlives(claim.untilMonotonicMs, setup, monotonicMs)) return true;
    lane.startFromMs = monotonicMs + notOursMs;
    return false;
  };

  /** A lease is judged on the monotonic clock, and must be good until after the attempt's deadline. */
  const outlives = (untilMonotonicMs: number, setup: LaneSetup | Unusable, monotonicMs: number): boolean =>
    untilMonotonicMs >= monotonicMs + coveredMs(setup, options) + options.leaseSafetyMs;

  /** Asked again when it leaves: the process may have stood still since the lane's turn. */
  const covered = ({ lane, setup, epoch }: Run, monotonicMs: number): boolean => {
    const claim = parts.ownership.owns(lane.webhookId);
    return claim?.epoch === epoch && outlives(claim.untilMonotonicMs, setup, monotonicMs);
  };

  const begin = (
    lane: Lane,
    setup: LaneSetup | Unusable,
    { task, doubt, startedAtMs }: { readonly task: DeliveryTask; readonly doubt: Doubt; readonly startedAtMs: number },
  ): void => {
    const claim = parts.ownership.owns(lane.webhookId);
    const run: Run = {
      lane,
      shelf: lane.shelf,
      task,
      setup,
      epoch: claim?.epoch ?? 0,
      doubt,
      storedBody: null,
      prepared: null,
      startedAtMs,
      lostFromMs: 0,
      outcome: null,
      item: null,
      consent: null,
    };
    room.take(run);
    lane.requestRate?.spend(1, parts.turnNow().monotonicMs);
    departure.begin(run);
  };

  const landing = createLanding({ ...parts, room, wake });
  const departure = createDeparture({
    ...parts,
    room,
    wake,
    userAgent: options.userAgent,
    quiet: () => quiet,
    covered,
    leashMs: options.leaseCoverMaxMs,
    leaseEndMs: ({ lane, epoch }) => {
      const claim = parts.ownership.owns(lane.webhookId);
      return claim?.epoch === epoch ? claim.untilMonotonicMs : 0;
    },
    settle: landing.settle,
  });

  return {
    wake,
    recorded: landing.recorded,
    endLost() {
      const nowMs = clock.monotonicMs();
      departure.cutUnheld(nowMs);
      for (const run of room.airborne.values()) {
        // Deadlines differ by webhook, by no more than a minute: beyond that, younger ones cannot be lost.
        if (run.lostFromMs > nowMs + 60_000) return;
        if (run.lostFromMs > nowMs) continue;
        log.error({ deliveryId: run.task.delivery.id }, 'A transport never answered: the attempt is given up');
        landing.settle(run, { kind: 'timeout', phase: 'body', timing: timingOf(run, clock) });
      }
    },
    quiesce() {
      quiet = true;
      admission?.cancel();
    },
    settled: (withinMs) => room.settled(withinMs),
    interrupt() {
      departure.abort();
      // The transport answers `interrupted` by itself; one that does not is not waited for.
      for (const run of [...room.airborne.values()])
        landing.settle(run, { kind: 'interrupted', timing: timingOf(run, clock) });
    },
    get inFlight() {
      return room.airborne.size;
    },
    get open() {
      return room.open;
    },
  };
}

/** How much of an attempt its lease must cover before it leaves. */
function coveredMs(setup: LaneSetup | Unusable, { leaseCoverMaxMs }: Pick<EngineOptions, 'leaseCoverMaxMs'>): number {
  return isUnusable(setup) ? 0 : Math.min(setup.policy.timeoutMs, leaseCoverMaxMs);
}

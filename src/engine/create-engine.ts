/**
 * Puts the engine together and gives it its life: start, hand-offs, stop. The parts tell what they do in their own files;
 * read lane.ts first.
 */
import type { WebhookId } from '../core/ids.ts';
import { shardOf } from '../core/shard.ts';
import type { RecordResult } from '../storage/contract/record-item.ts';
import type { Clock } from '../runtime/clock.ts';
import { createAlarm } from './alarm.ts';
import { type AttemptRunner, createAttemptRunner } from './attempt-runner.ts';
import type { Run } from './run.ts';
import { recordOfCrash } from './crash-recovery.ts';
import { createDueClock } from './due-clock.ts';
import { createDutyRunner } from './duty-runner.ts';
import { createEgressSuspicion } from './egress-suspicion.ts';
import type { Engine, OwnershipEvents } from './engine.ts';
import { type EngineDeps, engineDefaults, type EngineOptions } from './engine-deps.ts';
import { createFairShare, type FairShare } from './fair-share.ts';
import type { CrashedFlight } from './flight-log.ts';
import { createGate } from './gate.ts';
import { createHandOver } from './hand-over.ts';
import { stopWith, stopWithout } from './lane.ts';
import { createLaneKeeper, type LaneKeeper } from './lane-keeper.ts';
import { createLaneWatch } from './lane-watch.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRota } from './rota.ts';
import { createSafetyNet } from './safety-net.ts';
import { createTurnNow } from './turn-now.ts';

/** What a stored result belongs to: an attempt of ours, or one that a crash cut off. */
type Recorded = Run | { readonly crashed: CrashedFlight; readonly ended: boolean };

const recoveriesMax = 16;
const recoveryPauseMs = 500;

export function createEngine(deps: EngineDeps): Engine {
  const { clock, log, flights, ownership } = deps;
  const options = { ...engineDefaults, ...deps.options };
  const due = createDueClock(clock);
  const turnNow = createTurnNow(clock, due, deps.endOfTurn);
  const suspicion = createEgressSuspicion();
  const budget = createMemoryBudget(options.waitingMax, options.waitingBytesMax);
  const rota = createRota(options.weightOf);
  const fairShare = fairShareOf(options, clock);
  let recovering = 0;
  let state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  let stopping: Promise<void> | null = null;

  const mine = (webhookId: WebhookId): boolean => ownership.owns(webhookId) !== null;
  const watch = createLaneWatch({
    storage: deps.storage,
    care: deps.care,
    suspicion,
    clock,
    due,
    log,
    mine: (lane) => mine(lane.webhookId),
    onChange: (lane) => keeper.attend(lane),
  });
  const alarm = createAlarm(clock, (lane) => keeper.attend(lane));
  const keeper: LaneKeeper = createLaneKeeper({
    ...deps,
    due,
    turnNow,
    options,
    budget,
    rota,
    alarm,
    watch,
    mine,
    onReady: () => runner.wake(),
  });
  const recorder: Recorder<Recorded> = createRecorder<Recorded>({
    storage: deps.storage,
    clock,
    endOfTurn: deps.endOfTurn,
    log,
    bytesMax: options.unrecordedBytesMax,
    onRecorded: (context, result, repeated) => {
      if ('crashed' in context) recovered(context.crashed, context.ended, result);
      else runner.recorded(context, result, repeated);
      handOver.look();
    },
    onAnswered: () => runner.wake(),
  });
  const runner: AttemptRunner = createAttemptRunner({
    ...deps,
    due,
    turnNow,
    options,
    rota,
    fairShare,
    keeper: () => keeper,
    watch,
    recorder: () => recorder,
    closed: () => recovering > 0 || state !== 'running',
  });
  const duties = createDutyRunner({
    storage: deps.storage,
    shards: ownership.shards,
    handlers: deps.dutyHandlers,
    clock,
    log,
    runningMax: options.dutiesMax,
  });
  const net = createSafetyNet({
    storage: deps.storage,
    keeper,
    clock,
    due,
    options,
    log,
    active: () => runner.open > 0 || budget.count > 0,
    shards: ownership.shards,
    everyTick: () => {
      runner.endLost();
      flights.flush();
      duties.look();
      void watch.flush();
    },
  });

  const handOver = createHandOver({ clock, keeper, recovering: () => recovering > 0 });
  const events: OwnershipEvents = {
    gained(shards) {
      net.adopt(shards);
      duties.look();
    },
    lost(shards) {
      const gone = new Set(shards);
      for (const lane of keeper.all()) if (gone.has(shardOf(lane.webhookId))) keeper.release(lane);
    },
    surrender: handOver.surrender,
  };

  /** Attempts cut off by a crash are recorded before anything new is started. */
  const recover = (crashed: readonly CrashedFlight[]): void => {
    recovering = crashed.length;
    if (crashed.length > 0)
      log.warn({ attempts: crashed.length }, 'Attempts were in flight when the last process ended');
    const gate = createGate(recoveriesMax);
    for (const flight of crashed) gate.enter(() => recoverOne(flight));
  };

  const recoverOne = async (flight: CrashedFlight): Promise<void> => {
    while (state === 'running') {
      try {
        const record = await recordOfCrash(flight, { ...deps, due, crashesMax: options.crashesMax });
        if (record === null) {
          recovered(flight, true, 'gone');
          return;
        }
        const { item, stopRevision } = record;
        if (stopRevision !== null) await settleStop(flight, item.next.state === 'dead' ? stopRevision : null);
        if (item.next.state === 'dead') {
          log.error(
            { deliveryId: flight.deliveryId, crashes: flight.crashes },
            'A delivery was in flight at every crash',
          );
        }
        recorder.add(item, { crashed: flight, ended: item.next.state !== 'pending' });
        return;
      } catch (error) {
        log.warn(
          { err: error, deliveryId: flight.deliveryId },
          'A cut-off attempt could not be recorded: trying again',
        );
        await new Promise<void>((resolve) => {
          clock.timer(recoveryPauseMs, resolve);
        });
      }
    }
  };

  /**
   * A head that dies stops an order that says so, and the stop is stored before the death is. The other way round: a stop
   * that was stored for a death which the crash kept from being recorded is lifted, because this head lives on. `diesAt`: the
   * webhook's revision at its death; null where it lives on.
   */
  const settleStop = async (flight: CrashedFlight, diesAt: number | null): Promise<void> => {
    const { workspaceId, webhookId, deliveryId } = flight;
    const lane = keeper.lane(webhookId, workspaceId);
    if (!lane.healthKnown) {
      const [stored] = await deps.storage.resources([{ workspaceId, type: 'lane_health', id: webhookId }]);
      if (!lane.healthKnown) watch.remember(lane, stored ?? null);
    }
    const before = lane.stopped;
    if (diesAt === null && before?.by.includes(deliveryId) !== true) return;
    lane.stopped = diesAt === null ? stopWithout(before, deliveryId) : stopWith(before, deliveryId, diesAt);
    try {
      await watch.save(lane);
    } catch (error) {
      // The caller tries again, and must find what it found now.
      lane.stopped = before;
      throw error;
    }
  };

  /** Fenced or gone: the attempt had been recorded before the crash, so it is no suspect. */
  const recovered = (flight: CrashedFlight, ended: boolean, result: RecordResult): void => {
    flights.end(flight.deliveryId, ended || result !== 'recorded');
    recovering -= 1;
    // A page read before this record shows the delivery as it was; whatever the lane has read, it reads again.
    const lane = keeper.find(flight.webhookId);
    lane?.shelf.giveBack();
    if (lane !== undefined) keeper.attend(lane);
    if (recovering === 0) runner.wake();
  };

  const shutDown = async (): Promise<void> => {
    net.stop();
    runner.quiesce();
    ownership.retire();
    const dutiesDone = duties.stop(options.stopDeadlineMs);
    await runner.settled(options.stopDeadlineMs);
    if (runner.inFlight > 0) {
      log.warn({ attempts: runner.inFlight }, 'The deadline of the shutdown is over: attempts are interrupted');
      runner.interrupt();
    }
    await recorder.drain(options.stopRecordMs);
    if (recorder.waiting > 0) log.error({ results: recorder.waiting }, 'Results could not be stored before the end');
    await dutiesDone;
    recorder.stop();
    keeper.stop();
    alarm.stop();
    handOver.stop();
    await watch.flush();
    await ownership.stop();
    flights.close();
    state = 'stopped';
  };

  return {
    async start() {
      if (state !== 'new') return;
      state = 'running';
      await ownership.start(events);
      // What the wall shows now is the beginning, not what it shows when the first delivery asks.
      due.nowMs();
      recover(await flights.open());
      net.start();
      duties.look();
    },
    offer(tasks) {
      if (state !== 'running') return;
      for (const task of tasks) {
        fairShare?.offered(task.delivery.workspaceId, turnNow().monotonicMs);
        keeper.offer(task);
      }
    },
    webhookChanged(workspaceId, webhookId) {
      if (state !== 'running') return;
      const lane = keeper.find(webhookId);
      if (lane !== undefined && lane.workspaceId === workspaceId) keeper.changed(lane);
    },
    dutyOffered() {
      if (state === 'running') duties.look();
    },
    laneDue(workspaceId, webhookId) {
      if (state !== 'running' || !mine(webhookId)) return;
      const lane = keeper.lane(webhookId, workspaceId);
      lane.shelf.storeHas(0);
      keeper.attend(lane);
    },
    doubt() {
      if (state !== 'running') return;
      net.doubt();
      duties.look();
    },
    stats: () => {
      let lanesActive = 0;
      for (const lane of keeper.all())
        if (lane.inFlight > 0 || lane.recording > 0 || lane.shelf.waiting > 0) lanesActive += 1;
      return {
        lanes: keeper.count,
        lanesActive,
        inFlight: runner.inFlight,
        waitingInMemory: budget.count,
        egressSuspect: suspicion.suspects(clock.monotonicMs()),
      };
    },
    stop() {
      if (state === 'new') {
        state = 'stopped';
        return Promise.resolve();
      }
      if (state === 'running') {
        state = 'stopping';
        stopping = shutDown();
      }
      return stopping ?? Promise.resolve();
    },
  };
}

function fairShareOf({ loopLoad, othersCommit, weightOf }: EngineOptions, clock: Clock): FairShare | null {
  if (loopLoad === null) return null;
  const learnsFrom = othersCommit ? 'starts' : 'offers';
  return createFairShare({ load: loopLoad, weightOf, learnsFrom, startMs: clock.monotonicMs() });
}

/**
 * From a delivery that was taken to a message in the air: what it needs is fetched, it is prepared (render, sign,
 * assemble), and everything that is ready in a turn is listed in the flight log with one write and let go.
 */
import { breakerAfterNothing } from '../core/breaker.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AttemptRoom } from './attempt-room.ts';
import type { EngineDeps } from './engine-deps.ts';
import { type LaneNow, serviceOf } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';
import { isUnusable, type LaneSetup, type Refusal } from './lane-setup.ts';
import { unknownKind } from './other-version.ts';
import { type Preparation, prepare } from './prepare.ts';
import { flightOf, type Run, timingOf } from './run.ts';

export type Departure = {
  /** Takes a run that has its room. */
  begin(run: Run): void;
  /** Lets go what is ready. */
  launch(): void;
  /** Ends what is in the air at the transports. */
  abort(): void;
  /** Ends what may be longer under way than a lease is sure to last, and whose lease is over: others may send it. */
  cutUnheld(monotonicMs: number): void;
};

export type DepartureParts = Pick<EngineDeps, 'storage' | 'flights' | 'signer' | 'log'> & {
  readonly clock: Clock;
  readonly room: AttemptRoom;
  readonly userAgent: string;
  readonly keeper: () => LaneKeeper;
  readonly turnNow: () => LaneNow;
  /** True where nothing new may leave. */
  readonly quiet: () => boolean;
  /** Whether its lease still outlives its deadline. */
  readonly covered: (run: Run, monotonicMs: number) => boolean;
  /** Attempts that may take longer are looked after while they are in the air. */
  readonly leashMs: number;
  /** When its lease ends as it is now renewed; `Infinity` where there is nobody else. */
  readonly leaseEndMs: (run: Run) => number;
  readonly wake: () => void;
  readonly settle: (run: Run, outcome: Outcome) => void;
};

/** A transport ends within the deadline; one that does not has lost the attempt, and a slot must not be lost with it. */
const lostAfterMs = 10_000;
const unreadPauseMs = 1_000;

export function createDeparture(parts: DepartureParts): Departure {
  const { clock, room, log } = parts;
  const abort = new AbortController();
  /** Of attempts whose lease may end before they do. */
  const leashes = new Map<Run, AbortController>();
  const runway: Run[] = [];

  const begin = (run: Run): void => {
    const { lane, setup, task } = run;
    if (isUnusable(setup)) {
      refuse(run, setup.unusable);
      return;
    }
    const unknown = unknownKind(task.change.kind);
    if (unknown !== null) {
      refuse(run, unknown);
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
      run.lane.readFromMs = clock.monotonicMs() + unreadPauseMs;
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
      { signer: parts.signer, userAgent: parts.userAgent },
    );
    if (preparation instanceof Promise) {
      room.awaitSignature();
      preparation.then(
        (later) => {
          room.signed();
          toRunway(run, later);
        },
        (error: unknown) => {
          room.signed();
          log.warn({ err: error, deliveryId: run.task.delivery.id }, 'A delivery could not be signed: trying again');
          run.lane.readFromMs = clock.monotonicMs() + unreadPauseMs;
          standDown(run);
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
    parts.wake();
  };

  /** Lists what is about to leave, in one write, and lets it go. */
  const launch = (): void => {
    if (runway.length === 0) return;
    const leaving = runway.splice(0);
    const { monotonicMs } = parts.turnNow();
    const going = leaving.filter((run) => {
      // Disabled, deleted, throttled, shut down or lost since its turn: it has not left, so it has not happened.
      const held =
        parts.quiet() ||
        serviceOf(run.lane) === 'none' ||
        run.lane.startFromMs > monotonicMs ||
        !parts.covered(run, monotonicMs);
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

  const signalFor = (run: Run, timeoutMs: number): AbortSignal => {
    if (timeoutMs <= parts.leashMs || parts.leaseEndMs(run) === Number.POSITIVE_INFINITY) return abort.signal;
    const own = new AbortController();
    leashes.set(run, own);
    return own.signal;
  };

  const send = (run: Run): void => {
    const { setup, prepared, lane } = run;
    if (isUnusable(setup) || prepared === null) return;
    room.fly(run);
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
          method: prepared.method,
          headers: prepared.headers,
          body: prepared.body,
          ...(prepared.subject === undefined ? {} : { subject: prepared.subject }),
          ...(setup.authorization === undefined ? {} : { authorization: setup.authorization }),
          ...(setup.awsKeys === undefined ? {} : { awsKeys: setup.awsKeys }),
          ...(setup.tls === undefined ? {} : { tls: setup.tls }),
          timeoutMs: policy.timeoutMs,
          connectionsMax: policy.concurrencyMax,
          signal: signalFor(run, policy.timeoutMs),
        })
        .then(
          (outcome) => land(run, outcome),
          (error: unknown) => land(run, transportFault(run, error)),
        );
    } catch (error) {
      land(run, transportFault(run, error));
    }
  };

  const land = (run: Run, outcome: Outcome): void => {
    leashes.delete(run);
    parts.settle(run, outcome);
  };

  /** A transport promises outcomes; one that throws is a bug, and the receiver may have got the message. */
  const transportFault = (run: Run, error: unknown): Outcome => {
    log.error({ err: error, deliveryId: run.task.delivery.id }, 'A transport threw');
    return { kind: 'broken', code: 'other', detail: 'internal', timing: timingOf(run, clock) };
  };

  const refuse = (run: Run, refusal: Refusal): void => {
    room.stay();
    const timing = { startedAtMs: run.startedAtMs, totalMs: 0 };
    log.warn(
      { deliveryId: run.task.delivery.id, webhookId: run.lane.webhookId, code: refusal.code },
      'A delivery was refused before it left',
    );
    parts.settle(run, { kind: 'refused-by-config', code: refusal.code, detail: refusal.detail, timing });
  };

  /** Taken but not sent: as if it had never been its turn. */
  const standDown = (run: Run): void => {
    room.stay();
    room.leave();
    room.land(run);
    run.shelf.putBack(run.task);
    run.lane.breaker = breakerAfterNothing(run.lane.breaker, clock.monotonicMs());
    parts.keeper().attend(run.lane);
    room.checkSettled();
  };

  return {
    begin,
    launch,
    abort() {
      abort.abort();
      for (const leash of leashes.values()) leash.abort();
    },
    cutUnheld(monotonicMs) {
      for (const [run, leash] of leashes) if (parts.leaseEndMs(run) <= monotonicMs) leash.abort();
    },
  };
}

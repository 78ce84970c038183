/**
 * Keeps the lanes: makes them, tells each what it needs next, loads webhooks, reads pages, cancels what a deleted webhook
 * leaves behind, and forgets the idle. Nothing here walks over all lanes; each lane is attended when something of its own
 * has happened.
 */
import type { DeliveryId, WebhookId, WorkspaceId } from '../core/ids.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Alarm } from './alarm.ts';
import type { DueClock } from './due-clock.ts';
import type { CurrentWebhook } from './engine.ts';
import type { EngineDeps, EngineOptions } from './engine-deps.ts';
import { createFreeShelf } from './free-shelf.ts';
import { createGate } from './gate.ts';
import { createLane, type Lane, type LaneNow, laneNeed, serviceOf, type Stopped } from './lane.ts';
import { isUnusable, makeLaneSetup } from './lane-setup.ts';
import { bury, cancelAll, hastenMisdated } from './lane-orders.ts';
import type { LaneWatch } from './lane-watch.ts';
import { createLateOffers } from './late-offers.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { createOrderedShelf } from './ordered-shelf.ts';
import type { Rota } from './rota.ts';
import { createTokenBucket } from '../core/token-bucket.ts';
import { createWindow } from './in-flight-window.ts';

export type LaneKeeper = {
  /** The lane of a webhook, made where it is not there. */
  lane(webhookId: WebhookId, workspaceId: WorkspaceId): Lane;
  find(webhookId: WebhookId): Lane | undefined;
  /** Whether the lane is ours to deliver. */
  mine(webhookId: WebhookId): boolean;
  all(): IterableIterator<Lane>;
  offer(task: DeliveryTask): void;
  /** Looks what the lane needs now and sees to it. */
  attend(lane: Lane): void;
  /** The webhook was written. */
  changed(lane: Lane): void;
  /** The revision a delivery was committed under, from memory or from the store; null where it is gone. */
  revision(lane: Lane, revision: number): Promise<Webhook | null>;
  /**
   * The lane's retries are due later than any schedule can say: they were dated by a clock that was ahead, and has been
   * set back since. They are due now.
   */
  redate(lane: Lane): void;
  forget(lane: Lane): void;
  /** The lane is another worker's from now on: nothing is known of it any more but what is still in flight. */
  release(lane: Lane): void;
  stop(): void;
  readonly count: number;
};

export type LaneKeeperParts = Pick<EngineDeps, 'storage' | 'care' | 'dialects' | 'transports' | 'links' | 'log'> & {
  readonly clock: Clock;
  readonly due: DueClock;
  readonly options: EngineOptions;
  readonly budget: MemoryBudget;
  readonly rota: Rota;
  readonly alarm: Alarm;
  readonly watch: LaneWatch;
  readonly turnNow: () => LaneNow;
  /** Whether the lane is ours to deliver. */
  readonly mine: (webhookId: WebhookId) => boolean;
  /** A lane joined the rota. */
  readonly onReady: () => void;
};

const readsMax = 32;
const loadsMax = 32;
const pauseMsMin = 100;
const pauseMsMax = 5_000;
const revisionsKeptMax = 8;
const redateEveryMs = 3_600_000;

export function createLaneKeeper(parts: LaneKeeperParts): LaneKeeper {
  const { clock, due, turnNow, rota, alarm, budget, options, storage, log } = parts;
  const lanes = new Map<WebhookId, Lane>();
  const late = createLateOffers();
  const reads = createGate(readsMax);
  const loads = createGate(loadsMax);
  const shelfLimits = { waitingMax: options.laneWaitingMax, pageMax: options.pageMax };
  /** Failed reads and loads in a row, over all lanes: the store they fail at is the same. */
  let storeFailures = 0;
  let stopped = false;
  const orderParts = { storage, clock, stopped: () => stopped };

  const pauseMs = (): number => Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(storeFailures, 10));

  const attend = (lane: Lane): void => {
    if (stopped || lane.queued || !parts.mine(lane.webhookId)) return;
    if (lane.reshelving && lane.shelf.inHand === 0) reshelve(lane, lane.order);
    const now = turnNow();
    lane.touchedAtMs = now.monotonicMs;
    if (lane.knowledge === 'current' && now.monotonicMs >= lane.readFromMs && serviceOf(lane) !== 'none') {
      const wanted = lane.shelf.beginRead(now.dueMs, lane.window.size);
      if (wanted !== null) reads.enter(() => read(lane, wanted));
    }
    const need = laneNeed(lane, now);
    switch (need.kind) {
      case 'nothing':
        return;
      case 'ready':
        if (lane.parked) return;
        rota.join(lane);
        parts.onReady();
        return;
      case 'wait':
        alarm.wakeAt(lane, need.untilMs);
        return;
      case 'load':
        lane.knowledge = 'loading';
        loads.enter(() => loadWebhook(lane));
        return;
      case 'discard':
        lane.discarding = true;
        loads.enter(() => discard(lane));
        return;
      default:
        need satisfies never;
    }
  };

  const read = async (lane: Lane, wanted: NonNullable<ReturnType<Lane['shelf']['beginRead']>>): Promise<void> => {
    // The lane may be given another shelf while the page is on its way; the page belongs to the one that asked.
    const { shelf } = lane;
    try {
      const page = await storage.pending({ webhookId: lane.webhookId, nowMs: due.horizonMs(), ...wanted });
      if (stopped) return;
      if (page.unreadable !== undefined) {
        const deliveries = page.unreadable.map(({ deliveryId }) => deliveryId);
        log.error({ webhookId: lane.webhookId, deliveries }, 'Deliveries cannot be read: they end dead');
        await bury(lane, page.unreadable, orderParts);
        if (stopped) return;
      }
      storeFailures = 0;
      shelf.endRead(page, due.nowMs());
      if (lane.shelf === shelf && serviceOf(lane) !== 'all') withhold(lane);
      if (shelf.misdated) redate(lane);
    } catch (error) {
      shelf.failRead();
      storeFailures += 1;
      lane.readFromMs = clock.monotonicMs() + pauseMs();
      log.warn({ err: error, webhookId: lane.webhookId }, 'A lane could not be read: trying again');
    }
    attend(lane);
  };

  const loadWebhook = async (lane: Lane): Promise<void> => {
    const { generation } = lane;
    try {
      const [current, health] = await Promise.all([
        parts.care.current(lane.workspaceId, lane.webhookId),
        lane.healthKnown
          ? null
          : storage.resources([{ workspaceId: lane.workspaceId, type: 'lane_health', id: lane.webhookId }]),
      ]);
      if (stopped) return;
      storeFailures = 0;
      if (health !== null && !lane.healthKnown && lane.generation === generation) {
        parts.watch.remember(lane, health[0] ?? null);
      }
      if (lane.stopped?.doubtful === true) await confirmStop(lane, lane.stopped);
      if (stopped) return;
      // Written while it was loaded: what came may be the old one.
      if (lane.generation !== generation) lane.knowledge = 'stale';
      else if (current === null) becomeGone(lane);
      else apply(lane, current);
    } catch (error) {
      storeFailures += 1;
      lane.knowledge = lane.setup === null ? 'unknown' : 'stale';
      lane.loadFromMs = clock.monotonicMs() + pauseMs();
      log.warn({ err: error, webhookId: lane.webhookId }, 'A webhook could not be loaded: trying again');
    }
    attend(lane);
  };

  /**
   * A stop is stored before the deaths that cause it. Whoever stored it may have been killed in between, or have stood still
   * and lost the lane: where none of its deliveries is dead, the order goes on.
   */
  const confirmStop = async (lane: Lane, stop: Stopped): Promise<void> => {
    const dead: DeliveryId[] = [];
    for (const id of stop.by) {
      const detail = await storage.read.delivery(lane.workspaceId, id);
      if (detail === null || detail.summary.state === 'dead') dead.push(id);
    }
    if (lane.stopped !== stop || !parts.mine(lane.webhookId)) return;
    lane.stopped = dead.length === 0 ? null : { ...stop, by: dead, doubtful: false };
    if (dead.length < stop.by.length) saveHealth(lane);
  };

  const becomeGone = (lane: Lane): void => {
    lane.knowledge = 'gone';
    lane.setup = null;
    lane.shelf.giveBack();
  };

  /** The present webhook takes effect. A lane that was held begins with a small window: a ramp, not a burst. */
  const apply = (lane: Lane, current: CurrentWebhook): void => {
    const before = lane.setup;
    const wasHeld = before !== null && serviceOf(lane) === 'none';
    const setup = makeLaneSetup(current, parts, clock.nowMs());
    lane.setup = setup;
    lane.knowledge = 'current';
    rememberRevision(lane, setup.webhook);
    if (setup.webhook.state === 'enabled' && !lane.disabling) lane.disableAsked = false;
    const enabledAnew = setup.webhook.state === 'enabled' && lane.health.disabled && !lane.disabling;
    if (enabledAnew)
      lane.health = {
        ...lane.health,
        failingSinceMs: null,
        failures: 0,
        warnedPercent: 0,
        recentMs: [],
        disabled: false,
      };
    const lifted = lane.stopped !== null && setup.webhook.revision > lane.stopped.revision;
    if (lifted) lane.stopped = null;
    if (enabledAnew || lifted) saveHealth(lane);
    if (!isUnusable(setup)) {
      const { policy } = setup;
      const nowMs = clock.monotonicMs();
      const old = before === null || isUnusable(before) ? null : before.policy;
      if (old?.requestsPerSecondMax !== policy.requestsPerSecondMax) {
        lane.requestRate =
          policy.requestsPerSecondMax === null ? null : createTokenBucket(policy.requestsPerSecondMax, nowMs);
      }
      if (old?.bytesPerSecondMax !== policy.bytesPerSecondMax) {
        lane.byteRate = policy.bytesPerSecondMax === null ? null : createTokenBucket(policy.bytesPerSecondMax, nowMs);
      }
      if (policy.order !== lane.order || lane.reshelving) reshelve(lane, policy.order);
    }
    if (serviceOf(lane) !== 'all') withhold(lane);
    else if (wasHeld) {
      lane.window = createWindow();
      lane.failures = 0;
      lane.shelf.storeHas(0);
    }
    if (!isUnusable(setup)) lane.window.size = Math.min(lane.window.size, setup.policy.concurrencyMax);
  };

  const saveHealth = (lane: Lane): void => {
    parts.watch.save(lane).catch((error: unknown) => {
      log.warn({ err: error, webhookId: lane.webhookId }, 'The health of a lane could not be stored');
    });
  };

  /**
   * Order was switched on or off. What has not been started goes back to the store and is found by the new shelf; while
   * something of the old one is still in flight nothing starts, or the new one might send it a second time.
   */
  const reshelve = (lane: Lane, order: Lane['order']): void => {
    lane.shelf.giveBack();
    lane.order = order;
    if (lane.shelf.inHand > 0) {
      lane.reshelving = true;
      return;
    }
    lane.reshelving = false;
    lane.shelf =
      order === 'none' ? createFreeShelf(budget, late, shelfLimits) : createOrderedShelf(order, budget, shelfLimits);
    lane.shelf.storeHas(0);
  };

  /** Nothing is kept in memory for a lane that may not send. */
  const withhold = (lane: Lane): void => {
    if (serviceOf(lane) === 'none') lane.shelf.giveBack();
  };

  const discard = async (lane: Lane): Promise<void> => {
    try {
      const done = await cancelAll(lane, 'webhook-deleted', orderParts);
      if (!done) return;
      storeFailures = 0;
      lane.discarding = false;
      if (lane.inFlight === 0 && lane.recording === 0) forget(lane);
      else alarm.wakeAt(lane, clock.monotonicMs() + pauseMsMax);
    } catch (error) {
      storeFailures += 1;
      log.warn({ err: error, webhookId: lane.webhookId }, 'Deliveries of a deleted webhook could not be cancelled');
      clock.timer(pauseMs(), () => {
        lane.discarding = false;
        attend(lane);
      });
    }
  };

  const redate = (lane: Lane): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lane.redatedAtMs < redateEveryMs) return;
    lane.redatedAtMs = nowMs;
    loads.enter(() => hasten(lane));
  };

  const hasten = async (lane: Lane): Promise<void> => {
    try {
      const done = await hastenMisdated(lane, due.nowMs(), orderParts);
      if (!done) return;
      log.warn({ webhookId: lane.webhookId }, 'Retries were dated by a clock that has been set back: they are due now');
    } catch (error) {
      log.warn({ err: error, webhookId: lane.webhookId }, 'A lane could not be re-dated: trying again');
      lane.redatedAtMs = Number.NEGATIVE_INFINITY;
    }
    lane.shelf.storeHas(0);
    attend(lane);
  };

  const forget = (lane: Lane): void => {
    parts.watch.forget(lane);
    lane.shelf.giveBack();
    lanes.delete(lane.webhookId);
  };

  const laneOf = (webhookId: WebhookId, workspaceId: WorkspaceId): Lane => {
    let lane = lanes.get(webhookId);
    if (lane === undefined) {
      lane = createLane(webhookId, workspaceId, createFreeShelf(budget, late, shelfLimits));
      lane.touchedAtMs = clock.monotonicMs();
      lanes.set(webhookId, lane);
    }
    return lane;
  };

  return {
    lane: laneOf,
    find: (webhookId) => lanes.get(webhookId),
    mine: parts.mine,
    all: () => lanes.values(),
    offer(task) {
      if (!parts.mine(task.delivery.webhookId)) return;
      const lane = laneOf(task.delivery.webhookId, task.delivery.workspaceId);
      const held = lane.knowledge === 'current' && serviceOf(lane) === 'none';
      if (held) lane.shelf.storeHas(task.delivery.dueAtMs);
      else lane.shelf.offer(task, lane.window.size);
      attend(lane);
    },
    attend,
    changed(lane) {
      lane.generation += 1;
      // Deleted and made again under one id does not happen; a late word about the deletion does.
      if (lane.knowledge === 'gone') return;
      if (lane.knowledge === 'current') lane.knowledge = 'stale';
      lane.loadFromMs = 0;
      // Orders about single deliveries may have come with it: memory must not know better than the store.
      lane.shelf.giveBack();
      attend(lane);
    },
    async revision(lane, revision) {
      const known = lane.revisions.get(revision);
      if (known !== undefined) return known;
      const webhook = await parts.care.revision(lane.workspaceId, lane.webhookId, revision);
      if (webhook !== null) rememberRevision(lane, webhook);
      return webhook;
    },
    redate,
    forget,
    release(lane) {
      parts.watch.forget(lane);
      lane.shelf.giveBack();
      // The object stays until it is idle: what is in flight remains in hand, so that nothing is sent beside it should the
      // lane come back meanwhile, and whoever still holds the object never holds a second one of this lane.
      makeStranger(lane);
    },
    stop() {
      stopped = true;
    },
    get count() {
      return lanes.size;
    },
  };
}

/** Whatever was known of a lane is another's to know, and is read anew should it come back. */
function makeStranger(lane: Lane): void {
  lane.generation += 1;
  lane.knowledge = 'unknown';
  lane.setup = null;
  lane.healthKnown = false;
  lane.disableAsked = false;
  lane.revisions.clear();
}

function rememberRevision(lane: Lane, webhook: Webhook): void {
  lane.revisions.delete(webhook.revision);
  lane.revisions.set(webhook.revision, webhook);
  if (lane.revisions.size <= revisionsKeptMax) return;
  const [oldest] = lane.revisions.keys();
  if (oldest !== undefined) lane.revisions.delete(oldest);
}

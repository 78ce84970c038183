/**
 * The safety net. Everything is told to the engine in memory, and every such word may be lost: a commit whose answer was
 * lost is never offered, a webhook may be written by another process. So the store is looked at now and then, in bounded
 * pages: lanes with something pending, webhook counters of some workspaces, duties. What is found late was late by at
 * most the interval.
 */
import { silenceResetMs } from '../core/disable-rules.ts';
import type { WebhookId, WorkspaceId } from '../core/ids.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { LaneHead } from '../storage/contract/lanes.ts';
import type { DueClock } from './due-clock.ts';
import type { EngineLog, EngineOptions, EngineStorage } from './engine-deps.ts';
import type { Lane } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';

export type SafetyNet = {
  /** Reads all lanes once, page by page, and goes on in intervals. */
  start(): void;
  /** Looks through the lanes of these shards at once, and of all others in its rhythm. */
  adopt(shards: readonly number[]): void;
  /** Words may have been missed: looks at everything, and takes no webhook for known. */
  doubt(): void;
  stop(): void;
};

export type SafetyNetParts = {
  readonly storage: Pick<EngineStorage, 'lanes' | 'webhooksRevision'>;
  readonly keeper: LaneKeeper;
  readonly clock: Clock;
  readonly due: DueClock;
  readonly options: EngineOptions;
  readonly log: EngineLog;
  readonly active: () => boolean;
  /** The shards whose lanes are ours; null: all. */
  readonly shards: () => readonly number[] | null;
  /** Other things that are looked after in the same rhythm. */
  readonly everyTick: () => void;
};

const lanesPerTick = 256;
const lanesAtStart = 1_000;
const idleLanesPerTick = 256;
const forgottenAfterMs = 600_000;
/** A lane that has been busy for so long is asked whether the store has something that it does not know of. */
const doubtedAfterMs = 10_000;
const doubtsPerTick = 4;

export function createSafetyNet(parts: SafetyNetParts): SafetyNet {
  const { storage, keeper, clock, due, options, log } = parts;
  /** Counters of webhook writes, as they were when last seen; in the order they were last looked at. */
  const revisions = new Map<WorkspaceId, number | null>();
  const doubted = new Map<WebhookId, number>();
  let after: WebhookId | null = null;
  /** Shards that have just become ours, and how far they were looked through. */
  let adopted: readonly number[] = [];
  let adoptedAfter: WebhookId | null = null;
  let ticking = false;
  let idle: IterableIterator<Lane> | null = null;
  let first = true;
  let timer: Timer | null = null;
  let stopped = false;

  const tick = async (): Promise<void> => {
    timer = null;
    ticking = true;
    let more = false;
    try {
      more = adopted.length > 0 ? await lookAtAdopted() : await lookAtLanes();
      await lookAtWebhooks();
    } catch (error) {
      log.warn({ err: error }, 'The store could not be looked through: trying again');
    }
    ticking = false;
    if (stopped) return;
    forgetIdle();
    parts.everyTick();
    const pauseMs = parts.active() ? options.pollActiveMs : options.pollIdleMs;
    timer = clock.timer((first && more) || adopted.length > 0 ? 1 : pauseMs, () => void tick());
  };

  /** Without waiting for the next time. */
  const tickSoon = (): void => {
    if (ticking || stopped || timer === null) return;
    timer.cancel();
    timer = clock.timer(1, () => void tick());
  };

  const heard = (heads: readonly LaneHead[]): void => {
    let doubts = 0;
    for (const head of heads) {
      revisions.set(head.workspaceId, revisions.get(head.workspaceId) ?? null);
      if (compare(head, doubts < doubtsPerTick)) doubts += 1;
    }
  };

  const lookAtAdopted = async (): Promise<boolean> => {
    const shards = adopted;
    const heads = await storage.lanes({ after: adoptedAfter, limit: lanesAtStart, shards });
    if (stopped) return false;
    heard(heads);
    // One that was ours before may know very well that it has something to do, and was not let to do it.
    for (const { webhookId, workspaceId } of heads) keeper.attend(keeper.lane(webhookId, workspaceId));
    // More were adopted meanwhile: they are looked at from their beginning.
    if (adopted !== shards) return true;
    const more = heads.length >= lanesAtStart;
    adoptedAfter = more ? (heads.at(-1)?.webhookId ?? null) : null;
    if (!more) adopted = [];
    return more;
  };

  const lookAtLanes = async (): Promise<boolean> => {
    const limit = first ? lanesAtStart : lanesPerTick;
    const shards = parts.shards();
    if (shards?.length === 0) return false;
    const heads = await storage.lanes({ after, limit, ...(shards === null ? {} : { shards }) });
    if (stopped) return false;
    heard(heads);
    const more = heads.length >= limit;
    after = more ? (heads.at(-1)?.webhookId ?? null) : null;
    if (!more) first = false;
    return more;
  };

  /** What the store says of a lane against what the lane knows. True: a busy lane is made to look again. */
  const compare = (head: LaneHead, mayDoubt: boolean): boolean => {
    // Lost while the page was on its way.
    if (!keeper.mine(head.webhookId)) return false;
    const lane = keeper.lane(head.webhookId, head.workspaceId);
    const { shelf } = lane;
    if (head.nextDueAtMs > due.horizonMs() + silenceResetMs) keeper.redate(lane);
    if (head.nextDueAtMs > due.horizonMs()) {
      if (shelf.nextDueMs() > head.nextDueAtMs) {
        shelf.storeHas(head.nextDueAtMs);
        keeper.attend(lane);
      }
      return false;
    }
    if (shelf.reading || shelf.nextDueMs() <= due.nowMs()) return false;
    if (shelf.inHand === 0) {
      doubted.delete(head.webhookId);
      shelf.storeHas(head.nextDueAtMs);
      keeper.attend(lane);
      return false;
    }
    // Its head may well be one of those in hand. Only now and then is a busy lane asked to make sure.
    const sinceMs = doubted.get(head.webhookId) ?? clock.monotonicMs();
    doubted.set(head.webhookId, sinceMs);
    if (!mayDoubt || clock.monotonicMs() - sinceMs < doubtedAfterMs) return false;
    doubted.delete(head.webhookId);
    shelf.storeHas(0);
    keeper.attend(lane);
    return true;
  };

  const lookAtWebhooks = async (): Promise<void> => {
    const some = [...take(revisions.keys(), options.workspacesPerTick)];
    for (const workspaceId of some) {
      const before = revisions.get(workspaceId) ?? null;
      const now = await storage.webhooksRevision(workspaceId);
      if (stopped) return;
      // To the end of the line: the next tick looks at others.
      revisions.delete(workspaceId);
      revisions.set(workspaceId, now);
      // Seen for the first time: a write may have come between the loading of a lane and this look.
      if (before !== now) changedIn(workspaceId);
    }
  };

  /** Rare: a write to a webhook that nobody told us of. The only walk over all lanes there is. */
  const changedIn = (workspaceId: WorkspaceId): void => {
    for (const lane of keeper.all()) {
      if (lane.workspaceId === workspaceId && lane.setup !== null) keeper.changed(lane);
    }
  };

  const forgetIdle = (): void => {
    idle ??= keeper.all();
    const nowMs = clock.monotonicMs();
    for (let seen = 0; seen < idleLanesPerTick; seen += 1) {
      const next = idle.next();
      if (next.done === true) {
        idle = null;
        return;
      }
      const lane = next.value;
      if (nowMs - lane.touchedAtMs <= forgottenAfterMs || !isIdle(lane, keeper.mine(lane.webhookId))) continue;
      doubted.delete(lane.webhookId);
      keeper.forget(lane);
    }
  };

  return {
    start() {
      void tick();
    },
    adopt(shards) {
      // Those that were not looked through to their end are looked at again; finding a lane twice does no harm.
      adopted = [...new Set([...adopted, ...shards])];
      adoptedAfter = null;
      tickSoon();
    },
    doubt() {
      for (const workspaceId of revisions.keys()) revisions.set(workspaceId, null);
      for (const lane of keeper.all()) if (lane.setup !== null) keeper.changed(lane);
      after = null;
      first = true;
      tickSoon();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** Of a lane that is another's, what the store has is no matter of ours. */
function isIdle(lane: Lane, mine: boolean): boolean {
  const { shelf } = lane;
  return (
    shelf.inHand === 0 &&
    !shelf.reading &&
    (shelf.nextDueMs() === Number.POSITIVE_INFINITY || !mine) &&
    (lane.wakeAtMs === Number.POSITIVE_INFINITY || mine) &&
    !lane.queued &&
    !lane.parked &&
    !lane.disabling &&
    !lane.discarding &&
    lane.knowledge !== 'loading' &&
    lane.health.failingSinceMs === null
  );
}

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let left = count;
  for (const item of items) {
    if (left <= 0) return;
    left -= 1;
    yield item;
  }
}

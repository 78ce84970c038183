/**
 * A lane: all deliveries of one webhook, and everything that decides when the next of them may be tried.
 *
 * The life of a lane, in prose. A lane is always in exactly one of these states; `laneNeed` says which, from data alone.
 *
 * - **idle**: nothing in hand, nothing known to be due. It costs nothing and is forgotten after a while. An offer, a due
 *   time or the safety net wakes it.
 * - **unread**: the store has deliveries that are due and not in hand. A page is read; meanwhile what is in hand goes on.
 * - **unloaded**: something is due, but the webhook is not known, or was written since. It is loaded; nothing starts.
 * - **ready**: something in hand may be started now. It stands in the rota once and waits for its turn.
 * - **full**: as many attempts in flight as its window lets; an outcome makes it ready again.
 * - **waiting**: until a time: a rate, a `Retry-After`, an open breaker, a back-off, the next due time. One timer for all
 *   lanes wakes it.
 * - **held**: the webhook is disabled, or not yet confirmed, or its order was stopped by a dead delivery. Nothing is kept
 *   in memory and nothing is tried. Only a write to the webhook ends it, and then the window begins at 4 again, so that
 *   what has piled up goes out in a ramp.
 * - **gone**: the webhook was deleted. What is pending is cancelled, page by page; then the lane is forgotten.
 *
 * The life of a delivery in its lane: in the store (pending) → in hand, waiting → in flight (listed in the flight log) →
 * its outcome judged → being recorded → out of hand: ended, or pending again with a later due time. A delivery whose
 * result could not be stored stays in hand, and is not tried again before it could.
 */
import type { BreakerState } from '../core/breaker.ts';
import { askBreaker, breakerOpensAtMs, closedBreaker } from '../core/breaker.ts';
import { healthy, type LaneHealth } from '../core/disable-rules.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../core/ids.ts';
import type { Webhook } from '../core/webhook.ts';
import { createWindow, type InFlightWindow } from './in-flight-window.ts';
import { isUnusable, type LaneSetup, type Unusable } from './lane-setup.ts';
import type { Shelf } from './shelf.ts';
import type { TokenBucket } from '../core/token-bucket.ts';

/** How far the lane's knowledge of its webhook is. `stale`: written since it was loaded. */
export type Knowledge = 'unknown' | 'loading' | 'current' | 'stale' | 'gone';

export type Lane = {
  readonly webhookId: WebhookId;
  readonly workspaceId: WorkspaceId;
  shelf: Shelf;
  order: 'none' | 'webhook' | 'subject';
  setup: LaneSetup | Unusable | null;
  knowledge: Knowledge;
  /** Raised by every write to the webhook, so that a load that began before it is not taken for the truth. */
  generation: number;
  /** Revisions that deliveries in hand were committed under, newest last. */
  readonly revisions: Map<number, Webhook>;
  window: InFlightWindow;
  requestRate: TokenBucket | null;
  byteRate: TokenBucket | null;
  breaker: BreakerState;
  health: LaneHealth;
  /** True once the stored health was read. */
  healthKnown: boolean;
  /** Head that died in a lane whose order stops there, and the webhook's revision then. */
  stopped: Stopped | null;
  /** A disable was decided and is being written. */
  disabling: boolean;
  /** A disable was decided and the webhook has not been seen enabled since. */
  disableAsked: boolean;
  /** Attempts whose outcome is not known. */
  inFlight: number;
  /** Outcomes that are not stored. */
  recording: number;
  /** Failures since the last success. */
  failures: number;
  /** Whether its last word was a success: only such lanes may use all the room there is. */
  proven: boolean;
  /** Monotonic times before which nothing is started, read or loaded. */
  startFromMs: number;
  readFromMs: number;
  loadFromMs: number;
  fencedTimes: number;
  /** Stands in the rota. */
  queued: boolean;
  /** Waits for room among the lanes in failure. */
  parked: boolean;
  /** The monotonic time it will be woken at; Infinity where no timer is set. */
  wakeAtMs: number;
  /** Monotonic time of the last thing that happened; idle lanes are forgotten by it. */
  touchedAtMs: number;
  discarding: boolean;
  /** Its order was changed while attempts of the old one are in flight. */
  reshelving: boolean;
  /** Monotonic time at which its due times were last put right. */
  redatedAtMs: number;
};

export type Stopped = {
  /** Whose deaths stop it; the stop is stored before they are, so some may not have come about. Never empty. */
  readonly by: readonly DeliveryId[];
  /** Of the webhook; the order goes on with a later one. */
  readonly revision: number;
  /** As stored by a process that may have ended in between: it has to be seen whether the deaths came about. */
  readonly doubtful: boolean;
};

/** The stop of a lane in which another delivery dies. Several in flight may do so at once: none of them may be forgotten. */
export function stopWith(before: Stopped | null, deliveryId: DeliveryId, revision: number): Stopped {
  if (before === null || revision > before.revision) return { by: [deliveryId], revision, doubtful: false };
  // Whoever edited the webhook since has looked at it.
  if (revision < before.revision) return before;
  return { ...before, by: [...before.by.filter((id) => id !== deliveryId), deliveryId] };
}

/** The stop without a delivery that lives on; null where no other one stops the lane. */
export function stopWithout(before: Stopped | null, deliveryId: DeliveryId): Stopped | null {
  const by = before?.by.filter((id) => id !== deliveryId) ?? [];
  return before === null || by.length === 0 ? null : { ...before, by };
}

export function createLane(webhookId: WebhookId, workspaceId: WorkspaceId, shelf: Shelf): Lane {
  return {
    webhookId,
    workspaceId,
    shelf,
    order: 'none',
    setup: null,
    knowledge: 'unknown',
    generation: 0,
    revisions: new Map(),
    window: createWindow(),
    requestRate: null,
    byteRate: null,
    breaker: closedBreaker,
    health: healthy,
    healthKnown: false,
    stopped: null,
    disabling: false,
    disableAsked: false,
    inFlight: 0,
    recording: 0,
    failures: 0,
    proven: false,
    startFromMs: 0,
    readFromMs: 0,
    loadFromMs: 0,
    fencedTimes: 0,
    queued: false,
    parked: false,
    wakeAtMs: Number.POSITIVE_INFINITY,
    touchedAtMs: 0,
    discarding: false,
    reshelving: false,
    redatedAtMs: Number.NEGATIVE_INFINITY,
  };
}

/** What may be served: everything, only the messages that ask for confirmation, or nothing. */
export type Service = 'all' | 'handshake' | 'none';

export function serviceOf(lane: Lane): Service {
  if (lane.setup === null || lane.knowledge === 'gone' || lane.disabling || lane.reshelving) return 'none';
  if (lane.stopped !== null) return 'none';
  switch (lane.setup.webhook.state) {
    case 'enabled':
      return 'all';
    case 'pending':
      return 'handshake';
    case 'disabled':
      return 'none';
    default:
      return lane.setup.webhook.state satisfies never;
  }
}

export type LaneNeed =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'load' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'wait'; readonly untilMs: number };

export type LaneNow = { readonly monotonicMs: number; readonly dueMs: number };

const nothing: LaneNeed = { kind: 'nothing' };
const ready: LaneNeed = { kind: 'ready' };
const load: LaneNeed = { kind: 'load' };
const discard: LaneNeed = { kind: 'discard' };

/** The lane's state, read from its data; times are monotonic. Reads of the store are wanted beside it, by the shelf. */
export function laneNeed(lane: Lane, now: LaneNow): LaneNeed {
  const { shelf } = lane;
  if (lane.knowledge === 'gone') return lane.discarding ? nothing : discard;
  const startable = shelf.ready(lane.window.size);
  if (!startable) {
    const dueMs = shelf.nextDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return nothing;
    if (dueMs > now.dueMs) return { kind: 'wait', untilMs: now.monotonicMs + (dueMs - now.dueMs) };
  }
  if (lane.knowledge !== 'current') {
    if (lane.knowledge === 'loading') return nothing;
    return lane.loadFromMs > now.monotonicMs ? { kind: 'wait', untilMs: lane.loadFromMs } : load;
  }
  if (serviceOf(lane) === 'none') return nothing;
  if (!startable) {
    // Being read, or about to be once the back-off is over; or everything waits for what is in flight.
    if (shelf.reading || lane.readFromMs <= now.monotonicMs) return nothing;
    return { kind: 'wait', untilMs: lane.readFromMs };
  }
  if (lane.inFlight >= lane.window.size) return nothing;
  const untilMs = notBefore(lane, now.monotonicMs);
  if (untilMs <= now.monotonicMs) return ready;
  return untilMs === Number.POSITIVE_INFINITY ? nothing : { kind: 'wait', untilMs };
}

/** The latest of everything that makes a lane wait; Infinity while a breaker's probe is under way. */
function notBefore(lane: Lane, monotonicMs: number): number {
  let untilMs = lane.startFromMs;
  if (lane.requestRate !== null) untilMs = Math.max(untilMs, lane.requestRate.readyAtMs(monotonicMs));
  if (lane.byteRate !== null) untilMs = Math.max(untilMs, lane.byteRate.readyAtMs(monotonicMs));
  const { setup } = lane;
  if (setup !== null && !isUnusable(setup) && setup.policy.breaker !== null) {
    untilMs = Math.max(untilMs, breakerOpensAtMs(lane.breaker));
  }
  return untilMs;
}

/** Counts an attempt in: takes a breaker's probe where one is due. False: not now after all. */
export function mayStart(lane: Lane, monotonicMs: number): boolean {
  const { setup } = lane;
  if (setup === null || isUnusable(setup) || setup.policy.breaker === null) return true;
  const answer = askBreaker(lane.breaker, monotonicMs);
  lane.breaker = answer.state;
  return answer.allowed;
}

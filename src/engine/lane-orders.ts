/**
 * Orders about all deliveries of a lane, carried out in the store page by page: cancelling what a deleted webhook leaves
 * behind, and re-dating what a wrong clock dated. Both are rare, bounded in each step, and harmless when repeated.
 */
import type { PendingDelivery } from '../core/delivery.ts';
import { silenceResetMs } from '../core/disable-rules.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeliveryOrder } from '../storage/contract/commit-item.ts';
import type { PendingQuery, Unreadable } from '../storage/contract/lanes.ts';
import type { EngineStorage } from './engine-deps.ts';
import type { Lane } from './lane.ts';

export type LaneOrderParts = {
  readonly storage: Pick<EngineStorage, 'pending' | 'commit'>;
  readonly clock: Clock;
  readonly stopped: () => boolean;
};

const pageMax = 200;

/** Cancels everything pending. False: the engine stopped first. Rejects where the store refuses. */
export async function cancelAll(lane: Lane, reason: string, parts: LaneOrderParts): Promise<boolean> {
  const { webhookId } = lane;
  for (;;) {
    const nowMs = parts.clock.nowMs();
    const page = await parts.storage.pending({ webhookId, by: 'position', nowMs, limit: pageMax });
    if (parts.stopped()) return false;
    const ids = [
      ...page.tasks.map(({ delivery }) => delivery.id),
      ...(page.unreadable ?? []).map((one) => one.deliveryId),
    ];
    if (ids.length === 0) return true;
    // What was cancelled is pending no more, so the next page begins where this one ended.
    await order(
      lane,
      ids.map((deliveryId) => ({ kind: 'cancel', deliveryId, reason })),
      parts,
    );
    if (parts.stopped()) return false;
  }
}

/** Makes due what is dated later than can be. False: the engine stopped first. Rejects where the store refuses. */
export async function hastenMisdated(lane: Lane, nowMs: number, parts: LaneOrderParts): Promise<boolean> {
  const { webhookId } = lane;
  let after: PendingQuery['after'];
  for (;;) {
    const from = after === undefined ? {} : { after };
    const page = await parts.storage.pending({ webhookId, by: 'position', nowMs, limit: pageMax, ...from });
    if (parts.stopped()) return false;
    const misdated = page.tasks.filter(({ delivery }) => isMisdated(delivery, nowMs));
    await order(
      lane,
      misdated.map(({ delivery }) => ({ kind: 'hasten', deliveryId: delivery.id, dueAtMs: nowMs })),
      parts,
    );
    if (parts.stopped()) return false;
    const last = page.tasks.at(-1)?.delivery;
    if (last === undefined || page.nextDueAtMs === null) return true;
    after = { dueAtMs: last.dueAtMs, id: last.id };
  }
}

/** Ends what can never be sent: visibly, with its reason (HARDENING FD-15). Rejects where the store refuses. */
export function bury(lane: Lane, unreadable: readonly Unreadable[], parts: LaneOrderParts): Promise<void> {
  return order(
    lane,
    unreadable.map(({ deliveryId, reason }) => ({ kind: 'bury', deliveryId, reason })),
    parts,
  );
}

async function order(lane: Lane, deliveryOrders: readonly DeliveryOrder[], parts: LaneOrderParts): Promise<void> {
  if (deliveryOrders.length === 0) return;
  await parts.storage.commit([{ workspaceId: lane.workspaceId, atMs: parts.clock.nowMs(), deliveryOrders }]);
}

/**
 * Due later than any schedule can say (nothing waits longer by intention), or a fresh delivery made in the future: the
 * clock was ahead then.
 */
function isMisdated({ attempts, createdAtMs, dueAtMs }: PendingDelivery, nowMs: number): boolean {
  return dueAtMs > nowMs + silenceResetMs || (attempts === 0 && dueAtMs === createdAtMs && dueAtMs > nowMs);
}

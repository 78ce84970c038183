/**
 * The shelf of a lane without order. Fresh deliveries and retries wait in two queues and take turns. Retries never take
 * the last quarter of the window (of a window of two or more), so that a lane full of retries still sends fresh ones at
 * once; fresh ones leave every second turn to retries.
 *
 * What does not fit in memory is found again by sweeps: pages by due time from the earliest on, each page starting where
 * the last ended. A sweep begins when the earliest known due time in the store has come, and ends at what is not due.
 */
import type { DeliveryId } from '../core/ids.ts';
import type { DeliveryTask, PendingQuery } from '../storage/contract/lanes.ts';
import { createDeque } from '../core/deque.ts';
import type { LateOffers } from './late-offers.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { pageFor, type Shelf } from './shelf.ts';

const never = Number.POSITIVE_INFINITY;
/** A lane may always have this many waiting, however full the memory is: others must not starve it. */
const alwaysKept = 8;

export type FreeShelfLimits = { readonly waitingMax: number; readonly pageMax: number };

export function createFreeShelf(budget: MemoryBudget, late: LateOffers, limits: FreeShelfLimits): Shelf {
  const unsent = createDeque<DeliveryTask>();
  const retries = createDeque<DeliveryTask>();
  /** What is in hand, with its rough size while it waits and 0 once it was taken. */
  const inHand = new Map<DeliveryId, number>();
  let retriesOut = 0;
  let retryTurn = false;
  let storeDueMs = never;
  let cursor: NonNullable<PendingQuery['after']> | null = null;
  let asked = 0;
  let reading = false;
  let discardRead = false;
  /** Fresh ones in hand that were read, not offered. */
  const fromPages = new Set<DeliveryId>();
  /** Ids that left the hand while a page was being read: the page may still show them. */
  const left = new Set<DeliveryId>();

  const storeHas = (dueAtMs: number): void => {
    if (dueAtMs < storeDueMs) storeDueMs = dueAtMs;
  };

  const mayKeep = (window: number): boolean => {
    if (unsent.length < alwaysKept) return true;
    return unsent.length < Math.min(limits.waitingMax, 16 * window) && budget.hasRoom();
  };

  const keep = (task: DeliveryTask): void => {
    inHand.set(task.delivery.id, budget.keep(task));
    (task.delivery.attempts === 0 ? unsent : retries).push(task);
  };

  const leave = (id: DeliveryId): void => {
    inHand.delete(id);
    if (fromPages.delete(id)) late.note(id);
    if (reading) left.add(id);
  };

  const retryAllowed = (window: number): boolean => retriesOut < Math.max(1, window - Math.ceil(window / 4));

  const pick = (window: number): DeliveryTask | undefined => {
    const retryFirst = retryTurn && retries.length > 0 && retryAllowed(window);
    if (retryFirst || unsent.length === 0) {
      if (!retryAllowed(window)) return undefined;
      const task = retries.shift();
      if (task !== undefined) retriesOut += 1;
      return task;
    }
    return unsent.shift();
  };

  return {
    offer(task, window) {
      const { id, attempts, createdAtMs, dueAtMs } = task.delivery;
      if (inHand.has(id) || late.has(id)) return true;
      // Only what was just committed is taken at its word, and counts as due at once whatever the wall clock did since.
      // A delayed one is the store's, and so is one that is offered a second time: its state may have moved on.
      const fresh = attempts === 0 && dueAtMs === createdAtMs;
      if (!fresh || !mayKeep(window)) {
        storeHas(dueAtMs);
        return false;
      }
      keep(task);
      return true;
    },
    ready: (window) => unsent.length > 0 || (retries.length > 0 && retryAllowed(window)),
    take(window) {
      const task = pick(window);
      if (task === undefined) return undefined;
      retryTurn = task.delivery.attempts === 0;
      budget.release(inHand.get(task.delivery.id) ?? 0);
      inHand.set(task.delivery.id, 0);
      return task;
    },
    putBack(task) {
      if (task.delivery.attempts > 0) retriesOut -= 1;
      leave(task.delivery.id);
      storeHas(task.delivery.dueAtMs);
    },
    settle(task, result) {
      if (task.delivery.attempts > 0) retriesOut -= 1;
      leave(task.delivery.id);
      if (result.kind === 'retry') storeHas(result.dueAtMs);
      if (result.kind === 'unknown') storeHas(0);
    },
    beginRead(nowMs, window) {
      if (reading) return null;
      if (cursor === null && storeDueMs > nowMs) return null;
      const limit = pageFor(window, limits.pageMax);
      const waiting = unsent.length + retries.length;
      if (waiting > limit / 2 || (waiting >= alwaysKept && !budget.hasRoom())) return null;
      reading = true;
      discardRead = false;
      asked = limit;
      if (cursor === null) {
        storeDueMs = never;
        return { by: 'due', limit };
      }
      return { by: 'due', limit, after: cursor };
    },
    endRead(page, nowMs) {
      reading = false;
      if (discardRead) {
        left.clear();
        cursor = null;
        storeHas(0);
        return;
      }
      for (const task of page.tasks) {
        const { id, attempts, dueAtMs } = task.delivery;
        if (inHand.has(id) || left.has(id)) continue;
        // Due by the wall clock alone, after it jumped forward: a retry waits its time.
        if (attempts > 0 && dueAtMs > nowMs) storeHas(dueAtMs);
        else {
          keep(task);
          if (attempts === 0) fromPages.add(id);
        }
      }
      left.clear();
      const last = page.tasks.at(-1)?.delivery;
      const behind = page.nextDueAtMs;
      const more = last !== undefined && behind !== null && (page.tasks.length >= asked || behind <= nowMs);
      cursor = more ? { dueAtMs: last.dueAtMs, id: last.id } : null;
      if (!more && behind !== null) storeHas(behind);
    },
    failRead() {
      reading = false;
      left.clear();
      cursor = null;
      storeHas(0);
    },
    storeHas,
    giveBack() {
      for (const queue of [unsent, retries]) {
        for (const task of queue) {
          budget.release(inHand.get(task.delivery.id) ?? 0);
          inHand.delete(task.delivery.id);
          fromPages.delete(task.delivery.id);
        }
        queue.clear();
      }
      cursor = null;
      discardRead = reading;
      storeHas(0);
    },
    nextDueMs: () => (cursor === null ? storeDueMs : 0),
    has: (id) => inHand.has(id),
    get waiting() {
      return unsent.length + retries.length;
    },
    get inHand() {
      return inHand.size;
    },
    get reading() {
      return reading;
    },
    // Here nobody waits behind a misdated one: the safety net sees it once it is the earliest.
    misdated: false,
  };
}

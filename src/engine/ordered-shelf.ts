/**
 * The shelf of a lane with order: one delivery after another, per webhook or per subject. Order comes from the store and
 * from nowhere else: an offer only says that there is something to read, because a commit whose answer was lost is never
 * offered and must not be overtaken.
 *
 * A scan reads the oldest pending ones in order of commit. The first of each key is its head. A head that is not due
 * blocks its key: what lies behind it stays in the store. A head that ends releases the next of its chain; a head that
 * must be tried again drops its chain, and the key is looked at again when the head is due. A scan looks at most
 * `scanRowsMax` rows ahead, so that many blocked keys do not turn into a reading of everything.
 */
import { silenceResetMs } from '../core/disable-rules.ts';
import type { DeliveryId } from '../core/ids.ts';
import type { DeliveryTask, PendingQuery } from '../storage/contract/lanes.ts';
import { createDeque, type Deque } from '../core/deque.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { Shelf } from './shelf.ts';

const never = Number.POSITIVE_INFINITY;
const scanRowsMax = 4_096;
/**
 * A scan that made nothing ready is not repeated sooner, whatever is offered: a millisecond per this many rows looked at,
 * which keeps such a lane below a twentieth of a core, and at most `scanAgainMsMax`.
 */
const rowsPerMs = 4;
const scanAgainMsMax = 250;

export type OrderedShelfLimits = { readonly waitingMax: number; readonly pageMax: number };

export function createOrderedShelf(
  order: 'webhook' | 'subject',
  budget: MemoryBudget,
  limits: OrderedShelfLimits,
): Shelf {
  const keyOf = (task: DeliveryTask): string => (order === 'webhook' ? '' : task.delivery.subject);
  const chains = new Map<string, Deque<DeliveryTask>>();
  const readyKeys = createDeque<string>();
  const out = new Set<string>();
  const inHand = new Map<DeliveryId, number>();
  let waiting = 0;
  let storeDueMs = 0;
  let scanFromMs = 0;
  let reading = false;
  let abort = false;
  let misdated = false;
  let cursor: NonNullable<PendingQuery['after']> | null = null;
  let scanned = 0;
  let blocked = new Set<string>();
  const left = new Set<DeliveryId>();

  const storeHas = (dueAtMs: number): void => {
    if (dueAtMs < storeDueMs) storeDueMs = dueAtMs;
  };

  const endScan = (): void => {
    cursor = null;
    scanned = 0;
    blocked = new Set();
  };

  /** What the scan has seen no longer holds: it must begin again. */
  const abortScan = (): void => {
    if (reading) abort = true;
    if (reading || cursor !== null) {
      endScan();
      storeHas(0);
    }
  };

  const forget = (task: DeliveryTask): void => {
    budget.release(inHand.get(task.delivery.id) ?? 0);
    inHand.delete(task.delivery.id);
    waiting -= 1;
  };

  const dropChain = (key: string): void => {
    const chain = chains.get(key);
    if (chain === undefined) return;
    for (const task of chain) forget(task);
    chains.delete(key);
  };

  /** Takes a row of a scan into its chain, or blocks its key for the rest of the scan. */
  const admit = (task: DeliveryTask, nowMs: number): void => {
    const key = keyOf(task);
    if (blocked.has(key)) return;
    const chain = chains.get(key);
    const head = chain === undefined && !out.has(key);
    const { attempts, createdAtMs, dueAtMs } = task.delivery;
    // A fresh delivery counts as due at once whatever the wall clock did since its commit.
    if (head && dueAtMs > nowMs && (attempts > 0 || dueAtMs > createdAtMs)) {
      blocked.add(key);
      if (dueAtMs > nowMs + silenceResetMs) misdated = true;
      storeHas(dueAtMs);
      return;
    }
    if (waiting >= limits.waitingMax || (waiting > 0 && !budget.hasRoom())) {
      blocked.add(key);
      storeHas(0);
      return;
    }
    inHand.set(task.delivery.id, budget.keep(task));
    waiting += 1;
    if (chain !== undefined) chain.push(task);
    else {
      const fresh = createDeque<DeliveryTask>();
      fresh.push(task);
      chains.set(key, fresh);
      if (head) readyKeys.push(key);
    }
  };

  const release = (task: DeliveryTask): string => {
    const key = keyOf(task);
    out.delete(key);
    inHand.delete(task.delivery.id);
    if (reading) left.add(task.delivery.id);
    return key;
  };

  const retreat = (task: DeliveryTask, dueAtMs: number): void => {
    dropChain(release(task));
    abortScan();
    storeHas(dueAtMs);
  };

  return {
    offer(task) {
      if (inHand.has(task.delivery.id)) return true;
      storeHas(0);
      return false;
    },
    ready: () => readyKeys.length > 0,
    take() {
      const key = readyKeys.shift();
      const chain = key === undefined ? undefined : chains.get(key);
      const task = chain?.shift();
      if (key === undefined || chain === undefined || task === undefined) return undefined;
      if (chain.length === 0) chains.delete(key);
      budget.release(inHand.get(task.delivery.id) ?? 0);
      inHand.set(task.delivery.id, 0);
      waiting -= 1;
      out.add(key);
      return task;
    },
    putBack: (task) => retreat(task, task.delivery.dueAtMs),
    settle(task, result) {
      if (result.kind === 'retry') retreat(task, result.dueAtMs);
      else if (result.kind === 'unknown') retreat(task, 0);
      else {
        const key = release(task);
        const next = chains.get(key)?.peek();
        if (next === undefined) return;
        if (next.delivery.attempts === 0) readyKeys.push(key);
        else {
          // Tried before (order was switched on later): whether it is due, the next scan tells.
          dropChain(key);
          abortScan();
          storeHas(0);
        }
      }
    },
    beginRead(nowMs) {
      if (reading || readyKeys.length > 0 || waiting >= limits.waitingMax) return null;
      if (order === 'webhook' && waiting > 0) return null;
      if (cursor === null && (storeDueMs > nowMs || scanFromMs > nowMs)) return null;
      reading = true;
      abort = false;
      if (cursor !== null) return { by: 'position', limit: limits.pageMax, after: cursor };
      storeDueMs = never;
      misdated = false;
      return { by: 'position', limit: limits.pageMax };
    },
    endRead(page, nowMs) {
      reading = false;
      if (abort) {
        abort = false;
        left.clear();
        storeHas(0);
        return;
      }
      for (const task of page.tasks) {
        if (!inHand.has(task.delivery.id) && !left.has(task.delivery.id)) admit(task, nowMs);
      }
      left.clear();
      scanned += page.tasks.length;
      const last = page.tasks.at(-1)?.delivery;
      const more = last !== undefined && page.nextDueAtMs !== null;
      if (more && scanned < scanRowsMax && waiting < limits.waitingMax) {
        cursor = { dueAtMs: last.dueAtMs, id: last.id };
        return;
      }
      // Rows behind the end of a scan that was cut short are looked at by the next one.
      if (more) storeHas(0);
      scanFromMs = readyKeys.length === 0 ? nowMs + Math.min(scanAgainMsMax, Math.floor(scanned / rowsPerMs)) : 0;
      endScan();
    },
    failRead() {
      reading = false;
      abort = false;
      left.clear();
      endScan();
      storeHas(0);
    },
    storeHas,
    giveBack() {
      for (const key of [...chains.keys()]) dropChain(key);
      readyKeys.clear();
      abortScan();
      storeHas(0);
    },
    // A key that is out says itself when it is back; until then there is nothing to read that could be started.
    nextDueMs: () => (cursor !== null ? 0 : Math.max(storeDueMs, storeDueMs === never ? never : scanFromMs)),
    has: (id) => inHand.has(id),
    get waiting() {
      return waiting;
    },
    get inHand() {
      return inHand.size;
    },
    get reading() {
      return reading;
    },
    get misdated() {
      return misdated;
    },
  };
}

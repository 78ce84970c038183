/**
 * A shelf holds one lane's deliveries: what is in hand (waiting in memory, in flight, being recorded) and what is known
 * of the rest, which is in the store. It answers two questions: what may be started next, and what must be read.
 *
 * A delivery in hand is never taken from a page again, and one that left the hand while a page was being read is not
 * taken from that page: so nothing is sent twice while nothing fails.
 */
import type { DeliveryId } from '../core/ids.ts';
import type { DeliveryTask, PendingPage, PendingQuery } from '../storage/contract/lanes.ts';

export type ShelfRead = Pick<PendingQuery, 'by' | 'limit' | 'after'>;

/** What became of a delivery that was taken. `unknown`: only the store knows (fenced). */
export type Settled =
  | { readonly kind: 'ended' }
  | { readonly kind: 'retry'; readonly dueAtMs: number }
  | { readonly kind: 'unknown' };

export type Shelf = {
  /** A freshly committed delivery. False: left in the store, and remembered to be there. */
  offer(task: DeliveryTask, window: number): boolean;
  /** Whether `take` would give one. */
  ready(window: number): boolean;
  take(window: number): DeliveryTask | undefined;
  /** Taken, but not tried after all. */
  putBack(task: DeliveryTask): void;
  settle(task: DeliveryTask, result: Settled): void;
  /** The read that is wanted now; asking begins it. Null: none. */
  beginRead(nowMs: number, window: number): ShelfRead | null;
  endRead(page: PendingPage, nowMs: number): void;
  failRead(): void;
  /** The store has something due at this time that may not be in hand. */
  storeHas(dueAtMs: number): void;
  /** Gives everything back to the store that has not been started. */
  giveBack(): void;
  /** When something in the store is due, as far as known; 0 for now, Infinity where nothing is. */
  nextDueMs(): number;
  has(deliveryId: DeliveryId): boolean;
  /** In memory, not started. */
  readonly waiting: number;
  /** Waiting, in flight or being recorded. */
  readonly inHand: number;
  readonly reading: boolean;
  /** The last scan met a head due later than any schedule can say: dated by a clock that was ahead. */
  readonly misdated: boolean;
};

/** How many a lane may read at once: in proportion to what it gets rid of, so that a hanging lane holds little memory. */
export function pageFor(window: number, pageMax: number): number {
  return Math.min(pageMax, Math.max(8, 4 * window));
}

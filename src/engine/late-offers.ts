/**
 * Guards against offers that come late. A commit is seen by every reader before its caller hears of it, so a fresh
 * delivery may be read from the store, sent and ended before it is handed over in memory; taken then, it would be sent
 * again. So those that came from a page are remembered for a while after they left the hand. What was handed over once
 * is not handed over again, so the common way costs nothing here.
 */
import type { DeliveryId } from '../core/ids.ts';

export type LateOffers = {
  /** A fresh delivery that was read from the store has left the hand. */
  note(id: DeliveryId): void;
  has(id: DeliveryId): boolean;
};

/** Per generation, over all lanes: at 10,000 deliveries a second from pages still more than a second and a half. */
const rememberedMax = 16_384;

export function createLateOffers(): LateOffers {
  let young = new Set<DeliveryId>();
  let old = new Set<DeliveryId>();
  return {
    note(id) {
      young.add(id);
      if (young.size < rememberedMax) return;
      old = young;
      young = new Set();
    },
    has: (id) => young.has(id) || old.has(id),
  };
}

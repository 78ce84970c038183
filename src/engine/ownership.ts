/**
 * Who delivers which lane, where there is one process: it owns everything, under the epoch its store was opened with.
 * A cluster has another implementation of the same interface (leases per shard); the engine cannot tell them apart.
 */
import type { StorageHealth } from '../storage/storage.ts';
import type { Ownership } from './engine.ts';

export function createSoleOwnership(store: { health(): StorageHealth }): Ownership {
  let claim: { readonly epoch: number; readonly untilMonotonicMs: number } | null = null;
  return {
    async start() {
      claim = { epoch: store.health().epoch, untilMonotonicMs: Number.POSITIVE_INFINITY };
    },
    owns: () => claim,
    shards: () => null,
    retire() {
      // There is nobody to hand anything to.
    },
    async stop() {
      claim = null;
    },
  };
}

/** Remembers message ids for a while, so that a message that comes twice is acted on once. In memory, for one process. */
export interface SeenMessages {
  /** True the first time an id is asked for, false while it is remembered. */
  isNew(id: string, nowMs: number): boolean;
}

/**
 * A message may come again until its last retry: `keptMs` should be as long as your sender retries (default three days),
 * and `idsMax` bounds memory; the oldest ids go first. Share the ids in your database where several processes receive.
 */
export function createSeenMessages({ keptMs = 3 * 86_400_000, idsMax = 100_000 } = {}): SeenMessages {
  // A Map keeps its insertion order, so the first entries are the oldest.
  const seenAtMs = new Map<string, number>();
  return {
    isNew(id, nowMs) {
      for (const [old, atMs] of seenAtMs) {
        if (seenAtMs.size <= idsMax && nowMs - atMs < keptMs) break;
        seenAtMs.delete(old);
      }
      if (seenAtMs.has(id)) return false;
      seenAtMs.set(id, nowMs);
      return true;
    },
  };
}

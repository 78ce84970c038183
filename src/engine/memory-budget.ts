/**
 * How many deliveries wait in memory, over all lanes. What does not fit stays in the store, where it already is, and is
 * read again in pages; so memory is bounded whatever the backlog.
 */
import type { JsonValue } from '../core/json.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';

export type MemoryBudget = {
  /** Whether another one may wait. */
  hasRoom(): boolean;
  /** Counts it in and answers its rough size, to be given back. */
  keep(task: DeliveryTask): number;
  release(bytes: number): void;
  readonly count: number;
  readonly bytes: number;
};

/** What ids, times and the objects around them take. */
const taskBytes = 1_024;
/** Walking a snapshot costs about 20 ns a node; beyond this many the rest is guessed from what was seen. */
const nodesMax = 256;
/** Few tasks cannot fill the memory, so they are not measured; of more, every eighth is, and moves the average. */
const measuredFrom = 256;
const measuredShare = 8;

export function createMemoryBudget(countMax: number, bytesMax: number): MemoryBudget {
  let count = 0;
  let bytes = 0;
  let average = taskBytes;
  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    hasRoom: () => count < countMax && bytes < bytesMax,
    keep(task) {
      if (count >= measuredFrom && count % measuredShare === 0) {
        const measured = taskBytes + roughBytes(task.change.before) + roughBytes(task.change.after);
        average += (measured - average) / measuredShare;
      }
      const size = count < measuredFrom ? taskBytes : average;
      count += 1;
      bytes += size;
      return size;
    },
    release(size) {
      count -= 1;
      bytes -= size;
    },
  };
}

/** A size within about a factor of two, without serialising. */
export function roughBytes(value: JsonValue): number {
  let nodes = 0;
  const walk = (part: JsonValue): number => {
    nodes += 1;
    if (typeof part === 'string') return 2 * part.length;
    if (typeof part !== 'object' || part === null) return 8;
    let sum = 32;
    if (nodes >= nodesMax) return sum;
    for (const inner of Object.values(part)) {
      sum += 16 + walk(inner);
      // A long list is taken to go on as it began.
      if (nodes >= nodesMax) return sum * 4;
    }
    return sum;
  };
  return walk(value);
}

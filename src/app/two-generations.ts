/**
 * A bounded cache for the hot path: a young and an old map. What is used moves to the young one; when that is full it
 * becomes the old one and the former old one is dropped whole. Nearly the recency of an LRU at the cost of a map, whose
 * linked list was 5 % of the time of a change.
 */
export interface TwoGenerations<Value> {
  get(key: string): Value | undefined;
  /** `weight` counts against `weightMax`: bytes, or 1. */
  set(key: string, value: Value, weight: number): void;
  delete(key: string): void;
  /** Lets go of everything. */
  clear(): void;
}

export type Bounds = { readonly entriesMax: number; readonly weightMax: number };

type Kept<Value> = { value: Value; weight: number };

export function createTwoGenerations<Value>({ entriesMax, weightMax }: Bounds): TwoGenerations<Value> {
  const halfEntries = Math.max(1, Math.floor(entriesMax / 2));
  const halfWeight = weightMax / 2;
  let young = new Map<string, Kept<Value>>();
  let old = new Map<string, Kept<Value>>();
  let weightOfYoung = 0;

  const put = (key: string, kept: Kept<Value>): void => {
    if (young.size >= halfEntries || weightOfYoung + kept.weight > halfWeight) {
      old = young;
      young = new Map();
      weightOfYoung = 0;
    }
    young.set(key, kept);
    weightOfYoung += kept.weight;
  };

  const remove = (key: string): void => {
    const kept = young.get(key);
    if (kept !== undefined) {
      weightOfYoung -= kept.weight;
      young.delete(key);
    }
    old.delete(key);
  };

  return {
    get(key) {
      const kept = young.get(key);
      if (kept !== undefined) return kept.value;
      const older = old.get(key);
      if (older === undefined) return undefined;
      old.delete(key);
      put(key, older);
      return older.value;
    },
    set(key, value, weight) {
      const kept = young.get(key);
      if (kept !== undefined && weightOfYoung - kept.weight + weight <= halfWeight) {
        weightOfYoung += weight - kept.weight;
        kept.value = value;
        kept.weight = weight;
        return;
      }
      remove(key);
      // Heavier than a generation may be: it would push everything else out.
      if (weight <= halfWeight) put(key, { value, weight });
    },
    delete: remove,
    clear() {
      young = new Map();
      old = new Map();
      weightOfYoung = 0;
    },
  };
}

/**
 * A map and a set for what comes and goes: calls under way, attempts in the air. The language's own get a new table now and
 * then as entries are deleted, and each table points to the next; once the collector takes one of them for long-lived, it
 * keeps all that follow until its next full round, and with them what they held at that moment. So things that live a few
 * milliseconds were copied twice and kept for seconds, which took half of the collector's time. These are made anew as a
 * whole before long, and nothing points from one to the next.
 */

export type PassingMap<Key, Value> = Pick<Map<Key, Value>, 'get' | 'has' | 'size' | 'values'> & {
  set(key: Key, value: Value): void;
  delete(key: Key): boolean;
  clear(): void;
};

export type PassingSet<Item> = Pick<Set<Item>, 'has' | 'size'> & {
  add(item: Item): void;
  delete(item: Item): boolean;
  /** As they were added; what is added meanwhile may be left out. */
  values(): IterableIterator<Item>;
};

/** Additions after which it is made anew, unless it has grown by them. */
const additionsMax = 256;

export function createPassingMap<Key, Value>(): PassingMap<Key, Value> {
  let map = new Map<Key, Value>();
  let added = 0;
  return {
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    get size() {
      return map.size;
    },
    values: () => map.values(),
    set(key, value) {
      if (added >= additionsMax && added >= 2 * map.size) {
        map = new Map(map);
        added = map.size;
      }
      map.set(key, value);
      added += 1;
    },
    delete: (key) => map.delete(key),
    clear() {
      map = new Map();
      added = 0;
    },
  };
}

export function createPassingSet<Item>(): PassingSet<Item> {
  let set = new Set<Item>();
  let added = 0;
  return {
    has: (item) => set.has(item),
    get size() {
      return set.size;
    },
    values: () => set.values(),
    add(item) {
      if (added >= additionsMax && added >= 2 * set.size) {
        set = new Set(set);
        added = set.size;
      }
      set.add(item);
      added += 1;
    },
    delete: (item) => set.delete(item),
  };
}

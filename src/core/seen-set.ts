/**
 * Which of very many ids were seen, in eight bytes each: a full sync may name a million assets, and their ids as text would
 * take a hundred megabytes. Of an id the last 50 bits are kept, which are random; two that share them count as one, so of a
 * million that vanished against a million that were seen one in a thousand syncs overlooks one, until the next.
 */
export interface SeenSet {
  /** Ids of 26 characters, without their prefix, one behind the other. */
  add(ids: string): void;
  has(id: string): boolean;
  readonly size: number;
}

/** Characters of an id without its prefix. */
export const bareIdCharacters = 26;
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const valueOf = new Map([...alphabet].map((character, value) => [character, value]));
const keptCharacters = 10;

export function createSeenSet(): SeenSet {
  let held = new Float64Array(1_024);
  let size = 0;
  let sorted = true;
  const settle = (): void => {
    if (sorted) return;
    held.subarray(0, size).sort();
    sorted = true;
  };
  return {
    add(ids) {
      for (let from = 0; from + bareIdCharacters <= ids.length; from += bareIdCharacters) {
        if (size === held.length) {
          const larger = new Float64Array(held.length * 2);
          larger.set(held);
          held = larger;
        }
        held[size] = numberOf(ids, from + bareIdCharacters);
        size += 1;
      }
      sorted = false;
    },
    has(id) {
      settle();
      const wanted = numberOf(id, id.length);
      let low = 0;
      let high = size - 1;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const found = held[middle] ?? 0;
        if (found === wanted) return true;
        if (found < wanted) low = middle + 1;
        else high = middle - 1;
      }
      return false;
    },
    get size() {
      return size;
    },
  };
}

/** The characters before `end` as a number, exact: 50 bits. */
function numberOf(text: string, end: number): number {
  let number = 0;
  for (let at = Math.max(0, end - keptCharacters); at < end; at += 1)
    number = number * 32 + (valueOf.get(text.charAt(at)) ?? 0);
  return number;
}

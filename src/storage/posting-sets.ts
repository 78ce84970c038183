/**
 * Sets of assets of one chunk (65,536 numbers in order of creation). Stored as sorted 16-bit numbers where there are few, as
 * one bit each where there are many; computed with as bits.
 */
export const chunkDocs = 65_536;
const bitWords = chunkDocs / 32;
const bitBytes = chunkDocs / 8;
/** One bit per asset of the chunk. */
export type Bits = Uint32Array;

/** The numbers in a stored set, or its bits: exactly `bitBytes` long are bits, shorter ones are numbers. */
export function readInto(stored: Uint8Array, bits: Bits): void {
  if (stored.length === bitBytes) {
    const words = wordsIn(stored);
    for (let at = 0; at < bitWords; at += 1) bits[at] = (bits[at] ?? 0) | (words[at] ?? 0);
    return;
  }
  for (const n of numbersIn(stored)) bits[n >>> 5] = (bits[n >>> 5] ?? 0) | (1 << (n & 31));
}

export function bitsOf(stored: Uint8Array): Bits {
  if (stored.length === bitBytes) return wordsIn(stored).slice();
  const bits = emptyBits();
  readInto(stored, bits);
  return bits;
}

export function emptyBits(): Bits {
  return new Uint32Array(bitWords);
}

function wordsIn(stored: Uint8Array): Uint32Array {
  const { buffer, byteOffset } = aligned(stored);
  return new Uint32Array(buffer, byteOffset, bitWords);
}

function numbersIn(stored: Uint8Array): Uint16Array {
  const { buffer, byteOffset, length } = aligned(stored);
  return new Uint16Array(buffer, byteOffset, length >>> 1);
}

function aligned(stored: Uint8Array): Uint8Array {
  return stored.byteOffset % 4 === 0 ? stored : stored.slice();
}

/** The stored set with numbers put in and taken out; null where nothing is left of it. */
export function changeSet(
  stored: Uint8Array | null,
  { added, removed }: { readonly added: readonly number[]; readonly removed: readonly number[] },
): Uint8Array | null {
  const had = stored === null ? 0 : stored.length === bitBytes ? Number.MAX_SAFE_INTEGER : stored.length / 2;
  // Bytes of numbers stay below those of bits.
  if (had + added.length < bitBytes / 2) return changeFew(stored, { added, removed });
  const bits = stored === null ? emptyBits() : bitsOf(stored);
  for (const n of removed) bits[n >>> 5] = (bits[n >>> 5] ?? 0) & ~(1 << (n & 31));
  for (const n of added) bits[n >>> 5] = (bits[n >>> 5] ?? 0) | (1 << (n & 31));
  const count = countBits(bits);
  if (count === 0) return null;
  // Half of what would make it bits again, so that a set at the border does not change its form with every write.
  return count < bitBytes / 4 ? bytesOf(Uint16Array.from(numbersOfBits(bits))) : bytesOf(bits);
}

function changeFew(
  stored: Uint8Array | null,
  { added, removed }: { readonly added: readonly number[]; readonly removed: readonly number[] },
): Uint8Array | null {
  const before = stored === null ? new Uint16Array(0) : numbersIn(stored);
  if (removed.length === 0 && rises(before.at(-1) ?? -1, added)) {
    // New assets have higher numbers than those that are there.
    const numbers = new Uint16Array(before.length + added.length);
    numbers.set(before);
    numbers.set(added, before.length);
    return numbers.length === 0 ? null : bytesOf(numbers);
  }
  const numbers = new Set<number>(before);
  for (const n of removed) numbers.delete(n);
  for (const n of added) numbers.add(n);
  return numbers.size === 0 ? null : bytesOf(Uint16Array.from(numbers).sort());
}

function rises(from: number, numbers: readonly number[]): boolean {
  let before = from;
  for (const n of numbers) {
    if (n <= before) return false;
    before = n;
  }
  return true;
}

function bytesOf(array: Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function andInto(bits: Bits, other: Bits): void {
  for (let at = 0; at < bitWords; at += 1) bits[at] = (bits[at] ?? 0) & (other[at] ?? 0);
}

export function orInto(bits: Bits, other: Bits): void {
  for (let at = 0; at < bitWords; at += 1) bits[at] = (bits[at] ?? 0) | (other[at] ?? 0);
}

export function withoutInto(bits: Bits, other: Bits): void {
  for (let at = 0; at < bitWords; at += 1) bits[at] = (bits[at] ?? 0) & ~(other[at] ?? 0);
}

export function isEmpty(bits: Bits): boolean {
  for (let at = 0; at < bitWords; at += 1) if (bits[at] !== 0) return false;
  return true;
}

export function hasBit(bits: Bits, n: number): boolean {
  return ((bits[n >>> 5] ?? 0) & (1 << (n & 31))) !== 0;
}

export function setBit(bits: Bits, n: number): void {
  bits[n >>> 5] = (bits[n >>> 5] ?? 0) | (1 << (n & 31));
}

export function countBits(bits: Bits): number {
  let count = 0;
  for (let at = 0; at < bitWords; at += 1) {
    let word = bits[at] ?? 0;
    if (word === 0) continue;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** The numbers in the set, from the lowest on. */
export function* numbersOfBits(bits: Bits): Generator<number> {
  for (let at = 0; at < bitWords; at += 1) {
    for (let word = bits[at] ?? 0; word !== 0; word &= word - 1) yield at * 32 + 31 - Math.clz32(word & -word);
  }
}

/** The numbers in the set from the highest on, below `below`. */
export function* numbersDown(bits: Bits, below: number): Generator<number> {
  for (let at = Math.min(bitWords - 1, (below - 1) >> 5); at >= 0; at -= 1) {
    let word = bits[at] ?? 0;
    if (at === below >> 5) word &= (1 << (below & 31)) - 1;
    while (word !== 0) {
      const high = 31 - Math.clz32(word);
      yield at * 32 + high;
      word &= ~(1 << high);
    }
  }
}

/** The numbers in the set from the lowest on, above `above`. */
export function* numbersUp(bits: Bits, above: number): Generator<number> {
  const from = above + 1;
  for (let at = from >>> 5; at < bitWords; at += 1) {
    let word = bits[at] ?? 0;
    if (at === from >>> 5) word &= ~((1 << (from & 31)) - 1);
    for (; word !== 0; word &= word - 1) yield at * 32 + 31 - Math.clz32(word & -word);
  }
}

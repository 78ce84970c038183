/**
 * One number per asset and field, 2,048 assets to a block: all of them as doubles where many have one (NaN: none), pairs of
 * place and number where few have. A range over a million assets reads 8 MB in order, which takes some milliseconds.
 */
export const blockDocs = 2_048;
const wholeBytes = blockDocs * 8;
const pairBytes = 10;
/** Pairs beyond this take more room than the whole block. */
const pairsMax = Math.floor(wholeBytes / pairBytes) - 1;

/** The numbers of a block, NaN where there is none. */
export function readBlock(stored: Uint8Array | null): Float64Array {
  const numbers = new Float64Array(blockDocs).fill(Number.NaN);
  if (stored === null) return numbers;
  if (stored.length === wholeBytes) {
    new Uint8Array(numbers.buffer).set(stored);
    return numbers;
  }
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  for (let at = 0; at + pairBytes <= stored.length; at += pairBytes)
    numbers[view.getUint16(at, true)] = view.getFloat64(at + 2, true);
  return numbers;
}

/** The block as it is stored; null where no asset has a number. */
export function writeBlock(numbers: Float64Array): Uint8Array | null {
  let count = 0;
  for (let at = 0; at < blockDocs; at += 1) if (!Number.isNaN(numbers[at])) count += 1;
  if (count === 0) return null;
  if (count > pairsMax) return new Uint8Array(numbers.buffer, numbers.byteOffset, wholeBytes);
  const stored = new Uint8Array(count * pairBytes);
  const view = new DataView(stored.buffer);
  let at = 0;
  for (let place = 0; place < blockDocs; place += 1) {
    const number = numbers[place] ?? Number.NaN;
    if (Number.isNaN(number)) continue;
    view.setUint16(at, place, true);
    view.setFloat64(at + 2, number, true);
    at += pairBytes;
  }
  return stored;
}

import { type IdKind, type IdOf, type IdSource, idPrefixes } from './ids.ts';

export type IdSourceDeps = {
  readonly nowMs: () => number;
  /** A CSPRNG outside tests. */
  readonly randomBytes: (count: number) => Uint8Array;
};

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** Two characters for each value of ten bits, so that an id is thirteen look-ups. */
const pairs: readonly string[] = Array.from(
  { length: 1_024 },
  (_, value) => alphabet.charAt(value >>> 5) + alphabet.charAt(value & 31),
);

const half = 2 ** 40;
const timeMax = 2 ** 48;
/** Random bytes are drawn for this many steps at once: one call per 128 ids. */
const stepsDrawn = 128;
const stepBytes = 4;

/**
 * The one source of ids of a process. An id drawn later sorts after every id drawn earlier, also within one millisecond
 * and when the clock goes back: the 80 random bits then grow by a random step of up to 32 bits, so that the next id
 * cannot be guessed from the last one either. Where they would overflow, the time part moves on by one millisecond.
 */
export function createIdSource({ nowMs, randomBytes }: IdSourceDeps): IdSource {
  let lastMs = -1;
  let time = '';
  // The 80 random bits as two whole numbers of 40 bits.
  let high = 0;
  let low = 0;
  let steps: Uint8Array = new Uint8Array(0);
  let stepAt = 0;

  const startMillisecond = (atMs: number): void => {
    if (!(atMs >= 0 && atMs < timeMax)) throw new RangeError(`An id needs a time in 48 bits: got ${atMs}`);
    lastMs = atMs;
    time = fortyBits(Math.floor(atMs / 2 ** 40)).slice(6) + fortyBits(atMs % half);
    const drawn = randomBytes(10);
    high = wholeNumber(drawn, 0, 5);
    low = wholeNumber(drawn, 5, 5);
  };

  const step = (): void => {
    if (stepAt >= steps.length) {
      steps = randomBytes(stepsDrawn * stepBytes);
      stepAt = 0;
    }
    low += 1 + wholeNumber(steps, stepAt, stepBytes);
    stepAt += stepBytes;
    if (low < half) return;
    low -= half;
    high += 1;
    if (high >= half) startMillisecond(lastMs + 1);
  };

  return {
    next<Kind extends IdKind>(kind: Kind): IdOf<Kind> {
      const atMs = Math.floor(nowMs());
      if (atMs > lastMs) startMillisecond(atMs);
      else step();
      return `${idPrefixes[kind]}_${time}${fortyBits(high)}${fortyBits(low)}`;
    },
  };
}

/** Eight characters for 40 bits. */
function fortyBits(value: number): string {
  const top = Math.floor(value / 1_048_576);
  const rest = value % 1_048_576;
  return `${pairs[top >>> 10]}${pairs[top & 1_023]}${pairs[rest >>> 10]}${pairs[rest & 1_023]}`;
}

function wholeNumber(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

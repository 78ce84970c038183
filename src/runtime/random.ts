import { randomFillSync } from 'node:crypto';

/** Chance as an argument. The system's is a CSPRNG throughout; tests hand in a seeded one. */
export interface Random {
  /** Fresh random bytes; the caller may keep them. */
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

const poolBytes = 8_192;

/** Draws from the CSPRNG in pools: one system call per 8 KiB instead of one per id. */
export function createSystemRandom(): Random {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  const bytes = (count: number): Uint8Array => {
    if (count > poolBytes) return randomFillSync(new Uint8Array(count));
    if (used + count > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const drawn = pool.slice(used, used + count);
    // Handed-out bytes are wiped so that a later dump of the pool tells nothing about ids and secrets drawn from it.
    pool.fill(0, used, used + count);
    used += count;
    return drawn;
  };
  return {
    bytes,
    fraction: () => {
      const drawn = bytes(6);
      let value = 0;
      for (const byte of drawn) value = value * 256 + byte;
      return value / 2 ** 48;
    },
  };
}

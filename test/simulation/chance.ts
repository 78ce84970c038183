/** Chance of one run: everything is drawn from its seed, in the order asked. */
import { seededFractions } from '../support/seeded.ts';
import type { Random } from '../../src/runtime/random.ts';

export type Chance = Random & {
  /** True with this probability. */
  happens(probability: number): boolean;
  /** A whole number, both ends included. */
  between(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
};

export function createChance(seed: number): Chance {
  const fraction = seededFractions(seed);
  const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
    happens: (probability) => fraction() < probability,
    between,
    pick(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('Nothing to pick from');
      return item;
    },
  };
}

import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** Doubles with every attempt; eight of them stay below a quarter of a second. */
const firstMs = 1;

/** A random pause before an attempt, longer with each. */
export function createPause(clock: Clock, random: Random): (attempt: number) => Promise<void> {
  return (attempt) =>
    new Promise((resolve) => {
      clock.timer(random.fraction() * firstMs * 2 ** (attempt - 1), resolve);
    });
}

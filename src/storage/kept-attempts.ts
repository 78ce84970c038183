/** Attempts of a delivery as they are stored, wherever that is: those that can be read, and of many the first and the last. */
import type { Attempt } from '../core/delivery.ts';
import { limits } from '../core/limits.ts';
import { isDamage } from './damage.ts';

/** An attempt whose row is damaged is left out: the others are still to be seen. */
export function attemptsOf(text: string): readonly Attempt[] {
  const { attempt } = readable<Attempt, 'attempt'>('attempt', text);
  return attempt === undefined ? [] : [attempt];
}

/** What a text says under a name; nothing where it is damaged. */
export function readable<Value, Name extends string>(name: Name, text: string): { readonly [Key in Name]?: Value } {
  try {
    return { [name]: JSON.parse(text) as Value } as { readonly [Key in Name]?: Value };
  } catch (error) {
    if (isDamage(error)) return {};
    throw error;
  }
}

export function capped(attempts: readonly Attempt[]): readonly Attempt[] {
  const { attemptsKeptFirst, attemptsKeptLast } = limits;
  const last = attempts.at(-1)?.number ?? 0;
  return attempts.filter(({ number }) => number <= attemptsKeptFirst || number > last - attemptsKeptLast);
}

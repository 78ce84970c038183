/**
 * What an erasure makes of the past: of an asset nothing is kept but that there was one and when something happened to it; of
 * a person the names, addresses and ids that were given are replaced wherever they stand. Pure.
 */
import type { Change } from './change.ts';
import { isList, isObject } from './json-equality.ts';
import type { JsonValue } from './json.ts';

/** `subject`: `type:id`. `texts`: what a person is known by. */
export type ErasedPast =
  | { readonly subject: string; readonly texts?: undefined }
  | { readonly texts: readonly string[]; readonly subject?: undefined };

/** Stands where somebody was named. */
export const erasedText = 'erased';

/** The change as it is kept from now on; null where nothing of it is to go. */
export function erasedChange(change: Change, past: ErasedPast): Change | null {
  const { type, id } = change.subject;
  if (past.subject !== undefined) {
    if (`${type}:${id}` !== past.subject || isBare(change)) return null;
    const { name: _, ...actor } = change.actor;
    const { beforeDiffers: __, ...rest } = change;
    return { ...rest, subject: { type, id }, actor, before: null, after: null, changed: [], erased: true };
  }
  const replacer = textReplacer(past.texts);
  const { actor, before, after } = change;
  const next = { actor: replacer(actor) as Change['actor'], before: replacer(before), after: replacer(after) };
  if (next.actor === actor && next.before === before && next.after === after) return null;
  return { ...change, ...(next as Pick<Change, 'actor' | 'before' | 'after'>), erased: true };
}

function isBare({ before, after, erased }: Change): boolean {
  return erased === true && before === null && after === null;
}

/** Whether a text could hold any of these at all: cheap, and asked of every row. */
export function mayName(body: string, texts: readonly string[]): boolean {
  const low = body.toLowerCase();
  return texts.some((text) => low.includes(JSON.stringify(text.toLowerCase()).slice(1, -1)));
}

/** What is long and special enough to be looked for inside longer texts: an address, a name of several words, a long id. */
function isSpecial(text: string): boolean {
  return (text.length >= 6 && /[@\s]/.test(text)) || text.length >= 20;
}

/**
 * Replaces texts in a JSON value; answers the very same value where there are none. A value that is one of them, whatever
 * its case, is replaced; addresses and names of several words are replaced inside longer texts too. Keys stay.
 */
export function textReplacer(texts: readonly string[]): (value: JsonValue) => JsonValue {
  const whole = new Set(texts.map((text) => text.toLowerCase()));
  const inside = texts.filter(isSpecial).map((text) => new RegExp(escaped(text), 'giu'));
  const replace = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return replaced(value);
    if (isList(value)) {
      const next = value.map(replace);
      return next.every((item, at) => item === value[at]) ? value : next;
    }
    if (!isObject(value)) return value;
    const entries = Object.entries(value);
    const next = entries.map(([key, item]) => [key, replace(item)] as const);
    return next.every(([, item], at) => item === entries[at]?.[1]) ? value : Object.fromEntries(next);
  };
  const replaced = (text: string): string => {
    if (whole.has(text.toLowerCase())) return erasedText;
    return inside.reduce((left, pattern) => left.replace(pattern, erasedText), text);
  };
  return replace;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll(/\s+/g, String.raw`\s+`);
}

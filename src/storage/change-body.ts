/**
 * How a change is written down. Most changes touch a field or two of a state that is kept whole in `after`, so `before` is
 * stored as what differs: half the text to serialise, to hand to the writer and to write twice (log and file). What comes
 * back is `before` exactly as it was, order of keys included, because bodies are rendered from it again.
 */
import type { Change } from '../core/change.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { isList, isObject } from '../core/json-equality.ts';
import { isDamage } from './damage.ts';

/** `[0, value]`: this value. `[1, parts]`: an object with the keys of the other side in their order, other values in some. */
type Difference = readonly [0, JsonValue] | readonly [1, { readonly [key: string]: Difference }];

/** A list in the place of `before` is its difference from `after`. */
type StoredChange = Omit<Change, 'before'> & { before: JsonObject | null | Difference };

/** The text of a change. */
export function changeBody(change: Change): string {
  const { before, after } = change;
  if (before === null || after === null) return JSON.stringify(change);
  const difference = differenceOf(before, after) ?? sameState;
  if (difference[0] === 0) return JSON.stringify(change);
  return JSON.stringify({ ...change, before: difference });
}

/** The change of a text that `changeBody` wrote. */
export function parseChange(body: string): Change {
  const stored = JSON.parse(body) as StoredChange;
  if (Array.isArray(stored.before)) stored.before = restored(stored.before as Difference, stored.after) as JsonObject;
  return stored as Change;
}

/** The same; null where the text is damaged, which must not keep others from being shown. */
export function readableChange(body: string): Change | null {
  try {
    return parseChange(body);
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  }
}

const sameState: Difference = [1, {}];

/** What to do to `right` so that it is `left`; null where they are the same to the order of their keys. */
function differenceOf(left: JsonValue, right: JsonValue): Difference | null {
  if (left === right) return null;
  if (!isObject(left) || !isObject(right)) return same(left, right) ? null : [0, left];
  const keys = Object.keys(left);
  if (!sameKeys(keys, Object.keys(right))) return [0, left];
  let parts: { [key: string]: Difference } | null = null;
  for (const key of keys) {
    const [former, latter] = [left[key], right[key]];
    // Written as JSON the key would be gone from one side, and the keys were not the same after all.
    if (former === undefined || latter === undefined) return [0, left];
    const part = differenceOf(former, latter);
    if (part === null) continue;
    parts ??= {};
    parts[key] = part;
  }
  return parts === null ? null : [1, parts];
}

function same(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (isList(left)) {
    return isList(right) && left.length === right.length && left.every((item, at) => same(item, right[at] ?? null));
  }
  return isObject(left) && isObject(right) && differenceOf(left, right) === null;
}

/** The same keys in the same order. `__proto__` cannot be assigned, so an object that has it is stored whole. */
function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) {
    if (left[at] !== right[at] || left[at] === '__proto__') return false;
  }
  return true;
}

function restored(difference: Difference, from: JsonValue): JsonValue {
  const [kind, given] = difference;
  if (kind === 0) return given;
  if (!isObject(from)) throw new TypeError('A stored change must hold the state it differs from: it does not');
  const value: { [key: string]: JsonValue } = {};
  for (const [key, other] of Object.entries(from)) {
    const part = Object.hasOwn(given, key) ? given[key] : undefined;
    value[key] = part === undefined ? other : restored(part, other);
  }
  return value;
}

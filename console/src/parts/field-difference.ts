/** Which fields of two states differ, down to what can be read: one line for a field of EXIF, not one for all of it. */
import type { Json, JsonObject } from '../api/json.ts';

export type FieldDifference = {
  /** Dotted, below the field that was said to have changed. */
  readonly path: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
};

/** Deeper and longer ones are shown as they are: nobody reads them line by line. */
const depthMax = 6;
const differencesMax = 2_000;

/** In the order of `fields`; what is the same on both sides is left out. */
export function fieldDifferences(
  before: JsonObject | null,
  after: JsonObject | null,
  fields: readonly string[],
): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  for (const field of fields)
    collect(found, { path: field, was: valueAt(before, field), is: valueAt(after, field) }, 0);
  return found;
}

function collect(found: FieldDifference[], difference: FieldDifference, depth: number): void {
  const { path, was, is } = difference;
  if (found.length >= differencesMax || same(was, is) || saysNothing(was, is)) return;
  const [one, other] = [isObject(was) ? was : null, isObject(is) ? is : null];
  const [left, right] = [namesOf(was), namesOf(is)];
  // The same things in both lists: what differs is inside them. Things that came and went are told by the list itself.
  if (
    left !== null &&
    right !== null &&
    left.size === right.size &&
    [...left.keys()].every((name) => right.has(name))
  ) {
    for (const [name, item] of left) {
      collect(found, { path: `${path}.${name}`, was: item, is: right.get(name) }, depth + 1);
    }
    return;
  }
  // An object that came, went or changed is told by its fields; where one side is something else, both are shown whole.
  const whole =
    (one === null && was !== undefined && was !== null) || (other === null && is !== undefined && is !== null);
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  if (whole || depth >= depthMax || names.size === 0) {
    found.push(difference);
    return;
  }
  for (const name of names) {
    const next = { path: `${path}.${name}`, was: own(one, name), is: own(other, name) };
    collect(found, next, depth + 1);
  }
}

/** The things of a list by their names (or numbers); null where one has none, or two share one. */
export function namesOf(list: Json | undefined): ReadonlyMap<string, Json> | null {
  if (!Array.isArray(list) || list.length === 0) return null;
  const named = new Map<string, Json>();
  for (const item of list as readonly Json[]) {
    if (!isObject(item)) return null;
    const { title, name, number } = item;
    const called = typeof title === 'string' ? title : typeof name === 'string' ? name : number;
    if ((typeof called !== 'string' && typeof called !== 'number') || named.has(String(called))) return null;
    named.set(String(called), item);
  }
  return named;
}

/** A new thing has many fields that are empty: that they are there is no news. */
function saysNothing(was: Json | undefined, is: Json | undefined): boolean {
  if (was !== undefined || is === undefined) return false;
  return is === null || is === '' || is === false || (typeof is === 'object' && Object.keys(is).length === 0);
}

function own(object: JsonObject | null, name: string): Json | undefined {
  return object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function valueAt(state: JsonObject | null, path: string): Json | undefined {
  let value: Json | undefined = state ?? undefined;
  // Names of metadata fields may hold dots: the longest name that is there counts.
  let rest = path;
  while (rest !== '') {
    if (!isObject(value)) return undefined;
    if (Object.hasOwn(value, rest)) return value[rest];
    const dot = rest.indexOf('.');
    if (dot < 0) return undefined;
    value = value[rest.slice(0, dot)];
    rest = rest.slice(dot + 1);
  }
  return value;
}

import type { JsonObject, JsonValue } from './json.ts';

/** Whether two JSON values are the same; the order of object keys does not matter. Depth is bounded where JSON comes in. */
export function sameJson(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isList(left)) return isList(right) && sameList(left, right);
  if (isList(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(right, key) || !sameJson(left[key], right[key])) return false;
  }
  return true;
}

function sameList(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (!sameJson(left[index], right[index])) return false;
  return true;
}

/** Whether two lists have the same members, in whatever order and however often. Members that are objects count by their text. */
export function sameMembers(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (sameJson(left, right)) return true;
  const ours = new Set(left.map(memberKey));
  const theirs = new Set(right.map(memberKey));
  return ours.size === theirs.size && theirs.isSubsetOf(ours);
}

function memberKey(member: JsonValue): JsonValue {
  return typeof member === 'object' ? JSON.stringify(member) : member;
}

/** Whether a value is a JSON array (`Array.isArray` does not narrow read-only arrays). */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property, or undefined: `constructor` and `__proto__` are found only where they were sent. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

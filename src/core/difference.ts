import { isList, isObject, ownValue, sameJson } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Bookkeeping that changes with every write and says nothing of what happened. */
const ignored = new Set(['modifiedAtMs', 'sourceVersion', 'source', 'versionsMade']);
/** Objects whose fields are named one by one. */
const groups = new Set(['metadata', 'info']);
/** Lists that are sets: their order means nothing. */
const sets = new Set(['tags', 'labels', 'collections']);

/**
 * The names of the fields that differ between two snapshots, sorted: top-level names, and below `metadata` and `info` the
 * field (`metadata.status`). Where one side does not exist, every field of the other.
 */
export function changedFields(before: JsonObject | null, after: JsonObject | null): readonly string[] {
  const names: string[] = [];
  const left = before ?? {};
  const right = after ?? {};
  for (const key of Object.keys(left)) {
    const is = ownValue(right, key);
    // Snapshots share what did not change, so nearly every field ends here.
    if (left[key] === is) continue;
    for (const name of differing(key, left[key], is)) names.push(name);
  }
  for (const key of Object.keys(right)) {
    if (Object.hasOwn(left, key)) continue;
    for (const name of differing(key, undefined, right[key])) names.push(name);
  }
  return names.sort();
}

function differing(key: string, was: JsonValue | undefined, is: JsonValue | undefined): readonly string[] {
  if (ignored.has(key)) return [];
  if (groups.has(key) && (isObject(was) || isObject(is))) return differingInGroup(key, was, is);
  return sameField(key, was, is) ? [] : [key];
}

function differingInGroup(group: string, was: JsonValue | undefined, is: JsonValue | undefined): readonly string[] {
  const left = isObject(was) ? was : {};
  const right = isObject(is) ? is : {};
  const names: string[] = [];
  for (const field of Object.keys(left)) {
    if (!sameJson(left[field], ownValue(right, field))) names.push(`${group}.${field}`);
  }
  for (const field of Object.keys(right)) if (!Object.hasOwn(left, field)) names.push(`${group}.${field}`);
  return names;
}

function sameField(key: string, was: JsonValue | undefined, is: JsonValue | undefined): boolean {
  if (!sets.has(key) || !isList(was) || !isList(is)) return sameJson(was, is);
  return sameSet(was, is);
}

function sameSet(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (sameJson(left, right)) return true;
  const members = new Set(left.map(memberKey));
  const others = new Set(right.map(memberKey));
  return members.size === others.size && others.isSubsetOf(members);
}

/** Tags are text; where somebody reports objects, their text stands for them. */
function memberKey(member: JsonValue): JsonValue {
  return typeof member === 'object' ? JSON.stringify(member) : member;
}

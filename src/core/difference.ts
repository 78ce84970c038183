import { isList, isObject, ownValue, sameJson, sameMembers } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Bookkeeping that changes with every write and says nothing of what happened. */
const ignored = new Set(['modifiedAtMs', 'sourceVersion', 'source', 'versionsMade']);
/** Objects whose fields are named one by one. */
const groups = new Set(['metadata', 'info']);
/** Lists that are sets: their order means nothing. */
const sets = new Set(['tags', 'labels', 'collections']);

/**
 * The names of the fields that differ between two snapshots, sorted: top-level names, and below `metadata` and `info` the
 * field (`metadata.status`). Where one side does not exist, every field of the other. The order of tags, labels, collections
 * and renditions means nothing.
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

/** Whether a field of a snapshot, below `metadata` and `info` as a whole, is the same: see `changedFields`. */
export function sameField(key: string, was: JsonValue | undefined, is: JsonValue | undefined): boolean {
  if (!isList(was) || !isList(is)) return sameJson(was, is);
  if (sets.has(key)) return sameMembers(was, is);
  return key === 'renditions' ? sameRenditions(was, is) : sameJson(was, is);
}

/** Renditions are known by their titles; those that share one, by what they are. */
function sameRenditions(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (left.length !== right.length) return false;
  if (sameJson(left, right)) return true;
  const unmatched = Map.groupBy(right, titleOf);
  return left.every((rendition) => {
    const alike = unmatched.get(titleOf(rendition)) ?? [];
    const at = alike.findIndex((one) => sameJson(one, rendition));
    if (at >= 0) alike.splice(at, 1);
    return at >= 0;
  });
}

function titleOf(rendition: JsonValue): JsonValue | undefined {
  return isObject(rendition) ? ownValue(rendition, 'title') : undefined;
}

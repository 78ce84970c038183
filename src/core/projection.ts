import { isObject } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Keeps of a snapshot what its fields name. */
export type Project = (snapshot: JsonObject) => JsonObject;

type Branch = { readonly whole: Set<string>; readonly below: Map<string, Branch> };

const groups = new Set(['metadata', 'info']);

/**
 * A projection compiled once: dot paths, each keeping the value there and everything below it. What is not there stays
 * absent. Keys keep the snapshot's order, whatever the order of the fields, so that equal snapshots yield equal bytes.
 * Below `metadata` and `info` the rest of a path is a field's whole name too, because those names may hold dots.
 */
export function compileProjection(fields: readonly string[]): Project {
  const root = emptyBranch();
  for (const field of fields) {
    const segments = field.split('.');
    addPath(root, segments);
    const [first = ''] = segments;
    if (segments.length > 2 && groups.has(first)) addPath(root, [first, field.slice(first.length + 1)]);
  }
  return (snapshot) => prune(snapshot, root) ?? {};
}

/** The parts of a snapshot that these fields name. */
export function project(snapshot: JsonObject, fields: readonly string[]): JsonObject {
  return compileProjection(fields)(snapshot);
}

function emptyBranch(): Branch {
  return { whole: new Set(), below: new Map() };
}

function addPath(root: Branch, segments: readonly string[]): void {
  let branch = root;
  for (const [index, segment] of segments.entries()) {
    if (index === segments.length - 1) {
      branch.whole.add(segment);
      return;
    }
    let next = branch.below.get(segment);
    if (next === undefined) {
      next = emptyBranch();
      branch.below.set(segment, next);
    }
    branch = next;
  }
}

/** Null where nothing of the branch was found. `Object.fromEntries` defines its keys, so `__proto__` is a key like any. */
function prune(object: JsonObject, branch: Branch): JsonObject | null {
  const kept: [string, JsonValue][] = [];
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    if (branch.whole.has(key)) {
      kept.push([key, value]);
      continue;
    }
    const below = branch.below.get(key);
    const part = below !== undefined && isObject(value) ? prune(value, below) : null;
    if (part !== null) kept.push([key, part]);
  }
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

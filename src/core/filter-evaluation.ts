import type { Change } from './change.ts';
import { type FieldPath, parsePath, valueAt } from './field-path.ts';
import { checkFilter, type FilterLimits } from './filter-check.ts';
import type { FieldCondition, Filter } from './filter.ts';
import { liesIn, normalFolderPath } from './folder-path.ts';
import { isList, ownValue, sameJson } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { limits } from './limits.ts';

/** What a filter is asked about. */
export type FilterSubject = Pick<Change, 'before' | 'after' | 'changed'>;
export type FilterPredicate = (change: FilterSubject) => boolean;

/**
 * A filter as a predicate, compiled once and called for every change. Throws `invalid_filter` for what is not a filter.
 * Evaluation is linear in filter and change: no recursion over the change beyond comparing values, no pattern language.
 */
export function compileFilter(filter: Filter, bounds: FilterLimits = limits): FilterPredicate {
  checkFilter(filter, bounds);
  return compile(filter);
}

function compile(filter: Filter): FilterPredicate {
  if ('field' in filter) return compileField(filter);
  if ('all' in filter) {
    const parts = filter.all.map(compile);
    return (change) => parts.every((part) => part(change));
  }
  if ('any' in filter) {
    const parts = filter.any.map(compile);
    return (change) => parts.some((part) => part(change));
  }
  if ('not' in filter) {
    const part = compile(filter.not);
    return (change) => !part(change);
  }
  if ('folder' in filter) return compileFolder(filter.folder, filter.exact === true);
  if ('assetKind' in filter) {
    const kinds = new Set<JsonValue | undefined>(filter.assetKind);
    return (change) => kinds.has(presentValue(change, 'kind'));
  }
  return compileChanged(filter.changed);
}

/** The snapshot that stands for the subject: after, or before where it no longer exists. */
export function present(change: FilterSubject): JsonObject | null {
  return change.after ?? change.before;
}

function presentValue(change: FilterSubject, key: string): JsonValue | undefined {
  const snapshot = present(change);
  return snapshot === null ? undefined : ownValue(snapshot, key);
}

/** A subject's folder path without a slash at its end, whoever wrote it. Called for every change: no more than that. */
export function normalFolder(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end -= 1;
  return end === path.length ? path : path.slice(0, end);
}

function compileFolder(folders: readonly string[], exact: boolean): FilterPredicate {
  const wanted = folders.map(normalFolderPath);
  return (change) => {
    const path = presentValue(change, 'path');
    if (typeof path !== 'string') return false;
    for (const folder of wanted) if (exact ? path === folder : liesIn(path, folder)) return true;
    return false;
  };
}

function compileChanged(names: readonly string[]): FilterPredicate {
  const prefixes = names.map((name) => `${name}.`);
  return (change) => {
    for (const field of change.changed) {
      for (const [index, prefix] of prefixes.entries()) {
        if (field === names[index] || field.startsWith(prefix)) return true;
      }
    }
    return false;
  };
}

function compileField(filter: FieldCondition): FilterPredicate {
  const path = parsePath(filter.field);
  const holds = compileCondition(filter);
  switch (filter.of ?? 'after') {
    case 'after':
      return (change) => holdsIn(present(change), path, holds);
    case 'before':
      return (change) => holdsIn(change.before, path, holds);
    case 'becomes':
      return (change) => holdsIn(change.after, path, holds) && !holdsIn(change.before, path, holds);
    default:
      return () => false;
  }
}

type Condition = (value: JsonValue | undefined) => boolean;

/** A snapshot that does not exist fulfils nothing, not even `exists: false`. */
function holdsIn(snapshot: JsonObject | null, path: FieldPath, holds: Condition): boolean {
  return snapshot !== null && holds(valueAt(snapshot, path));
}

function compileCondition(condition: FieldCondition): Condition {
  if ('equals' in condition) return (value) => sameJson(value, condition.equals);
  if ('in' in condition) return compileIn(condition.in);
  if ('contains' in condition) return (value) => contains(value, condition.contains);
  if ('startsWith' in condition) return (value) => typeof value === 'string' && value.startsWith(condition.startsWith);
  if ('exists' in condition) return (value) => (value !== undefined && value !== null) === condition.exists;
  if ('atLeast' in condition) return (value) => typeof value === 'number' && value >= condition.atLeast;
  return (value) => typeof value === 'number' && value <= condition.atMost;
}

function compileIn(values: readonly JsonValue[]): Condition {
  const simple = new Set<JsonValue | undefined>(values.filter((value) => typeof value !== 'object' || value === null));
  const composed = values.filter((value) => typeof value === 'object' && value !== null);
  if (composed.length === 0) return (value) => simple.has(value);
  return (value) => simple.has(value) || composed.some((one) => sameJson(one, value));
}

function contains(value: JsonValue | undefined, wanted: JsonValue): boolean {
  if (typeof value === 'string') return typeof wanted === 'string' && value.includes(wanted);
  return isList(value) && value.some((item) => sameJson(item, wanted));
}

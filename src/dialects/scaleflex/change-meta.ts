/**
 * "When some specific (or any) metadata field is modified to a value (or any)". It is a transition: a field that had the
 * value before is not modified to it.
 */
import type { Change } from '../../core/change.ts';
import { isList, isObject, ownValue, sameJson } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

/** Null: any. */
export type MetaCondition = { readonly field: string | null; readonly value: string | null };

/** Whether the change fulfils the condition; null where every change of metadata does. */
export function compileCondition({ field, value }: MetaCondition): ((change: Change) => boolean) | null {
  if (field === null && value === null) return null;
  return ({ before, after }) => {
    const former = metadataOf(before);
    const present = metadataOf(after);
    if (field !== null) return isModified(ownValue(former, field), ownValue(present, field), value);
    for (const name of Object.keys(present)) {
      if (isModified(ownValue(former, name), ownValue(present, name), value)) return true;
    }
    return false;
  };
}

function isModified(former: JsonValue | undefined, present: JsonValue | undefined, wanted: string | null): boolean {
  if (wanted === null) return !sameJson(former ?? null, present ?? null);
  return hasValue(present, wanted) && !hasValue(former, wanted);
}

/**
 * Whether a value is the one that was typed into a form: text as it stands, a number by its value, true and false by
 * their words, a date by its moment. A list has each of its items, a text in several languages each of them.
 */
export function hasValue(value: JsonValue | undefined, wanted: string): boolean {
  switch (typeof value) {
    case 'string':
      return value === wanted || isSameMoment(value, wanted);
    case 'number':
      return decimal.test(wanted) && Number(wanted) === value;
    case 'boolean':
      return wanted === String(value);
    default:
  }
  if (isList(value)) return value.some((item) => !isList(item) && hasValue(item, wanted));
  if (isObject(value)) return Object.values(value).some((text) => typeof text === 'string' && text === wanted);
  return false;
}

const decimal = /^[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[+-]?\d{1,3})?$/i;
const dateForm = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** `2026-11-22`, `2026-11-22T00:00:00Z` and `2026-11-22T01:00:00+01:00` are one moment. */
function isSameMoment(value: string, wanted: string): boolean {
  if (!dateForm.test(value) || !dateForm.test(wanted)) return false;
  const atMs = Date.parse(value);
  return !Number.isNaN(atMs) && atMs === Date.parse(wanted);
}

function metadataOf(state: JsonObject | null): JsonObject {
  const metadata = state === null ? undefined : ownValue(state, 'metadata');
  return isObject(metadata) ? metadata : {};
}

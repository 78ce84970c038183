/**
 * Fields of JSON that anybody may have written (a state that was reported, a result of ours), by what they should hold. What
 * holds something else is as if it were not there.
 */
import { isList, isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

const noFields: JsonObject = {};
const noItems: readonly JsonValue[] = [];

/** An object; an empty one where there is none. */
export function objectIn(object: JsonObject, field: string): JsonObject {
  const value = ownValue(object, field);
  return isObject(value) ? value : noFields;
}

/** A list; an empty one where there is none. */
export function listIn(object: JsonObject, field: string): readonly JsonValue[] {
  const value = ownValue(object, field);
  return isList(value) ? value : noItems;
}

/** The objects of a list. */
export function objectsIn(object: JsonObject, field: string): readonly JsonObject[] {
  return listIn(object, field).filter(isObject);
}

/** The texts of a list. */
export function textsIn(object: JsonObject, field: string): readonly string[] {
  return listIn(object, field).filter((item) => typeof item === 'string');
}

/** A text; an empty one where there is none. */
export function textIn(object: JsonObject, field: string): string {
  const value = ownValue(object, field);
  return typeof value === 'string' ? value : '';
}

/** A number that is one; null where there is none. */
export function numberIn(object: JsonObject, field: string): number | null {
  const value = ownValue(object, field);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

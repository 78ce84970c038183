/** Values of a request, read one by one. */
import { isList, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

/** What is wrong so far, each naming its field. */
export type Wrong = string[];

export type TextBounds = { readonly wrong: Wrong; readonly charactersMax: number };

/** Null where the value is missing or wrong; what is wrong is collected. */
export function readText(body: JsonObject, field: string, { wrong, charactersMax }: TextBounds): string | null {
  const value = ownValue(body, field);
  if (value === undefined) return null;
  if (typeof value === 'string' && value.trim() !== '' && value.length <= charactersMax) return value;
  wrong.push(
    `${field} must be a text of 1 to ${charactersMax} characters: got ${typeof value === 'string' ? value.length : kindOf(value)}`,
  );
  return null;
}

export function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return isList(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Values of a request, read one by one. */
import { isList, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

/** What is wrong so far, each naming its field. */
export type Wrong = string[];

export type TextBounds = {
  readonly wrong: Wrong;
  readonly charactersMax: number;
  /** What the field lies in, as a caller writes it (`auth.`); nothing where it lies on top. */
  readonly within?: string;
};

/** Null where the value is missing or wrong; what is wrong is collected. */
export function readText(
  body: JsonObject,
  field: string,
  { wrong, charactersMax, within = '' }: TextBounds,
): string | null {
  const value = ownValue(body, field);
  if (value === undefined) return null;
  if (typeof value === 'string' && value.trim() !== '' && value.length <= charactersMax) return value;
  wrong.push(
    `${within}${field} must be a text of 1 to ${charactersMax} characters: got ${typeof value === 'string' ? (value.length > charactersMax ? value.length : 'an empty one') : kindOf(value)}`,
  );
  return null;
}

export function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return isList(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value as a message repeats it: a short text or a number itself, of everything else its kind. */
export function shownValue(value: JsonValue | undefined): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string')
    return JSON.stringify(value.length > shownMax ? `${value.slice(0, shownMax)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

const shownMax = 60;

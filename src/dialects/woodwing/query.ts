/**
 * A small part of the vendor's query language, the one its pages show for webhooks (`filename:flowers*`): `field:value`
 * with `*` for any characters, `"quoted values"`, `NOT` before a condition, and either `AND` or `OR` between all of them.
 * Anything else is refused when the webhook is saved. Letter case does not count, as in a Lucene index.
 */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { fieldValue } from './fields.ts';

export const queryCharactersMax = 1_000;

const condition = String.raw`(?:NOT )?[A-Za-z_][A-Za-z0-9_.-]*:(?:"[^"]+"|[^\s"()\[\]{}]+)`;
/** JSON Schema pattern of what `compileQuery` understands; every part is told from the next by its first character. */
export const queryPattern = `^(?:${condition}(?:(?: AND ${condition})*|(?: OR ${condition})*))?$`;
const wellFormed = new RegExp(queryPattern, 'u');

/** Whether an asset's state matches. */
export type QueryTest = (state: JsonObject) => boolean;

export function isQuery(query: string): boolean {
  return query.length <= queryCharactersMax && wellFormed.test(query);
}

/** A query as a predicate; one that is not understood matches nothing (it was refused when it was saved). */
export function compileQuery(query: string): QueryTest {
  if (!isQuery(query)) return () => false;
  const words = splitWords(query);
  const conditions: QueryTest[] = [];
  let negated = false;
  for (const word of words) {
    if (word === 'AND' || word === 'OR') continue;
    if (word === 'NOT') {
      negated = true;
      continue;
    }
    const test = compileCondition(word);
    conditions.push(negated ? (state) => !test(state) : test);
    negated = false;
  }
  return words.includes('OR')
    ? (state) => conditions.some((test) => test(state))
    : (state) => conditions.every((test) => test(state));
}

/** At spaces outside of quotes. */
function splitWords(query: string): readonly string[] {
  return query.match(/[^\s":]+:"[^"]*"|\S+/g) ?? [];
}

function compileCondition(word: string): QueryTest {
  const colon = word.indexOf(':');
  const field = word.slice(0, colon);
  const value = word.slice(colon + 1);
  const wanted = value.startsWith('"') ? value.slice(1, -1) : value;
  const parts = wanted.toLowerCase().split('*');
  return (state) => matches(fieldValue(state, field), parts);
}

function matches(value: JsonValue | undefined, parts: readonly string[]): boolean {
  if (value === undefined || value === null) return false;
  if (isList(value)) return value.some((item) => matches(item, parts));
  if (isObject(value)) return matches(ownValue(value, 'value'), parts);
  return matchesText(String(value).toLowerCase(), parts);
}

/** The parts one after another, the first at the beginning and the last at the end: linear in the text. */
function matchesText(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

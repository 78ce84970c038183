/** Whether the asset of a change fulfils a query: asked for every change, so everything is made ready once. */
import type { Change } from '../../core/change.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { SearchSubject } from '../../core/search-document.ts';
import { compileSearch, type SearchTest } from '../../core/search-evaluation.ts';
import { foldText } from '../../core/search-words.ts';
import { fieldValue } from './fields.ts';
import { parseQuery, type PatternPart, type QueryNode } from './query.ts';
import { leafExpression } from './query-search.ts';

/** Whether an asset in this state matches. */
export type QueryTest = (change: Pick<Change, 'subject' | 'acceptedAtMs'>, state: JsonObject) => boolean;

/** A query as a predicate; one that cannot be read matches nothing (it was refused when it was saved). */
export function compileQuery(query: string): QueryTest {
  const parsed = parseQuery(query);
  if ('problem' in parsed) return () => false;
  const test = compileNode(parsed.node);
  return (change, state) => test(subjectOf(change, state));
}

function subjectOf(
  { subject, acceptedAtMs }: Pick<Change, 'subject' | 'acceptedAtMs'>,
  state: JsonObject,
): SearchSubject {
  const created = ownValue(state, 'createdAtMs');
  return {
    id: subject.id,
    ...(subject.externalId === undefined ? {} : { alias: subject.externalId }),
    state,
    createdAtMs: typeof created === 'number' ? created : acceptedAtMs,
    updatedAtMs: acceptedAtMs,
  };
}

function compileNode(node: QueryNode): SearchTest {
  if (node.kind === 'and') {
    const tests = node.of.map(compileNode);
    return (subject) => tests.every((test) => test(subject));
  }
  if (node.kind === 'or') {
    const tests = node.of.map(compileNode);
    return (subject) => tests.some((test) => test(subject));
  }
  if (node.kind === 'not') {
    const test = compileNode(node.of);
    return (subject) => !test(subject);
  }
  const expression = leafExpression(node);
  if (expression !== null) {
    const test = compileSearch(expression);
    if (node.kind !== 'text' || node.field !== 'id') return test;
    // An asset of a former life is known by the id that it had there.
    const { text } = node;
    return (subject) => test(subject) || aliasOf(subject.state) === text;
  }
  if (node.kind !== 'pattern') return () => false;
  const fits = compilePattern(node.parts);
  const { field } = node;
  return field === null
    ? ({ state }) => wherePlainWordsAre.some((one) => fitsValue(fieldValue(state, one), fits))
    : ({ state }) => fitsValue(fieldValue(state, field), fits);
}

function aliasOf(state: JsonObject): JsonValue | undefined {
  const aliases = ownValue(state, 'aliases');
  return isObject(aliases) ? ownValue(aliases, 'woodwing') : undefined;
}

/** A wildcard within a word without a field is looked for here. */
const wherePlainWordsAre = ['filename', 'tags', 'labels', 'title', 'description'] as const;

type Fits = (text: string) => boolean;

function fitsValue(value: JsonValue | undefined, fits: Fits): boolean {
  if (value === undefined || value === null) return false;
  if (isList(value)) return value.some((item) => fitsValue(item, fits));
  if (isObject(value)) return fitsValue(ownValue(value, 'value'), fits);
  const text = foldText(String(value).slice(0, textCharactersMax));
  return fits(text) || text.split(separators).some((word) => word.length < text.length && fits(word));
}

/** Wildcards are for names and short values; a longer text is looked at so far. */
const textCharactersMax = 2_048;
const separators = /[^\p{L}\p{M}\p{N}]+/u;

/**
 * The whole of a text, whatever its case and accents. Greedy with one step back: what a `*` took is given back one by one,
 * and only the last `*` is ever gone back to, so the time is bounded by text times pattern.
 */
export function compilePattern(parts: readonly PatternPart[]): Fits {
  const tokens = parts.flatMap((part): readonly (string | null | 1)[] =>
    typeof part === 'string' ? [...foldText(part)] : [part.any === 'characters' ? null : 1],
  );
  return (text) => {
    const characters = [...text];
    let at = 0;
    let token = 0;
    let star = -1;
    let taken = 0;
    while (at < characters.length) {
      const wanted = tokens[token];
      if (wanted === null) {
        star = token;
        taken = at;
        token += 1;
      } else if (wanted !== undefined && (wanted === 1 || wanted === characters[at])) {
        token += 1;
        at += 1;
      } else if (star >= 0) {
        taken += 1;
        at = taken;
        token = star + 1;
      } else return false;
    }
    while (tokens[token] === null) token += 1;
    return token === tokens.length;
  };
}

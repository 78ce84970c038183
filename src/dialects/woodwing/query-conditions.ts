/** Whether the asset of a change fulfils a query: asked for every change, so everything is made ready once. */
import type { Change } from '../../core/change.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createSearchReadings, type SearchSubject } from '../../core/search-document.ts';
import { compileSearch } from '../../core/search-evaluation.ts';
import { foldText } from '../../core/search-words.ts';
import { aliasIn } from '../asset-fields.ts';
import { fieldValue } from './fields.ts';
import { parseQuery } from './query.ts';
import type { PatternPart, QueryNode } from './query-tree.ts';
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

/** The webhooks of a workspace ask of the same asset one after the other: what was read for one is there for the next. */
const subjects = new WeakMap<object, Asked>();

/** An asset that is asked about; `texts`: what a wildcard of a field is held against, folded and cut into characters. */
type Asked = SearchSubject & { readonly texts: Map<string, readonly Characters[]> };
type AskedTest = (subject: Asked) => boolean;
type Characters = readonly string[];

function subjectOf(change: Pick<Change, 'subject' | 'acceptedAtMs'>, state: JsonObject): Asked {
  const known = subjects.get(change);
  if (known?.state === state) return known;
  const subject = readSubject(change, state);
  subjects.set(change, subject);
  return subject;
}

function readSubject({ subject, acceptedAtMs }: Pick<Change, 'subject' | 'acceptedAtMs'>, state: JsonObject): Asked {
  const created = ownValue(state, 'createdAtMs');
  return {
    id: subject.id,
    ...(subject.externalId === undefined ? {} : { alias: subject.externalId }),
    state,
    createdAtMs: typeof created === 'number' ? created : acceptedAtMs,
    updatedAtMs: acceptedAtMs,
    read: createSearchReadings(),
    texts: new Map(),
  };
}

function compileNode(node: QueryNode): AskedTest {
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
    return (subject) => test(subject) || aliasIn(subject.state, 'woodwing') === text;
  }
  if (node.kind !== 'pattern') return () => false;
  const fits = compilePattern(node.parts);
  const { field } = node;
  return field === null
    ? (subject) => wherePlainWordsAre.some((one) => textsOf(subject, one).some(fits))
    : (subject) => textsOf(subject, field).some(fits);
}

/** A wildcard within a word without a field is looked for here. */
const wherePlainWordsAre = ['filename', 'tags', 'labels', 'title', 'description'] as const;

/** Each value of a field whole, and each word of those that have several. */
function textsOf({ state, texts }: Asked, field: string): readonly Characters[] {
  let found = texts.get(field);
  if (found === undefined) {
    found = [...textsIn(fieldValue(state, field))];
    texts.set(field, found);
  }
  return found;
}

function* textsIn(value: JsonValue | undefined): Generator<Characters> {
  if (value === undefined || value === null) return;
  if (isList(value)) {
    for (const item of value) yield* textsIn(item);
  } else if (isObject(value)) yield* textsIn(ownValue(value, 'value'));
  else {
    const text = foldText(String(value).slice(0, textCharactersMax));
    yield [...text];
    for (const word of text.split(separators)) if (word.length < text.length) yield [...word];
  }
}

/** Wildcards are for names and short values; a longer text is looked at so far. */
const textCharactersMax = 2_048;
const separators = /[^\p{L}\p{M}\p{N}]+/u;

/**
 * The whole of a text, whatever its case and accents. Greedy with one step back: what a `*` took is given back one by one,
 * and only the last `*` is ever gone back to, so the time is bounded by text times pattern.
 */
export function compilePattern(parts: readonly PatternPart[]): (characters: Characters) => boolean {
  const tokens = parts.flatMap((part): readonly (string | null | 1)[] =>
    typeof part === 'string' ? [...foldText(part)] : [part.any === 'characters' ? null : 1],
  );
  return (characters) => {
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

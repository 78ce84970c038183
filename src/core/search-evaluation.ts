/**
 * What a search means: whether one asset fulfils an expression. Pure; some microseconds per asset, less where fields are
 * named. Every index has to agree with it.
 */
import { liesIn } from './folder-path.ts';
import { ownValue } from './json-equality.ts';
import type { JsonObject } from './json.ts';
import {
  folderOf,
  hasField,
  numberOf,
  type SearchReadings,
  type SearchSubject,
  textsOf,
  wholeValues,
} from './search-document.ts';
import type { SearchExpression } from './search-expression.ts';
import { foldText, wordsOf } from './search-words.ts';

export type SearchTest = (subject: SearchSubject) => boolean;

export function compileSearch(expression: SearchExpression): SearchTest {
  switch (expression.op) {
    case 'all': {
      const tests = expression.of.map(compileSearch);
      return (subject) => tests.every((test) => test(subject));
    }
    case 'any': {
      const tests = expression.of.map(compileSearch);
      return (subject) => tests.some((test) => test(subject));
    }
    case 'not': {
      const test = compileSearch(expression.of);
      return (subject) => !test(subject);
    }
    case 'words':
      return wordsTest(expression);
    case 'value':
      return valueTest(expression);
    case 'folder':
      return folderTest(expression);
    case 'range':
      return rangeTest(expression);
    case 'exists':
      return (subject) => hasField(subject, expression.field);
    case 'nameContains':
      return nameTest(expression.text);
    case 'id':
      return ({ id }) => id === expression.id;
    default:
      return expression satisfies never;
  }
}

type Of<Op extends SearchExpression['op']> = Extract<SearchExpression, { op: Op }>;

function wordsTest({ words, field, prefix = false }: Of<'words'>): SearchTest {
  return ({ state, read }) => {
    if (read === undefined) {
      for (const text of textsOf(state, field)) if (follows(wordsOf(text), words, prefix)) return true;
      return false;
    }
    for (const text of wordsIn(read, state, field)) if (follows(text, words, prefix)) return true;
    return false;
  };
}

function wordsIn(read: SearchReadings, state: JsonObject, field: string | undefined): readonly (readonly string[])[] {
  const known = read.words.get(field ?? '');
  if (known !== undefined) return known;
  const words = Array.from(textsOf(state, field), wordsOf);
  read.words.set(field ?? '', words);
  return words;
}

/** Whether the words stand in the text one behind the other. */
function follows(text: readonly string[], words: readonly string[], prefix: boolean): boolean {
  const last = words.length - 1;
  for (let at = 0; at + last < text.length; at += 1) {
    // The last word first: it is the only one of most, and the one whose beginning may be enough.
    let index = last;
    while (index >= 0 && isWord(text[at + index], words[index], prefix && index === last)) index -= 1;
    if (index < 0) return true;
  }
  return false;
}

function isWord(found: string | undefined, wanted: string | undefined, prefix: boolean): boolean {
  return prefix ? wanted !== undefined && found?.startsWith(wanted) === true : found === wanted;
}

function valueTest({ field, value, match }: Of<'value'>): SearchTest {
  if (match === 'exact') return (subject) => wholeValues(subject, field).includes(value);
  if (match === 'folded')
    return (subject) => wholeValues(subject, field).some((one) => one === value || foldText(one) === value);
  return (subject) =>
    wholeValues(subject, field).some((one) => one.startsWith(value) || foldText(one).startsWith(value));
}

function folderTest({ path, exact = false }: Of<'folder'>): SearchTest {
  return ({ state }) => {
    const own = folderOf(state);
    return own !== null && (exact ? own === path : liesIn(own, path));
  };
}

function rangeTest({ field, ...bounds }: Of<'range'>): SearchTest {
  const within = withinBounds(bounds);
  return (subject) => {
    const value = numberOf(subject, field);
    return value !== undefined && within(value);
  };
}

/** Whether a number lies within the bounds of a range. */
export function withinBounds({
  from,
  to,
  fromOpen,
  toOpen,
}: Omit<Of<'range'>, 'op' | 'field'>): (value: number) => boolean {
  return (value) =>
    (from === undefined || (fromOpen === true ? value > from : value >= from)) &&
    (to === undefined || (toOpen === true ? value < to : value <= to));
}

function nameTest(text: string): SearchTest {
  const part = composed(text);
  return ({ state }) => {
    const name = ownValue(state, 'name');
    return typeof name === 'string' && composed(name).includes(part);
  };
}

/** Letters as people compare them: whatever their case, accents composed. */
function composed(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

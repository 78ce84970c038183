/**
 * How an index spells what an asset can be found by: one text each, the same in every store. A term begins with a letter
 * that says what it is, so that no word can be taken for a tag. What is long is cut and told apart by a sum.
 */
import {
  fieldValues,
  folderOf,
  isPlainSearched,
  numbersOf,
  type SearchSubject,
  wholeValues,
} from './search-document.ts';
import { type ValueField, valueFields } from './search-expression.ts';
import { foldText, wordsOf } from './search-words.ts';

/** Every asset. */
export const everyTerm = '*';
/** A word of any field that plain words are looked for in. */
export const wordTerm = (word: string): string => `w${word}`;
/** A word of this field. */
export const fieldTerm = (field: string, word: string): string => cut(`f${field}\n${word}`);
/** A whole value, as it is. */
export const valueTerm = (field: ValueField, value: string): string => cut(`=${field}\n${value}`);
/** A whole value, folded; only where that is another text than the value. */
export const foldedTerm = (field: ValueField, value: string): string => cut(`~${field}\n${value}`);
/** A folder, of everything in it or below it. */
export const belowTerm = (path: string): string => cut(`d${path}`);
/** A folder, of what lies in itself. */
export const folderTerm = (path: string): string => cut(`p${path}`);
export const fieldExistsTerm = (field: string): string => cut(`e${field}`);
/** Three characters in a row of the name. */
export const gramTerm = (gram: string): string => `3${gram}`;

/** Longer ones are cut, and can then not be found by how they begin. */
export const termCharactersMax = 200;

/** Prefixes of up to what is kept whole are found; the sum tells apart what goes on differently. */
function cut(term: string): string {
  if (term.length <= termCharactersMax) return term;
  return `${term.slice(0, termCharactersMax)}\n${sum(term, 0x811c9dc5)}${sum(term, 0x01000193)}`;
}

/** FNV-1a over code units, begun differently for each of two sums: to tell apart, not to be safe against anybody. */
function sum(text: string, seed: number): string {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The name as parts of it are looked for in an index: a match of the names themselves is a match of these. */
export function gramsOf(text: string): readonly string[] {
  const characters = [...foldText(text)];
  const grams = new Set<string>();
  for (let at = 0; at + 3 <= characters.length; at += 1) grams.add(characters.slice(at, at + 3).join(''));
  return [...grams];
}

/** All terms of an asset, each once. */
export function termsOf(subject: SearchSubject): ReadonlySet<string> {
  const { state } = subject;
  const terms = new Set<string>([everyTerm]);
  for (const [field, value] of fieldValues(state)) {
    const plain = isPlainSearched(field);
    terms.add(fieldExistsTerm(field));
    for (const word of wordsOf(String(value))) {
      terms.add(fieldTerm(field, word));
      if (plain) terms.add(wordTerm(word));
    }
  }
  for (const field of numbersOf(subject).keys()) terms.add(fieldExistsTerm(field));
  for (const field of valueFields) {
    for (const value of wholeValues(subject, field)) {
      terms.add(fieldExistsTerm(field));
      const folded = foldText(value);
      terms.add(valueTerm(field, value));
      if (folded !== value) terms.add(foldedTerm(field, folded));
    }
  }
  const path = folderOf(state);
  if (path !== null) {
    terms.add(folderTerm(path)).add(belowTerm('/'));
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) terms.add(belowTerm(path.slice(0, end)));
  }
  const { name } = state;
  if (typeof name === 'string') for (const gram of gramsOf(name)) terms.add(gramTerm(gram));
  return terms;
}

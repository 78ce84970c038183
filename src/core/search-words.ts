/**
 * Text as search sees it: folded, and cut into words. One definition for the index, the evaluator and the query language,
 * so that they cannot disagree.
 *
 * - Folding: compatibility forms become plain ones (`ﬁ` → `fi`, full width → ASCII), case goes (`ß` → `ss`, final sigma →
 *   sigma), accents go from Latin, Greek and Cyrillic letters, points from Hebrew and Arabic ones; letters with a stroke or
 *   two letters in one become what people type (`ø` → `o`, `æ` → `ae`, `ł` → `l`). Everything else stays, marks of other
 *   scripts included.
 * - Words: runs of letters, marks and digits; anything else separates, `_` too. In scripts written without spaces (Chinese,
 *   Japanese, Thai, Lao, Khmer, Burmese, Tibetan) each character is a word, so that any part of a text is found as a phrase.
 */
import { limits } from './limits.ts';

const plain = /^[\x00-\x7f]*$/;
/** Combining accents; Hebrew and Arabic points. */
const points = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670]/g;
const typed: { readonly [letter: string]: string } = {
  ς: 'σ',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ŧ: 't',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
};
const typedLetters = /[ςøđðħıłŧþæœ]/g;

/** A text as it is compared: see above. Folding what is folded changes nothing. */
export function foldText(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(points, '')
    .replace(typedLetters, (letter) => typed[letter] ?? letter)
    .normalize('NFC');
}

const plainWords = /[a-z0-9]+/g;
const unspaced =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}';
/** A character of a script without spaces with its marks, or a run of letters, marks and digits of the others. */
const words = new RegExp(`[${unspaced}]\\p{M}*|(?:(?![${unspaced}])[\\p{L}\\p{M}\\p{N}])+`, 'gu');

/** The words of a text in order, folded; those behind `limits.searchWordsPerTextMax` and characters behind a word's bound are left out. */
export function wordsOf(text: string): readonly string[] {
  const folded = foldText(text.length > textCharactersMax ? text.slice(0, textCharactersMax) : text);
  const found = folded.match(plain.test(folded) ? plainWords : words);
  if (found === null) return [];
  const kept = found.length > limits.searchWordsPerTextMax ? found.slice(0, limits.searchWordsPerTextMax) : found;
  return kept.some((word) => word.length > wordCharactersMax)
    ? kept.map((word) => word.slice(0, wordCharactersMax))
    : kept;
}

/** Beyond it nobody types on; unique texts of a kilobyte would make the index large for nothing. */
const wordCharactersMax = 64;
const textCharactersMax = 64 * 1024;

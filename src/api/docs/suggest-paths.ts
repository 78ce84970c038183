/** Pages that somebody may have meant: alike in letters (typing errors) or sharing words with path or title. */
import { editDistance } from '../../core/nearest-name.ts';

const suggestionsMax = 5;
/** Anybody may ask for anything, and this runs on the loop that delivers: about a millisecond at most. */
const charactersMax = 60;
const wordsMax = 6;

/** Path and title of the best candidates, best first; none where nothing is alike. */
export function suggestPaths(
  path: string,
  titles: ReadonlyMap<string, string>,
): readonly (readonly [path: string, title: string])[] {
  const wanted = decoded(path).slice(0, charactersMax).toLowerCase();
  const words = wordsOf(wanted).slice(0, wordsMax);
  return [...titles]
    .map(([at, title]) => ({ at, title, score: likeness({ wanted, words }, at, title) }))
    .filter(({ score }) => score >= 0.5)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, suggestionsMax)
    .map(({ at, title }) => [at, title] as const);
}

type Wanted = { readonly wanted: string; readonly words: readonly string[] };

/** From 0 to 2: the nearness of the last parts, and the share of words that occur. */
function likeness({ wanted, words }: Wanted, at: string, title: string): number {
  const last = (text: string): string =>
    text
      .replace(/\.\w+$/, '')
      .split('/')
      .at(-1) ?? '';
  const [a, b] = [last(wanted), last(at)];
  const near = 1 - editDistance(a, b) / Math.max(a.length, b.length, 1);
  const there = wordsOf(`${at} ${title}`.toLowerCase());
  const shared = words.filter((word) => there.some((each) => alike(word, each))).length / Math.max(words.length, 1);
  return (near > 0.55 ? near : 0) + shared;
}

/** The same word, or one with two slips in it. */
function alike(a: string, b: string): boolean {
  return a === b || (a.length > 4 && b.length > 4 && Math.abs(a.length - b.length) <= 2 && editDistance(a, b) <= 2);
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1 && word !== 'docs' && word !== 'md');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Broken percent-encoding names no page of ours; what can be read of it still may.
    return path;
  }
}

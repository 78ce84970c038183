/** How well a name fits what was typed, and at which of its letters. */
export type Match = { readonly score: number; readonly marks: readonly number[] };

const wordStart = 3;
const next = 2;
/** Letters that are merely there, in order, fit anything: so much a letter has to be worth on the average. */
const scoreMinPerLetter = 1.6;
const typedMax = 24;

/**
 * What was typed, as it stands in the name or as letters of it in order, which count more where a word begins or one follows the
 * other (`nwh` finds `New webhook`). Null where it does not fit. An empty text fits all alike.
 */
export function matchOf(name: string, typed: string): Match | null {
  const text = name.toLowerCase();
  const wanted = typed.toLowerCase();
  if (wanted === '') return { score: 0, marks: [] };
  const at = text.indexOf(wanted);
  if (at >= 0)
    return {
      // The whole of a name, then its beginning, then that of a word, before what stands somewhere.
      score: wanted.length * wordStart + (at === 0 ? 4 : begins(text, at) ? 2 : 0) - text.length / 1_000,
      marks: Array.from(wanted, (_, offset) => at + offset),
    };
  const letters = wanted.replaceAll(/\s+/g, '');
  if (letters.length < 2 || letters.length > typedMax) return null;
  const best = lettersOf(text, letters);
  return best === null || best.score < letters.length * scoreMinPerLetter ? null : best;
}

const begins = (text: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '');

/** The best way to find the letters in order: worked out from the end, so that each place is looked at once. */
function lettersOf(text: string, letters: string): Match | null {
  const known = new Map<number, Match | null>();
  const from = (letter: number, start: number): Match | null => {
    if (letter === letters.length) return { score: 0, marks: [] };
    const key = letter * (text.length + 1) + start;
    const found = known.get(key);
    if (found !== undefined) return found;
    let best: Match | null = null;
    for (
      let at = text.indexOf(letters[letter] ?? '', start);
      at >= 0;
      at = text.indexOf(letters[letter] ?? '', at + 1)
    ) {
      const rest = from(letter + 1, at + 1);
      if (rest === null) break;
      const worth = begins(text, at) ? wordStart : letter > 0 && at === start ? next : 0;
      if (best === null || worth + rest.score > best.score)
        best = { score: worth + rest.score, marks: [at, ...rest.marks] };
    }
    known.set(key, best);
    return best;
  };
  return from(0, 0);
}

/**
 * How the documentation is searched: what is a word, which words count, what goes first. The server makes the index with it,
 * the browser asks it with the same. People ask in sentences and paste names: both must lead to the page that says it.
 */

/** Words of a question that say nothing of what is asked for. Left out only where something else is left. */
const stopWords = new Set(
  `a an and any are as at be been but by can could did do does for from get had has have how i if in is it its may me must my of on
  one or our should so some than that the their them then there these they this those to us was we were what when where which who why
  will with would you your`.split(/\s+/),
);

const separators = /[\n\r\p{Z}\p{P}\p{S}]+/u;
/** A name of several parts, such as `ASSETWIRE_SMTP_URL` or `asset.created`. */
const name = /[\p{L}\p{N}]+(?:[_.]+[\p{L}\p{N}]+)+/gu;
const number = /^\d+$/;

const partsOf = (text) => text.split(separators).filter(Boolean);

/** The words of a field: names whole and in parts, so that both find them; where they are listed, only whole. */
function wordsOf(text, field) {
  if (field === 'names') return wordsAsked(text);
  return [...partsOf(text), ...(text.match(name) ?? [])];
}

/** The words of what is asked, names whole. */
function wordsAsked(text) {
  return [...partsOf(text.replaceAll(name, ' ')), ...(text.match(name) ?? [])];
}

/** Small letters, one form for one and many. */
function plainWord(word) {
  const small = word.toLowerCase();
  if (small.length > 4 && small.endsWith('ies')) return `${small.slice(0, -3)}y`;
  return small.length > 3 && /[^siu]s$/.test(small) ? small.slice(0, -1) : small;
}

/** What maker and browser share. */
export const indexOptions = {
  fields: ['heading', 'page', 'names', 'text'],
  storeFields: ['heading', 'page', 'excerpt'],
  tokenize: wordsOf,
  processTerm: plainWord,
};

const searchOptions = {
  boost: { heading: 6, page: 4, names: 3 },
  boostDocument: weightOf,
  weights: { prefix: 0.2, fuzzy: 0.1 },
  // A number is what it is: 410 is neither 4100 nor 401.
  prefix: (word) => word.length > 1 && !number.test(word),
  fuzzy: (word) => (word.length > 4 && !number.test(word) ? 0.15 : false),
};

/**
 * The entries that fit best first: those with every word, else those with every part of every name, else those with two
 * thirds of them.
 *
 * @param {import('minisearch').default} index
 * @param {string} asked
 */
export function searchDocuments(index, asked) {
  const attempts = [
    { words: withoutStopWords(wordsAsked(asked)), combineWith: 'AND' },
    { words: withoutStopWords(partsOf(asked)), combineWith: 'AND' },
    { words: withoutStopWords(partsOf(asked)), combineWith: 'OR' },
  ];
  for (const { words, combineWith } of attempts) {
    const found = index
      .search(asked, { ...searchOptions, combineWith, tokenize: () => words })
      .filter(({ queryTerms }) => queryTerms.length * 3 >= words.length * 2);
    if (found.length > 0) return byHeading(found, words);
  }
  return [];
}

/** What is asked for by its very heading goes before what merely has the words somewhere. */
function byHeading(found, words) {
  const asked = new Set(words.map(plainWord));
  const likeness = (heading) => {
    const said = new Set(withoutStopWords(partsOf(heading)).map(plainWord));
    return said.intersection(asked).size / said.union(asked).size;
  };
  return found
    .map((entry) => ({ ...entry, score: entry.score * (1 + likeness(entry.heading)) }))
    .toSorted((a, b) => b.score - a.score);
}

function withoutStopWords(words) {
  const telling = words.filter((word) => !stopWords.has(word.toLowerCase()));
  return telling.length > 0 ? telling : words;
}

/** What tells how to do something goes before what lists everything, and the head of a page before its parts. */
function weightOf(address) {
  const head = address.includes('#') ? 1 : 1.3;
  if (/^\/docs\/(tutorial|guides\/)/.test(address)) return 1.8 * head;
  if (/^\/docs\/reference\/hardening|^\/docs\/(decisions|changelog|contributing|architecture)/.test(address))
    return 0.2;
  if (/^\/docs\/reference\/(api-operations|dependencies)/.test(address)) return 0.4;
  return /^\/docs\/(reference|concepts)\//.test(address) ? 1.5 * head : head;
}

/**
 * An expression as sets of the index: what it comes to in one chunk of a workspace. Terms are looked up once; what a
 * beginning of a word stands for is gathered once, for all chunks, within a bound. Everything else is done chunk by chunk,
 * so that a page that is full early has cost little.
 */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { withinBounds } from '../core/search-evaluation.ts';
import type { SearchExpression } from '../core/search-expression.ts';
import {
  belowTerm,
  everyTerm,
  fieldExistsTerm,
  fieldTerm,
  foldedTerm,
  folderTerm,
  gramsOf,
  gramTerm,
  termCharactersMax,
  valueTerm,
  wordTerm,
} from '../core/search-terms.ts';
import { blockDocs } from './number-blocks.ts';
import { andInto, type Bits, chunkDocs, emptyBits, isEmpty, orInto, setBit, withoutInto } from './posting-sets.ts';

export type SearchPlan = {
  /** The assets of a chunk that may fulfil it; null where there are none. The caller may write to it. */
  chunk(n: number): Bits | null;
  /** Whether those that may, do: where not, each has to be looked at. */
  readonly exact: boolean;
};

/** `cost`: cheaper ones are asked first, so that dear ones are seldom asked where nothing is left. */
type Node = { readonly cost: number; readonly exact: boolean; chunk(n: number): Bits | null };

type Of<Op extends SearchExpression['op']> = Extract<SearchExpression, { op: Op }>;

const nothing: Node = { cost: 0, exact: true, chunk: () => null };

/**
 * What lies in an index, as a plan asks for it. Everything is named while the plan is made; what is answered is asked chunk
 * by chunk, if at all. A caller may write to the sets it is given.
 */
export type IndexSets = {
  /** The assets with a term; null where there are none. */
  term(term: string): ChunkSet | null;
  /** The assets with any term that begins so, up to `limits.searchPrefixEntriesMax` entries; null where there are more. */
  begins(beginning: string): () => ReadonlyMap<number, Bits> | null;
  /** The numbers of a field in a chunk, by blocks: which of the chunk it is, counted from 0, and a number for each place. */
  numbers(field: string): (chunk: number) => Iterable<readonly [block: number, numbers: Float64Array]>;
  /** The number of an asset; null where it is not in the index. */
  doc(id: string): number | null;
};
export type ChunkSet = { chunk(n: number): Bits | null };

export function planSearch(sets: IndexSets, expression: SearchExpression): SearchPlan {
  const term = (text: string): Node => {
    const found = sets.term(text);
    return found === null ? nothing : { cost: 1, exact: true, chunk: (n) => found.chunk(n) };
  };
  const every = term(everyTerm);
  const begins = (text: string): Node =>
    text.length > termCharactersMax ? { ...every, exact: false } : gathered(sets, text);
  const build = (part: SearchExpression): Node => {
    switch (part.op) {
      case 'all':
        return part.of.length === 0 ? every : allOf(part.of.map(build));
      case 'any':
        return anyOf(part.of.map(build));
      case 'not':
        return notOf(every, build(part.of));
      case 'words':
        return wordsNode(part, { term, begins });
      case 'value':
        return valueNode(part, { term, begins });
      case 'folder':
        return term(part.exact === true ? folderTerm(part.path) : belowTerm(part.path));
      case 'range':
        return rangeNode(sets, part);
      case 'exists':
        return term(fieldExistsTerm(part.field));
      case 'nameContains': {
        const grams = gramsOf(part.text);
        return { ...(grams.length === 0 ? every : allOf(grams.map((gram) => term(gramTerm(gram))))), exact: false };
      }
      case 'id':
        return idNode(sets, part.id);
      default:
        return part satisfies never;
    }
  };
  return build(expression);
}

function allOf(nodes: readonly Node[]): Node {
  const sorted = [...nodes].sort((a, b) => a.cost - b.cost);
  return {
    cost: sorted.reduce((sum, { cost }) => sum + cost, 0),
    exact: nodes.every(({ exact }) => exact),
    chunk(n) {
      let bits: Bits | null = null;
      for (const node of sorted) {
        const own = node.chunk(n);
        if (own === null) return null;
        if (bits === null) bits = own;
        else andInto(bits, own);
        if (isEmpty(bits)) return null;
      }
      return bits;
    },
  };
}

function anyOf(nodes: readonly Node[]): Node {
  return {
    cost: nodes.reduce((sum, { cost }) => sum + cost, 0),
    exact: nodes.every(({ exact }) => exact),
    chunk(n) {
      let bits: Bits | null = null;
      for (const node of nodes) {
        const own = node.chunk(n);
        if (own === null) continue;
        if (bits === null) bits = own;
        else orInto(bits, own);
      }
      return bits;
    },
  };
}

/** What may be in it says nothing about what is not: then everything has to be looked at. */
function notOf(every: Node, node: Node): Node {
  if (!node.exact) return { ...every, exact: false };
  return {
    cost: every.cost + node.cost,
    exact: true,
    chunk(n) {
      const all = every.chunk(n);
      const own = all === null ? null : node.chunk(n);
      if (all !== null && own !== null) withoutInto(all, own);
      return all;
    },
  };
}

type Makers = { readonly term: (text: string) => Node; readonly begins: (text: string) => Node };

function wordsNode({ words, field, prefix = false }: Of<'words'>, { term, begins }: Makers): Node {
  const spell = (word: string): string => (field === undefined ? wordTerm(word) : fieldTerm(field, word));
  const nodes = words.map((word, at) => (prefix && at === words.length - 1 ? begins(spell(word)) : term(spell(word))));
  const [only] = nodes;
  // Whether they follow each other the index does not know.
  return nodes.length === 1 && only !== undefined ? only : { ...allOf(nodes), exact: false };
}

function valueNode({ field, value, match }: Of<'value'>, { term, begins }: Makers): Node {
  const [whole, folded] = [valueTerm(field, value), foldedTerm(field, value)];
  if (match === 'exact') return term(whole);
  return match === 'folded' ? anyOf([term(whole), term(folded)]) : anyOf([begins(whole), begins(folded)]);
}

/** All terms that begin so, as one set per chunk. Gathered at the first question. */
function gathered(sets: IndexSets, beginning: string): Node {
  const ask = sets.begins(beginning);
  let chunks: ReadonlyMap<number, Bits> | null = null;
  const gather = (): ReadonlyMap<number, Bits> => {
    const found = ask();
    if (found === null) throw tooBroad(beginning);
    return found;
  };
  return {
    cost: 50,
    exact: true,
    chunk(n) {
      chunks ??= gather();
      return chunks.get(n)?.slice() ?? null;
    },
  };
}

function tooBroad(beginning: string): AssetwireError {
  const shown = beginning.slice(beginning.includes('\n') ? beginning.indexOf('\n') + 1 : 1);
  return new AssetwireError('search_too_broad', {
    detail: `The beginning of a word must stand for at most ${limits.searchPrefixEntriesMax} entries of the index: "${shown}*" stands for more`,
    mend: 'Write more of the word before the *',
  });
}

function rangeNode(sets: IndexSets, { field, ...bounds }: Of<'range'>): Node {
  const within = withinBounds(bounds);
  const blocks = sets.numbers(field);
  return {
    cost: 20,
    exact: true,
    chunk(n) {
      const bits = emptyBits();
      let any = false;
      for (const [block, numbers] of blocks(n)) {
        for (let at = 0; at < blockDocs; at += 1) {
          const number = numbers[at] ?? Number.NaN;
          if (Number.isNaN(number) || !within(number)) continue;
          setBit(bits, block * blockDocs + at);
          any = true;
        }
      }
      return any ? bits : null;
    },
  };
}

function idNode(sets: IndexSets, id: string): Node {
  const doc = sets.doc(id);
  if (doc === null) return nothing;
  return {
    cost: 0,
    exact: true,
    chunk(n) {
      if (Math.floor(doc / chunkDocs) !== n) return null;
      const bits = emptyBits();
      setBit(bits, doc % chunkDocs);
      return bits;
    },
  };
}

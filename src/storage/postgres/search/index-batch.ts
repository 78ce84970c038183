/**
 * Some assets brought to what they are now, as differences: which sets and blocks they change. What each gains and loses is
 * gathered by term first, so that a term that a hundred of them share is written once. No statement here.
 */
import { numbersOf, type SearchSubject } from '../../../core/search-document.ts';
import { termsOf } from '../../../core/search-terms.ts';
import { blockDocs } from '../../number-blocks.ts';
import { chunkDocs } from '../../posting-sets.ts';
import { nameKey } from '../../search-walks.ts';

/** An asset as it is now; `subject` null where it is gone. */
export type IndexItem = {
  readonly id: string;
  readonly subject: (SearchSubject & { readonly version: number }) | null;
};

/** An asset as the index has it. */
export type IndexedDoc = {
  readonly doc: number;
  readonly id: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly fields: readonly string[];
  readonly terms: readonly string[];
};

export type DocRow = IndexedDoc & { readonly name: string };
export type SetDelta = {
  readonly term: string;
  readonly chunk: number;
  readonly added: number[];
  readonly removed: number[];
};
/** Numbers by their places in the block; NaN where there is none any more. */
export type BlockDelta = { readonly field: string; readonly block: number; readonly at: Map<number, number> };

export type IndexBatch = {
  readonly sets: ReadonlyMap<string, SetDelta>;
  readonly blocks: ReadonlyMap<string, BlockDelta>;
  readonly written: readonly DocRow[];
  readonly removed: readonly number[];
  readonly nextDoc: number;
};

export type BatchMaker = {
  take(item: IndexItem): void;
  end(): IndexBatch;
};

/** `known`: what the index has of the assets that will come. */
export function createIndexBatch(known: ReadonlyMap<string, IndexedDoc>, firstDoc: number): BatchMaker {
  const sets = new Map<string, SetDelta>();
  const blocks = new Map<string, BlockDelta>();
  const written: DocRow[] = [];
  const removed: number[] = [];
  let nextDoc = firstDoc;

  const noteSet = (term: string, doc: number, what: 'added' | 'removed'): void => {
    const chunk = Math.floor(doc / chunkDocs);
    const name = `${chunk} ${term}`;
    let delta = sets.get(name);
    if (delta === undefined) {
      delta = { term, chunk, added: [], removed: [] };
      sets.set(name, delta);
    }
    delta[what].push(doc % chunkDocs);
  };
  const noteNumber = (field: string, doc: number, value: number): void => {
    const block = Math.floor(doc / blockDocs);
    const name = `${block} ${field}`;
    let delta = blocks.get(name);
    if (delta === undefined) {
      delta = { field, block, at: new Map() };
      blocks.set(name, delta);
    }
    delta.at.set(doc % blockDocs, value);
  };
  return {
    take({ id, subject }) {
      const before = known.get(id);
      if (before === undefined && subject === null) return;
      if (before !== undefined && subject !== null && isSame(before, subject)) return;
      const doc = before?.doc ?? nextDoc++;
      const terms = subject === null ? new Set<string>() : termsIn(subject);
      const had = new Set(before?.terms);
      for (const term of had) if (!terms.has(term)) noteSet(term, doc, 'removed');
      for (const term of terms) if (!had.has(term)) noteSet(term, doc, 'added');
      const numbers = subject === null ? new Map<string, number>() : numbersIn(subject);
      for (const field of before?.fields ?? []) if (!numbers.has(field)) noteNumber(field, doc, Number.NaN);
      for (const [field, value] of numbers) noteNumber(field, doc, value);
      if (subject === null) removed.push(doc);
      else {
        const { version, createdAtMs, updatedAtMs, state } = subject;
        const name = nameKey(state).toWellFormed();
        written.push({
          doc,
          id,
          version,
          createdAtMs,
          updatedAtMs,
          name,
          fields: [...numbers.keys()],
          terms: [...terms],
        });
      }
    },
    end: () => ({ sets, blocks, written, removed, nextDoc }),
  };
}

export function isSame(
  a: Pick<IndexedDoc, 'version' | 'createdAtMs' | 'updatedAtMs'>,
  b: Pick<IndexedDoc, 'version' | 'createdAtMs' | 'updatedAtMs'>,
): boolean {
  return a.version === b.version && a.createdAtMs === b.createdAtMs && a.updatedAtMs === b.updatedAtMs;
}

/** Half a character is stored as the sign for one that is unknown: two terms that differ in it only are one there. */
function termsIn(subject: SearchSubject): ReadonlySet<string> {
  const terms = new Set<string>();
  for (const term of termsOf(subject)) terms.add(term.toWellFormed());
  return terms;
}

function numbersIn(subject: SearchSubject): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [field, value] of numbersOf(subject)) numbers.set(field.toWellFormed(), value);
  return numbers;
}

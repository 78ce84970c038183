/**
 * What is searched for, as a tree: made by the query language (search-query.ts), by the filters of a list, by the grants of
 * a caller, and by dialects whose vendor has a language of its own. What it means is `compileSearch` (search-evaluation.ts);
 * an index may be as quick as it likes, but has to agree with that.
 */
import type { AssetFilter } from './asset-filter.ts';
import { defaultLibrary } from './library.ts';
import { wordsOf } from './search-words.ts';
import { composed } from './spelling.ts';

export type SearchExpression =
  /** All of them; none: everything. */
  | { readonly op: 'all'; readonly of: readonly SearchExpression[] }
  /** One of them at least; none: nothing. */
  | { readonly op: 'any'; readonly of: readonly SearchExpression[] }
  | { readonly op: 'not'; readonly of: SearchExpression }
  /**
   * Words (folded, see search-words.ts) that follow each other in one text: of this field, or of any that plain words are
   * looked for in. `prefix`: the last one may go on.
   */
  | { readonly op: 'words'; readonly words: readonly string[]; readonly field?: string; readonly prefix?: boolean }
  /**
   * A whole value of a field that holds words chosen by people (`valueFields`). `exact`: this very text. `folded`: whatever
   * its case and accents, `value` being folded. `prefix`: what begins so, `value` being folded.
   */
  | {
      readonly op: 'value';
      readonly field: ValueField;
      readonly value: string;
      readonly match: 'exact' | 'folded' | 'prefix';
    }
  /** In this folder or below it; only in itself where `exact`. In its one spelling. */
  | { readonly op: 'folder'; readonly path: string; readonly exact?: boolean }
  /** A number or time (unix milliseconds) within bounds, both included unless open. */
  | {
      readonly op: 'range';
      readonly field: string;
      readonly from?: number;
      readonly to?: number;
      readonly fromOpen?: boolean;
      readonly toOpen?: boolean;
    }
  /** The field says something. */
  | { readonly op: 'exists'; readonly field: string }
  /** Part of the name, whatever its case; accents count. */
  | { readonly op: 'nameContains'; readonly text: string }
  | { readonly op: 'id'; readonly id: string };

/** Fields that are found by whole values. */
export const valueFields = ['tags', 'labels', 'collections', 'kind', 'archived', 'externalId', 'extension'] as const;
export type ValueField = (typeof valueFields)[number];

/** The filters of a list of assets; times are those of the row, `from` included and `to` not. */
export type ListedAssets = AssetFilter & {
  readonly externalId?: string;
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  readonly updatedFromMs?: number;
  readonly updatedToMs?: number;
  readonly where?: SearchExpression;
  readonly within?: AssetScope;
};

/** What somebody may see who may not see everything: what lies in one of these. */
export type AssetScope = {
  readonly folders: readonly string[];
  readonly collections: readonly string[];
  readonly assets: readonly string[];
  /** By their keys. Default: none. */
  readonly libraries?: readonly string[];
};

/** All parts of a list's filters as one expression; null where everything is wanted. */
export function searchOf(listed: ListedAssets): SearchExpression | null {
  const parts: SearchExpression[] = [...partsOf(listed)];
  const { createdFromMs, createdToMs, updatedFromMs, updatedToMs, where, within } = listed;
  for (const [field, from, to] of [
    ['created', createdFromMs, createdToMs],
    ['updated', updatedFromMs, updatedToMs],
  ] as const) {
    if (from === undefined && to === undefined) continue;
    parts.push({
      op: 'range',
      field,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to, toOpen: true }),
    });
  }
  if (where !== undefined) parts.push(where);
  if (within !== undefined) parts.push(scopeExpression(within));
  return parts.length === 0 ? null : { op: 'all', of: parts };
}

function* partsOf(listed: ListedAssets): Generator<SearchExpression> {
  const { kind, folder, exact, archived, nameContains, tag, label, collection, externalId } = listed;
  for (const [field, value] of [
    ['kind', kind],
    ['archived', archived === undefined ? undefined : String(archived)],
    ['tags', tag],
    ['labels', label],
    ['collections', collection],
    ['externalId', externalId],
  ] as const) {
    if (value === undefined) continue;
    // An external id is another system's: as it is.
    yield { op: 'value', field, value: field === 'externalId' ? value : composed(value), match: 'exact' };
  }
  if (folder !== undefined) yield { op: 'folder', path: folder, ...(exact === true ? { exact } : {}) };
  if (nameContains !== undefined) yield { op: 'nameContains', text: nameContains };
  const { checkedOut, availability } = listed;
  const held = { op: 'exists', field: 'checkedOutBy' } as const;
  if (checkedOut !== undefined) yield checkedOut ? held : { op: 'not', of: held };
  if (availability === 'available') yield { op: 'not', of: { op: 'exists', field: 'availability' } };
  else if (availability !== undefined) yield { op: 'words', words: [availability], field: 'availability' };
}

/** What lies in one of the folders (or below), in one of the collections or libraries, or is one of the assets. */
export function scopeExpression({ folders, collections, assets, libraries = [] }: AssetScope): SearchExpression {
  return {
    op: 'any',
    of: [
      ...folders.map((path) => ({ op: 'folder', path }) as const),
      ...collections.map((value) => ({ op: 'value', field: 'collections', value, match: 'exact' }) as const),
      ...assets.map((id) => ({ op: 'id', id }) as const),
      ...libraries.map(libraryExpression),
    ],
  };
}

/** At least what is in a library: its key as words, which another key may have as a part. */
function libraryExpression(key: string): SearchExpression {
  if (key === defaultLibrary) return { op: 'not', of: { op: 'exists', field: 'library' } };
  return { op: 'words', words: wordsOf(key), field: 'library' };
}

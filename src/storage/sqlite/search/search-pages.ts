/**
 * Pages of assets by the index: which ones, in which order, how many. What is found is read from the store and shown only
 * if it still fulfils the search there, so an index that is a moment behind may miss something, and never shows anything
 * wrong. Everything ends after a time: a page early and with a cursor, a count with "at least".
 */
import type { DatabaseSync } from 'node:sqlite';
import { compileSearch, type SearchTest } from '../../../core/search-evaluation.ts';
import { type SearchExpression, searchOf } from '../../../core/search-expression.ts';
import type { CursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import type { Resource } from '../../contract/resources.ts';
import { keyedStatements, resourceOf } from '../keyed-reads.ts';
import { pageBytesMax } from '../../page.ts';
import { type ArrayStatement, arrayStatement, numberOf, type Row, textOf } from '../rows.ts';
import { chunkDocs, countBits, hasBit } from '../../posting-sets.ts';
import { planSearch } from '../../search-plan.ts';
import {
  allChunks,
  byCreation,
  byLastWrite,
  compareBytes,
  countAll,
  cursorScope,
  docsOf,
  indexCursor,
  namesLookedUpMax,
  type Place,
  type SearchOrder,
  type Step,
  type Walk,
  walkOf,
} from '../../search-walks.ts';
import { createFileSets } from './file-sets.ts';
import { docKey } from './search-file.ts';

export type PagesParts = {
  readonly store: DatabaseSync;
  readonly index: DatabaseSync;
  readonly cursors: CursorCodec;
  readonly monotonicMs: () => number;
};

export type SearchPages = { page(query: AssetQuery): Omit<AssetPage, 'complete'> };

export function createSearchPages(parts: PagesParts): SearchPages {
  const { index, store, cursors, monotonicMs } = parts;
  const space = arrayStatement(index, 'SELECT n, next_doc FROM spaces WHERE id = ?');
  const setsOf = createFileSets(index);
  const walks = createWalks(index);
  const doc = arrayStatement(index, 'SELECT id, version, updated_at FROM docs WHERE key = ?');
  const row = arrayStatement(store, keyedStatements.resource);

  return {
    page(query) {
      const found = space.get(query.workspaceId);
      if (found === undefined)
        return { items: [], nextCursor: null, ...(query.count === true ? { total: { value: 0, is: 'exact' } } : {}) };
      const { order = 'newest' } = query;
      const n = numberOf(found[0]);
      const expression: SearchExpression = searchOf(query) ?? { op: 'all', of: [] };
      const sets = setsOf(n);
      const plan = planSearch(sets, expression);
      const walk = walkOf({ query, sets, plan, docs: numberOf(found[1]) }, cursors, monotonicMs);
      const shown = gather(walks[order](walk, n), walk, {
        read: (at) => read({ doc, row, query, space: n }, at),
        test: compileSearch(expression),
      });
      return {
        items: shown.items,
        nextCursor: shown.next === null ? null : cursors.encode(cursorScope(query), [indexCursor, ...shown.next]),
        ...(query.count === true ? { total: countAll(walk) } : {}),
      };
    },
  };
}

type Found = { readonly resource: Resource; readonly bytes: number; readonly asIndexed: boolean };
type Look = { readonly read: (doc: number) => Found | null; readonly test: SearchTest };

function gather(
  steps: Iterable<Step>,
  { plan, limit, late }: Walk,
  { read, test }: Look,
): { readonly items: readonly Resource[]; readonly next: Place | null } {
  const items: Resource[] = [];
  let bytes = 0;
  let last: Place | null = null;
  let looked = 0;
  for (const { place, candidate, ends } of steps) {
    // There is more, or may be: so much is known without looking at it.
    if (ends === true || (candidate && items.length >= limit)) return { items, next: last };
    if (last !== null && looked % 16 === 0 && late()) return { items, next: last };
    looked += 1;
    const found = candidate ? read(place[1]) : null;
    if (found !== null && ((plan.exact && found.asIndexed) || test(found.resource))) {
      if (items.length > 0 && bytes + found.bytes > pageBytesMax) return { items, next: last };
      items.push(found.resource);
      bytes += found.bytes;
    }
    last = place;
  }
  return { items, next: null };
}

type ReadParts = {
  readonly doc: ArrayStatement;
  readonly row: ArrayStatement;
  readonly query: AssetQuery;
  readonly space: number;
};

function read({ doc, row, query, space }: ReadParts, at: number): Found | null {
  const indexed = doc.get(docKey(space, at));
  if (indexed === undefined) return null;
  const stored: readonly Row[string][] | undefined = row.get(query.workspaceId, 'asset', textOf(indexed[0]));
  if (stored === undefined) return null;
  const resource = resourceOf(stored);
  return {
    resource,
    bytes: textOf(stored[4]).length,
    asIndexed: resource.version === numberOf(indexed[1]) && resource.updatedAtMs === numberOf(indexed[2]),
  };
}

type Walks = { readonly [Order in SearchOrder]: (walk: Walk, space: number) => Iterable<Step> };

function createWalks(index: DatabaseSync): Walks {
  return {
    newest: (walk) => byCreation(walk, true),
    oldest: (walk) => byCreation(walk, false),
    updated: byLastWrite,
    name: createNameWalk(index),
  };
}

/** By name: few are looked up and sorted, many are met on a walk over the names. */
function createNameWalk(index: DatabaseSync): Walks['name'] {
  const nameOf = arrayStatement(index, 'SELECT name FROM docs WHERE key = ?');
  const names = index.prepare(
    'SELECT name, doc FROM names WHERE space = ? AND (name, doc) > (?, ?) ORDER BY name, doc',
  );
  names.setReturnArrays(true);
  return function* byName(walk, space) {
    const { behind } = walk;
    const chunks = allChunks(walk);
    const total = chunks.reduce((sum, bits) => sum + (bits === null ? 0 : countBits(bits)), 0);
    const [after, afterDoc] = [String(behind?.[0] ?? ''), behind?.[1] ?? -1];
    if (total <= namesLookedUpMax) {
      const found = [...docsOf(chunks)].map((doc) => ({ doc, name: nameAt(nameOf, docKey(space, doc)) }));
      found.sort((a, b) => compareBytes(a.name, b.name) || a.doc - b.doc);
      for (const { name, doc } of found) {
        const order = compareBytes(name, after);
        if (order > 0 || (order === 0 && doc > afterDoc)) yield { place: [name, doc], candidate: true };
      }
      return;
    }
    for (const row of names.iterate(space, after, afterDoc)) {
      const [name, doc] = row as unknown as readonly [string, number];
      const bits = chunks[Math.floor(doc / chunkDocs)] ?? null;
      yield { place: [name, doc], candidate: bits !== null && hasBit(bits, doc % chunkDocs) };
    }
  };
}

function nameAt(nameOf: ArrayStatement, key: number): string {
  const name = nameOf.get(key)?.[0];
  return typeof name === 'string' ? name : '';
}

/**
 * Pages of assets by the index: which ones, in which order, how many. What is found is read from the store and shown only
 * if it still fulfils the search there, so an index that is a moment behind may miss something, and never shows anything
 * wrong. Everything ends after a time: a page early and with a cursor, a count with "at least".
 */
import type { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../../core/errors.ts';
import { limits } from '../../../core/limits.ts';
import { compileSearch, type SearchTest } from '../../../core/search-evaluation.ts';
import { type SearchExpression, searchOf } from '../../../core/search-expression.ts';
import { type CursorCodec, cursorNumber, cursorText } from '../../cursor.ts';
import type { AssetPage, AssetQuery, Resource } from '../../storage.ts';
import { keyedStatements, resourceOf } from '../keyed-reads.ts';
import { pageBytesMax, pageLimit } from '../../page.ts';
import { type ArrayStatement, arrayStatement, bytesOf, numberOf, type Row, textOf } from '../rows.ts';
import { blockDocs, readBlock } from './number-blocks.ts';
import {
  type Bits,
  chunkDocs,
  countBits,
  emptyBits,
  hasBit,
  numbersDown,
  numbersOfBits,
  numbersUp,
} from './posting-sets.ts';
import { docKey } from './search-file.ts';
import { planSearch, planStatements, type SearchPlan } from './search-plan.ts';

export type PagesParts = {
  readonly store: DatabaseSync;
  readonly index: DatabaseSync;
  readonly cursors: CursorCodec;
  readonly monotonicMs: () => number;
};

export type SearchOrder = NonNullable<AssetQuery['order']>;

/** Orders other than those of creation have to know all that is found before the first is shown: they may take longer. */
const sortMsMax = 1_000;
/** So many may be looked up one by one to be put in order; more are met on a walk over all names. */
const namesLookedUpMax = 3_000;

export function cursorScope({ workspaceId, order = 'newest' }: AssetQuery): { workspaceId: string; list: string } {
  return { workspaceId, list: `assets:${order}` };
}

/** Marks the cursors of the index; those of a walk through the store are a text alone. */
export const indexCursor = 1;

export type SearchPages = { page(query: AssetQuery): Omit<AssetPage, 'complete'> };

export function createSearchPages(parts: PagesParts): SearchPages {
  const { index, store, cursors, monotonicMs } = parts;
  const space = arrayStatement(index, 'SELECT n, next_doc FROM spaces WHERE id = ?');
  const by = planStatements(index);
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
      const plan = planSearch(by, n, expression);
      const scope = cursorScope(query);
      const behind = query.cursor === undefined ? null : placeOf(cursors.decode(scope, query.cursor));
      const startedMs = monotonicMs();
      const elapsedMs = (): number => monotonicMs() - startedMs;
      const walk: Walk = {
        space: n,
        chunks: Math.ceil(numberOf(found[1]) / chunkDocs),
        plan,
        behind,
        late: () => elapsedMs() > limits.searchPageMs,
        tooLate: () => elapsedMs() > sortMsMax,
        limit: pageLimit(query.limit),
      };
      const shown = gather(walks[order](walk), walk, {
        read: (at) => read({ doc, row, query, space: n }, at),
        test: compileSearch(expression),
      });
      return {
        items: shown.items,
        nextCursor: shown.next === null ? null : cursors.encode(scope, [indexCursor, ...shown.next]),
        ...(query.count === true ? { total: count(walk) } : {}),
      };
    },
  };
}

/** Where a page goes on: the key it was sorted by (empty where that is the order of creation) and the asset's number. */
type Place = readonly [key: string | number, doc: number];

function placeOf([mark, key, doc]: readonly (string | number)[]): Place {
  if (mark !== indexCursor) throw new TypeError('A cursor of the index must begin with its mark');
  return [typeof key === 'number' ? cursorNumber(key) : cursorText(key), cursorNumber(doc)];
}

type Walk = {
  readonly space: number;
  readonly chunks: number;
  readonly plan: SearchPlan;
  readonly behind: Place | null;
  readonly late: () => boolean;
  readonly tooLate: () => boolean;
  readonly limit: number;
};

/**
 * `candidate` false: only how far the walk has come, to be able to go on from there. `ends`: it stops here, and there is
 * more behind it.
 */
type Step = { readonly place: Place; readonly candidate: boolean; readonly ends?: true };
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

type Walks = { readonly [Order in SearchOrder]: (walk: Walk) => Iterable<Step> };

function createWalks(index: DatabaseSync): Walks {
  return {
    newest: (walk) => byCreation(walk, true),
    oldest: (walk) => byCreation(walk, false),
    updated: createUpdatedWalk(index),
    name: createNameWalk(index),
  };
}

function* byCreation({ plan, chunks, behind }: Walk, newest: boolean): Generator<Step> {
  const start = behind?.[1] ?? (newest ? chunks * chunkDocs : -1);
  const first = Math.min(Math.max(Math.floor(start / chunkDocs), 0), chunks - 1);
  for (let chunk = first; newest ? chunk >= 0 : chunk < chunks; chunk += newest ? -1 : 1) {
    const bits = plan.chunk(chunk);
    const base = chunk * chunkDocs;
    if (bits !== null) {
      const numbers = newest
        ? numbersDown(bits, Math.min(chunkDocs, start - base))
        : numbersUp(bits, Math.max(-1, start - base));
      for (const n of numbers) yield { place: ['', base + n], candidate: true };
    }
    yield { place: ['', newest ? base : base + chunkDocs - 1], candidate: false };
  }
}

/** All sets at once; for orders that need them, and for counting. */
function allChunks({ plan, chunks, tooLate }: Walk): readonly (Bits | null)[] {
  const found: (Bits | null)[] = [];
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    if (tooLate()) throw slow();
    found.push(plan.chunk(chunk));
  }
  return found;
}

function slow(): AssetwireError {
  return new AssetwireError('search_too_broad', {
    detail: `What is found must be put in order within ${sortMsMax} ms: it took longer`,
    mend: 'Search for less, or in the order newest or oldest, which needs no sorting',
  });
}

type Keyed = { readonly key: number; readonly doc: number };

/** The best so many by key, the highest first: what is surely not among them is let go now and then. */
function createBest(wanted: number): {
  offer(keyed: Keyed): void;
  worst(): number;
  end(): { readonly best: readonly Keyed[]; readonly more: boolean };
} {
  let best: Keyed[] = [];
  let worst = Number.NEGATIVE_INFINITY;
  let more = false;
  const cut = (): void => {
    best.sort((a, b) => b.key - a.key || b.doc - a.doc);
    more ||= best.length > wanted;
    best = best.slice(0, wanted);
    if (best.length === wanted) worst = best.at(-1)?.key ?? worst;
  };
  return {
    offer(keyed) {
      best.push(keyed);
      if (best.length >= wanted * 4) cut();
    },
    worst: () => worst,
    end() {
      cut();
      return { best, more };
    },
  };
}

/** Last written first: the best of all times, which lie in order in the index. */
function createUpdatedWalk(index: DatabaseSync): (walk: Walk) => Iterable<Step> {
  const blocks = arrayStatement(
    index,
    "SELECT block, numbers FROM numbers WHERE space = ? AND field = 'updated' AND block >= ? AND block < ?",
  );
  const perChunk = chunkDocs / blockDocs;
  /** Every asset of a chunk with its time, behind the place where the page begins. */
  function* times({ space, behind }: Walk, chunk: number, bits: Bits): Generator<Keyed> {
    const [before, beforeDoc] = behind === null ? [Number.POSITIVE_INFINITY, 0] : [Number(behind[0]), behind[1]];
    for (const row of blocks.all(space, chunk * perChunk, (chunk + 1) * perChunk)) {
      const first = numberOf(row[0]) * blockDocs;
      const numbers = readBlock(bytesOf(row[1]));
      for (let at = 0; at < blockDocs; at += 1) {
        const key = numbers[at] ?? Number.NaN;
        const doc = first + at;
        if ((key < before || (key === before && doc < beforeDoc)) && hasBit(bits, doc % chunkDocs)) yield { key, doc };
      }
    }
  }
  return function* updated(walk) {
    // Candidates that turn out to be gone must not end the page: some more than a page are kept.
    const kept = createBest(walk.limit * 2 + 16);
    for (const [chunk, bits] of allChunks(walk).entries()) {
      if (bits === null) continue;
      if (walk.tooLate()) throw slow();
      for (const keyed of times(walk, chunk, bits)) if (keyed.key >= kept.worst()) kept.offer(keyed);
    }
    const { best, more } = kept.end();
    for (const { key, doc } of best) yield { place: [key, doc], candidate: true };
    // What was kept is over and not everything was kept: there is more behind it.
    const last = best.at(-1);
    if (more && last !== undefined) yield { place: [last.key, last.doc], candidate: false, ends: true };
  };
}

/** By name: few are looked up and sorted, many are met on a walk over the names. */
function createNameWalk(index: DatabaseSync): (walk: Walk) => Iterable<Step> {
  const nameOf = arrayStatement(index, 'SELECT name FROM docs WHERE key = ?');
  const names = index.prepare(
    'SELECT name, doc FROM names WHERE space = ? AND (name, doc) > (?, ?) ORDER BY name, doc',
  );
  names.setReturnArrays(true);
  return function* byName(walk) {
    const { space, behind } = walk;
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

function* docsOf(chunks: readonly (Bits | null)[]): Generator<number> {
  for (const [chunk, bits] of chunks.entries()) {
    for (const n of numbersOfBits(bits ?? emptyBits())) yield chunk * chunkDocs + n;
  }
}

function nameAt(nameOf: ArrayStatement, key: number): string {
  const name = nameOf.get(key)?.[0];
  return typeof name === 'string' ? name : '';
}

/** As the index sorts: by UTF-8 bytes, which is by code point. */
function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** How many there are: exactly where the index alone decides, else how many may be it; where time is up, how many at least. */
function count(walk: Walk): NonNullable<AssetPage['total']> {
  let value = 0;
  for (let chunk = 0; chunk < walk.chunks; chunk += 1) {
    if (walk.tooLate()) return { value, is: 'atLeast' };
    const bits = walk.plan.chunk(chunk);
    if (bits !== null) value += countBits(bits);
  }
  return { value, is: walk.plan.exact ? 'exact' : 'atMost' };
}

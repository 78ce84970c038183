/**
 * Walks over what a search finds in an index, in each order: which assets to look at, one after another, and from where a
 * page goes on. What is met is looked up and compared by whoever keeps the index.
 */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { searchOf } from '../core/search-expression.ts';
import { type CursorCodec, cursorNumber, cursorText } from './cursor.ts';
import { pageLimit } from './page.ts';
import type { AssetPage, AssetQuery, AssetTotal } from './contract/list-queries.ts';
import { foldText } from '../core/search-words.ts';
import { blockDocs } from './number-blocks.ts';
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
import type { IndexSets, SearchPlan } from './search-plan.ts';

/** Orders other than those of creation have to know all that is found before the first is shown: they may take longer. */
const sortMsMax = 1_000;
/** So many may be looked up one by one to be put in order; more are met on a walk over all names. */
export const namesLookedUpMax = 3_000;

export type SearchOrder = NonNullable<AssetQuery['order']>;

export function cursorScope({ workspaceId, order = 'newest' }: AssetQuery): { workspaceId: string; list: string } {
  return { workspaceId, list: `assets:${order}` };
}

/** Marks the cursors of the index; those of a walk through the store are a text alone. */
export const indexCursor = 1;

/** Where a page goes on: the key it was sorted by (empty where that is the order of creation) and the asset's number. */
export type Place = readonly [key: string | number, doc: number];

function placeOf([mark, key, doc]: readonly (string | number)[]): Place {
  if (mark !== indexCursor) throw new TypeError('A cursor of the index must begin with its mark');
  return [typeof key === 'number' ? cursorNumber(key) : cursorText(key), cursorNumber(doc)];
}

export type Walk = {
  readonly sets: IndexSets;
  readonly chunks: number;
  readonly plan: SearchPlan;
  readonly behind: Place | null;
  readonly late: () => boolean;
  readonly tooLate: () => boolean;
  readonly limit: number;
};

/** A walk that begins now, behind the cursor of the query. */
export function walkOf(
  {
    query,
    sets,
    plan,
    docs,
  }: { readonly query: AssetQuery; readonly sets: IndexSets; readonly plan: SearchPlan; readonly docs: number },
  cursors: CursorCodec,
  monotonicMs: () => number,
): Walk {
  const startedMs = monotonicMs();
  const elapsedMs = (): number => monotonicMs() - startedMs;
  return {
    sets,
    chunks: Math.ceil(docs / chunkDocs),
    plan,
    behind: query.cursor === undefined ? null : placeOf(cursors.decode(cursorScope(query), query.cursor)),
    late: () => elapsedMs() > limits.searchPageMs,
    tooLate: () => elapsedMs() > sortMsMax,
    limit: pageLimit(query.limit),
  };
}

/**
 * `candidate` false: only how far the walk has come, to be able to go on from there. `ends`: it stops here, and there is
 * more behind it.
 */
export type Step = { readonly place: Place; readonly candidate: boolean; readonly ends?: true };
export function* byCreation({ plan, chunks, behind }: Walk, newest: boolean): Generator<Step> {
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
export function allChunks({ plan, chunks, tooLate }: Walk): readonly (Bits | null)[] {
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
export function* byLastWrite(walk: Walk): Generator<Step> {
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
}

/** Every asset of a chunk with its time, behind the place where the page begins. */
function* times({ sets, behind }: Walk, chunk: number, bits: Bits): Generator<Keyed> {
  const [before, beforeDoc] = behind === null ? [Number.POSITIVE_INFINITY, 0] : [Number(behind[0]), behind[1]];
  for (const [block, numbers] of sets.numbers('updated')(chunk)) {
    const first = chunk * chunkDocs + block * blockDocs;
    for (let at = 0; at < blockDocs; at += 1) {
      const key = numbers[at] ?? Number.NaN;
      const doc = first + at;
      if ((key < before || (key === before && doc < beforeDoc)) && hasBit(bits, doc % chunkDocs)) yield { key, doc };
    }
  }
}

export function* docsOf(chunks: readonly (Bits | null)[]): Generator<number> {
  for (const [chunk, bits] of chunks.entries()) {
    for (const n of numbersOfBits(bits ?? emptyBits())) yield chunk * chunkDocs + n;
  }
}

/** As the index sorts: by UTF-8 bytes, which is by code point. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** How many there are: exactly where the index alone decides, else how many may be it; where time is up, how many at least. */
export function countAll(walk: Walk): AssetTotal {
  let value = 0;
  for (let chunk = 0; chunk < walk.chunks; chunk += 1) {
    if (walk.tooLate()) return { value, is: 'atLeast' };
    const bits = walk.plan.chunk(chunk);
    if (bits !== null) value += countBits(bits);
  }
  return { value, is: walk.plan.exact ? 'exact' : 'atMost' };
}

/**
 * A page of the index with what is known of the index: of one that is behind no count holds, whatever it was counted by,
 * because what it lacks may be assets that came and assets that went.
 */
export function pageOfIndex(page: Omit<AssetPage, 'complete'>, complete: boolean): AssetPage {
  const { total } = page;
  if (complete || total === undefined || total.is === 'atLeast') return { ...page, complete };
  return { ...page, complete, total: { value: total.value, is: 'soFar' } };
}

/** `walk`: the store itself is as quick, or a walk has begun. `index`: only the index can go on. */
export function wayOf(query: AssetQuery, cursors: CursorCodec): 'walk' | 'index' | 'either' {
  const { order = 'newest', cursor, count, externalId } = query;
  if (cursor !== undefined) {
    const [mark] = cursors.decode(cursorScope(query), cursor);
    return mark === indexCursor ? 'index' : 'walk';
  }
  if (count === true || order === 'updated' || order === 'name') return 'either';
  return externalId !== undefined || searchOf(query) === null ? 'walk' : 'either';
}

export function beingMade(): AssetwireError {
  return new AssetwireError('not_ready', {
    detail: 'The search index must be made before the list can go on: it is being made',
    mend: 'Try again in a moment, or begin again without a cursor',
    retryAfterSeconds: 5,
  });
}

const nameCharactersMax = 100;

/** What an asset is sorted by in the order of names, as people expect: case and accents do not count. */
export function nameKey({ name }: JsonObject): string {
  return typeof name === 'string' ? foldText(name).slice(0, nameCharactersMax) : '';
}

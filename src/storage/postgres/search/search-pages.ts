/**
 * Pages of assets by the index: which ones, in which order, how many. What is found is read from the store and shown only if
 * it still fulfils the search there, so an index that is a moment behind may miss something, and never shows anything wrong.
 * A page ends after a time, with a cursor.
 */
import { compileSearch, type SearchTest } from '../../../core/search-evaluation.ts';
import { type SearchExpression, searchOf } from '../../../core/search-expression.ts';
import type { CursorCodec } from '../../cursor.ts';
import { pageBytesMax } from '../../page.ts';
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
  type Step,
  type Walk,
  walkOf,
} from '../../search-walks.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import type { Resource } from '../../contract/resources.ts';
import { resourceColumns, resourceOf } from '../keyed-reads.ts';
import type { ListAsk } from '../list-ask.ts';
import { int4s, storable } from '../parameters.ts';
import { keyOf, numberOf, textOf } from '../rows.ts';
import { storedSets } from './stored-sets.ts';

export type PagesParts = {
  readonly ask: ListAsk;
  readonly cursors: CursorCodec;
  readonly monotonicMs: () => number;
};

/** `docs`: how many numbers the workspace has given out. */
export async function searchPage(
  { ask, cursors, monotonicMs }: PagesParts,
  query: AssetQuery,
  docs: number,
): Promise<Omit<AssetPage, 'complete'>> {
  const { workspaceId, order = 'newest' } = query;
  const expression: SearchExpression = searchOf(query) ?? { op: 'all', of: [] };
  const sets = await storedSets(ask, workspaceId, { expression, sorted: order === 'updated' });
  const walk = walkOf({ query, sets, plan: planSearch(sets, expression), docs }, cursors, monotonicMs);
  const shown = await gather(stepsOf(walk, { ask, query }), walk, {
    read: (numbers) => readDocs(ask, workspaceId, numbers),
    test: compileSearch(expression),
  });
  return {
    items: shown.items,
    nextCursor: shown.next === null ? null : cursors.encode(cursorScope(query), [indexCursor, ...shown.next]),
    ...(query.count === true ? { total: countAll(walk) } : {}),
  };
}

type Asking = { readonly ask: ListAsk; readonly query: AssetQuery };

function stepsOf(walk: Walk, asking: Asking): Iterable<Step> | AsyncIterable<Step> {
  switch (asking.query.order ?? 'newest') {
    case 'newest':
      return byCreation(walk, true);
    case 'oldest':
      return byCreation(walk, false);
    case 'updated':
      return byLastWrite(walk);
    case 'name':
      return byName(walk, asking);
  }
}

type Found = { readonly resource: Resource; readonly bytes: number };
type Look = {
  /** By their numbers; those that are gone are missing. */
  readonly read: (docs: readonly number[]) => Promise<ReadonlyMap<number, Found>>;
  readonly test: SearchTest;
};
type Shown = { readonly items: readonly Resource[]; readonly next: Place | null };

/** Candidates are looked up by the handful: one more than fill the page, as far as anybody can say. */
const lookedUpMax = 200;

async function gather(steps: Iterable<Step> | AsyncIterable<Step>, walk: Walk, look: Look): Promise<Shown> {
  const page = createPage(walk.limit, look.test);
  let waiting: Step[] = [];
  const take = async (): Promise<boolean> => {
    const taken = waiting;
    waiting = [];
    const numbers = taken.flatMap(({ candidate, place }) => (candidate ? [place[1]] : []));
    const found = numbers.length === 0 ? new Map<number, Found>() : await look.read(numbers);
    return taken.every((step) => page.offer(step, step.candidate ? (found.get(step.place[1]) ?? null) : null));
  };
  for await (const step of steps) {
    waiting.push(step);
    const enough = Math.min(lookedUpMax, page.room() + 1);
    if (waiting.length < enough && step.ends !== true) continue;
    if (!(await take())) return page.end();
    if (page.last() !== null && walk.late()) return page.end();
  }
  if (!(await take())) return page.end();
  return { ...page.end(), next: null };
}

type PageInMaking = {
  /** False where the page ends before this step. */
  offer(step: Step, found: Found | null): boolean;
  room(): number;
  last(): Place | null;
  end(): Shown;
};

function createPage(limit: number, test: SearchTest): PageInMaking {
  const items: Resource[] = [];
  let bytes = 0;
  let last: Place | null = null;
  return {
    offer({ place, candidate, ends }, found) {
      // There is more, or may be: so much is known without looking at it.
      if (ends === true || (candidate && items.length >= limit)) return false;
      if (found !== null && test(found.resource)) {
        if (items.length > 0 && bytes + found.bytes > pageBytesMax) return false;
        items.push(found.resource);
        bytes += found.bytes;
      }
      last = place;
      return true;
    },
    room: () => limit - items.length,
    last: () => last,
    end: () => ({ items, next: last }),
  };
}

async function readDocs(
  ask: ListAsk,
  workspaceId: string,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, Found>> {
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT ${resourceColumns}, u.doc FROM unnest($2::int4[]) u (doc)
        CROSS JOIN LATERAL (SELECT id FROM aw.search_docs o WHERE o.workspace = $1 AND o.doc = u.doc LIMIT 1) d
        CROSS JOIN LATERAL (SELECT * FROM aw.resources o WHERE o.type = 'asset' AND o.workspace = $1 AND o.id = d.id LIMIT 1) r`,
      values: [storable(workspaceId), int4s(numbers)],
    },
  ]);
  return new Map(rows.map((row) => [numberOf(row[8]), { resource: resourceOf(row), bytes: textOf(row[4]).length }]));
}

type Named = { readonly name: string; readonly doc: number };
const namesPerRead = 2_000;

/** By name: few are looked up and sorted, many are met on a walk over the names. */
async function* byName(walk: Walk, { ask, query: { workspaceId } }: Asking): AsyncGenerator<Step> {
  const chunks = allChunks(walk);
  const total = chunks.reduce((sum, bits) => sum + (bits === null ? 0 : countBits(bits)), 0);
  const behind: Named = { name: String(walk.behind?.[0] ?? ''), doc: walk.behind?.[1] ?? -1 };
  if (total <= namesLookedUpMax) {
    const found = await namesOf(ask, workspaceId, [...docsOf(chunks)]);
    for (const named of found.sort(compareNamed))
      if (compareNamed(named, behind) > 0) yield { place: [named.name, named.doc], candidate: true };
    return;
  }
  for (let at: Named | undefined = behind; at !== undefined; ) {
    const names: readonly Named[] = await namesBehind(ask, workspaceId, at);
    for (const { name, doc } of names) {
      const bits = chunks[Math.floor(doc / chunkDocs)] ?? null;
      yield { place: [name, doc], candidate: bits !== null && hasBit(bits, doc % chunkDocs) };
    }
    at = names.length < namesPerRead ? undefined : names.at(-1);
  }
}

/** As the index sorts. */
function compareNamed(a: Named, b: Named): number {
  return compareBytes(a.name, b.name) || a.doc - b.doc;
}

async function namesOf(ask: ListAsk, workspaceId: string, docs: readonly number[]): Promise<Named[]> {
  if (docs.length === 0) return [];
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT d.name, d.doc FROM unnest($2::int4[]) u (doc)
        CROSS JOIN LATERAL (SELECT * FROM aw.search_docs o WHERE o.workspace = $1 AND o.doc = u.doc LIMIT 1) d`,
      values: [storable(workspaceId), int4s(docs)],
    },
  ]);
  return rows.map(([name, doc]) => ({ name: keyOf(name), doc: numberOf(doc) }));
}

async function namesBehind(ask: ListAsk, workspaceId: string, { name, doc }: Named): Promise<readonly Named[]> {
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT d.name, d.doc FROM aw.search_docs d WHERE d.workspace = $1 AND (d.name, d.doc) > ($2, $3::int4)
        ORDER BY d.name, d.doc LIMIT $4::int8`,
      values: [storable(workspaceId), storable(name), String(doc), String(namesPerRead)],
    },
  ]);
  return rows.map(([found, n]) => ({ name: keyOf(found), doc: numberOf(n) }));
}

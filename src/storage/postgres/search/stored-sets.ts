/** The sets that an expression needs, asked for at once: a plan over them needs the database no more. */
import { limits } from '../../../core/limits.ts';
import type { SearchExpression } from '../../../core/search-expression.ts';
import { readBlock } from '../../number-blocks.ts';
import { type Bits, bitsOf, chunkDocs, emptyBits, readInto } from '../../posting-sets.ts';
import { blockDocs } from '../../number-blocks.ts';
import { type IndexSets, planSearch } from '../../search-plan.ts';
import type { ListAsk } from '../list-ask.ts';
import { keys, storable } from '../parameters.ts';
import { bytesOf, numberOf } from '../rows.ts';

const blocksPerChunk = chunkDocs / blockDocs;
/** Chunks that a workspace may have: numbers of assets are 32 bits. Each key is looked for by itself: see index-rows.ts. */
const chunksMax = 32_768;

/** What a plan names: terms, beginnings, fields with numbers, assets. */
type Needs = {
  readonly terms: Set<string>;
  readonly beginnings: Set<string>;
  readonly fields: Set<string>;
  readonly ids: Set<string>;
};

type Chunks<Content> = Map<number, Content>;

/** `sorted`: the times of the last write are needed, too. */
export async function storedSets(
  ask: ListAsk,
  workspaceId: string,
  { expression, sorted }: { readonly expression: SearchExpression; readonly sorted: boolean },
): Promise<IndexSets> {
  const needs: Needs = { terms: new Set(), beginnings: new Set(), fields: new Set(), ids: new Set() };
  planSearch(recorder(needs), expression);
  if (sorted) needs.fields.add('updated');
  const asking = { ask, workspaceId };
  const [terms, fields, ids, ...beginnings] = await Promise.all([
    termSets(asking, [...needs.terms]),
    fieldBlocks(asking, [...needs.fields]),
    docs(asking, [...needs.ids]),
    ...[...needs.beginnings].map(async (text) => [text, await beginning(asking, text)] as const),
  ]);
  const begun = new Map(beginnings);
  return {
    term(term) {
      const chunks = terms.get(term);
      return chunks === undefined ? null : { chunk: (n) => chunks.get(n)?.slice() ?? null };
    },
    begins: (text) => () => begun.get(text) ?? null,
    numbers: (field) => (chunk) => {
      const from = chunk * blocksPerChunk;
      const found = [...(fields.get(field) ?? [])].filter(([block]) => block >= from && block < from + blocksPerChunk);
      return found.map(([block, numbers]) => [block - from, numbers] as const);
    },
    doc: (id) => ids.get(id) ?? null,
  };
}

/** Finds nothing, and notes what was looked for. */
function recorder({ terms, beginnings, fields, ids }: Needs): IndexSets {
  return {
    term(term) {
      terms.add(term);
      return null;
    },
    begins(text) {
      beginnings.add(text);
      return () => new Map();
    },
    numbers(field) {
      fields.add(field);
      return () => [];
    },
    doc(id) {
      ids.add(id);
      return null;
    },
  };
}

type Asking = { readonly ask: ListAsk; readonly workspaceId: string };

async function termSets({ ask, workspaceId }: Asking, terms: readonly string[]): Promise<Map<string, Chunks<Bits>>> {
  const found = new Map<string, Chunks<Bits>>();
  if (terms.length === 0) return found;
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT u.n, s.chunk, s.docs FROM unnest($2::text[]) WITH ORDINALITY u (term, n)
        CROSS JOIN LATERAL (SELECT chunk, docs FROM aw.search_sets o
          WHERE o.workspace = $1 AND o.term = u.term LIMIT ${chunksMax}) s`,
      values: [storable(workspaceId), keys(terms)],
    },
  ]);
  for (const [n, chunk, stored] of rows)
    into(found, terms[numberOf(n) - 1] ?? '').set(numberOf(chunk), bitsOf(bytesOf(stored)));
  return found;
}

/** Null where there are more than a search may gather. */
async function beginning({ ask, workspaceId }: Asking, text: string): Promise<ReadonlyMap<number, Bits> | null> {
  const most = limits.searchPrefixEntriesMax;
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT s.chunk, s.docs FROM aw.search_sets s WHERE s.workspace = $1 AND s.term >= $2 AND s.term < $3
        ORDER BY s.term LIMIT $4::int8`,
      values: [storable(workspaceId), storable(text), `${storable(text)}\u{10ffff}`, String(most + 1)],
    },
  ]);
  if (rows.length > most) return null;
  const found: Chunks<Bits> = new Map();
  for (const [chunk, stored] of rows) {
    let bits = found.get(numberOf(chunk));
    if (bits === undefined) {
      bits = emptyBits();
      found.set(numberOf(chunk), bits);
    }
    readInto(bytesOf(stored), bits);
  }
  return found;
}

async function fieldBlocks(
  { ask, workspaceId }: Asking,
  fields: readonly string[],
): Promise<Map<string, Chunks<Float64Array>>> {
  const found = new Map<string, Chunks<Float64Array>>();
  if (fields.length === 0) return found;
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT u.n, s.block, s.numbers FROM unnest($2::text[]) WITH ORDINALITY u (field, n)
        CROSS JOIN LATERAL (SELECT block, numbers FROM aw.search_numbers o
          WHERE o.workspace = $1 AND o.field = u.field LIMIT ${chunksMax * blocksPerChunk}) s`,
      values: [storable(workspaceId), keys(fields)],
    },
  ]);
  for (const [n, block, stored] of rows)
    into(found, fields[numberOf(n) - 1] ?? '').set(numberOf(block), readBlock(bytesOf(stored)));
  return found;
}

async function docs({ ask, workspaceId }: Asking, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT u.n, d.doc FROM unnest($2::text[]) WITH ORDINALITY u (id, n)
        CROSS JOIN LATERAL (SELECT doc FROM aw.search_docs o WHERE o.workspace = $1 AND o.id = u.id LIMIT 1) d`,
      values: [storable(workspaceId), keys(ids)],
    },
  ]);
  return new Map(rows.map(([n, doc]) => [ids[numberOf(n) - 1] ?? '', numberOf(doc)]));
}

function into<Content>(map: Map<string, Chunks<Content>>, name: string): Chunks<Content> {
  let chunks = map.get(name);
  if (chunks === undefined) {
    chunks = new Map();
    map.set(name, chunks);
  }
  return chunks;
}

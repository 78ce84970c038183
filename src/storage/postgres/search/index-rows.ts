/**
 * Rows of the index: read for a batch, and written as it left them. One statement per table, arrays of columns. Each key is
 * looked for by itself (LATERAL with a LIMIT): a join over tables that were empty when they were looked at last is planned as if
 * they still were, and then compares every key with every row.
 */
import { blockDocs, readBlock, writeBlock } from '../../number-blocks.ts';
import { changeSet } from '../../posting-sets.ts';
import { byteas, int4s, int8s, keys, storable, texts } from '../parameters.ts';
import type { Row, Statement } from '../pipeline.ts';
import { bytesOf, keyOf, numberOf, textOf } from '../rows.ts';
import type { BlockDelta, IndexBatch, IndexedDoc, SetDelta } from './index-batch.ts';

export function docsQuery(workspaceId: string, ids: readonly string[]): Statement {
  return {
    sql: `SELECT d.doc, d.id, d.version, d.created_at, d.updated_at, d.fields, d.terms
      FROM unnest($2::text[]) u (id)
      CROSS JOIN LATERAL (SELECT * FROM aw.search_docs o WHERE o.workspace = $1 AND o.id = u.id LIMIT 1) d`,
    values: [storable(workspaceId), keys(ids)],
  };
}

export function indexedDoc([doc, id, version, createdAt, updatedAt, fields, terms]: Row): IndexedDoc {
  return {
    doc: numberOf(doc),
    id: keyOf(id),
    version: numberOf(version),
    createdAtMs: numberOf(createdAt),
    updatedAtMs: numberOf(updatedAt),
    fields: JSON.parse(textOf(fields)) as readonly string[],
    terms: JSON.parse(textOf(terms)) as readonly string[],
  };
}

/** What is stored of these sets, in their order; those that are not there are missing. */
export function setsQuery(workspaceId: string, deltas: readonly SetDelta[]): Statement {
  return {
    sql: `SELECT u.n, s.docs FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY u (term, chunk, n)
      CROSS JOIN LATERAL (SELECT docs FROM aw.search_sets o
        WHERE o.workspace = $1 AND o.term = u.term AND o.chunk = u.chunk LIMIT 1) s`,
    values: [storable(workspaceId), keys(deltas.map(({ term }) => term)), int4s(deltas.map(({ chunk }) => chunk))],
  };
}

export function blocksQuery(workspaceId: string, deltas: readonly BlockDelta[]): Statement {
  return {
    sql: `SELECT u.n, s.numbers FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY u (field, block, n)
      CROSS JOIN LATERAL (SELECT numbers FROM aw.search_numbers o
        WHERE o.workspace = $1 AND o.field = u.field AND o.block = u.block LIMIT 1) s`,
    values: [storable(workspaceId), keys(deltas.map(({ field }) => field)), int4s(deltas.map(({ block }) => block))],
  };
}

/** Rows begin with the place, counted from 1, of what was asked for. */
function byPlace(rows: readonly Row[]): ReadonlyMap<number, Uint8Array> {
  return new Map(rows.map(([n, bytes]) => [numberOf(n) - 1, bytesOf(bytes)]));
}

/** The sets as the batch left them, over what `setsQuery` found. */
export function setWrites(
  workspaceId: string,
  deltas: readonly SetDelta[],
  rows: readonly Row[],
): readonly Statement[] {
  const [workspace, stored] = [storable(workspaceId), byPlace(rows)];
  const after = deltas.map((delta, at) => ({ ...delta, docs: changeSet(stored.get(at) ?? null, delta) }));
  const kept = after.flatMap(({ term, chunk, docs }) => (docs === null ? [] : [{ term, chunk, docs }]));
  const gone = after.filter(({ docs }) => docs === null);
  return [
    {
      sql: `INSERT INTO aw.search_sets (workspace, term, chunk, docs) SELECT $1, u.* FROM unnest($2::text[], $3::int4[], $4::bytea[]) u
        ON CONFLICT (workspace, term, chunk) DO UPDATE SET docs = excluded.docs`,
      values: [
        workspace,
        keys(kept.map(({ term }) => term)),
        int4s(kept.map(({ chunk }) => chunk)),
        byteas(kept.map(({ docs }) => docs)),
      ],
    },
    {
      sql: `DELETE FROM aw.search_sets WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM unnest($2::text[], $3::int4[]) u (term, chunk)
        CROSS JOIN LATERAL (SELECT ctid FROM aw.search_sets o
          WHERE o.workspace = $1 AND o.term = u.term AND o.chunk = u.chunk LIMIT 1) s))`,
      values: [workspace, keys(gone.map(({ term }) => term)), int4s(gone.map(({ chunk }) => chunk))],
    },
  ];
}

export function blockWrites(
  workspaceId: string,
  deltas: readonly BlockDelta[],
  rows: readonly Row[],
): readonly Statement[] {
  const [workspace, stored] = [storable(workspaceId), byPlace(rows)];
  const after = deltas.map((delta, at) => ({ ...delta, numbers: changedBlock(stored.get(at) ?? null, delta) }));
  const kept = after.flatMap(({ field, block, numbers }) => (numbers === null ? [] : [{ field, block, numbers }]));
  const gone = after.filter(({ numbers }) => numbers === null);
  return [
    {
      sql: `INSERT INTO aw.search_numbers (workspace, field, block, numbers) SELECT $1, u.* FROM unnest($2::text[], $3::int4[], $4::bytea[]) u
        ON CONFLICT (workspace, field, block) DO UPDATE SET numbers = excluded.numbers`,
      values: [
        workspace,
        keys(kept.map(({ field }) => field)),
        int4s(kept.map(({ block }) => block)),
        byteas(kept.map(({ numbers }) => numbers)),
      ],
    },
    {
      sql: `DELETE FROM aw.search_numbers WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM unnest($2::text[], $3::int4[]) u (field, block)
        CROSS JOIN LATERAL (SELECT ctid FROM aw.search_numbers o
          WHERE o.workspace = $1 AND o.field = u.field AND o.block = u.block LIMIT 1) s))`,
      values: [workspace, keys(gone.map(({ field }) => field)), int4s(gone.map(({ block }) => block))],
    },
  ];
}

function changedBlock(stored: Uint8Array | null, { at }: BlockDelta): Uint8Array | null {
  const numbers = readBlock(stored);
  for (const [place, value] of at) if (place < blockDocs) numbers[place] = value;
  return writeBlock(numbers);
}

export function docWrites(workspaceId: string, { written, removed }: IndexBatch): readonly Statement[] {
  const workspace = storable(workspaceId);
  return [
    {
      sql: `DELETE FROM aw.search_docs WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM unnest($2::int4[]) u (doc)
        CROSS JOIN LATERAL (SELECT ctid FROM aw.search_docs o WHERE o.workspace = $1 AND o.doc = u.doc LIMIT 1) d))`,
      values: [workspace, int4s(removed)],
    },
    {
      sql: `INSERT INTO aw.search_docs (workspace, doc, id, version, created_at, updated_at, name, fields, terms)
        SELECT $1, u.* FROM unnest($2::int4[], $3::text[], $4::int4[], $5::int8[], $6::int8[], $7::text[], $8::text[], $9::text[]) u
        ON CONFLICT (workspace, doc) DO UPDATE SET version = excluded.version, created_at = excluded.created_at,
          updated_at = excluded.updated_at, name = excluded.name, fields = excluded.fields, terms = excluded.terms`,
      values: [
        workspace,
        int4s(written.map(({ doc }) => doc)),
        keys(written.map(({ id }) => id)),
        int4s(written.map(({ version }) => version)),
        int8s(written.map(({ createdAtMs }) => createdAtMs)),
        int8s(written.map(({ updatedAtMs }) => updatedAtMs)),
        keys(written.map(({ name }) => name)),
        texts(written.map(({ fields }) => JSON.stringify(fields))),
        texts(written.map(({ terms }) => JSON.stringify(terms))),
      ],
    },
  ];
}

/**
 * Steps that bring the index of one workspace to what its assets are now; each a transaction that holds the workspace's row
 * of `search_spaces`, so that processes take turns. Two ways, which may run in any order, again, or be broken off:
 *
 * - Following: what was written since the index's place, by changes and touches, whatever of it is final; the place moves
 *   only over what is, so nothing that commits late is missed.
 * - Sweeping: all assets in the order of their ids, each compared by version. This is how an index is made, how it finds its
 *   way after a gap, and, slowly and for ever, how it is verified.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { Turn } from '../../../runtime/turn.ts';
import type { Connection } from '../connection.ts';
import { keys, storable } from '../parameters.ts';
import type { Row, Statement } from '../pipeline.ts';
import type { Pool } from '../pool.ts';
import { keyOf, keyOrNull, numberOf, textOf } from '../rows.ts';
import { isDamage } from '../../damage.ts';
import { commonSettings } from '../settings-local.ts';
import type { Sql } from '../sql.ts';
import { createIndexBatch, type IndexBatch, type IndexedDoc, type IndexItem, isSame } from './index-batch.ts';
import { blocksQuery, blockWrites, docsQuery, docWrites, indexedDoc, setsQuery, setWrites } from './index-rows.ts';

export type StepParts = {
  readonly pool: Pool;
  readonly sql: Sql;
  /** Between assets: the loop that delivers must not wait for a hundred of them. */
  readonly turn: Turn;
  readonly nowMs: () => number;
};

/**
 * `idle`: nothing is left to do, as of a moment after the step began. `more`: call again. `elsewhere`: another process is at
 * it. `none`: the workspace has no index.
 */
export type StepResult = 'idle' | 'more' | 'elsewhere' | 'none';

export type IndexSteps = {
  /** Gives the workspace an index to be made, unless it has one or no assets. */
  begin(workspaceId: string): Promise<void>;
  follow(workspaceId: string): Promise<StepResult>;
  /** `idle` where that was the last asset. */
  sweep(workspaceId: string): Promise<StepResult>;
};

/**
 * Changes and touches read at a time, and assets compared: so many at most are written in one transaction. Sets that many
 * of them share are written once in it, so few large ones cost less than many small ones.
 */
const rowsPerStep = 1_000;
const setsPerSlice = 500;
const blocksPerSlice = 50;
const assetsPerTurn = 5;
const timeouts = { statementTimeoutMs: 15_000, lockTimeoutMs: 2_000 };
const answerMs = 20_000;
const assetPrefix = 'asset:';

/** A workspace's index as the transaction found it. */
type Space = { readonly place: string; readonly nextDoc: number; readonly built: boolean; readonly swept: string };
type Notes = Partial<{ readonly place: string; readonly built: boolean; readonly swept: string }>;
type Step = {
  readonly workspaceId: string;
  readonly space: Space;
  /** Rows by statement. */
  ask(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]>;
};

export function createIndexSteps(parts: StepParts): IndexSteps {
  const { pool, sql } = parts;
  const ask = (connection: Connection): Step['ask'] => {
    return (statements) =>
      connection.run(
        statements.map((one) => ({ ...one, sql: sql.of(one.sql) })),
        answerMs,
      );
  };
  const step = (workspaceId: string, work: (step: Step) => Promise<StepResult>): Promise<StepResult> =>
    pool.use(async (connection) => {
      const run = ask(connection);
      try {
        const space = await enter(run, workspaceId);
        if (typeof space === 'string') {
          await run([{ sql: 'ROLLBACK' }]);
          return space;
        }
        return await work({ workspaceId, space, ask: run });
      } catch (error) {
        if (connection.usable()) await run([{ sql: 'ROLLBACK' }]);
        throw error;
      }
    });
  return {
    begin: (workspaceId) =>
      pool.use(async (connection) => {
        const values = [storable(workspaceId), String(parts.nowMs())];
        // Everything from here on comes by the changes; everything before by the sweep.
        const text = `INSERT INTO aw.search_spaces (workspace, place, read_at)
          SELECT $1, aw.final_below() - 1, $2::int8
          WHERE EXISTS (SELECT 1 FROM aw.resources r WHERE r.type = 'asset' AND r.workspace = $1) ON CONFLICT DO NOTHING`;
        await ask(connection)([commonSettings(timeouts), { sql: text, values }]);
      }),
    follow: (workspaceId) => step(workspaceId, (taken) => follow(parts, taken)),
    sweep: (workspaceId) => step(workspaceId, (taken) => sweep(parts, taken)),
  };
}

/** Begins the transaction and takes the workspace's row; or why there is nothing to be done. */
async function enter(ask: Step['ask'], workspaceId: string): Promise<Space | StepResult> {
  const values = [storable(workspaceId)];
  const rows = await ask([
    { sql: 'BEGIN' },
    commonSettings(timeouts),
    { sql: 'SELECT 1 FROM aw.search_spaces WHERE workspace = $1', values },
    {
      sql: 'SELECT place, next_doc, built, swept FROM aw.search_spaces WHERE workspace = $1 FOR UPDATE SKIP LOCKED',
      values,
    },
  ]);
  const [row] = rows[3] ?? [];
  if (row === undefined) return (rows[2] ?? []).length === 0 ? 'none' : 'elsewhere';
  const [place, nextDoc, built, swept] = row;
  return { place: textOf(place), nextDoc: numberOf(nextDoc), built: built === 't', swept: keyOf(swept) };
}

async function follow(parts: StepParts, step: Step): Promise<StepResult> {
  const { workspaceId, space } = step;
  const values = [storable(workspaceId), space.place, String(rowsPerStep)];
  // What is final is asked first: what the next statements do not see was not final then.
  const [finals = [], changes = [], touches = []] = await step.ask([
    { sql: 'SELECT aw.final_below() - 1' },
    {
      sql: 'SELECT c.seq, c.subject FROM aw.changes c WHERE c.workspace = $1 AND c.seq > $2::int8 ORDER BY c.seq LIMIT $3::int8',
      values,
    },
    {
      sql: 'SELECT t.seq, t.id FROM aw.asset_touches t WHERE t.workspace = $1 AND t.seq > $2::int8 ORDER BY t.seq LIMIT $3::int8',
      values,
    },
  ]);
  const ids = new Set(touches.map(([, id]) => keyOf(id)));
  for (const [, subject] of changes) {
    const text = keyOf(subject);
    if (text.startsWith(assetPrefix)) ids.add(text.slice(assetPrefix.length));
  }
  const full = [changes, touches].filter((rows) => rows.length === rowsPerStep);
  const read = full.map((rows) => BigInt(textOf(rows.at(-1)?.[0])));
  const place = [BigInt(textOf(finals[0]?.[0])), ...read].reduce((least, one) => (one < least ? one : least));
  const moved = place > BigInt(space.place);
  await bring(parts, step, { ids: [...ids], notes: moved ? { place: String(place) } : {} });
  if (full.length === 0) return 'idle';
  // Nothing of what was read is final yet: it is soon.
  return moved ? 'more' : 'elsewhere';
}

async function sweep(parts: StepParts, step: Step): Promise<StepResult> {
  const { workspaceId, space } = step;
  const [there = []] = await step.ask([
    {
      sql: `SELECT r.id, r.version, r.created_at, r.updated_at FROM aw.resources r
        WHERE r.type = 'asset' AND r.workspace = $1 AND r.id > $2 ORDER BY r.id LIMIT $3::int8`,
      values: [storable(workspaceId), storable(space.swept), String(rowsPerStep)],
    },
  ]);
  const end = there.length < rowsPerStep ? null : keyOf(there.at(-1)?.[0]);
  // What the index has in the same stretch. Many that are gone are taken out in as many sweeps.
  const [indexed = []] = await step.ask([
    {
      sql: `SELECT d.id, d.version, d.created_at, d.updated_at FROM aw.search_docs d
        WHERE d.workspace = $1 AND d.id > $2 AND ($3 = '' OR d.id <= $3) ORDER BY d.id LIMIT $4::int8`,
      values: [storable(workspaceId), storable(space.swept), storable(end ?? ''), String(rowsPerStep * 4)],
    },
  ]);
  const has = new Map(indexed.map((row) => [keyOf(row[0]), versionOf(row)]));
  const ids: string[] = [];
  for (const row of there) {
    const id = keyOf(row[0]);
    const version = has.get(id);
    if (version === undefined || !isSame(version, versionOf(row))) ids.push(id);
    has.delete(id);
  }
  ids.push(...has.keys());
  await bring(parts, step, { ids, notes: end === null ? { swept: '', built: true } : { swept: end } });
  return end === null ? 'idle' : 'more';
}

function versionOf([, version, createdAt, updatedAt]: Row): Pick<
  IndexedDoc,
  'version' | 'createdAtMs' | 'updatedAtMs'
> {
  return { version: numberOf(version), createdAtMs: numberOf(createdAt), updatedAtMs: numberOf(updatedAt) };
}

/** Brings these assets to what they are now, notes how far the index has come, and commits. */
async function bring(
  parts: StepParts,
  { workspaceId, space, ask }: Step,
  { ids, notes }: { readonly ids: readonly string[]; readonly notes: Notes },
): Promise<void> {
  const batch = ids.length === 0 ? null : await batchOf(parts, { workspaceId, space, ask }, ids);
  const changes = batch !== null && (batch.written.length > 0 || batch.removed.length > 0);
  if (changes) await writeBatch({ workspaceId, space, ask }, batch);
  const { place = space.place, built = space.built, swept = space.swept } = notes;
  const noted: Statement = {
    sql: `UPDATE aw.search_spaces SET next_doc = $2::int8, place = $3::int8, built = $4::bool, swept = $5, read_at = $6::int8
      WHERE workspace = $1`,
    values: [
      storable(workspaceId),
      String(batch?.nextDoc ?? space.nextDoc),
      place,
      String(built),
      storable(swept),
      String(parts.nowMs()),
    ],
  };
  await ask([...(changes || Object.keys(notes).length > 0 ? [noted] : []), { sql: 'COMMIT' }]);
}

/** A handful after the other: each is worked on without a pause for the loop. */
async function writeBatch({ workspaceId, ask }: Step, batch: IndexBatch): Promise<void> {
  for (const deltas of slices([...batch.sets.values()], setsPerSlice)) {
    const [rows = []] = await ask([setsQuery(workspaceId, deltas)]);
    await ask(setWrites(workspaceId, deltas, rows));
  }
  for (const deltas of slices([...batch.blocks.values()], blocksPerSlice)) {
    const [rows = []] = await ask([blocksQuery(workspaceId, deltas)]);
    await ask(blockWrites(workspaceId, deltas, rows));
  }
  await ask(docWrites(workspaceId, batch));
}

function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

async function batchOf(
  { turn }: StepParts,
  { workspaceId, space, ask }: Step,
  ids: readonly string[],
): Promise<IndexBatch> {
  const [indexed = [], present = []] = await ask([
    docsQuery(workspaceId, ids),
    {
      sql: `SELECT r.id, r.version, r.alias, r.created_at, r.updated_at, r.state FROM unnest($2::text[]) u (id)
        CROSS JOIN LATERAL (SELECT * FROM aw.resources o WHERE o.type = 'asset' AND o.workspace = $1 AND o.id = u.id LIMIT 1) r`,
      values: [storable(workspaceId), keys(ids)],
    },
  ]);
  const rows = new Map(present.map((row) => [keyOf(row[0]), row]));
  const making = createIndexBatch(new Map(indexed.map(indexedDoc).map((doc) => [doc.id, doc])), space.nextDoc);
  // Numbers are given in the order of creation, as far as it is known.
  for (const [at, id] of [...ids].sort().entries()) {
    const row = rows.get(id);
    making.take(row === undefined ? { id, subject: null } : itemOf(id, row));
    if (at % assetsPerTurn === assetsPerTurn - 1) await new Promise<void>((resolve) => turn(resolve));
  }
  return making.end();
}

function itemOf(id: string, [, version, alias, createdAt, updatedAt, state]: Row): IndexItem {
  const external = keyOrNull(alias ?? null);
  return {
    id,
    subject: {
      id,
      version: numberOf(version),
      ...(external === null ? {} : { alias: external }),
      createdAtMs: numberOf(createdAt),
      updatedAtMs: numberOf(updatedAt),
      state: stateOf(textOf(state)),
    },
  };
}

/** A damaged state is found by nothing. */
function stateOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    if (isDamage(error)) return {};
    throw error;
  }
}

/**
 * What upkeep does for the indexes: those that are behind follow, so that no search has to take in a month; those that nobody
 * went on making are made; one after another is compared with its assets, some of them each time; touches that are read go.
 */
import { keys, storable } from '../parameters.ts';
import type { Statement } from '../pipeline.ts';
import { keyOf } from '../rows.ts';
import type { IndexSteps } from './index-steps.ts';

export type IndexChores = {
  readonly steps: IndexSteps;
  /** Rows of a statement of its own transaction. */
  readonly ask: (statement: Statement) => Promise<readonly (readonly (string | null)[])[]>;
  /** How long changes are kept. */
  readonly keepMs: number;
};

const spacesPerRun = 200;
const touchesPerStep = 2_000;
const dayMs = 24 * 3_600_000;

export type IndexUpkeep = { chores(nowMs: number): AsyncGenerator<undefined, void> };

export function createIndexUpkeep({ steps, ask, keepMs }: IndexChores): IndexUpkeep {
  /** The workspace that was compared last. */
  let compared = '';

  async function* chores(nowMs: number): AsyncGenerator<undefined, void> {
    // Changes may have left that it has not read: everything has to be looked at.
    await ask({
      sql: `WITH gap AS (UPDATE aw.search_spaces SET built = false, swept = '', place = aw.final_below() - 1, read_at = $2::int8
        WHERE read_at < $1::int8 RETURNING 1) SELECT count(*) FROM gap`,
      values: [String(nowMs - keepMs + dayMs), String(nowMs)],
    });
    for (const { workspaceId, built } of await owing(nowMs)) {
      while ((await steps.follow(workspaceId)) === 'more') yield;
      if (!built) while ((await steps.sweep(workspaceId)) === 'more') yield;
      yield;
    }
    yield* compare();
    yield* forgetTouches();
  }
  const owing = async (
    nowMs: number,
  ): Promise<readonly { readonly workspaceId: string; readonly built: boolean }[]> => {
    const rows = await ask({
      sql: `SELECT s.workspace, s.built FROM aw.search_spaces s
        WHERE NOT s.built OR s.read_at < $1::int8
          OR EXISTS (SELECT 1 FROM aw.changes c WHERE c.workspace = s.workspace AND c.seq > s.place
            AND c.subject >= 'asset:' AND c.subject < 'asset;')
          OR EXISTS (SELECT 1 FROM aw.asset_touches t WHERE t.workspace = s.workspace AND t.seq > s.place)
        ORDER BY s.workspace LIMIT $2::int8`,
      values: [String(nowMs - dayMs), String(spacesPerRun)],
    });
    return rows.map(([workspace, built]) => ({ workspaceId: keyOf(workspace ?? ''), built: built === 't' }));
  };
  async function* compare(): AsyncGenerator<undefined, void> {
    const [row] = await ask({
      sql: `SELECT s.workspace FROM aw.search_spaces s WHERE s.built
        ORDER BY (s.workspace <= $1), s.workspace LIMIT 1`,
      values: [storable(compared)],
    });
    if (row === undefined) return;
    compared = keyOf(row[0] ?? '');
    await steps.sweep(compared);
    yield;
  }
  async function* forgetTouches(): AsyncGenerator<undefined, void> {
    for (;;) {
      const rows = await ask({
        sql: `SELECT t.workspace, t.seq FROM aw.asset_touches t
          WHERE NOT EXISTS (SELECT 1 FROM aw.search_spaces s WHERE s.workspace = t.workspace AND s.place < t.seq) LIMIT $1::int8`,
        values: [String(touchesPerStep)],
      });
      if (rows.length === 0) return;
      await ask({
        sql: `DELETE FROM aw.asset_touches WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM unnest($1::text[], $2::text[]) u (workspace, seq)
          CROSS JOIN LATERAL (SELECT ctid FROM aw.asset_touches o
            WHERE o.workspace = u.workspace AND o.seq = u.seq::int8 LIMIT 1) t))`,
        values: [keys(rows.map(([workspace]) => keyOf(workspace ?? ''))), keys(rows.map(([, seq]) => seq ?? ''))],
      });
      yield;
      if (rows.length < touchesPerStep) return;
    }
  }
  return { chores };
}

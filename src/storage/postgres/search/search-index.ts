/**
 * Lists and search of assets, by the index where it helps. The index of a workspace is made at its first search that needs
 * one and kept from then on; until it is made searches walk through the store (read-assets.ts) in pages. A search takes in
 * what was written before it began, so it shows that; where there is too much of it, it says so (`complete` false).
 */
import { limits } from '../../../core/limits.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { CursorCodec } from '../../cursor.ts';
import { beingMade, pageOfIndex, wayOf } from '../../search-walks.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import type { ListAsk } from '../list-ask.ts';
import { storable } from '../parameters.ts';
import { listAssets } from '../read-assets.ts';
import { numberOf } from '../rows.ts';
import type { IndexKeeper } from './index-keeper.ts';
import { searchPage } from './search-pages.ts';

export type SearchParts = {
  readonly ask: ListAsk;
  readonly cursors: CursorCodec;
  readonly keeper: IndexKeeper;
  /** Measures and waits; real even where the clock is held. */
  readonly pacing: Clock;
};

export type AssetSearch = (query: AssetQuery) => Promise<AssetPage>;

/** Where an index could not be brought up in time, searches do not wait for it for so long: they would all wait in vain. */
const notWaitedForMs = 1_000;

export function createAssetSearch({ ask, cursors, keeper, pacing }: SearchParts): AssetSearch {
  const pages = { ask, cursors, monotonicMs: () => pacing.monotonicMs() };
  let inVainAtMs = Number.NEGATIVE_INFINITY;

  /** Whether everything that was written is in the index. */
  const upToDate = async (workspaceId: string, behind: boolean): Promise<boolean> => {
    if (!behind) return true;
    if (pacing.monotonicMs() - inVainAtMs < notWaitedForMs) return false;
    const reached = await keeper.catchUp(workspaceId, limits.searchCatchUpMs);
    if (!reached) inVainAtMs = pacing.monotonicMs();
    return reached;
  };
  /** Null where there is no index that could answer. */
  const byIndex = async (query: AssetQuery): Promise<AssetPage | null> => {
    const { workspaceId } = query;
    let space = await readSpace(ask, workspaceId);
    if (space?.built !== true) {
      // A small workspace has its index before anybody notices.
      await keeper.make(workspaceId, limits.searchCatchUpMs);
      space = await readSpace(ask, workspaceId);
      if (space?.built !== true) return null;
    }
    const complete = await upToDate(workspaceId, space.behind);
    const docs = space.behind ? ((await readSpace(ask, workspaceId))?.docs ?? space.docs) : space.docs;
    return pageOfIndex(await searchPage(pages, query, docs), complete);
  };
  return async (query) => {
    const way = wayOf(query, cursors);
    if (way === 'walk') return listAssets(ask, cursors, query);
    const page = await byIndex(query);
    if (page !== null) return page;
    // A walk goes by ids and cannot go on where the index was.
    if (way === 'index') throw beingMade();
    return listAssets(ask, cursors, query);
  };
}

type Space = {
  readonly built: boolean;
  readonly docs: number;
  /** An asset has been written that may not be in the index. */
  readonly behind: boolean;
};

async function readSpace(ask: ListAsk, workspaceId: string): Promise<Space | null> {
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT s.built, s.next_doc,
          EXISTS (SELECT 1 FROM aw.changes c WHERE c.workspace = $1 AND c.seq > s.place
            AND c.subject >= 'asset:' AND c.subject < 'asset;')
          OR EXISTS (SELECT 1 FROM aw.asset_touches t WHERE t.workspace = $1 AND t.seq > s.place)
        FROM aw.search_spaces s WHERE s.workspace = $1`,
      values: [storable(workspaceId)],
    },
  ]);
  const [row] = rows;
  if (row === undefined) return null;
  return { built: row[0] === 't', docs: numberOf(row[1]), behind: row[2] === 't' };
}

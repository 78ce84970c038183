/**
 * Lists and search of assets, by the index where it helps. The index is made at the first search that needs one, and kept
 * from then on; until it is made, and where it cannot be, searches walk through the store (read-assets.ts) in pages.
 */
import { limits } from '../../../core/limits.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { createCursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import { createKeeperThread } from './keeper-thread.ts';
import { beingMade, wayOf } from '../../search-walks.ts';
import type { SearchAnswer, SearchAsk } from './search-reader.ts';

export type SearchIndex = {
  assets(query: AssetQuery): Promise<AssetPage>;
  /** Takes a workspace out that is gone from the store. */
  forget(workspaceId: string): Promise<void>;
  close(): Promise<void>;
};

export type SearchIndexParts = {
  readonly file: string;
  readonly cursorKey: Uint8Array;
  /** Measures and waits; real even where the clock is held. */
  readonly pacing: Clock;
  /** The walk through the store. */
  readonly walk: (query: AssetQuery) => Promise<AssetPage>;
  readonly search: (query: AssetQuery, ask: SearchAsk) => Promise<SearchAnswer>;
  /** Hears of an index that cannot be kept. */
  readonly failed: (error: Error) => void;
};

/** Where the index could not be brought up in time, searches do not wait for it for so long: they would all wait in vain. */
const notWaitedForMs = 1_000;

export function createSearchIndex(parts: SearchIndexParts): SearchIndex {
  const { pacing, walk, search } = parts;
  const cursors = createCursorCodec(parts.cursorKey);
  /**
   * A search that finds nothing, in an order that only the index has: who searches first need not wait until a reader is
   * started and has opened the index, which takes a tenth of a second and more.
   */
  const warm = async (): Promise<void> => {
    const state = await thread.state();
    const query = { workspaceId: '', limit: 1, order: 'name' } as const;
    if (state?.built === true) await search(query, { generation: state.generation, anyway: true });
  };
  // What is wrong with it shows again where somebody waits for it.
  const thread = createKeeperThread({ ...parts, opened: () => void warm().catch(() => undefined) });
  let caughtUpInVainAtMs = Number.NEGATIVE_INFINITY;

  /** Null where the index cannot answer. */
  const byIndex = async (query: AssetQuery): Promise<AssetPage | null> => {
    const state = await thread.state();
    if (state?.built !== true) return null;
    const { generation } = state;
    const waits = pacing.monotonicMs() - caughtUpInVainAtMs >= notWaitedForMs;
    const first = await search(query, { generation, anyway: !waits });
    if (first.kind === 'page') return first.page;
    if (first.kind === 'behind') {
      const reached = await thread.catchUp(first.head, limits.searchCatchUpMs, query.workspaceId);
      if (!reached) caughtUpInVainAtMs = pacing.monotonicMs();
      const second = await search(query, { generation, anyway: true });
      if (second.kind === 'page') return second.page;
    } else if (first.damaged) await thread.rebuild(generation);
    return null;
  };
  return {
    async assets(query) {
      const way = wayOf(query, cursors);
      if (way === 'walk') return walk(query);
      const page = await byIndex(query);
      if (page !== null) return page;
      // A walk goes by ids and cannot go on where the index was.
      if (way === 'index') throw beingMade();
      return walk(query);
    },
    forget: (workspaceId) => thread.forget(workspaceId),
    close: () => thread.close(),
  };
}

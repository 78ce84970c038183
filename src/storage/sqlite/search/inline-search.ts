/** Search of a store in memory: the index is made in memory too, and follows when it is asked. */
import type { DatabaseSync } from 'node:sqlite';
import { createCursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import { listAssets } from '../read-assets.ts';
import { createFollower, type Follower } from './follower.ts';
import { openSearchFile } from './search-file.ts';
import { wayOf } from '../../search-walks.ts';
import { createSearchPages, type SearchPages } from './search-pages.ts';

export type InlineSearchParts = {
  readonly db: DatabaseSync;
  readonly cursorKey: Uint8Array;
  readonly monotonicMs: () => number;
};

const sweptPerStep = 1_000;

export function createInlineSearch({
  db,
  cursorKey,
  monotonicMs,
}: InlineSearchParts): (query: AssetQuery) => AssetPage {
  const cursors = createCursorCodec(cursorKey);
  let open: { readonly follower: Follower; readonly pages: SearchPages } | null = null;
  const opened = (): { readonly follower: Follower; readonly pages: SearchPages } => {
    if (open !== null) return open;
    const index = openSearchFile(':memory:', '');
    open = {
      follower: createFollower(db, index),
      pages: createSearchPages({ store: db, index, cursors, monotonicMs }),
    };
    return open;
  };
  return (query) => {
    if (wayOf(query, cursors) === 'walk') return listAssets(db, cursors, query);
    const { follower, pages } = opened();
    while (follower.follow());
    while (!follower.built()) follower.sweep(sweptPerStep);
    return { ...pages.page(query), complete: true };
  };
}

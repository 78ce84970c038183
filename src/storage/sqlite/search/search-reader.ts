/** The index as a reader sees it: opened where there is one, asked in one snapshot, and told apart from a damaged one. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../../core/errors.ts';
import type { CursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import { pageOfIndex } from '../../search-walks.ts';
import { arrayStatement } from '../rows.ts';
import { faultOf } from '../sqlite-error.ts';
import { createFeed, type Feed } from './feed.ts';
import { type FeedPlace, hasReached } from './feed-page.ts';
import { readMeta } from './search-file.ts';
import { createSearchPages, type SearchPages } from './search-pages.ts';

export type SearchAnswer =
  | { readonly kind: 'page'; readonly page: AssetPage }
  /** Something is committed that is not in the index yet. */
  | { readonly kind: 'behind'; readonly head: FeedPlace }
  /** Not made yet, or damaged. */
  | { readonly kind: 'unusable'; readonly damaged: boolean };

/** `generation`: of the index file; another one has to be opened anew. `anyway`: also where the index is behind. */
export type SearchAsk = { readonly generation: number; readonly anyway: boolean };

export type SearchReader = {
  search(query: AssetQuery, ask: SearchAsk): SearchAnswer;
  close(): void;
};

export type SearchReaderParts = {
  readonly store: DatabaseSync;
  readonly file: string;
  readonly cursors: CursorCodec;
  readonly monotonicMs: () => number;
};

type Behind = { readonly feed: Feed; readonly place: FeedPlace; readonly head: FeedPlace };
type VersionOf = (workspaceId: string, id: string) => string;
/** For one index file. */
type Versions = { readonly of: DatabaseSync; readonly stored: VersionOf; readonly indexed: VersionOf };

/** Looked at one by one; where more was written the index is asked to catch up. */
const comparedMax = 500;
const storedSql = `SELECT r.version, r.created_at FROM workspaces w CROSS JOIN resources r
  WHERE w.id = ? AND r.type = 'asset' AND r.workspace = w.n AND r.id = ?`;
const indexedSql = `SELECT d.version, d.created_at FROM spaces s CROSS JOIN docs d
  WHERE s.id = ? AND d.space = s.n AND d.id = ?`;

/** Empty where it is not there. Of its creation too: what is made anew begins with version 1 again. */
function versionIn(db: DatabaseSync, sql: string): VersionOf {
  const select = arrayStatement(db, sql);
  return (workspaceId, id) => select.get(workspaceId, id)?.join(' ') ?? '';
}

type Open = { readonly db: DatabaseSync; readonly pages: SearchPages; readonly generation: number };

export function createSearchReader({ store, file, cursors, monotonicMs }: SearchReaderParts): SearchReader {
  let feed: Feed | null = null;
  let open: Open | null = null;
  let versions: Versions | null = null;
  const close = (): void => {
    if (open?.db.isOpen === true) open.db.close();
    open = null;
    versions = null;
  };
  const opened = (generation: number): Open | null => {
    if (open?.generation === generation) return open;
    close();
    if (!existsSync(file)) return null;
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
    db.exec('PRAGMA cache_size = -16384; PRAGMA query_only = ON');
    open = { db, generation, pages: createSearchPages({ store, index: db, cursors, monotonicMs }) };
    return open;
  };
  /** Whether what others have written lately is all that the index lacks. */
  const isIndexed = (db: DatabaseSync, workspaceId: string, at: Behind): boolean => {
    const written = at.feed.writtenIn(workspaceId, at.place, at.head);
    if (written === null || written.length > comparedMax) return false;
    if (versions?.of !== db)
      versions = { of: db, stored: versionIn(store, storedSql), indexed: versionIn(db, indexedSql) };
    const { stored, indexed } = versions;
    return written.every((id) => stored(workspaceId, id) === indexed(workspaceId, id));
  };
  const ask = (query: AssetQuery, { generation, anyway }: SearchAsk): SearchAnswer => {
    const there = opened(generation);
    if (there === null) return { kind: 'unusable', damaged: false };
    const { db, pages } = there;
    db.exec('BEGIN');
    try {
      if (readMeta(db, 'built') !== 1) return { kind: 'unusable', damaged: false };
      feed ??= createFeed(store);
      const head = feed.head();
      const place = { seq: Number(readMeta(db, 'seq')), touch: Number(readMeta(db, 'touch')) };
      const complete = hasReached(place, head) || isIndexed(db, query.workspaceId, { feed, place, head });
      if (!complete && !anyway) return { kind: 'behind', head };
      return { kind: 'page', page: pageOfIndex(pages.page(query), complete) };
    } finally {
      if (db.isTransaction) db.exec('COMMIT');
    }
  };
  return {
    search(query, asked) {
      try {
        return ask(query, asked);
      } catch (error) {
        // A damaged store shows in every read; here only the index is asked in ways of its own.
        if (error instanceof AssetwireError || faultOf(error).kind === 'item') throw error;
        close();
        return { kind: 'unusable', damaged: true };
      }
    },
    close,
  };
}

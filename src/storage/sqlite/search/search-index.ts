/**
 * Lists and search of assets, by the index where it helps. The index is made at the first search that needs one, and kept
 * from then on; until it is made, and where it cannot be, searches walk through the store (read-assets.ts) in pages.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { AssetwireError } from '../../../core/errors.ts';
import { limits } from '../../../core/limits.ts';
import { searchOf } from '../../../core/search-expression.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { startThread } from '../../../runtime/start-thread.ts';
import { createCursorCodec, type CursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../storage.ts';
import { createThreadCalls, type ThreadCalls } from '../thread-call.ts';
import { threadEntry } from '../thread-entry.ts';
import type { FeedPlace } from './feed.ts';
import type { KeeperState } from './index-keeper.ts';
import { searchFileOf } from './search-file.ts';
import { cursorScope, indexCursor } from './search-pages.ts';
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

/** How long a first search waits for an index that is soon made. */
const firstWaitMs = 1_000;
/** An index that is there is followed from here on, when the start of everything else is over. */
const startAfterMs = 1_000;
/** Where the index could not be brought up in time, searches do not wait for it for so long: they would all wait in vain. */
const notWaitedForMs = 1_000;
const restartAfterMs = 30_000;

type Keeping = {
  readonly worker: Worker;
  readonly calls: ThreadCalls;
  state: KeeperState;
  opened: Promise<void>;
  /** Its state has been asked for. */
  asking: boolean;
};

export function createSearchIndex(parts: SearchIndexParts): SearchIndex {
  const { file, pacing, walk, search } = parts;
  const cursors = createCursorCodec(parts.cursorKey);
  const storeId = createHash('sha256').update('search').update(parts.cursorKey).digest('hex').slice(0, 32);
  let keeping: Keeping | null = null;
  let failedAtMs: number | null = null;
  let failedToCatchUpAtMs = Number.NEGATIVE_INFINITY;
  let closed = false;

  const start = (): Keeping => {
    const worker = startThread(threadEntry('search-thread'), 'assetwire-search');
    const calls = createThreadCalls(worker, (error) => {
      if (closed) return;
      keeping = null;
      failedAtMs = pacing.monotonicMs();
      parts.failed(error);
    });
    const made: Keeping = {
      worker,
      calls,
      state: { generation: 0, built: false },
      opened: Promise.resolve(),
      asking: false,
    };
    const open = async (): Promise<void> => {
      try {
        made.state = (await calls.call('open', file, storeId)) as KeeperState;
        if (!made.state.built) await catchUp(made, null, firstWaitMs);
      } catch (error) {
        if (keeping === made) keeping = null;
        failedAtMs = pacing.monotonicMs();
        if (!closed) parts.failed(error instanceof Error ? error : new Error(String(error)));
        await worker.terminate();
      }
    };
    made.opened = open();
    return made;
  };
  /** Waits on this side too: on a machine that is busy the other thread may be late to notice that the time is over. */
  const catchUp = async (kept: Keeping, head: FeedPlace | null, withinMs: number): Promise<void> => {
    const answered = kept.calls.call('catchUp', head, withinMs).then((answer) => {
      const { reached, ...state } = answer as KeeperState & { readonly reached: boolean };
      kept.state = state;
      return reached;
    });
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = pacing.timer(withinMs, () => resolve(false));
    try {
      const reached = await Promise.race([answered, late]);
      if (!reached) failedToCatchUpAtMs = pacing.monotonicMs();
    } finally {
      timer.cancel();
      // Who waits no longer must not end the process when the thread does.
      answered.catch(() => undefined);
    }
  };
  /** Started where it is not, unless it failed a moment ago. */
  const current = (): Keeping | null => {
    if (keeping !== null || closed) return keeping;
    if (failedAtMs !== null && pacing.monotonicMs() - failedAtMs < restartAfterMs) return null;
    keeping = start();
    return keeping;
  };
  const later = existsSync(searchFileOf(file)) ? pacing.timer(startAfterMs, () => void current()) : null;

  /** Nobody waits for it: the thread is in the middle of making the index. */
  const askState = (kept: Keeping): void => {
    if (kept.asking) return;
    kept.asking = true;
    kept.calls.call('state').then(
      (state) => {
        kept.state = state as KeeperState;
        kept.asking = false;
      },
      // The thread has ended, which its end tells.
      () => undefined,
    );
  };
  /** Null where the index cannot answer. */
  const byIndex = async (query: AssetQuery): Promise<AssetPage | null> => {
    const kept = current();
    if (kept === null) return null;
    await kept.opened;
    if (keeping !== kept) return null;
    if (!kept.state.built) {
      askState(kept);
      return null;
    }
    const waits = pacing.monotonicMs() - failedToCatchUpAtMs >= notWaitedForMs;
    const first = await search(query, { generation: kept.state.generation, anyway: !waits });
    if (first.kind === 'page') return first.page;
    if (first.kind === 'behind') {
      await catchUp(kept, first.head, limits.searchCatchUpMs);
      const second = await search(query, { generation: kept.state.generation, anyway: true });
      if (second.kind === 'page') return second.page;
    } else if (first.damaged) kept.state = (await kept.calls.call('rebuild')) as KeeperState;
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
    async forget(workspaceId) {
      const kept = existsSync(searchFileOf(file)) ? current() : null;
      if (kept === null) return;
      await kept.opened;
      if (keeping === kept) await kept.calls.call('forget', workspaceId);
    },
    async close() {
      closed = true;
      later?.cancel();
      if (keeping === null) return;
      await keeping.opened;
      await keeping.calls.call('close').catch(() => undefined);
      await keeping.worker.terminate();
    },
  };
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

function beingMade(): AssetwireError {
  return new AssetwireError('not_ready', {
    detail: 'The search index must be made before the list can go on: it is being made',
    mend: 'Try again in a moment, or begin again without a cursor',
    retryAfterSeconds: 5,
  });
}

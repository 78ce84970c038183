/**
 * Keeps the index on a thread of its own, at low priority. It works in steps of some tens of milliseconds: first what a
 * search waits for, then what was written, then the sweep that makes or verifies the index. What goes wrong with the
 * index's file is mended by making it anew; what goes wrong with the store is tried again later.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../runtime/clock.ts';
import type { Turn } from '../../../runtime/turn.ts';
import { faultOf } from '../sqlite-error.ts';
import type { FeedPlace } from './feed-page.ts';
import { createFollower, type Follower } from './follower.ts';
import { closeSearchFile, openSearchFile, removeSearchFile } from './search-file.ts';

export type KeeperParts = {
  readonly file: string;
  readonly searchFile: string;
  /** Tells this store from another. */
  readonly storeId: string;
  readonly clock: Clock;
  readonly turn: Turn;
};

export type KeeperState = { readonly generation: number; readonly built: boolean };

export type Keeper = {
  state(): KeeperState;
  /**
   * Waits until everything up to `head` is in the index, of the workspace where one is named, or the time is over; true
   * where it is.
   */
  catchUp(head: FeedPlace | null, withinMs: number, workspaceId?: string): Promise<boolean>;
  forget(workspaceId: string): Promise<void>;
  /** Throws the file away and makes it anew. */
  rebuild(): void;
  close(): void;
};

/** What was written in between is taken in together. */
const followEveryMs = 300;
/** A store of a million assets is verified in about an hour and a half. */
const verifyEveryMs = 1_000;
const verifiedPerStep = 200;
const sweptPerStep = 500;
const retryAfterMs = 2_000;
/** Searches that are let through before a step of following. */
const preferredPerStep = 4;
/** What was taken out lies in the log until that is folded into the file: not for longer than this, once there is time. */
const foldEveryMs = 10_000;

type Waiting = {
  readonly head: FeedPlace | null;
  readonly endMs: number;
  readonly workspaceId?: string;
  readonly resolve: (reached: boolean) => void;
};
type Opened = { readonly store: DatabaseSync; readonly index: DatabaseSync; readonly follower: Follower };

export function createKeeper({ file, searchFile, storeId, clock, turn }: KeeperParts): Keeper {
  let generation = 1;
  let opened: Opened | null = open();
  let waiting: Waiting[] = [];
  let forgetting: { readonly workspaceId: string; readonly resolve: () => void }[] = [];
  let closed = false;
  let timer: { cancel(): void } | null = null;
  let running = false;
  let verifiedAtMs = 0;
  let foldedAtMs = 0;
  let unfolded = false;

  function open(): Opened {
    const store = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      store.exec('PRAGMA cache_size = -8192; PRAGMA query_only = ON');
      const index = openSearchFile(searchFile, storeId);
      return { store, index, follower: createFollower(store, index) };
    } catch (error) {
      store.close();
      throw error;
    }
  }
  function shut(): void {
    if (opened === null) return;
    opened.store.close();
    if (opened.index.isOpen) opened.index.close();
    opened = null;
  }
  function rebuild(): void {
    shut();
    removeSearchFile(searchFile);
    generation += 1;
    opened = open();
    wake();
  }
  function settle(follower: Follower): void {
    if (waiting.length === 0) return;
    const now = clock.monotonicMs();
    const built = follower.built();
    waiting = waiting.filter(({ head, endMs, resolve }) => {
      const reached = built && (head === null || follower.reached(head));
      if (!reached && now < endMs) return true;
      resolve(reached);
      return false;
    });
  }
  /** Who waits for one workspace need not wait for all that the others write. */
  function preferWaiting(follower: Follower): void {
    if (waiting.length === 0 || !follower.built()) return;
    const done = new Map<string, boolean>();
    waiting = waiting.filter(({ head, workspaceId, resolve }) => {
      if (workspaceId === undefined || head === null || done.size >= preferredPerStep) return true;
      const known = done.get(workspaceId);
      const isIn = known ?? follower.prefer(workspaceId, head);
      // Another search of it may have begun later, and waits for more.
      done.set(workspaceId, false);
      if (!isIn) return true;
      unfolded = true;
      resolve(true);
      return false;
    });
  }
  /** One step; how long to rest after it. */
  function step({ follower, index }: Opened): number {
    const startedMs = clock.monotonicMs();
    const gone = forgetting[0];
    if (gone !== undefined) {
      if (follower.forget(gone.workspaceId)) {
        forgetting = forgetting.slice(1);
        gone.resolve();
      }
      return 0;
    }
    preferWaiting(follower);
    const followed = follower.follow();
    settle(follower);
    unfolded ||= followed;
    if (followed) return waiting.length > 0 ? 0 : clock.monotonicMs() - startedMs;
    if (!follower.built()) {
      follower.sweep(sweptPerStep);
      unfolded = true;
      settle(follower);
      return 0;
    }
    if (clock.monotonicMs() - verifiedAtMs >= verifyEveryMs) {
      verifiedAtMs = clock.monotonicMs();
      unfolded = follower.sweep(verifiedPerStep).mended > 0 || unfolded;
    }
    if (unfolded && clock.monotonicMs() - foldedAtMs >= foldEveryMs) {
      foldedAtMs = clock.monotonicMs();
      unfolded = false;
      index.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
    return followEveryMs;
  }
  function run(): void {
    running = false;
    if (closed) return;
    let restMs = retryAfterMs;
    try {
      opened ??= open();
      restMs = step(opened);
    } catch (error) {
      restMs = mend(error);
    }
    if (waiting.length > 0) restMs = Math.min(restMs, 5);
    next(restMs);
  }
  /** A fault of the index's file, or in what is in it, is mended by another file; a busy or full disk by time. */
  function mend(error: unknown): number {
    for (const { resolve } of waiting) resolve(false);
    waiting = [];
    const { kind } = faultOf(error);
    if (kind === 'item' && !(error instanceof Error && 'errcode' in error)) throw error;
    shut();
    if (kind === 'failed' || kind === 'item') {
      removeSearchFile(searchFile);
      generation += 1;
    }
    return retryAfterMs;
  }
  function next(restMs: number): void {
    if (closed || running) return;
    running = true;
    if (restMs <= 0) turn(run);
    else timer = clock.timer(restMs, run);
  }
  function wake(): void {
    timer?.cancel();
    running = false;
    next(0);
  }
  wake();
  return {
    state: () => ({ generation, built: opened?.follower.built() ?? false }),
    catchUp: (head, withinMs, workspaceId) =>
      new Promise((resolve) => {
        const endMs = clock.monotonicMs() + withinMs;
        waiting.push({ head, endMs, resolve, ...(workspaceId === undefined ? {} : { workspaceId }) });
        wake();
      }),
    forget: (workspaceId) =>
      new Promise((resolve) => {
        forgetting.push({ workspaceId, resolve });
        wake();
      }),
    rebuild,
    close() {
      closed = true;
      timer?.cancel();
      for (const { resolve } of waiting) resolve(false);
      if (opened === null) return;
      opened.store.close();
      closeSearchFile(opened.index);
      opened = null;
    },
  };
}

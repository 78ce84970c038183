/** The keeper's thread, from this side: started at the first need, watched, and started again where it ended by itself. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../../runtime/clock.ts';
import { startThread } from '../../../runtime/start-thread.ts';
import { createThreadCalls, type ThreadCalls } from '../../thread-call.ts';
import { threadEntry } from '../thread-entry.ts';
import type { FeedPlace } from './feed-page.ts';
import type { KeeperState } from './index-keeper.ts';
import { searchFileOf } from './search-file.ts';

export type KeeperThread = {
  /** As far as it is known here, without waiting for a step of the thread; null where there is no keeper. Starts it. */
  state(): Promise<KeeperState | null>;
  /** Waits until everything of a workspace up to `head` is in the index, or the time is over; true where it is. */
  catchUp(head: FeedPlace, withinMs: number, workspaceId: string): Promise<boolean>;
  /** Throws the index away, if it is still this one. */
  rebuild(generation: number): Promise<void>;
  /** Takes a workspace out that is gone from the store. */
  forget(workspaceId: string): Promise<void>;
  close(): Promise<void>;
};

export type KeeperThreadParts = {
  readonly file: string;
  readonly cursorKey: Uint8Array;
  /** Measures and waits; real even where the clock of the store is held. */
  readonly pacing: Clock;
  /** Hears of an index that cannot be kept. */
  readonly failed: (error: Error) => void;
  /** An index that was there has been opened, before anybody asked for it. */
  readonly opened: () => void;
};

/** How long a first search waits for an index that is soon made. */
const firstWaitMs = 1_000;
/** An index that is there is followed from here on, when the start of everything else is over. */
const startAfterMs = 1_000;
const restartAfterMs = 30_000;
/** Measured while an index is made: 180 MB less than without, at the same CPU. */
const youngMib = 16;

/** One life of the thread. */
type Keeping = {
  readonly worker: Worker;
  readonly calls: ThreadCalls;
  state: KeeperState;
  opened: Promise<void>;
  /** Its state has been asked for. */
  asking: boolean;
};

export function createKeeperThread({ file, cursorKey, pacing, failed, ...parts }: KeeperThreadParts): KeeperThread {
  const storeId = createHash('sha256').update('search').update(cursorKey).digest('hex').slice(0, 32);
  let keeping: Keeping | null = null;
  let failedAtMs: number | null = null;
  let closed = false;
  const ended = (kept: Keeping | null, error: Error): void => {
    if (closed || (kept !== null && keeping !== kept)) return;
    keeping = null;
    failedAtMs = pacing.monotonicMs();
    failed(error);
  };
  const start = (): Keeping => {
    const worker = startThread(threadEntry('search-thread'), 'assetwire-search', youngMib);
    const calls = createThreadCalls(worker, (error) => ended(null, error));
    const state = { generation: 0, built: false };
    const made: Keeping = { worker, calls, state, opened: Promise.resolve(), asking: false };
    made.opened = openKeeper(made, { file, storeId, pacing }).catch(async (error: unknown) => {
      ended(made, error instanceof Error ? error : new Error(String(error)));
      await worker.terminate();
    });
    return made;
  };
  /** Started where it is not, unless it failed a moment ago. */
  const current = (): Keeping | null => {
    if (keeping !== null || closed) return keeping;
    if (failedAtMs !== null && pacing.monotonicMs() - failedAtMs < restartAfterMs) return null;
    keeping = start();
    return keeping;
  };
  const opened = async (): Promise<Keeping | null> => {
    const kept = current();
    if (kept === null) return null;
    await kept.opened;
    return keeping === kept ? kept : null;
  };
  const openEarly = async (): Promise<void> => {
    if ((await opened())?.state.built === true) parts.opened();
  };
  const later = existsSync(searchFileOf(file)) ? pacing.timer(startAfterMs, () => void openEarly()) : null;
  return {
    async state() {
      const kept = await opened();
      if (kept !== null && !kept.state.built) askState(kept);
      return kept?.state ?? null;
    },
    async catchUp(head, withinMs, workspaceId) {
      const kept = await opened();
      return kept === null ? false : catchUp(kept, { head, withinMs, workspaceId, pacing });
    },
    async rebuild(generation) {
      const kept = await opened();
      if (kept?.state.generation === generation) kept.state = (await kept.calls.call('rebuild')) as KeeperState;
    },
    async forget(workspaceId) {
      const kept = existsSync(searchFileOf(file)) ? await opened() : null;
      await kept?.calls.call('forget', workspaceId);
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

type Opening = { readonly file: string; readonly storeId: string; readonly pacing: Clock };

async function openKeeper(kept: Keeping, { file, storeId, pacing }: Opening): Promise<void> {
  kept.state = (await kept.calls.call('open', file, storeId)) as KeeperState;
  if (!kept.state.built) await catchUp(kept, { head: null, withinMs: firstWaitMs, pacing });
}

type CatchingUp = {
  readonly head: FeedPlace | null;
  readonly withinMs: number;
  readonly workspaceId?: string;
  readonly pacing: Clock;
};

/** Waits on this side too: on a machine that is busy the other thread may be late to notice that the time is over. */
async function catchUp(kept: Keeping, { head, withinMs, workspaceId, pacing }: CatchingUp): Promise<boolean> {
  const answered = kept.calls.call('catchUp', head, withinMs, workspaceId).then((answer) => {
    const { reached, ...state } = answer as KeeperState & { readonly reached: boolean };
    kept.state = state;
    return reached;
  });
  // Who waits no longer must not end the process when the thread does.
  answered.catch(() => undefined);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = pacing.timer(withinMs, () => resolve(false));
  try {
    return await Promise.race([answered, late]);
  } finally {
    timer.cancel();
  }
}

/** Nobody waits for it: the thread is in the middle of making the index. */
function askState(kept: Keeping): void {
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
}

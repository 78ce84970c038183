/**
 * The steps of `index-steps.ts` on a thread of their own, at low priority and over connections of its own: to cut a thousand
 * assets into terms takes most of a second, which neither requests nor deliveries may wait for. Started at the first need,
 * and again where it ended by itself; while there is none, nobody works on an index, and searches say that they may miss
 * something.
 */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../../runtime/clock.ts';
import { startThread } from '../../../runtime/start-thread.ts';
import { createThreadCalls, type ThreadCalls } from '../../thread-call.ts';
import type { SearchThreadSettings } from '../search-thread.ts';
import type { IndexSteps, StepResult } from './index-steps.ts';

export type ThreadSteps = IndexSteps & {
  /** Starts it where it is not; resolves when it can work, or will not. */
  ready(): Promise<void>;
  close(): Promise<void>;
};

export type ThreadStepsParts = {
  readonly settings: SearchThreadSettings;
  readonly nowMs: () => number;
  /** Measures and waits; real even where the clock of the store is held. */
  readonly pacing: Clock;
  /** Hears of a thread that ended by itself. */
  readonly failed: (error: Error) => void;
  /** The thread's code; a test gives one that breaks. */
  readonly entry?: URL;
};

const restartAfterMs = 30_000;
/** How long the end waits for what is under way; it is rolled back then. */
const closeWithinMs = 1_000;
/** Room for what is new: a batch makes much and keeps little. */
const youngMib = 16;

const threadEntry = new URL(`../search-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/** One life of the thread. */
type Life = { readonly worker: Worker; readonly calls: ThreadCalls; opened: Promise<void>; ended: boolean };

export function createThreadSteps(parts: ThreadStepsParts): ThreadSteps {
  const { settings, nowMs, pacing, failed, entry = threadEntry } = parts;
  let life: Life | null = null;
  let failedAtMs: number | null = null;
  let closed = false;

  const start = (): Life => {
    const worker = startThread(entry, 'assetwire-search', youngMib);
    const made: Life = {
      worker,
      calls: createThreadCalls(worker, (error) => {
        made.ended = true;
        if (closed) return;
        if (life === made) life = null;
        failedAtMs = pacing.monotonicMs();
        failed(error);
      }),
      opened: Promise.resolve(),
      ended: false,
    };
    // A thread that does not open ends, which is told above.
    made.opened = made.calls.call('open', settings).then(
      () => undefined,
      () => undefined,
    );
    return made;
  };
  const current = (): Life | null => {
    if (life !== null || closed) return life;
    if (failedAtMs !== null && pacing.monotonicMs() - failedAtMs < restartAfterMs) return null;
    life = start();
    return life;
  };
  const call = async (name: keyof IndexSteps, workspaceId: string): Promise<StepResult> => {
    const on = current();
    if (on === null) return 'elsewhere';
    try {
      return (await on.calls.call(name, workspaceId, nowMs())) as StepResult;
    } catch (error) {
      // Not the database's doing: the step is taken again by the next thread.
      if (on.ended) return 'elsewhere';
      throw error;
    }
  };
  return {
    async begin(workspaceId) {
      await call('begin', workspaceId);
    },
    follow: (workspaceId) => call('follow', workspaceId),
    sweep: (workspaceId) => call('sweep', workspaceId),
    ready: () => current()?.opened ?? Promise.resolve(),
    async close() {
      closed = true;
      if (life === null) return;
      const { worker, calls } = life;
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = pacing.timer(closeWithinMs, resolve);
      await Promise.race([calls.call('close').catch(() => undefined), late]);
      timer.cancel();
      await worker.terminate();
    },
  };
}

/**
 * When this process works on indexes, by its thread for them: at once for a search that waits, in the background for one that is being made, and with
 * upkeep for all of them. Processes that share a store take turns by the row of the workspace; none of them has to.
 */
import type { Clock } from '../../../runtime/clock.ts';
import type { StepResult } from './index-steps.ts';
import type { ThreadSteps } from './thread-steps.ts';

export type IndexKeeper = {
  /**
   * Takes in what was written before the call; true where that was done in time, false where it was not or the workspace has
   * no index. What is begun goes on.
   */
  catchUp(workspaceId: string, withinMs: number): Promise<boolean>;
  /** Begins to make the index of a workspace, unless it is being made. Resolves once it is made, or the time is over. */
  make(workspaceId: string, withinMs: number): Promise<void>;
  close(): void;
};

export type KeeperParts = {
  readonly steps: Omit<ThreadSteps, 'close'>;
  readonly pacing: Clock;
  /** Hears of what goes wrong apart from any search. */
  readonly failed: (error: unknown) => void;
};

/** Where another process is at it, it is asked again so soon. */
const elsewhereMs = 10;
/** One that is making an index is left to it. */
const makingElsewhereMs = 500;
/** How long a search waits for the thread to start, beside the time it has for the index. */
const startWaitMs = 1_000;

type Pause = (ms: number) => Promise<void>;
type Following = { readonly steps: KeeperParts['steps']; readonly rest: Pause; readonly closed: () => boolean };

/** Brings workspaces up to date, one run at a time each; a call begins or waits for a run that begins after it. */
function createFollowing({ steps, rest, closed }: Following): (workspaceId: string) => Promise<boolean> {
  /** What is going on for a workspace: the run under way, and the one behind it, which those wait for who come now. */
  const runs = new Map<string, { current: Promise<boolean>; next: Promise<boolean> | null }>();
  const follow = async (workspaceId: string): Promise<boolean> => {
    for (;;) {
      if (closed()) return false;
      const result = await steps.follow(workspaceId);
      if (result === 'idle') return true;
      if (result === 'none') return false;
      if (result === 'elsewhere') await rest(elsewhereMs);
    }
  };
  const started = (workspaceId: string): Promise<boolean> => {
    const current = follow(workspaceId).finally(() => {
      const run = runs.get(workspaceId);
      if (run?.next === null || run === undefined) runs.delete(workspaceId);
      else runs.set(workspaceId, { current: run.next, next: null });
    });
    return current;
  };
  return (workspaceId) => {
    const run = runs.get(workspaceId);
    if (run === undefined) {
      const current = started(workspaceId);
      runs.set(workspaceId, { current, next: null });
      return current;
    }
    run.next ??= run.current.then(
      () => started(workspaceId),
      () => started(workspaceId),
    );
    return run.next;
  };
}

export function createIndexKeeper({ steps, pacing, failed }: KeeperParts): IndexKeeper {
  const making = new Map<string, Promise<void>>();
  let closed = false;

  const rest: Pause = (ms) =>
    new Promise((resolve) => {
      pacing.timer(ms, resolve);
    });
  const within = async <Result>(work: Promise<Result>, ms: number, otherwise: Result): Promise<Result> => {
    let timer: { cancel(): void } | null = null;
    const late = new Promise<Result>((resolve) => {
      timer = pacing.timer(ms, () => resolve(otherwise));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      (timer as { cancel(): void } | null)?.cancel();
    }
  };
  /** Half of the time is the database's own: a step, and then as long a rest. */
  const makeOne = async (workspaceId: string): Promise<void> => {
    await steps.begin(workspaceId);
    for (;;) {
      if (closed) return;
      const startedMs = pacing.monotonicMs();
      const result: StepResult = await steps.sweep(workspaceId);
      if (result === 'idle' || result === 'none') return;
      await rest(result === 'elsewhere' ? makingElsewhereMs : pacing.monotonicMs() - startedMs);
    }
  };
  const nextRun = createFollowing({ steps, rest, closed: () => closed });
  return {
    async catchUp(workspaceId, withinMs) {
      await within(steps.ready(), startWaitMs, undefined);
      return within(nextRun(workspaceId), withinMs, false);
    },
    async make(workspaceId, withinMs) {
      await within(steps.ready(), startWaitMs, undefined);
      let made = making.get(workspaceId);
      if (made === undefined) {
        made = makeOne(workspaceId)
          .catch(failed)
          .finally(() => making.delete(workspaceId));
        making.set(workspaceId, made);
      }
      await within(made, withinMs, undefined);
    },
    close() {
      closed = true;
    },
  };
}

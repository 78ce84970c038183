/** Several long-lived things as one: started one after another, stopped in the opposite order. */
import type { Lifecycle } from './lifecycle.ts';

export type Step = { readonly start: () => Promise<unknown>; readonly stop: () => Promise<unknown> };

/** Where a start fails, what was started is stopped again and the failure passed on. `end` runs last of all. */
export function inOrder(steps: readonly Step[], end: () => void = () => undefined): Lifecycle {
  const started: Step[] = [];
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  const stopAll = async (): Promise<void> => {
    for (let step = started.pop(); step !== undefined; step = started.pop()) await step.stop();
    end();
  };
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  const startAll = async (): Promise<void> => {
    try {
      for (const step of steps) {
        // Before it is started: half a start needs its stop too.
        started.push(step);
        await step.start();
      }
    } catch (error) {
      await stop();
      throw error;
    }
  };
  return {
    start: () => {
      starting ??= startAll();
      return starting;
    },
    stop,
  };
}

/** Calls the store's upkeep in bounded slices: again soon while there is more, else after a pause. */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Lifecycle } from '../runtime/lifecycle.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Storage } from '../storage/storage.ts';

/** Between slices while there is more to do: the loop is mostly free. */
const soonMs = 50;
const pauseMs = 5_000;
/** Where many processes share a store, one of them does it each time, and every look is a question to the database. */
const sharedPauseMs = 60_000;

export type UpkeepDeps = {
  readonly storage: Pick<Storage, 'maintain' | 'cluster'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
};

export function createUpkeep({ storage, clock, logger }: UpkeepDeps): Lifecycle {
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;

  const slice = async (): Promise<void> => {
    let nextMs = storage.cluster === null ? pauseMs : sharedPauseMs;
    try {
      const { more } = await storage.maintain(clock.nowMs());
      if (more) nextMs = soonMs;
    } catch (error) {
      logger.warn('storage.upkeep_failed', { error });
    }
    if (!stopped) arm(nextMs);
  };

  const arm = (delayMs: number): void => {
    timer = clock.timer(delayMs, () => {
      running = slice();
    });
  };

  return {
    async start() {
      if (timer === null && !stopped) arm(pauseMs);
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}

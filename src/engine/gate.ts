/** Lets so many pieces of work run at once; the others wait their turn. */
import { createDeque } from '../core/deque.ts';

export type Gate = {
  /** Runs it now or later. It must not reject: what goes wrong is its own to handle. */
  enter(work: () => Promise<void>): void;
  readonly busy: number;
};

export function createGate(max: number): Gate {
  const waiting = createDeque<() => Promise<void>>();
  let running = 0;

  const leave = (): void => {
    running -= 1;
    const next = waiting.shift();
    if (next !== undefined) run(next);
  };
  const run = (work: () => Promise<void>): void => {
    running += 1;
    work().then(leave, leave);
  };

  return {
    enter(work) {
      if (running < max) run(work);
      else waiting.push(work);
    },
    get busy() {
      return running + waiting.length;
    },
  };
}

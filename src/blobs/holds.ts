/**
 * Who needs a file right now: those that put it and have not yet committed what names it, and the one that removes it. A
 * hold is taken before the file gets its name and waits while a removal of the same file runs; a removal asks for holds at
 * its very end. So a file is either seen as held and stays, or is gone before the one that needs it puts it there anew.
 */
export type Holds = {
  /** Waits for a removal that runs, then holds. Several may. */
  hold(path: string): Promise<void>;
  release(path: string): void;
  /** Runs a removal alone. It asks `isHeld` right before it removes, and starts the removal without waiting in between. */
  removing<Result>(path: string, remove: (isHeld: () => boolean) => Promise<Result>): Promise<Result>;
};

export function createHolds(): Holds {
  const held = new Map<string, number>();
  const removals = new Map<string, Promise<unknown>>();
  return {
    async hold(path) {
      // Held first, then waited: a removal that has not asked yet then lets the file be.
      held.set(path, (held.get(path) ?? 0) + 1);
      for (let removal = removals.get(path); removal !== undefined; removal = removals.get(path)) await removal;
    },
    release(path) {
      const count = (held.get(path) ?? 0) - 1;
      if (count > 0) held.set(path, count);
      else held.delete(path);
    },
    async removing(path, remove) {
      for (let before = removals.get(path); before !== undefined; before = removals.get(path)) await before;
      const { promise, resolve } = Promise.withResolvers<void>();
      removals.set(path, promise);
      try {
        return await remove(() => held.has(path));
      } finally {
        removals.delete(path);
        resolve();
      }
    },
  };
}

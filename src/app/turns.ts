/** Things of one name one after another. For what is rare: nothing on the way of a change waits here. */
export interface Turns {
  take<Answer>(name: string, run: () => Promise<Answer>): Promise<Answer>;
}

export function createTurns(): Turns {
  const tails = new Map<string, Promise<void>>();
  return {
    async take(name, run) {
      const before = tails.get(name);
      const { promise: mine, resolve: done } = Promise.withResolvers<void>();
      tails.set(name, mine);
      try {
        await before;
        return await run();
      } finally {
        done();
        if (tails.get(name) === mine) tails.delete(name);
      }
    },
  };
}

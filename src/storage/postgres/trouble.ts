/** What is wrong with the database at the moment, if anything; whatever goes through clears it. */
import { faultOf } from './postgres-error.ts';

export type Trouble = {
  note(error: unknown): void;
  clear(): void;
  current(): { readonly kind: 'full' | 'unavailable'; readonly detail: string } | null;
};

export type TroubleLogger = {
  error(fields: object, message: string): void;
  warn?(fields: object, message: string): void;
};

export function createTrouble(logger: TroubleLogger | undefined): Trouble {
  let now: { readonly kind: 'full' | 'unavailable'; readonly detail: string } | null = null;
  return {
    note(error) {
      const { kind, detail } = faultOf(error);
      if (kind === 'item') return;
      if (now === null) logger?.error({ detail }, 'storage.unavailable');
      now = { kind: kind === 'full' ? 'full' : 'unavailable', detail };
    },
    clear() {
      if (now !== null) logger?.warn?.({}, 'storage.recovered');
      now = null;
    },
    current: () => now,
  };
}

/** What comes of a batch shows in health. */
export async function watched<Result>(trouble: Trouble, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work();
    trouble.clear();
    return result;
  } catch (error) {
    trouble.note(error);
    throw error;
  }
}

/**
 * What comes of a heartbeat does, too: a process that nobody asks for anything, since a load balancer leaves it out, must
 * see the database go and come. One narrow row may still fit where a batch does not, so it is no proof of a disk with room.
 */
export async function watchedBeat<Result>(trouble: Trouble, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work();
    if (trouble.current()?.kind === 'unavailable') trouble.clear();
    return result;
  } catch (error) {
    trouble.note(error);
    throw error;
  }
}

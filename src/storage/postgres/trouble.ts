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

/** What is wrong with the store at the moment, if anything. `failed` stays until it is opened anew. */
import { StorageFault } from '../storage-fault.ts';

export type Trouble = {
  note(error: unknown): void;
  /** Something derived cannot be kept: told, and nothing stops. */
  tell(error: Error): void;
  /** A transaction went through. */
  clear(): void;
  /** Throws where nothing that seems to work could be believed: after a failed sync or a damaged page. */
  guard(): void;
  current(): { readonly kind: StorageFault['kind']; readonly detail: string } | null;
};

export type TroubleLogger = { error(fields: object, message: string): void };

export function createTrouble(logger: TroubleLogger | undefined): Trouble {
  let now: { readonly kind: StorageFault['kind']; readonly detail: string } | null = null;
  return {
    note(error) {
      if (now?.kind === 'failed' || !(error instanceof StorageFault)) return;
      if (error.kind === 'failed') logger?.error({ detail: error.message }, 'storage.failed');
      now = { kind: error.kind, detail: error.message };
    },
    tell: (error) => logger?.error({ detail: error.message }, 'storage.search_index_failed'),
    clear() {
      if (now?.kind !== 'failed') now = null;
    },
    guard() {
      if (now?.kind === 'failed') throw new StorageFault('failed', now.detail);
    },
    current: () => now,
  };
}

/** Follows the inbox live, so that the demo waits for what happens and not for the clock. */
import type { Clock } from '../../runtime/clock.ts';
import type { Client } from '../client.ts';
import { CommandError } from '../error-report.ts';
import type { Arrival } from './demo-dialect.ts';

export const patienceMs = 20_000;

export type Arrivals = {
  readonly requests: Arrival[];
  /** What came to a peer. */
  add(arrival: Arrival): void;
  readonly open: Promise<void>;
  /** Resolves with the next arrival; rejects when the demo's patience is at its end. */
  next(): Promise<void>;
  stop(): void;
};

export function collectArrivals(client: Client, inboxId: string, clock: Clock): Arrivals {
  const abort = new AbortController();
  const requests: Arrival[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const add = (arrival: Arrival): void => {
    requests.push(arrival);
    wake();
  };
  let failure: Error | null = null;
  const patience = clock.timer(patienceMs, () =>
    fail(new CommandError(`Demo must end within ${patienceMs / 1_000} s: it did not`, 'Run it again with --verbose')),
  );
  const fail = (error: unknown): void => {
    failure = error instanceof Error ? error : new Error(String(error));
    abort.abort();
    wake();
  };
  const open = new Promise<void>((resolve, reject) => {
    const followed = client.follow(`/v1/inboxes/${encodeURIComponent(inboxId)}/stream`, {
      signal: abort.signal,
      onOpen: resolve,
      onEvent: ({ data }) => {
        add(JSON.parse(data) as Arrival);
      },
    });
    followed.then(
      () => fail(failure ?? new CommandError('Inbox must stay open: its stream ended', null)),
      (error: unknown) => {
        fail(error);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  return {
    requests,
    add,
    open,
    async next() {
      if (failure === null) await new Promise<void>((resolve) => waiting.add(resolve));
      if (failure !== null) throw failure;
    },
    stop() {
      patience.cancel();
      abort.abort();
    },
  };
}

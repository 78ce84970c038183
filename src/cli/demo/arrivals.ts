/** Follows the inbox live, so that the demo waits for what happens and not for the clock. */
import type { InboxRequest } from '../../app/app.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Client } from '../client.ts';
import { CommandError } from '../error-report.ts';

export const patienceMs = 20_000;

export type Arrivals = {
  readonly requests: InboxRequest[];
  readonly open: Promise<void>;
  /** Resolves with the next arrival; rejects when the demo's patience is at its end. */
  next(): Promise<void>;
  stop(): void;
};

export function collectArrivals(client: Client, inboxId: string, clock: Clock): Arrivals {
  const abort = new AbortController();
  const requests: InboxRequest[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
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
        requests.push(JSON.parse(data) as InboxRequest);
        wake();
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

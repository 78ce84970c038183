/**
 * Reader threads: made at the first read, a few at most, each with what it may have waiting bounded. One that nobody asked
 * anything for a while ends, and with it the 10 MB and more that it holds; the next question makes another in 0.1 s.
 */
import type { Worker } from 'node:worker_threads';
import { AssetwireError } from '../../core/errors.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { startThread } from '../../runtime/start-thread.ts';
import type { AssetQuery } from '../contract/list-queries.ts';
import type { StorageReads } from '../contract/reads.ts';
import { listReadNames } from './list-reads.ts';
import type { SearchAnswer, SearchAsk } from './search/search-reader.ts';
import { createThreadCalls, type ThreadCalls } from '../thread-call.ts';
import { threadEntry } from './thread-entry.ts';

export type ReaderPool = {
  readonly reads: StorageReads;
  /** Asks the search index, where there is one. */
  search(query: AssetQuery, ask: SearchAsk): Promise<SearchAnswer>;
  readonly threads: number;
  /** Starts a thread before it is asked for: where the first question is near, it need not wait for it. */
  warm(): void;
  close(): Promise<void>;
};

export type ReaderPoolParts = {
  readonly file: string;
  readonly cursorKey: Uint8Array;
  readonly threadsMax: number;
  /** Reads waiting over all threads; beyond that a read fails with `storage_busy`. */
  readonly waitingMax: number;
  readonly clock: Clock;
  /** Whether one stays however long nobody asks: where there is an index to search, people wait for it to be opened anew. */
  readonly keepsOne?: () => boolean;
};

type Reader = {
  readonly worker: Worker;
  readonly calls: ThreadCalls;
  readonly opened: Promise<unknown>;
  /** Questions that are not answered; what opens it is none. */
  asked: number;
  usedMs: number;
};

const idleMs = 15_000;

export function createReaderPool(parts: ReaderPoolParts): ReaderPool {
  const { file, cursorKey, threadsMax, waitingMax, clock, keepsOne = () => false } = parts;
  const readers: Reader[] = [];
  const ending = new Set<Promise<void>>();
  let timer: Timer | null = null;
  let closed = false;

  const spawn = (): Reader => {
    const worker = startThread(threadEntry('reader-thread'), 'assetwire-reader');
    const calls = createThreadCalls(worker, () => {
      const index = readers.indexOf(reader);
      if (index >= 0) readers.splice(index, 1);
    });
    const opened = calls.call('open', file, cursorKey);
    const reader: Reader = { worker, calls, opened, asked: 0, usedMs: clock.monotonicMs() };
    readers.push(reader);
    // One that could not open the store, out of file descriptors for one, never will: the next question gets another.
    opened.catch(() => discard(reader));
    timer ??= clock.timer(idleMs, look);
    return reader;
  };
  const discard = (reader: Reader): void => {
    const index = readers.indexOf(reader);
    if (index < 0) return;
    readers.splice(index, 1);
    const end = endReader(reader).finally(() => ending.delete(end));
    ending.add(end);
  };
  /** Ends those that have been idle for long. */
  const look = (): void => {
    timer = null;
    const idleFromMs = clock.monotonicMs() - idleMs;
    for (const reader of [...readers]) {
      if (readers.length === 1 && keepsOne()) break;
      if (reader.asked > 0 || reader.calls.pending() > 0 || reader.usedMs > idleFromMs) continue;
      discard(reader);
    }
    const usedMs = Math.min(...readers.map((reader) => reader.usedMs));
    // One that has been asked all this while is looked at again later.
    if (readers.length > 0)
      timer = clock.timer(usedMs <= idleFromMs ? idleMs : Math.max(1_000, usedMs - idleFromMs), look);
  };
  const call = async (name: string, values: readonly unknown[]): Promise<unknown> => {
    if (closed) throw new AssetwireError('shutting_down', { detail: 'The store must be open: it is stopped' });
    refuseBeyond(waitingMax, readers);
    const reader = free(readers) ?? (readers.length < threadsMax ? spawn() : leastBusy(readers));
    reader.usedMs = clock.monotonicMs();
    reader.asked += 1;
    try {
      await reader.opened;
      return await reader.calls.call(name, ...values);
    } finally {
      reader.asked -= 1;
    }
  };
  const reads = Object.fromEntries(
    listReadNames.map((name) => [name, (...values: readonly unknown[]) => call(name, values)]),
  ) as unknown as StorageReads;
  return {
    reads,
    search: async (query, ask) => (await call('search', [query, ask])) as SearchAnswer,
    warm() {
      // Whether it opens is told to whoever asks it.
      if (readers.length === 0) spawn().opened.catch(() => undefined);
    },
    async close() {
      closed = true;
      timer?.cancel();
      await Promise.all([...ending, ...[...readers].map(endReader)]);
    },
    get threads() {
      return readers.length;
    },
  };
}

function free(readers: readonly Reader[]): Reader | undefined {
  return readers.find(({ asked }) => asked === 0);
}

function leastBusy(readers: readonly Reader[]): Reader {
  return readers.reduce((least, reader) => (reader.asked < least.asked ? reader : least));
}

function refuseBeyond(waitingMax: number, readers: readonly Reader[]): void {
  // Those that wait for a thread to open the store count, too.
  const waiting = readers.reduce((sum, { asked }) => sum + asked, 0);
  if (waiting < waitingMax) return;
  throw new AssetwireError('storage_busy', {
    detail: `The store must have room for another read: ${waiting} are waiting`,
    retryAfterSeconds: 1,
  });
}

async function endReader({ worker, calls, opened }: Reader): Promise<void> {
  await opened.catch(() => undefined);
  await calls.call('close').catch(() => undefined);
  await worker.terminate();
}

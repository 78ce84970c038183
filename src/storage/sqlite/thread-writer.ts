/** The book on a thread of its own: the loop that delivers never waits for a disk. */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { createThreadCalls, type ThreadCalls } from '../thread-call.ts';
import { startWriterThread } from './start-writer-thread.ts';
import { StorageFault } from '../storage-fault.ts';
import { decodeResults, encodeBatch, type WireResults } from './wire.ts';
import type { EraseSlice } from '../storage.ts';
import type { Writer, WriterOpened, WriterSettings } from './writer.ts';

export type ThreadWriterParts = {
  readonly settings: WriterSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Gives one that runs already, where there is one; default: none. */
  readonly started?: () => Worker | null;
  /** The thread ended by itself. */
  readonly onEnd: (error: Error) => void;
};

const cursorKeyBytes = 32;

export function createThreadWriter({ settings, clock, random, started, onEnd }: ThreadWriterParts): Writer {
  let worker: Worker | null = null;
  let calls: ThreadCalls | null = null;
  let closing = false;
  const call = (name: string, ...values: readonly unknown[]): Promise<unknown> => {
    if (calls === null) return Promise.reject(new StorageFault('unavailable', 'the store is not open'));
    return calls.call(name, ...values);
  };
  return {
    async open() {
      closing = false;
      worker = started?.() ?? startWriterThread();
      calls = createThreadCalls(worker, (error) => {
        if (!closing) onEnd(error);
      });
      try {
        return (await call('open', settings, random.bytes(cursorKeyBytes), clock.nowMs())) as WriterOpened;
      } catch (error) {
        closing = true;
        await worker.terminate();
        calls = null;
        throw error;
      }
    },
    async apply(items) {
      const results = (await call('apply', encodeBatch(items), clock.nowMs())) as WireResults;
      return decodeResults(results);
    },
    maintain: async (nowMs) => (await call('maintain', nowMs)) as { more: boolean },
    eraseHistory: async (workspaceId, past, cursor) =>
      (await call('eraseHistory', workspaceId, past, cursor)) as EraseSlice,
    eraseWorkspace: async (workspaceId, cursor) => (await call('eraseWorkspace', workspaceId, cursor)) as EraseSlice,
    async close() {
      if (worker === null || calls === null) return;
      closing = true;
      try {
        await call('close');
      } finally {
        await worker.terminate();
        worker = null;
        calls = null;
      }
    },
  };
}

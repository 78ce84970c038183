/** Hashes files in a thread of its own, which is started with the first one and kept. */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../../runtime/start-thread.ts';
import type { Digests } from '../receive.ts';
import type { HashAnswer, HashOrder } from './hash-thread.ts';

export type FileHasher = {
  /** The hashes of a whole file. Fails where it cannot be read, or the thread ended; the next one gets a new thread. */
  hash(path: string): Promise<Digests>;
  stop(): Promise<void>;
};

type Waiting = { readonly resolve: (digests: Digests) => void; readonly reject: (error: Error) => void };

export function createFileHasher(): FileHasher {
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  const fail = (error: Error): void => {
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const started = (): Worker => {
    if (worker !== null) return worker;
    const file = import.meta.url.endsWith('.ts') ? './hash-thread.ts' : './hash-thread.js';
    const made = startThread(new URL(file, import.meta.url), 'assetwire-hasher');
    made.unref();
    made.on('message', (answer: HashAnswer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) made.unref();
      if ('digests' in answer) asked?.resolve(answer.digests);
      else
        asked?.reject(Object.assign(new Error(answer.error), answer.code === undefined ? {} : { code: answer.code }));
    });
    made.on('error', fail);
    made.on('exit', () => {
      if (worker === made) fail(new Error('The thread that hashes must go on: it ended'));
    });
    worker = made;
    return made;
  };

  return {
    hash(path) {
      lastId += 1;
      const order: HashOrder = { id: lastId, path };
      const { promise, resolve, reject } = Promise.withResolvers<Digests>();
      waiting.set(order.id, { resolve, reject });
      const thread = started();
      // While somebody waits, the process does.
      thread.ref();
      thread.postMessage(order);
      return promise;
    },
    async stop() {
      const ending = worker;
      worker = null;
      await ending?.terminate();
      fail(new Error('The thread that hashes was stopped'));
    },
  };
}

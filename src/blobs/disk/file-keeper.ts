/** Has the work on files done by a thread, which is started with the first piece of it and kept. */
import type { Worker } from 'node:worker_threads';
import { AssetwireError } from '../../core/errors.ts';
import { startThread } from '../../runtime/start-thread.ts';
import type { Digests } from '../receive.ts';
import type { FileAnswer, FileOrder } from './file-thread.ts';
import type { FileWork } from './file-work.ts';

/** Chunks that are written are given away: nobody else may read them afterwards. Orders for one file come one by one. */
export type FileKeeper = FileWork & {
  /** Ends the thread; the next piece of work gets another. */
  stop(): Promise<void>;
};

type Waiting = { readonly resolve: (digests: Digests | null) => void; readonly reject: (error: Error) => void };

/** What the thread makes new is small and short-lived; bytes lie elsewhere. */
const youngMib = 2;

type Unnumbered<Order> = Order extends { readonly id: number } ? Omit<Order, 'id'> : never;

export function createFileKeeper(): FileKeeper {
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  const fail = (error: Error): void => {
    worker = null;
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(error);
  };
  const started = (): Worker => {
    if (worker !== null) return worker;
    const file = import.meta.url.endsWith('.ts') ? './file-thread.ts' : './file-thread.js';
    const made = startThread(new URL(file, import.meta.url), 'assetwire-files', youngMib);
    made.unref();
    made.on('message', (answer: FileAnswer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) made.unref();
      if ('done' in answer) asked?.resolve(answer.done);
      else
        asked?.reject(Object.assign(new Error(answer.error), answer.code === undefined ? {} : { code: answer.code }));
    });
    const ended = (cause?: unknown): void => {
      if (worker === made) fail(threadEnded(cause));
    };
    made.on('error', ended);
    made.on('exit', () => ended());
    worker = made;
    return made;
  };
  const ask = (order: Unnumbered<FileOrder>, given: readonly ArrayBuffer[] = []): Promise<Digests | null> => {
    lastId += 1;
    const id = lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Digests | null>();
    const thread = started();
    thread.postMessage({ ...order, id }, given);
    waiting.set(id, { resolve, reject });
    // While somebody waits, the process does.
    thread.ref();
    return promise;
  };

  return {
    write(order) {
      const chunks = order.chunks.map(ofItsOwn);
      return ask(
        { write: { ...order, chunks } },
        chunks.map(({ buffer }) => buffer),
      );
    },
    async place(place) {
      await ask({ place });
    },
    async remove(path) {
      await ask({ remove: path });
    },
    async forget(directory) {
      // Without a thread there is nothing to forget.
      if (worker !== null) await ask({ forget: directory });
    },
    async stop() {
      const ending = worker;
      // Before it has ended: who asks meanwhile has another thread, and waits for that.
      fail(threadEnded());
      await ending?.terminate();
    },
  };
}

/** What it was about may be done, or half done: files are whole under their address or not there, so it can be tried again. */
function threadEnded(cause?: unknown): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: 'Keep the file: the thread that does so ended',
    mend: 'Send it again; the next one gets another thread',
    retryAfterSeconds: 1,
    cause,
  });
}

/** A part of a larger buffer is copied: with it all of the buffer would go. */
function ofItsOwn(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = chunk;
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(chunk);
}

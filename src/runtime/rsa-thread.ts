/**
 * RSA signatures on a thread of their own. One takes the better part of a millisecond: on the loop thousands of them would
 * hold up everything, and on Node's shared pool they would stand before DNS and files. The thread starts with the first
 * signature, keeps no process alive, and begins anew where it fell.
 */
import type { Worker } from 'node:worker_threads';
import type { RsaAnswer, RsaRequest } from './rsa-thread-entry.ts';
import { startThread } from './start-thread.ts';

export type RsaOrder = {
  /** Names the key: its PEM goes to the thread once. */
  readonly keyId: string;
  readonly privateKeyPem: string;
  readonly digest: 'sha1' | 'sha256';
  /** What is signed: the parts one after another, text as UTF-8. */
  readonly content: readonly (string | Uint8Array)[];
};

export interface RsaThread {
  /** RSASSA-PKCS1-v1_5. Rejects where the key is none, or the thread ends. */
  sign(order: RsaOrder): Promise<Uint8Array>;
  /** Signatures that are owed. */
  readonly waiting: number;
  stop(): Promise<void>;
}

type Pending = { readonly resolve: (signature: Uint8Array) => void; readonly reject: (cause: Error) => void };
type Running = { readonly worker: Worker; readonly known: Set<string> };

/** Keys that the thread keeps; beyond it all are sent anew. */
const keysMax = 10_000;

export function createRsaThread(): RsaThread {
  let running: Running | null = null;
  let next = 0;
  const pending = new Map<number, Pending>();

  const fail = (cause: Error): void => {
    running = null;
    const owed = [...pending.values()];
    pending.clear();
    for (const { reject } of owed) reject(cause);
  };

  const start = (): Running => {
    const worker = startThread(new URL(entryName, import.meta.url), 'assetwire rsa');
    const started: Running = { worker, known: new Set() };
    worker.on('message', ({ id, ...answer }: RsaAnswer) => {
      const order = pending.get(id);
      pending.delete(id);
      // A signature that is owed is waited for; an idle thread keeps no process alive.
      if (pending.size === 0) worker.unref();
      if ('signature' in answer) order?.resolve(answer.signature);
      else order?.reject(new Error(answer.error));
    });
    const ended = (cause: Error): void => {
      if (running === started) fail(cause);
    };
    worker.on('error', (error) => ended(error instanceof Error ? error : new Error('The signing thread failed')));
    worker.on('exit', () => ended(new Error('The signing thread ended')));
    return started;
  };

  return {
    sign({ keyId, privateKeyPem, digest, content }) {
      running ??= start();
      const { worker, known } = running;
      if (known.size >= keysMax) known.clear();
      const id = (next += 1);
      const request: RsaRequest = {
        id,
        keyId,
        digest,
        content,
        ...(known.has(keyId) ? {} : { privateKeyPem }),
      };
      known.add(keyId);
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage(request);
      });
    },
    get waiting() {
      return pending.size;
    },
    async stop() {
      const ending = running;
      fail(new Error('The signing thread was stopped'));
      await ending?.worker.terminate();
    },
  };
}

/** The thread runs what this file is: source, or what was built of it. */
const entryName = import.meta.url.endsWith('.ts') ? './rsa-thread-entry.ts' : './rsa-thread-entry.js';

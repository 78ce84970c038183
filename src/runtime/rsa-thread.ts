/**
 * RSA signatures on a thread of their own. One takes the better part of a millisecond: on the loop thousands of them would
 * hold up everything, and on Node's shared pool they would stand before DNS and files. The thread starts with the first
 * signature, keeps no process alive, and begins anew where it fell. It is given a few at a time, keys taking turns, at the
 * pace that the loop has time for (pace.ts).
 */
import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { createLoopLoad } from './loop-load.ts';
import { createPace, type Pace } from './pace.ts';
import type { RsaAnswer, RsaRequest } from './rsa-thread-entry.ts';
import { startThread } from './start-thread.ts';
import { createTurns } from './turns.ts';

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

type Pending = {
  readonly order: RsaOrder;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (cause: Error) => void;
};
type Running = { readonly worker: Worker; readonly known: Set<string> };

/** Keys that the thread keeps; beyond it all are sent anew. */
const keysMax = 10_000;

/** What the thread has in hand: one to sign and enough to go on with until an answer was read. */
const inHandMax = 4;

export type RsaThreadParts = {
  readonly clock?: Clock;
  /** By default that of the loop this is called on. */
  readonly pace?: Pace;
};

export function createRsaThread({ clock = systemClock, ...parts }: RsaThreadParts = {}): RsaThread {
  const pace = parts.pace ?? createPace(createLoopLoad(), clock.monotonicMs());
  let running: Running | null = null;
  let next = 0;
  let timer: Timer | null = null;
  const queue = createTurns<Pending>();
  const inHand = new Map<number, Pending>();

  const fail = (cause: Error): void => {
    running = null;
    timer?.cancel();
    timer = null;
    for (const { reject } of [...inHand.values(), ...queue.clear()]) reject(cause);
    inHand.clear();
  };

  const start = (): Running => {
    const started: Running = startSigner({
      told: (answer) => {
        const pending = inHand.get(answer.id);
        inHand.delete(answer.id);
        pace.ended(answer.tookMs);
        if ('signature' in answer) pending?.resolve(answer.signature);
        else pending?.reject(new Error(answer.error));
        hand();
      },
      ended: (cause) => {
        if (running === started) fail(cause);
      },
    });
    return started;
  };

  /** Gives the thread what its pace allows. */
  const hand = (): void => {
    // A signature that is owed is waited for; an idle thread keeps no process alive.
    if (inHand.size + queue.length === 0) running?.worker.unref();
    while (timer === null && queue.length > 0 && inHand.size < inHandMax) {
      const waitMs = pace.waitMs(clock.monotonicMs());
      if (waitMs > 0) {
        timer = clock.timer(Math.ceil(waitMs), () => {
          timer = null;
          hand();
        });
        return;
      }
      const pending = queue.next();
      if (pending !== undefined) post(pending);
    }
  };

  const post = (pending: Pending): void => {
    running ??= start();
    const id = (next += 1);
    inHand.set(id, pending);
    pace.began();
    running.worker.ref();
    running.worker.postMessage(requestOf(running, id, pending.order));
  };

  return {
    sign(order) {
      return new Promise((resolve, reject) => {
        queue.join(order.keyId, { order, resolve, reject });
        hand();
      });
    },
    get waiting() {
      return inHand.size + queue.length;
    },
    async stop() {
      const ending = running;
      fail(new Error('The signing thread was stopped'));
      await ending?.worker.terminate();
    },
  };
}

function startSigner(on: {
  readonly told: (answer: RsaAnswer) => void;
  readonly ended: (cause: Error) => void;
}): Running {
  const worker = startThread(new URL(entryName, import.meta.url), 'assetwire rsa');
  worker.on('message', on.told);
  worker.on('error', (error) => on.ended(error instanceof Error ? error : new Error('The signing thread failed')));
  worker.on('exit', () => on.ended(new Error('The signing thread ended')));
  return { worker, known: new Set() };
}

/** With the key where the thread does not have it. */
function requestOf({ known }: Running, id: number, { keyId, privateKeyPem, digest, content }: RsaOrder): RsaRequest {
  if (known.size >= keysMax) known.clear();
  const request = { id, keyId, digest, content, ...(known.has(keyId) ? {} : { privateKeyPem }) };
  known.add(keyId);
  return request;
}

/** The thread runs what this file is: source, or what was built of it. */
const entryName = import.meta.url.endsWith('.ts') ? './rsa-thread-entry.ts' : './rsa-thread-entry.js';

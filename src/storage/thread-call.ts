/**
 * Calls over a message port: numbered requests, answers in any order, errors kept whole as far as callers tell them apart
 * (`AssetwireError` by code, `StorageFault` by kind).
 */
import { parentPort, type Worker } from 'node:worker_threads';
import { AssetwireError, type ErrorCode } from '../core/errors.ts';
import { createPassingMap } from '../core/passing-map.ts';
import { StorageFault, type StorageFaultKind } from './storage-fault.ts';

export type Request = { readonly id: number; readonly name: string; readonly values: readonly unknown[] };
type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: WireError };

/** What an error of the database means; null where it is the fault of what was asked. */
export type FaultReader = (error: Error) => StorageFault | null;

type WireError = {
  readonly name: 'AssetwireError' | 'StorageFault' | 'Error';
  readonly message: string;
  readonly code?: ErrorCode;
  readonly kind?: StorageFaultKind;
  readonly mend?: string;
  readonly retryAfterSeconds?: number;
  readonly stack?: string;
};

function toWire(error: unknown, faultOf: FaultReader): WireError {
  if (error instanceof AssetwireError) {
    return {
      name: 'AssetwireError',
      message: error.message,
      code: error.code,
      ...(error.mend === undefined ? {} : { mend: error.mend }),
      ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    };
  }
  if (error instanceof StorageFault) return { name: 'StorageFault', message: error.message, kind: error.kind };
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const fault = faultOf(error);
  if (fault !== null) return { name: 'StorageFault', message: fault.message, kind: fault.kind };
  return { name: 'Error', message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}

function fromWire(error: WireError): Error {
  if (error.code !== undefined) {
    return new AssetwireError(error.code, {
      detail: error.message,
      ...(error.mend === undefined ? {} : { mend: error.mend }),
      ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    });
  }
  if (error.kind !== undefined) return new StorageFault(error.kind, error.message);
  const plain = new Error(error.message);
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}

/** In the thread: answers every request in the order in which they are done. */
export function answerCalls(answer: (request: Request) => unknown, faultOf: FaultReader): void {
  const reply = (message: Answer): void => parentPort?.postMessage(message);
  parentPort?.on('message', (request: Request) => {
    const { id } = request;
    try {
      const value = answer(request);
      if (!(value instanceof Promise)) return reply({ id, value });
      value.then(
        (settled: unknown) => reply({ id, value: settled }),
        (error: unknown) => reply({ id, error: toWire(error, faultOf) }),
      );
    } catch (error) {
      reply({ id, error: toWire(error, faultOf) });
    }
    return undefined;
  });
}

export type ThreadCalls = {
  call(name: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Calls that have not been answered. */
  pending(): number;
};

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** Every call fails when the thread ends; `onEnd` hears why. */
export function createThreadCalls(worker: Worker, onEnd: (error: Error) => void): ThreadCalls {
  const waiting = createPassingMap<number, Waiting>();
  let next = 1;
  let ended: Error | null = null;
  const end = (error: Error): void => {
    if (ended !== null) return;
    ended = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    onEnd(error);
  };
  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('error' in answer) call?.reject(fromWire(answer.error));
    else call?.resolve(answer.value);
  });
  worker.on('error', (error) => {
    end(
      new StorageFault('failed', `the storage thread broke: ${error instanceof Error ? error.message : String(error)}`),
    );
  });
  worker.on('exit', (code) => {
    end(new StorageFault('failed', `the storage thread ended with ${code}`));
  });
  worker.unref();
  return {
    call: (name, ...values) =>
      new Promise((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        const id = next;
        next += 1;
        waiting.set(id, { resolve, reject });
        // The process may end when nothing waits for the store, and must not while something does.
        worker.ref();
        const request: Request = { id, name, values };
        worker.postMessage(request);
      }),
    pending: () => waiting.size,
  };
}

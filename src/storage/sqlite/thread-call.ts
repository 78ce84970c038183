/**
 * Calls over a message port: numbered requests, answers in any order, errors kept whole as far as callers tell them apart
 * (`AssetwireError` by code, `StorageFault` by kind).
 */
import type { Worker } from 'node:worker_threads';
import { AssetwireError, type ErrorCode } from '../../core/errors.ts';
import { faultOf, StorageFault } from './sqlite-error.ts';

export type Request = { readonly id: number; readonly name: string; readonly values: readonly unknown[] };
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError };

export type WireError = {
  readonly name: 'AssetwireError' | 'StorageFault' | 'Error';
  readonly message: string;
  readonly code?: ErrorCode;
  readonly kind?: StorageFault['kind'];
  readonly mend?: string;
  readonly retryAfterSeconds?: number;
  readonly stack?: string;
};

export function toWire(error: unknown): WireError {
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
  const { kind, detail } = faultOf(error);
  if (kind !== 'item') return { name: 'StorageFault', message: detail, kind };
  return { name: 'Error', message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}

export function fromWire(error: WireError): Error {
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

export type ThreadCalls = {
  call(name: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Calls that have not been answered. */
  pending(): number;
};

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** Every call fails when the thread ends; `onEnd` hears why. */
export function createThreadCalls(worker: Worker, onEnd: (error: Error) => void): ThreadCalls {
  const waiting = new Map<number, Waiting>();
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

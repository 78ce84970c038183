/**
 * Brings results to the store. What one turn of the loop brings is one call; calls overlap, and the store makes one
 * transaction of them. When the store refuses, results are kept and tried again with a growing pause, and nothing new is
 * started meanwhile: what cannot be recorded must not be sent.
 *
 * A refused call may have taken effect all the same. It is repeated as it is; the number of ended attempts in the item
 * makes the repetition harmless, and its answer is then `fenced` or `gone` instead of `recorded`.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Turn } from '../runtime/turn.ts';
import type { RecordItem, RecordResult } from '../storage/contract/record-item.ts';
import type { EngineLog, EngineStorage } from './engine-deps.ts';

export type Recorder<Context> = {
  add(item: RecordItem, context: Context): void;
  /** Adds it when `first` is done; until then it counts as waiting, so that a drain waits for it too. */
  addAfter(first: Promise<void>, item: RecordItem, context: Context): void;
  /** True while the store refuses, or while too much waits to be stored. */
  blocked(): boolean;
  /** Results not stored. */
  readonly waiting: number;
  /** Resolves when everything is stored, or the time is over. */
  drain(withinMs: number): Promise<void>;
  stop(): void;
  readonly stopped: boolean;
};

export type RecorderParts<Context> = {
  readonly storage: Pick<EngineStorage, 'record'>;
  readonly clock: Clock;
  readonly endOfTurn: Turn;
  readonly log: EngineLog;
  readonly bytesMax: number;
  /** `repeated`: an earlier call with this item failed and may have taken effect. */
  readonly onRecorded: (context: Context, result: RecordResult, repeated: boolean) => void;
  /** After each call that was answered: there may be room again. */
  readonly onAnswered: () => void;
};

type Entry<Context> = {
  readonly item: RecordItem;
  readonly context: Context;
  readonly bytes: number;
  /** Calls that failed with it. */
  failed: number;
  /** Goes alone, because a call failed for a reason that is not the store's. */
  alone: boolean;
};

const batchMax = 512;
const callsMax = 8;
const pauseMsMin = 100;
const pauseMsMax = 5_000;

export function createRecorder<Context>(parts: RecorderParts<Context>): Recorder<Context> {
  const { clock } = parts;
  let queue: Entry<Context>[] = [];
  let waiting = 0;
  let bytes = 0;
  let calls = 0;
  let failing = 0;
  let scheduled = false;
  let pausedUntilMs = 0;
  let stopped = false;
  let drained: (() => void) | null = null;

  const schedule = (): void => {
    if (scheduled || stopped || queue.length === 0) return;
    scheduled = true;
    const pauseMs = pausedUntilMs - clock.monotonicMs();
    if (pauseMs > 0) clock.timer(Math.ceil(pauseMs), flush);
    else parts.endOfTurn(flush);
  };

  const takeBatch = (): Entry<Context>[] => {
    if (queue[0]?.alone === true) return queue.splice(0, 1);
    const alone = queue.findIndex((entry) => entry.alone);
    const size = Math.min(batchMax, alone < 0 ? queue.length : alone);
    if (size === queue.length) {
      const all = queue;
      queue = [];
      return all;
    }
    return queue.splice(0, size);
  };

  const flush = (): void => {
    scheduled = false;
    // After a failure one call at a time asks whether the store is back.
    while (queue.length > 0 && calls < (failing > 0 ? 1 : callsMax)) send(takeBatch());
  };

  const send = (batch: readonly Entry<Context>[]): void => {
    calls += 1;
    let answer: Promise<readonly RecordResult[]>;
    try {
      answer = parts.storage.record(batch.map((entry) => entry.item));
    } catch (error) {
      answer = Promise.reject(error instanceof Error ? error : new Error('record threw'));
    }
    answer.then(
      (results) => answered(batch, results),
      (error: unknown) => refused(batch, error),
    );
  };

  const answered = (batch: readonly Entry<Context>[], results: readonly RecordResult[]): void => {
    calls -= 1;
    failing = 0;
    for (const [index, entry] of batch.entries()) {
      waiting -= 1;
      bytes -= entry.bytes;
      parts.onRecorded(entry.context, results[index] ?? 'fenced', entry.failed > 0);
    }
    if (waiting === 0) drained?.();
    schedule();
    parts.onAnswered();
  };

  const refused = (batch: readonly Entry<Context>[], error: unknown): void => {
    calls -= 1;
    failing += 1;
    const storeSaidSo = error instanceof AssetwireError;
    if (failing === 1)
      parts.log.warn({ err: error, results: batch.length }, 'Results cannot be stored: new attempts pause');
    for (const entry of batch) {
      entry.failed += 1;
      if (!storeSaidSo) entry.alone = true;
    }
    // Those that go alone wait behind the others, so that one that cannot be stored keeps nobody else.
    queue = storeSaidSo ? [...batch, ...queue] : [...queue, ...batch];
    pausedUntilMs = clock.monotonicMs() + Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(failing - 1, 10));
    schedule();
  };

  const enqueue = (item: RecordItem, context: Context): void => {
    const size = 1_024 + (item.body?.length ?? 0) + (item.attempt.response?.bodyBase64.length ?? 0);
    queue.push({ item, context, bytes: size, failed: 0, alone: false });
    bytes += size;
    schedule();
  };

  return {
    add(item, context) {
      waiting += 1;
      enqueue(item, context);
    },
    addAfter(first, item, context) {
      waiting += 1;
      first.then(
        () => enqueue(item, context),
        () => enqueue(item, context),
      );
    },
    blocked: () => failing > 0 || bytes > parts.bytesMax,
    get waiting() {
      return waiting;
    },
    drain(withinMs) {
      if (waiting === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.timer(withinMs, resolve);
        drained = () => {
          timer.cancel();
          resolve();
        };
      });
    },
    stop() {
      stopped = true;
    },
    get stopped() {
      return stopped;
    },
  };
}

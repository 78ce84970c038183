/**
 * Sends records in batches, a few at a time. What may pass (a busy server, a broken connection) is tried again; a batch that
 * is refused whole is halved until what it is refused for stands alone. Pushing a batch twice changes nothing, so how far
 * it has come is told only when everything before is answered for.
 */
import type { PushResult } from '../../app/app.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Client, RefusedError, UnreachableError } from '../client.ts';
import type { ReadRecord } from './read-records.ts';

export type Pushed = { readonly record: ReadRecord; readonly result: PushResult | null };

export type PushOptions = {
  readonly client: Client;
  readonly clock: Clock;
  readonly atOnce: number;
  readonly dryRun: boolean;
  readonly sync: string | null;
  /** Ends the run: nothing new is sent, what is under way is waited for. */
  readonly signal: AbortSignal;
  /** Results in the order of the file, without a gap. */
  readonly onAnswered: (pushed: readonly Pushed[]) => void;
};

const batchItems = 200;
/** Batches that may be answered before an earlier one is: what waits for it lies in memory. */
const aheadMax = 32;
const batchBytesMax = 512 * 1024;
const triesMax = 8;
const firstPauseMs = 500;
const pauseMsMax = 30_000;

/** Throws what no batch will get past. */
export async function pushRecords(records: AsyncIterable<ReadRecord>, options: PushOptions): Promise<void> {
  const { signal, onAnswered } = options;
  const answered = new Map<number, readonly Pushed[]>();
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const running = new Set<Promise<void>>();
  const settle = (): void => {
    for (let done = answered.get(next); done !== undefined; done = answered.get(next)) {
      answered.delete(next);
      next += 1;
      onAnswered(done);
    }
  };
  const begin = (batch: readonly ReadRecord[], number: number): void => {
    const work = pushBatch(batch, options)
      .then((pushed) => {
        answered.set(number, pushed);
        settle();
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(work));
    running.add(work);
  };
  let number = 0;
  const mustWait = (): boolean =>
    running.size >= options.atOnce || (failure === null && number - next >= options.atOnce + aheadMax);
  for await (const batch of batchesOf(records)) {
    while (mustWait()) await Promise.race(running);
    if (failure !== null || signal.aborted) break;
    begin(batch, number);
    number += 1;
  }
  await Promise.all(running);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

async function* batchesOf(records: AsyncIterable<ReadRecord>): AsyncGenerator<readonly ReadRecord[]> {
  let batch: ReadRecord[] = [];
  let before = 0;
  let bytes = 0;
  for await (const record of records) {
    const size = record.bytes - before;
    before = record.bytes;
    if (batch.length > 0 && (batch.length >= batchItems || bytes + size > batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function pushBatch(batch: readonly ReadRecord[], options: PushOptions): Promise<readonly Pushed[]> {
  const readable = batch.filter(({ fault }) => fault === undefined);
  const results = await send(readable, options);
  const by = new Map(readable.map((record, at) => [record, results[at] ?? null]));
  return batch.map((record) => ({ record, result: by.get(record) ?? null }));
}

async function send(batch: readonly ReadRecord[], options: PushOptions): Promise<readonly PushResult[]> {
  if (batch.length === 0) return [];
  const { client, clock, dryRun, sync, signal } = options;
  const body = {
    assets: batch.map(({ state }) => state),
    ...(dryRun ? { dryRun } : {}),
    ...(sync === null ? {} : { sync }),
  };
  for (let tries = 1; ; tries += 1) {
    try {
      const { results } = await client.send<{ readonly results: readonly PushResult[] }>('PUT', '/v1/assets', body);
      return results;
    } catch (error) {
      if (error instanceof RefusedError && [400, 413, 422].includes(error.status)) return apart(batch, options, error);
      const pauseMs = pauseBefore(error, tries);
      if (pauseMs === null || signal.aborted) throw error;
      await pause(pauseMs, { clock, signal });
      if (signal.aborted) throw error;
    }
  }
}

/** In halves; alone, a record is told what the whole batch was. */
async function apart(
  batch: readonly ReadRecord[],
  options: PushOptions,
  { code, message, problems }: RefusedError,
): Promise<readonly PushResult[]> {
  if (batch.length === 1) return [{ status: 'rejected', code, detail: message, problems }];
  const half = Math.ceil(batch.length / 2);
  return [...(await send(batch.slice(0, half), options)), ...(await send(batch.slice(half), options))];
}

/** How long to wait before the next try; null where there is no sense in one. */
function pauseBefore(error: unknown, tries: number): number | null {
  // Who is told to come later is not failing: a quota of changes lets everything in, in its time.
  if (error instanceof RefusedError && error.status === 429)
    return Math.min(pauseMsMax, Math.max(firstPauseMs, error.retryAfterMs ?? 0));
  if (tries >= triesMax) return null;
  const ownMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (tries - 1));
  if (error instanceof UnreachableError) return ownMs;
  if (!(error instanceof RefusedError) || error.status !== 503) return null;
  return Math.min(pauseMsMax, Math.max(ownMs, error.retryAfterMs ?? 0));
}

function pause(delayMs: number, { clock, signal }: Pick<PushOptions, 'clock' | 'signal'>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(delayMs, done);
    function done(): void {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

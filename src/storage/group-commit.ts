/**
 * Group commit: calls that arrive while a transaction runs share the next one. Nothing here knows a database; an
 * implementation hands in how one batch is run.
 *
 * What waits is bounded in items and bytes: beyond that a call is refused at once with `storage_busy`, so that a store
 * that cannot keep up answers quickly instead of growing. Records of attempts go first and have room of their own: they
 * end work that has already been done, and refusing them would do it again.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Turn } from '../runtime/turn.ts';

export type GroupCommitLimits = {
  /** One transaction. An item that is larger alone goes alone. */
  readonly batchItemsMax: number;
  readonly batchBytesMax: number;
  /** What may wait for its transaction, over all calls of one urgency. */
  readonly waitingItemsMax: number;
  readonly waitingBytesMax: number;
  /** Batches begin at least this far apart, so that calls under way find each other; an idle store begins at once. */
  readonly gatherMs: number;
};

export type GroupCommitParts<Item, Result> = {
  /**
   * Runs one transaction over the items, or over the first of them (at least one): a result for each that it did. Rejects
   * where nothing was stored.
   */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly bytesOf: (item: Item) => number;
  readonly limits: GroupCommitLimits;
  readonly pacing: Clock;
  readonly turn: Turn;
};

export type Settled<Result> =
  | { readonly status: 'done'; readonly result: Result }
  | { readonly status: 'failed'; readonly error: unknown };

export type GroupCommit<Item, Result> = {
  /** Resolves when each item was done or refused; rejects with `storage_busy` where there is no room. */
  submit(items: readonly Item[], urgency: 'record' | 'commit'): Promise<readonly Settled<Result>[]>;
  waiting(): number;
  busy(): boolean;
  /** Refuses new calls from now on; resolves when everything that waits is done. */
  stop(): Promise<void>;
};

type Call<Result> = { readonly settled: Settled<Result>[]; left: number; readonly resolve: () => void };
type Entry<Item, Result> = { readonly item: Item; readonly call: Call<Result>; readonly index: number; bytes: number };

/** A queue that hands out its front without moving what lies behind. */
type Line<Item, Result> = { entries: Entry<Item, Result>[]; front: number; bytes: number };

export function createGroupCommit<Item, Result>(parts: GroupCommitParts<Item, Result>): GroupCommit<Item, Result> {
  const { run, bytesOf, limits, pacing, turn } = parts;
  const lines = { record: emptyLine<Item, Result>(), commit: emptyLine<Item, Result>() };
  let running = false;
  let scheduled = false;
  let stopping = false;
  let lastBeganMs = Number.NEGATIVE_INFINITY;
  let refusedSinceBatch = false;
  const idle: (() => void)[] = [];

  const waiting = (): number => lengthOf(lines.record) + lengthOf(lines.commit);
  const schedule = (): void => {
    if (running || scheduled) return;
    scheduled = true;
    const waitMs = limits.gatherMs === 0 ? 0 : lastBeganMs + limits.gatherMs - pacing.monotonicMs();
    if (waitMs <= 0) turn(flush);
    else pacing.timer(waitMs, flush);
  };
  const flush = (): void => {
    scheduled = false;
    if (running) return;
    const batch = takeBatch([lines.record, lines.commit], limits);
    if (batch.length === 0) return;
    running = true;
    refusedSinceBatch = false;
    if (limits.gatherMs > 0) lastBeganMs = pacing.monotonicMs();
    void runBatch(batch).then(afterBatch);
  };
  const runBatch = async (batch: readonly Entry<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [index, result] of results.entries()) settle(batch[index], { status: 'done', result });
      giveBack(lines, batch.slice(results.length));
    } catch (error) {
      for (const entry of batch) settle(entry, { status: 'failed', error });
    }
  };
  const afterBatch = (): void => {
    running = false;
    if (waiting() > 0) schedule();
    else for (const resolve of idle.splice(0)) resolve();
  };

  return {
    submit(items, urgency) {
      if (stopping) return Promise.reject(stopped());
      if (items.length === 0) return Promise.resolve([]);
      const line = lines[urgency];
      let bytes = 0;
      for (const item of items) bytes += bytesOf(item);
      const crowded =
        lengthOf(line) + items.length > limits.waitingItemsMax || line.bytes + bytes > limits.waitingBytesMax;
      // A single call larger than the bound must still be possible when nothing else waits.
      if (crowded && lengthOf(line) > 0) {
        refusedSinceBatch = true;
        return Promise.reject(busy(lengthOf(line)));
      }
      const answer = enqueue(line, items, bytesOf);
      schedule();
      return answer;
    },
    waiting,
    busy: () => refusedSinceBatch,
    stop() {
      stopping = true;
      if (!running && waiting() === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}

function emptyLine<Item, Result>(): Line<Item, Result> {
  return { entries: [], front: 0, bytes: 0 };
}

function lengthOf(line: Line<unknown, unknown>): number {
  return line.entries.length - line.front;
}

/** Puts a call's items at the end of a line; resolves when each of them is settled. */
function enqueue<Item, Result>(
  line: Line<Item, Result>,
  items: readonly Item[],
  bytesOf: (item: Item) => number,
): Promise<readonly Settled<Result>[]> {
  return new Promise((resolve) => {
    const settled = new Array<Settled<Result>>(items.length);
    const call: Call<Result> = { settled, left: items.length, resolve: () => resolve(settled) };
    for (const [index, item] of items.entries()) {
      const bytes = bytesOf(item);
      line.entries.push({ item, call, index, bytes });
      line.bytes += bytes;
    }
  });
}

/** From the lines in turn, as much as one transaction may take. */
function takeBatch<Item, Result>(
  lines: readonly Line<Item, Result>[],
  { batchItemsMax, batchBytesMax }: GroupCommitLimits,
): Entry<Item, Result>[] {
  const batch: Entry<Item, Result>[] = [];
  let bytes = 0;
  for (const line of lines) {
    while (line.front < line.entries.length && batch.length < batchItemsMax) {
      const entry = line.entries[line.front];
      if (entry === undefined || (batch.length > 0 && bytes + entry.bytes > batchBytesMax)) break;
      batch.push(entry);
      bytes += entry.bytes;
      line.bytes -= entry.bytes;
      line.front += 1;
    }
    if (line.front === line.entries.length) {
      line.entries = [];
      line.front = 0;
    } else if (line.front > 4_096) {
      line.entries = line.entries.slice(line.front);
      line.front = 0;
    }
  }
  return batch;
}

function settle<Item, Result>(entry: Entry<Item, Result> | undefined, settled: Settled<Result>): void {
  if (entry === undefined) return;
  const { call, index } = entry;
  call.settled[index] = settled;
  call.left -= 1;
  if (call.left === 0) call.resolve();
}

/** What a batch had no time for goes first in the next one. */
function giveBack<Item, Result>(
  lines: { record: Line<Item, Result>; commit: Line<Item, Result> },
  entries: readonly Entry<Item, Result>[],
): void {
  if (entries.length === 0) return;
  // Which line they came from no longer matters: they are first in any case.
  const line = lines.record;
  line.entries = [...entries, ...line.entries.slice(line.front)];
  line.front = 0;
  for (const entry of entries) line.bytes += entry.bytes;
}

function busy(waiting: number): AssetwireError {
  return new AssetwireError('storage_busy', {
    detail: `The store must have room for another write: ${waiting} are waiting`,
    mend: 'Try again in a moment',
    retryAfterSeconds: 1,
  });
}

function stopped(): AssetwireError {
  return new AssetwireError('shutting_down', {
    detail: 'The store must be open: it is stopped or stopping',
    retryAfterSeconds: 5,
  });
}

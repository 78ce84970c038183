/**
 * Group commit: calls that arrive while a transaction runs share the next one, in which workspaces take turns
 * (fair-lines.ts). Nothing here knows a database; an implementation hands in how one batch is run.
 *
 * What waits is bounded in items and bytes: beyond that a call is refused at once with `storage_busy`, so that a store
 * that cannot keep up answers quickly instead of growing. Records of attempts have room of their own: they end work that
 * has already been done, and refusing them would do it again.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Turn } from '../runtime/turn.ts';
import { type BatchLimits, createFairLines, type Entry, type FairLines, type Urgency } from './fair-lines.ts';

export type GroupCommitLimits = BatchLimits & {
  /** What may wait for its transaction, over all calls of one urgency; commits of workspaces that have little there find a quarter more. */
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
  readonly workspaceOf: (item: Item) => string;
  readonly bytesOf: (item: Item) => number;
  /** What it costs to write, by which a workspace's turn is measured. */
  readonly rowsOf: (item: Item) => number;
  readonly limits: GroupCommitLimits;
  readonly pacing: Clock;
  readonly turn: Turn;
};

export type Settled<Result> =
  | { readonly status: 'done'; readonly result: Result }
  | { readonly status: 'failed'; readonly error: unknown };

export type GroupCommit<Item, Result> = {
  /** Resolves when each item was done or refused; rejects with `storage_busy` where there is no room. */
  submit(items: readonly Item[], urgency: Urgency): Promise<readonly Settled<Result>[]>;
  waiting(): number;
  busy(): boolean;
  /** Refuses new calls from now on; resolves when everything that waits is done. */
  stop(): Promise<void>;
};

type Call<Result> = { readonly settled: Settled<Result>[]; left: number; readonly resolve: () => void };
type Waiter<Item, Result> = Entry & { readonly item: Item; readonly call: Call<Result>; readonly index: number };

/** Beyond the bound, this much of it is kept for workspaces that have little waiting: who fills the room fills it for himself. */
const roomForOthers = 0.25;

export function createGroupCommit<Item, Result>(parts: GroupCommitParts<Item, Result>): GroupCommit<Item, Result> {
  const { run, limits, pacing, turn } = parts;
  const lines = createFairLines<Waiter<Item, Result>>();
  let running = false;
  let scheduled = false;
  let stopping = false;
  let lastBeganMs = Number.NEGATIVE_INFINITY;
  let refusedSinceBatch = false;
  const idle: (() => void)[] = [];

  const waiting = (): number => lines.waiting('record').items + lines.waiting('commit').items;
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
    const batch = lines.take(limits);
    if (batch.length === 0) return;
    running = true;
    refusedSinceBatch = false;
    if (limits.gatherMs > 0) lastBeganMs = pacing.monotonicMs();
    void runBatch(batch).then(afterBatch);
  };
  const runBatch = async (batch: readonly Waiter<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [index, result] of results.entries()) settle(batch[index], { status: 'done', result });
      if (results.length < batch.length) lines.giveBack(batch.slice(results.length));
    } catch (error) {
      for (const entry of batch) settle(entry, { status: 'failed', error });
    }
  };
  const afterBatch = (): void => {
    running = false;
    if (waiting() > 0) schedule();
    else for (const resolve of idle.splice(0)) resolve();
  };

  /** Resolves when each of them is settled. */
  const enqueue = (items: readonly Item[], urgency: Urgency): Promise<readonly Settled<Result>[]> =>
    new Promise((resolve) => {
      const settled = new Array<Settled<Result>>(items.length);
      const call: Call<Result> = { settled, left: items.length, resolve: () => resolve(settled) };
      for (const [index, item] of items.entries()) {
        const workspaceId = parts.workspaceOf(item);
        lines.push({ workspaceId, urgency, rows: parts.rowsOf(item), bytes: parts.bytesOf(item), item, call, index });
      }
    });
  return {
    submit(items, urgency) {
      if (stopping) return Promise.reject(stopped());
      if (items.length === 0) return Promise.resolve([]);
      if (isCrowded(lines, sumOf(items, urgency, parts), limits)) {
        refusedSinceBatch = true;
        return Promise.reject(busy(lines.waiting(urgency).items));
      }
      schedule();
      return enqueue(items, urgency);
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

type Asked = {
  readonly workspaceId: string;
  readonly urgency: Urgency;
  readonly items: number;
  readonly bytes: number;
};

/** What a call asks room for. It is one workspace's, but for few of our own. */
function sumOf<Item>(
  items: readonly Item[],
  urgency: Urgency,
  parts: Pick<GroupCommitParts<Item, unknown>, 'workspaceOf' | 'bytesOf'>,
): Asked {
  let bytes = 0;
  for (const item of items) bytes += parts.bytesOf(item);
  const [first] = items;
  return { workspaceId: first === undefined ? '' : parts.workspaceOf(first), urgency, items: items.length, bytes };
}

function isCrowded(
  lines: FairLines<Entry>,
  asked: Asked,
  { waitingItemsMax, waitingBytesMax }: GroupCommitLimits,
): boolean {
  const { workspaceId, urgency, items, bytes } = asked;
  const all = lines.waiting(urgency);
  // A single call larger than the bound must still be possible when nothing else waits.
  if (all.items === 0) return false;
  if (all.items + items <= waitingItemsMax && all.bytes + bytes <= waitingBytesMax) return false;
  if (urgency === 'record') return true;
  const own = lines.waitingOf(workspaceId, urgency);
  return (
    own.items + items > (1 + roomForOthers) * waitingItemsMax - all.items ||
    own.bytes + bytes > (1 + roomForOthers) * waitingBytesMax - all.bytes
  );
}

function settle<Item, Result>(entry: Waiter<Item, Result> | undefined, settled: Settled<Result>): void {
  if (entry === undefined) return;
  const { call, index } = entry;
  call.settled[index] = settled;
  call.left -= 1;
  if (call.left === 0) call.resolve();
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

/** What the suite's tests stand on: a fresh store, a held clock, seeded ids, and short words for common items. */
import { createIdSource } from '../../core/id-source.ts';
import type { Change } from '../../core/change.ts';
import type { Attempt, NewDelivery } from '../../core/delivery.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import type { IdSource, WebhookId } from '../../core/ids.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CommitItem, CommitResult } from '../contract/commit-item.ts';
import type { RecordItem, RecordResult } from '../contract/record-item.ts';
import type { Storage } from '../storage.ts';
import type { OpenedStore, StoreFactory, StoreOptions } from './conformance.ts';
import { sampleCommit, sampleDelivery, sampleRecord } from './samples.ts';

export type HeldClock = Clock & { advance(ms: number): void };

/** A clock that stands still; timers are not needed by a store and fire never. */
export function createHeldClock(startMs = 1_795_000_000_000): HeldClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer: () => ({ cancel: () => undefined }),
    advance(ms) {
      nowMs += ms;
    },
  };
}

export type World = {
  readonly storage: Storage;
  readonly clock: HeldClock;
  readonly ids: IdSource;
  readonly reopen: OpenedStore['reopen'];
  now(): number;
  /** An asset created, told to one webhook. */
  created(webhookId: WebhookId, workspaceId?: string): Created;
  /** Commits one item that must be applied. */
  apply(item: CommitItem): Promise<readonly number[]>;
  commitOne(item: CommitItem): Promise<CommitResult>;
  /** Creates and commits at once. */
  deliver(webhookId: WebhookId, workspaceId?: string): Promise<Created>;
  record(delivery: NewDelivery, attemptsBefore: number, rest?: RecordRest): Promise<RecordResult>;
  /** Another delivery of the same change. */
  again(created: Created, webhookId: WebhookId): NewDelivery;
};

export type Created = { readonly item: CommitItem; readonly change: Change; readonly delivery: NewDelivery };
export type RecordRest = {
  readonly next?: RecordItem['next'];
  readonly body?: Uint8Array;
  readonly epoch?: number;
  /** What the attempt came to; absent: an answer. */
  readonly outcome?: OutcomeKind;
};

export async function withWorld(
  factory: StoreFactory,
  options: StoreOptions,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const clock = createHeldClock();
  const opened = await factory.open(clock, options);
  try {
    await test(createWorld(opened, clock));
  } finally {
    await opened.close();
  }
}

function createWorld({ storage, reopen }: OpenedStore, clock: HeldClock): World {
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(7) });
  const commitOne = async (item: CommitItem): Promise<CommitResult> => {
    const [result] = await storage.commit([item]);
    if (result === undefined) throw new Error('An item must have a result: found none');
    return result;
  };
  const apply = async (item: CommitItem): Promise<readonly number[]> => {
    const result = await commitOne(item);
    if (result.status !== 'applied') throw new Error(`The item must be applied: found ${JSON.stringify(result)}`);
    return result.versions;
  };
  const created = (webhookId: WebhookId, workspaceId = 'default'): Created => {
    const item = sampleCommit({ ids, webhookId, atMs: clock.nowMs(), workspaceId });
    const change = item.changes?.[0]?.change;
    const delivery = item.deliveries?.[0];
    if (change === undefined || delivery === undefined) throw new Error('A sample has a change and a delivery');
    return { item, change, delivery };
  };
  return {
    storage,
    clock,
    ids,
    reopen,
    now: () => clock.nowMs(),
    created,
    apply,
    commitOne,
    async deliver(webhookId, workspaceId) {
      const made = created(webhookId, workspaceId);
      await apply(made.item);
      return made;
    },
    async record(delivery, attemptsBefore, { next, body, epoch, outcome } = {}) {
      const item = sampleRecord({
        delivery,
        epoch: epoch ?? storage.health().epoch,
        attemptsBefore,
        atMs: clock.nowMs(),
        ...(next === undefined ? {} : { next }),
        ...(body === undefined ? {} : { body }),
      });
      const attempt = outcome === undefined ? item.attempt : silent(item.attempt, outcome);
      const [result] = await storage.record([{ ...item, attempt }]);
      if (result === undefined) throw new Error('An item must have a result: found none');
      return result;
    },
    again: ({ change }, webhookId) => sampleDelivery({ ids, change, webhookId, atMs: clock.nowMs() }),
  };
}

/** The same attempt, without an answer. */
function silent({ response: _, ...attempt }: Attempt, outcome: OutcomeKind): Attempt {
  return { ...attempt, outcome };
}

/** Bytes that are the same in every run (mulberry32). */
export function seededBytes(seed: number): (count: number) => Uint8Array {
  const next = seededFraction(seed);
  return (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256));
}

export function seededFraction(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Walks a list to its end. */
export async function walk<Item>(
  page: (
    cursor: string | undefined,
  ) => Promise<{ readonly items: readonly Item[]; readonly nextCursor: string | null }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { items: found, nextCursor } = await page(cursor);
    items.push(...found);
    if (nextCursor === null) return items;
    cursor = nextCursor;
  }
}

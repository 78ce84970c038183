/**
 * The book: everything that writes, synchronous, over one connection. One batch is one transaction. It runs inline (the
 * in-memory store, tools) or on a thread of its own; it does not know which.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ItemResult } from '../batch-results.ts';
import { StorageFault } from '../storage-fault.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import { createCommitApplier } from './apply-commit.ts';
import { createDeliveryWriter } from './apply-deliveries.ts';
import { createRecordApplier } from './apply-record.ts';
import { createResourceWriter } from './apply-resources.ts';
import { createChangeLocator } from './change-locator.ts';
import { createHistoryEraser, type HistoryEraser } from './erase-history.ts';
import { createEraser } from './erase-workspace.ts';
import { createItemApplier } from './item-applier.ts';
import { createNames } from './names.ts';
import { createPartitions, type PartitionLimits, type Partitions } from './partitions.ts';
import { createPositions } from './positions.ts';
import type { Prepared } from '../prepared.ts';
import { createRetention, type RetentionLimits } from './retention.ts';
import { createRollup, type Rollup } from './rollup.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { faultOf } from './sqlite-error.ts';

export type BatchResult = {
  readonly results: readonly ItemResult[];
};

export type BookOptions = {
  readonly epoch: number;
  readonly partitions: PartitionLimits;
  readonly retention: RetentionLimits;
  /** Called with its number after each durable batch. */
  readonly synced: (batch: number) => void;
};

export type Book = {
  /** Applies items in order as one transaction, at most until `until` says so; returns a result for each that was applied. */
  apply(items: readonly Prepared[], nowMs: number, until?: () => boolean): BatchResult;
  maintain(nowMs: number): { readonly more: boolean };
  /** Writes what is carried in memory beside the data: counts, nothing else. Called once, before the store is closed. */
  finish(): void;
  eraseWorkspace(workspaceId: string, cursor: EraseCursor | null): EraseSlice;
  eraseHistory: HistoryEraser;
};

/** The clock is looked at once in so many items. */
const itemsPerLook = 8;

export function createBook(db: DatabaseSync, options: BookOptions, nowMs: number): Book {
  const parts = createParts(db, options, nowMs);
  const { partitions, attempt, forgetNames } = parts;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const retention = createRetention(db, { partitions, rollup: parts.rollup, limits: options.retention });
  const eraseHistory = createHistoryEraser(db, options.retention);
  const erase = createEraser(db, { ...options.retention, forget: forgetNames });

  /** Whether the last batch went well. */
  let sound = true;

  const makeAhead = (): void => {
    for (const kind of partitions.wanting()) {
      try {
        begin.run();
        partitions.makeAhead(kind);
        commit.run();
      } catch (error) {
        // Not needed yet: the next rotation makes it, or reports why it cannot.
        if (db.isTransaction) db.exec('ROLLBACK');
        partitions.forgetAhead(kind);
        if (faultOf(error).kind === 'item') throw error;
        return;
      }
    }
  };
  return {
    apply(items, at, until) {
      const batch: Batch = { items, nowMs: at, until: until ?? null };
      sound = false;
      const results = withCare((careful) => attempt(batch, careful));
      sound = true;
      options.synced(parts.batchNumber());
      makeAhead();
      return { results };
    },
    finish() {
      // After a failed sync nothing may be written any more (FD-09).
      if (sound) retention.flushCounts();
    },
    maintain(at) {
      try {
        return retention.slice(at);
      } catch (error) {
        throw faultError(error);
      }
    },
    eraseHistory(workspaceId, past, cursor) {
      try {
        return eraseHistory(workspaceId, past, cursor);
      } catch (error) {
        throw faultError(error);
      }
    },
    eraseWorkspace(workspaceId, cursor) {
      try {
        return erase(workspaceId, cursor);
      } catch (error) {
        throw faultError(error);
      }
    },
  };
}

type Batch = {
  readonly items: readonly Prepared[];
  readonly nowMs: number;
  readonly until: (() => boolean) | null;
};

/** First without savepoints; where an item broke a constraint, again with one around each. Rare, so its price does not matter. */
function withCare(attempt: (careful: boolean) => readonly ItemResult[]): readonly ItemResult[] {
  try {
    return attempt(false);
  } catch (error) {
    const found = faultError(error);
    if (found instanceof StorageFault) throw found;
  }
  try {
    return attempt(true);
  } catch (error) {
    throw faultError(error);
  }
}

function faultError(error: unknown): unknown {
  const { kind, detail } = faultOf(error);
  return kind === 'item' ? error : new StorageFault(kind, detail);
}

type Parts = {
  readonly partitions: Partitions;
  readonly rollup: Rollup;
  /** One transaction over the batch, all or nothing. */
  readonly attempt: (batch: Batch, careful: boolean) => readonly ItemResult[];
  /** The number of the last one that is durable. */
  readonly batchNumber: () => number;
  readonly forgetNames: () => void;
};

function createParts(db: DatabaseSync, options: BookOptions, nowMs: number): Parts {
  const names = createNames(db);
  const partitions = createPartitions(db, options.partitions, nowMs);
  const positions = createPositions(db);
  const rollup = createRollup(db);
  const locator = createChangeLocator(db, partitions);
  const deliveries = createDeliveryWriter(db, { names, partitions, rollup, locator, positions });
  const remember = (): (() => void) => {
    const restore = partitions.snapshot();
    const mark = rollup.mark();
    return () => {
      restore();
      rollup.rewind(mark);
      names.forget();
      positions.forget();
    };
  };
  const applyItem = createItemApplier(db, {
    applyCommit: createCommitApplier(db, { names, partitions, writeResource: createResourceWriter(db), deliveries }),
    applyRecord: createRecordApplier(db, { names, partitions, rollup, epoch: options.epoch }),
    remember,
  });
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const numberBatch = db.prepare("UPDATE meta SET value = ? WHERE key = 'batch'");
  let batchNumber = numberOf(arrayStatement(db, "SELECT value FROM meta WHERE key = 'batch'").get()?.[0]);

  const attempt = ({ items, nowMs: at, until }: Batch, careful: boolean): readonly ItemResult[] => {
    const restore = remember();
    begin.run();
    try {
      const results: ItemResult[] = [];
      for (const item of items) {
        if (until !== null && results.length > 0 && results.length % itemsPerLook === 0 && until()) break;
        partitions.rotate(at, positions.peek());
        results.push(applyItem(item, careful));
      }
      partitions.list();
      rollup.flush();
      numberBatch.run(batchNumber + 1);
      commit.run();
      rollup.settled();
      batchNumber += 1;
      return results;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      restore();
      rollup.discard();
      throw error;
    }
  };
  return { partitions, rollup, attempt, batchNumber: () => batchNumber, forgetNames: () => names.forget() };
}

/**
 * The book: everything that writes, synchronous, over one connection. One batch is one transaction. It runs inline (the
 * in-memory store, tools) or on a thread of its own; it does not know which.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { CommitResult, RecordResult } from '../storage.ts';
import { createCommitApplier, mayNeedUndo } from './apply-commit.ts';
import { createDeliveryWriter } from './apply-deliveries.ts';
import { createRecordApplier } from './apply-record.ts';
import { createResourceWriter } from './apply-resources.ts';
import { createChangeLocator } from './change-locator.ts';
import { createNames } from './names.ts';
import { createPartitions, type PartitionLimits } from './partitions.ts';
import { createPositions } from './positions.ts';
import type { Prepared } from './prepared.ts';
import { createRetention, type RetentionLimits } from './retention.ts';
import { createRollup } from './rollup.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { faultOf, isConstraint, StorageFault } from './sqlite-error.ts';

/** `failed`: the item broke something of ours, not a rule of the contract; its mates are unharmed. */
export type ItemFailure = { readonly status: 'failed'; readonly detail: string };
export type ItemResult = CommitResult | RecordResult | ItemFailure;
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
};

/** The clock is looked at once in so many items. */
const itemsPerLook = 8;

export function createBook(db: DatabaseSync, options: BookOptions, nowMs: number): Book {
  const names = createNames(db);
  const partitions = createPartitions(db, options.partitions, nowMs);
  const positions = createPositions(db);
  const rollup = createRollup(db);
  const locator = createChangeLocator(db, partitions);
  const writeResource = createResourceWriter(db);
  const deliveries = createDeliveryWriter(db, { names, partitions, rollup, locator, positions });
  const applyCommit = createCommitApplier(db, { names, partitions, writeResource, deliveries });
  const applyRecord = createRecordApplier(db, { names, partitions, rollup, epoch: options.epoch });
  const retention = createRetention(db, { partitions, limits: options.retention });
  const numberBatch = db.prepare("UPDATE meta SET value = ? WHERE key = 'batch'");
  let batch = numberOf(arrayStatement(db, "SELECT value FROM meta WHERE key = 'batch'").get()?.[0]);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const savepoint = db.prepare('SAVEPOINT item');
  const release = db.prepare('RELEASE item');
  const undo = db.prepare('ROLLBACK TO item');

  const takeBack = (restore: () => void): void => {
    undo.run();
    restore();
    names.forget();
    positions.forget();
  };
  const applySaved = (item: Prepared): ItemResult => {
    savepoint.run();
    const restore = partitions.snapshot();
    try {
      const { result, undone } =
        item.kind === 'commit' ? applyCommit(item) : { result: applyRecord(item), undone: false };
      if (undone) {
        takeBack(restore);
      }
      release.run();
      return result;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind !== 'item') throw error;
      takeBack(restore);
      release.run();
      return refusedByStatement(item, error);
    }
  };
  const applyItem = (item: Prepared, careful: boolean): ItemResult => {
    if (careful || (item.kind === 'commit' && mayNeedUndo(item))) return applySaved(item);
    if (item.kind === 'record') return applyRecord(item);
    const { result, undone } = applyCommit(item);
    // Seldom: it had already written when it turned out not to fit. The batch starts over with savepoints.
    if (undone) throw new Error('An item must be undone without a savepoint');
    return result;
  };
  /** One transaction. `careful`: a savepoint around every item, so that one that SQLite refuses leaves alone. */
  const attempt = (
    items: readonly Prepared[],
    nowMs: number,
    careful: boolean,
    until?: () => boolean,
  ): ItemResult[] => {
    const restore = partitions.snapshot();
    begin.run();
    try {
      const results: ItemResult[] = [];
      for (const item of items) {
        if (until !== undefined && results.length > 0 && results.length % itemsPerLook === 0 && until()) break;
        partitions.rotate(nowMs, positions.peek());
        results.push(applyItem(item, careful));
      }
      rollup.flush();
      numberBatch.run(batch + 1);
      commit.run();
      batch += 1;
      return results;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      restore();
      names.forget();
      positions.forget();
      rollup.discard();
      throw error;
    }
  };

  const apply = (items: readonly Prepared[], nowMs: number, until?: () => boolean): BatchResult => {
    try {
      return { results: attempt(items, nowMs, false, until) };
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind !== 'item') throw new StorageFault(fault.kind, fault.detail);
    }
    // Some item broke a constraint: again, each on its own footing. Rare, so its price does not matter.
    try {
      return { results: attempt(items, nowMs, true, until) };
    } catch (error) {
      const { kind, detail } = faultOf(error);
      throw kind === 'item' ? error : new StorageFault(kind, detail);
    }
  };
  const makeAhead = (): void => {
    for (const kind of partitions.wanting()) {
      begin.run();
      try {
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
      const result = apply(items, at, until);
      options.synced(batch);
      makeAhead();
      return result;
    },
    maintain: (at) => retention.slice(at),
  };
}

/** A broken constraint is the item's own; anything else is a bug of ours, told as such. */
function refusedByStatement(item: Prepared, error: unknown): CommitResult | ItemFailure {
  const detail = error instanceof Error ? error.message : String(error);
  if (item.kind === 'record' || !isConstraint(error)) return { status: 'failed', detail };
  const id = item.changes[0]?.id ?? item.deliveries[0]?.id ?? item.resources[0]?.id ?? '';
  return { status: 'rejected', code: 'already_exists', detail: `The item of ${id} must fit what is stored: ${detail}` };
}

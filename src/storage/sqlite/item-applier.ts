/** Applies one item inside the writer's transaction, with a savepoint where it may have to be taken back. */
import type { DatabaseSync } from 'node:sqlite';
import type { CommitResult } from '../contract/commit-item.ts';
import type { RecordResult } from '../contract/record-item.ts';
import { type Applied, mayNeedUndo } from './apply-commit.ts';
import type { ItemFailure, ItemResult } from '../batch-results.ts';
import type { Prepared, PreparedCommit, PreparedRecord } from '../prepared.ts';
import { faultOf, isConstraint } from './sqlite-error.ts';

export type ItemApplierParts = {
  readonly applyCommit: (item: PreparedCommit) => Applied;
  readonly applyRecord: (item: PreparedRecord) => RecordResult;
  /** What is remembered in memory, to be put back together with the rows. */
  readonly remember: () => () => void;
};

/** `careful`: a savepoint around the item in any case, so that one that SQLite refuses leaves alone. */
export type ItemApplier = (item: Prepared, careful: boolean) => ItemResult;

export function createItemApplier(
  db: DatabaseSync,
  { applyCommit, applyRecord, remember }: ItemApplierParts,
): ItemApplier {
  const savepoint = db.prepare('SAVEPOINT item');
  const release = db.prepare('RELEASE item');
  const undo = db.prepare('ROLLBACK TO item');

  const apply = (item: Prepared): Applied | { readonly result: RecordResult; readonly undone: false } =>
    item.kind === 'commit' ? applyCommit(item) : { result: applyRecord(item), undone: false };
  const applySaved = (item: Prepared): ItemResult => {
    savepoint.run();
    const restore = remember();
    const takeBack = (): void => {
      undo.run();
      restore();
    };
    try {
      const { result, undone } = apply(item);
      if (undone) takeBack();
      release.run();
      return result;
    } catch (error) {
      if (faultOf(error).kind !== 'item') throw error;
      takeBack();
      release.run();
      return refusedByStatement(item, error);
    }
  };
  return (item, careful) => {
    if (careful || (item.kind === 'commit' && mayNeedUndo(item))) return applySaved(item);
    const { result, undone } = apply(item);
    // Seldom: it had already written when it turned out not to fit. The batch starts over with savepoints.
    if (undone) throw new Error('An item must be undone without a savepoint');
    return result;
  };
}

/** A broken constraint is the item's own; anything else is a bug of ours, told as such. */
function refusedByStatement(item: Prepared, error: unknown): CommitResult | ItemFailure {
  const detail = error instanceof Error ? error.message : String(error);
  if (item.kind === 'record' || !isConstraint(error)) return { status: 'failed', detail };
  const id = item.changes[0]?.id ?? item.deliveries[0]?.id ?? item.resources[0]?.id ?? '';
  return { status: 'rejected', code: 'already_exists', detail: `The item of ${id} must fit what is stored: ${detail}` };
}

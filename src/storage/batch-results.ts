/** What callers get from what the group commit settled, wherever the batch was stored. */
import { AssetwireError } from '../core/errors.ts';
import type { Settled } from './group-commit.ts';
import type { CommitResult } from './contract/commit-item.ts';
import type { RecordResult } from './contract/record-item.ts';

/** An item that the store could not take; its batch-mates are stored. */
export type ItemFailure = { readonly status: 'failed'; readonly detail: string };
export type ItemResult = CommitResult | RecordResult | ItemFailure;

/** The error a caller may see, of whatever a store throws within itself. */
export type CallerError = (error: unknown) => Error;

/** A call fails as a whole where none of its items was stored; otherwise each item has its answer. */
export function commitResults(
  settled: readonly Settled<ItemResult>[],
  callerError: CallerError,
): readonly CommitResult[] {
  const failures = settled.filter((entry) => entry.status === 'failed');
  const first = failures[0];
  if (first !== undefined && failures.length === settled.length) throw callerError(first.error);
  return settled.map((entry) => {
    if (entry.status === 'done') return commitResult(entry.result);
    const error = callerError(entry.error);
    const full = error instanceof AssetwireError && error.code === 'storage_full';
    return { status: 'rejected', code: full ? 'storage_full' : 'storage_unavailable', detail: error.message };
  });
}

function commitResult(result: ItemResult): CommitResult {
  if (typeof result === 'string') throw new TypeError('A commit must have the result of a commit');
  return result.status === 'failed'
    ? { status: 'rejected', code: 'storage_unavailable', detail: result.detail }
    : result;
}

export function recordResult(entry: Settled<ItemResult>, callerError: CallerError): RecordResult {
  if (entry.status === 'failed') throw callerError(entry.error);
  if (typeof entry.result === 'string') return entry.result;
  const detail = entry.result.status === 'failed' ? entry.result.detail : 'it has the result of a commit';
  throw new AssetwireError('internal', { detail: `An attempt must be recorded: ${detail}` });
}

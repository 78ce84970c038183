/** One item for the store where nothing is decided anew: a step of a duty, a row beside others. */
import type { CommitItem, CommitResult } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import { refusedByStore } from './refusals.ts';

type Committed = Exclude<CommitResult, { readonly status: 'rejected' }>;

/** Throws what the store refuses. `stale` and `duplicate` are answers: somebody was faster, and whoever asked may look again. */
export async function commitOne(storage: Pick<Storage, 'commit'>, item: CommitItem): Promise<Committed> {
  const [result] = await storage.commit([item]);
  if (result === undefined) throw new TypeError('A commit must answer each item: got no result');
  if (result.status === 'rejected') throw refusedByStore(result);
  return result;
}

/**
 * What a full sync is kept as. Its states:
 *
 * - `open`: states are pushed and marked as seen.
 * - `comparing`: what of the source was not seen is being looked for; nothing may be pushed.
 * - `waiting`: that is known and nothing was done about it: a dry run, or more than is safe. Completing again goes on, and a
 *   push opens the sync again.
 * - `applying`: what vanished is being deleted or archived.
 * - `done`, `cancelled`: the end; the source may be synced anew.
 */
import type { Actor } from '../core/change.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { SyncView } from './sync-cases.ts';

export type StoredSync = Omit<SyncView, 'id' | 'createdAtMs'> & {
  /** Parts of what was seen, and of what vanished in the latest comparison. */
  readonly seenParts: number;
  readonly vanishedParts: number;
  /** The most parts that any comparison left. */
  readonly vanishedPartsMade: number;
  /** Counts comparisons: a duty of an earlier one has nothing to do any more. */
  readonly round: number;
  readonly confirmed: boolean;
  /** In whose name the vanished are deleted. */
  readonly by: Actor;
};

/** States in which more may be pushed. */
export const pushable: ReadonlySet<StoredSync['state']> = new Set(['open', 'waiting']);

/** What a `sync` duty owes. `at` counts parts (apply: and items within one); `cursor` is that of the list of assets. */
export type SyncPayload = {
  readonly syncId: string;
  readonly phase: 'compare' | 'apply' | 'tidy' | 'remove';
  readonly round: number;
  readonly part: number;
  readonly item: number;
  readonly cursor: string | null;
};

/** One that vanished. */
export type Vanished = {
  readonly id: string;
  readonly externalId?: string;
  readonly name: string;
  readonly version: number;
};

export function runningAlias(source: string): string {
  return `running ${source}`;
}

export function endedAlias(syncId: string): string {
  return `ended ${syncId}`;
}

export function seenPartId(syncId: string, part: number): string {
  return `${syncId}:s:${String(part).padStart(8, '0')}`;
}

/** Written anew by each comparison. */
export function vanishedPartId(syncId: string, part: number): string {
  return `${syncId}:v:${String(part).padStart(8, '0')}`;
}

/** Rows of this type are written by syncs and their duty, in this shape. */
export function storedSync(row: Pick<Resource, 'state'>): StoredSync {
  return row.state as unknown as StoredSync;
}

export function syncView(row: Pick<Resource, 'state' | 'id' | 'createdAtMs'>): SyncView {
  const {
    seenParts: _s,
    vanishedParts: _v,
    vanishedPartsMade: _m,
    round: _r,
    confirmed: _c,
    by: _b,
    ...shown
  } = storedSync(row);
  return { id: row.id, ...shown, createdAtMs: row.createdAtMs };
}

/** What stands between the group commit and the book: inline in this thread, or on a thread of its own. */
import type { ErasedPast } from '../../core/erased-past.ts';
import type { ItemResult } from '../batch-results.ts';
import type { Prepared } from '../prepared.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';

export type WriterOpened = { readonly epoch: number; readonly cursorKey: Uint8Array };

export type Writer = {
  /** Locks, checks, migrates, raises the epoch. Rejects with an `AssetwireError` that says what is wrong. */
  open(): Promise<WriterOpened>;
  /** One transaction over the items or the first of them. Rejects with a `StorageFault` where nothing was stored. */
  apply(items: readonly Prepared[]): Promise<readonly ItemResult[]>;
  maintain(nowMs: number): Promise<{ readonly more: boolean }>;
  eraseWorkspace(workspaceId: string, cursor: EraseCursor | null): Promise<EraseSlice>;
  eraseHistory(workspaceId: string, past: ErasedPast, cursor: EraseCursor | null): Promise<EraseSlice>;
  close(): Promise<void>;
};

/** What both writers are made from; plain data, so that it can be handed to a thread. */
export type WriterSettings = {
  readonly file: string;
  readonly keepMs: number;
  readonly partitionRowsMax: number;
  readonly partitionAgeMsMax: number;
  readonly listRunRows: number;
  readonly sliceMsMax: number;
  readonly freePagesMax: number;
  readonly pagesMax: number;
  readonly checkpointPages: number;
};

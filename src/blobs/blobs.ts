/**
 * The blobs contract: where the bytes of files lie. Content-addressed within a workspace, never across (two workspaces
 * that hold the same file must not be able to tell). `put` answers only when the bytes are synced to stable storage.
 *
 * Equal content is one blob, so what one asset lets go another may be about to name. What was put is therefore held until
 * `release`: between the two lies the commit that names it, and no `remove` gets in between.
 */
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../core/errors.ts';
import type { WorkspaceId } from '../core/ids.ts';

export interface Blobs {
  start(): Promise<void>;
  /**
   * Takes a stream to its end. Fails with `upload_too_large` beyond `bytesMax`, `upload_incomplete` where the stream
   * broke off, `storage_full` where the disk did; in each case nothing is left behind. What it answers is held: whoever
   * puts calls `release` once, when the commit that names the blob has ended, well or not.
   */
  put(workspaceId: WorkspaceId, content: Readable, options: PutOptions): Promise<StoredBlob>;
  /** The content, or null where there is none. `range` is inclusive, in bytes. */
  open(
    workspaceId: WorkspaceId,
    blob: string,
    range?: { readonly from: number; readonly to: number },
  ): Promise<Readable | null>;
  /** A path that another process on this machine may read; null where the store is not local. */
  localPath(workspaceId: WorkspaceId, blob: string): string | null;
  stat(workspaceId: WorkspaceId, blob: string): Promise<{ readonly bytes: number } | null>;
  /** Ends one hold of `put`. */
  release(workspaceId: WorkspaceId, blob: string): void;
  /**
   * Removes a blob, unless it is held or `isUsed` says that something names it. No `put` of the same content ends between
   * that question and the removal. What is not there is `removed` too. `isUsed` absent: nothing does.
   */
  remove(workspaceId: WorkspaceId, blob: string, isUsed?: () => Promise<boolean>): Promise<Removal>;
  /**
   * Looks after what was put before the last stop and never released: its commit may have happened or not. Removes what
   * `isUsed` does not know; returns how many. Bounded: what is left is looked at by the next start.
   */
  reclaim(isUsed: (workspaceId: WorkspaceId, blob: string) => Promise<boolean>): Promise<number>;
  /** Removes everything of a workspace, held or not. For the erasure of a workspace that takes no uploads any more. */
  removeAll(workspaceId: WorkspaceId): Promise<void>;
  /** Removes temporary files that no upload owns any more; returns how many. */
  sweep(): Promise<number>;
  stop(): Promise<void>;
}

export type PutOptions = {
  readonly bytesMax: number;
  /**
   * Nobody but the store reads the chunks of this stream, so their memory may go back as soon as they are taken: then they
   * are of length 0 to everybody else. Default false.
   */
  readonly ownChunks?: boolean;
};

export type Removal = 'removed' | 'held' | 'used';

export type StoredBlob = {
  /** `sha256` in lower-case hex: the content address. */
  readonly blob: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  /** The first bytes, for a first guess of the type. At most 4,100. */
  readonly head: Uint8Array;
};

/** Whether files can be stored and read. */
export type FilesHealth =
  | { readonly state: 'ok' }
  | {
      readonly state: 'failing';
      readonly code: Extract<ErrorCode, 'storage_unavailable' | 'storage_full'>;
      /** What failed, without any name or address of the store. */
      readonly detail: string;
      readonly sinceMs: number;
    };

/** A store whose users say in passing how it fares. */
export type WatchedBlobs = Blobs & {
  health(): FilesHealth;
  /**
   * Asks a store that is elsewhere for a file that is not there, which costs it nothing. One that has failed must take a file
   * and let it go again. What comes of it is told by `health`. Never throws.
   */
  probe(): Promise<void>;
};

/**
 * How far the store was synced, written beside it. SQLite's log ends silently at the first frame whose checksum is wrong:
 * right for the torn end of a crash, but a damaged sector in the middle would take confirmed changes with it and nobody
 * would know. So every transaction carries a number, and after its sync the number is noted in a file of its own. A
 * store that comes back with less than was noted is refused. The note itself is not synced: after a power cut it may be
 * older than the truth, which only makes it say less.
 */
import { closeSync, existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { AssetwireError } from '../../core/errors.ts';

export type CommitMark = {
  /** The batch of this number is durable. */
  note(batch: number): void;
  /** The store was closed in order: its file alone holds everything. */
  remove(): void;
  close(): void;
};

const width = 20;

export function openCommitMark(file: string): CommitMark {
  const path = markPath(file);
  const handle = openSync(path, existsSync(path) ? 'r+' : 'w+');
  let open = true;
  const close = (): void => {
    if (open) closeSync(handle);
    open = false;
  };
  return {
    note(batch) {
      // One write of fixed width: a reader sees the old number or the new one.
      try {
        writeSync(handle, String(batch).padStart(width, '0'), 0, 'latin1');
      } catch {
        // The batch is durable all the same; a note that lags behind only says less than the truth.
      }
    },
    remove() {
      close();
      if (existsSync(path)) unlinkSync(path);
    },
    close,
  };
}

/** How many batches were confirmed; 0 where nothing can be said. While a server runs it is older the next moment. */
export function notedBatches(file: string): number {
  const path = markPath(file);
  const noted = existsSync(path) ? Number(readFileSync(path, 'latin1')) : 0;
  return Number.isSafeInteger(noted) ? noted : 0;
}

/**
 * Refuses a store that holds fewer batches than were confirmed. `noted` must have been read before the store was: beside a
 * server that runs, a note read later knows of more.
 */
export function checkCommitMark(file: string, batchesInStore: number, noted = notedBatches(file)): void {
  const path = markPath(file);
  if (noted <= batchesInStore) return;
  throw new AssetwireError('storage_unavailable', {
    detail: `The store must hold everything it confirmed: ${file} ends at transaction ${batchesInStore}, ${noted} were confirmed. Its log (${file}-wal) is damaged or missing`,
    mend: `Nothing was written to it. Put the log back, or restore a backup; to go on without what is lost, delete ${path}`,
  });
}

function markPath(file: string): string {
  return `${file}-mark`;
}

/**
 * One process per store: an exclusive lock on a small database beside the file, held as long as the store is open. The
 * operating system frees it when the process ends, however it ends, so there is never a stale lock to clear away. (An
 * exclusive lock on the file itself would shut out our own reader threads.)
 */
import { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import { faultOf } from './sqlite-error.ts';

export type FileLock = { release(): void };

export function lockFile(file: string): FileLock {
  const db = openLock(file);
  try {
    // Without a log beside it: a rollback journal is created only when something is written, which nothing is.
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const code = (error as { errcode?: number }).errcode ?? 0;
    if ((code & 0xff) === 5) {
      throw new AssetwireError('storage_unavailable', {
        detail: `The store must belong to one process: ${file} is in use by another one`,
        mend: 'Stop the other Assetwire process (one that is just stopping lets go within half a minute), or give this one another data directory',
        cause: error,
      });
    }
    throw unwritable(file, error);
  }
  return { release: () => db.close() };
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(`${file}.lock`, { timeout: 0 });
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** An error while the store is opened, as its operator is told; one that is told already stays as it is. */
export function unwritable(file: string, error: unknown): AssetwireError {
  if (error instanceof AssetwireError) return error;
  const { kind, detail } = faultOf(error);
  return new AssetwireError(kind === 'full' ? 'storage_full' : 'storage_unavailable', {
    detail: `The store must be readable and writable: ${file}: ${detail}`,
    mend: 'Check that the data directory exists, that it can be written by this user and that the disk is not full',
    cause: error,
  });
}

/**
 * Copies a store while another process writes to it. `VACUUM INTO` reads in one transaction, so the copy is the store as
 * it was at one moment, between two commits; the writer goes on meanwhile (its log cannot be moved into the file until the
 * copy is done and grows by what is written). The copy is compact, synced, and looked at before it is called one.
 */
import { chmodSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import { checkCommitMark, notedBatches } from './commit-mark.ts';
import { checkStore, damaged, inspectFile, inspectHeader } from './inspect-file.ts';
import { unwritable } from './lock.ts';
import { arrayStatement, numberOf } from './rows.ts';

/** Writes the store at `file` to `destination`, which must not exist. Throws `AssetwireError` where either cannot be used. */
export function backUpFile(file: string, destination: string): void {
  if (!existsSync(file)) {
    throw new AssetwireError('storage_unavailable', {
      detail: `There must be a store to back up: ${file} is none yet`,
      mend: 'Name the data directory of the server with --data-dir or ASSETWIRE_DATA_DIR',
    });
  }
  inspectHeader(file);
  const noted = notedBatches(file);
  copy(file, destination);
  chmodSync(destination, 0o600);
  sync(destination);
  inspectFile(destination);
  const problems = checkStore(destination);
  if (problems.length > 0) throw damaged(destination, problems.slice(0, 3).join('; '));
  checkCommitMark(file, batchesOf(destination), noted);
}

function batchesOf(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return numberOf(arrayStatement(db, "SELECT value FROM meta WHERE key = 'batch'").get()?.[0]);
  } finally {
    db.close();
  }
}

function copy(file: string, destination: string): void {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 30_000 });
  try {
    db.prepare('VACUUM INTO ?').run(destination);
  } catch (error) {
    throw unwritable(destination, error);
  } finally {
    db.close();
  }
}

/** SQLite does not sync the file of a `VACUUM INTO`. */
function sync(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Opens the writing connection: pragmas, migrations, the epoch. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type CommitMark, openCommitMark } from './commit-mark.ts';
import { inspectFile } from './inspect-file.ts';
import { type FileLock, lockFile, unwritable } from './lock.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { applicationId, migrations } from './schema.ts';

export type OpenBook = {
  readonly db: DatabaseSync;
  readonly epoch: number;
  /** Key of the code that ties cursors to this store. */
  readonly cursorKey: Uint8Array;
  /** Notes that a batch is durable. */
  readonly synced: (batch: number) => void;
  close(): void;
};

export type OpenOptions = {
  readonly file: string;
  /** Draws the key that ties cursors to this store, at the first start. */
  readonly drawKey: () => Uint8Array;
  /** A bound on the file, for tests of a full disk; 0 for none. */
  readonly pagesMax: number;
  /** Pages in the log at which the commit that passes them moves the log into the file. */
  readonly checkpointPages: number;
};

export function openBook({ file, drawKey, pagesMax, checkpointPages }: OpenOptions): OpenBook {
  const memory = file === ':memory:';
  const lock: FileLock | null = memory ? null : lockFile(file);
  try {
    const fresh = memory || inspectFile(file).fresh;
    const db = connect(file, { memory, fresh, checkpointPages });
    try {
      if (pagesMax > 0) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
      migrate(db);
      if (fresh && !memory) syncDirectory(file);
      const { epoch, cursorKey } = enter(db, drawKey);
      const mark = memory ? null : openCommitMark(file);
      const synced = (batch: number): void => mark?.note(batch);
      return { db, epoch, cursorKey, synced, close: () => leave(db, mark, lock) };
    } catch (error) {
      db.close();
      throw unwritable(file, error);
    }
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Bytes of a page in files that we make; older files keep theirs. */
const pageBytes = 8_192;

type Connecting = { readonly memory: boolean; readonly fresh: boolean; readonly checkpointPages: number };

function connect(file: string, { memory, fresh, checkpointPages }: Connecting): DatabaseSync {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(file, { timeout: 5_000 });
  } catch (error) {
    throw unwritable(file, error);
  }
  try {
    // Rows are about 1 KiB: fewer, larger pages are fewer writes for the same rows (docs/decisions/0002-sqlite-writer.md).
    if (fresh) db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
    if (!memory) db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    db.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864');
    return db;
  } catch (error) {
    db.close();
    throw unwritable(file, error);
  }
}

/**
 * Each migration and its number commit together, so a kill between two leaves a schema that the next start goes on from. A
 * new store has nothing to move: all of them are one transaction there, one sync instead of one for each.
 */
function migrate(db: DatabaseSync): void {
  const version = numberOf(arrayStatement(db, 'PRAGMA user_version').get()?.[0]);
  const wanted = migrations.slice(version);
  const steps = version === 0 ? [wanted] : wanted.map((migration) => [migration]);
  let reached = version;
  for (const step of steps) {
    reached += step.length;
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const migration of step) migration(db);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${reached}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A new name in a directory is durable only when the directory is synced. */
function syncDirectory(file: string): void {
  const handle = openSync(dirname(file), 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function enter(db: DatabaseSync, drawKey: () => Uint8Array): { epoch: number; cursorKey: Uint8Array } {
  const read = arrayStatement(db, 'SELECT value FROM meta WHERE key = ?');
  const write = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  db.exec('BEGIN IMMEDIATE');
  const epoch = numberOf((read.get('epoch') ?? [0])[0]) + 1;
  write.run('epoch', epoch);
  write.run('clean', 0);
  const stored = read.get('cursor_key')?.[0];
  const cursorKey = stored instanceof Uint8Array ? stored : drawKey();
  if (!(stored instanceof Uint8Array)) write.run('cursor_key', cursorKey);
  db.exec('COMMIT');
  return { epoch, cursorKey };
}

function leave(db: DatabaseSync, mark: CommitMark | null, lock: FileLock | null): void {
  try {
    if (!db.isOpen) return;
    try {
      db.exec("UPDATE meta SET value = 1 WHERE key = 'clean'");
      // Before the close, which moves the log into the file: from here on the file speaks for itself.
      mark?.remove();
    } finally {
      mark?.close();
      db.close();
    }
  } finally {
    lock?.release();
  }
}

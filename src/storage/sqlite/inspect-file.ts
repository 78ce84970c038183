/**
 * Looks at a file before anything is written to it: is it a database, is it ours, can this version read it, is it whole?
 * Everything here reads; the connection it uses is opened read-only, which also keeps its close from moving the log into
 * the file. What it costs is bounded: the whole file is checked only after an unclean end and up to 64 MiB; beyond that,
 * both ends of every table are read, and `assetwire doctor` does the rest.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import { checkCommitMark } from './commit-mark.ts';
import { arrayStatement, numberOf, textOf } from './rows.ts';
import { applicationId, schemaVersion } from './schema.ts';

const magic = 'SQLite format 3\0';
const wholeCheckBytesMax = 64 * 1024 * 1024;
/** After an orderly stop, which says nothing of what the disk did since: 5 ms. */
const wholeCheckBytesMaxClean = 4 * 1024 * 1024;

export type Inspected = { readonly fresh: boolean };

export function inspectFile(file: string): Inspected {
  if (!existsSync(file) || statSync(file).size === 0) {
    checkCommitMark(file, 0);
    return { fresh: true };
  }
  inspectHeader(file);
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(file, { readOnly: !hasRollbackJournal(file), timeout: 5_000 });
  } catch (error) {
    throw damaged(file, String(error), error);
  }
  try {
    return inspectContent(file, db);
  } catch (error) {
    throw error instanceof AssetwireError ? error : damaged(file, error instanceof Error ? error.message : '', error);
  } finally {
    db.close();
  }
}

/**
 * Only a first start that was killed leaves one: before the log is switched on. Nothing has been confirmed by then, and
 * the file cannot even be read until the half-done transaction is taken back, which needs a writing connection.
 */
function hasRollbackJournal(file: string): boolean {
  const journal = `${file}-journal`;
  return existsSync(journal) && statSync(journal).size > 0;
}

/** Whether the file is a database of ours by its first bytes; also of one that is being written. */
export function inspectHeader(file: string): void {
  const header = Buffer.alloc(100);
  const handle = openSync(file, 'r');
  try {
    const read = readSync(handle, header, 0, 100, 0);
    if (read < 100 || header.toString('latin1', 0, 16) !== magic) throw notOurs(file, 'it is not a SQLite database');
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const id = header.readUInt32BE(68);
    if (id !== 0 && id !== applicationId) throw notOurs(file, 'it is a database of another program');
    // With a log beside it the file may rightly be shorter than its header says.
    const logged = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
    const pages = header.readUInt32BE(28);
    const bytes = fstatSync(handle).size;
    if (!logged && pages * pageBytes > bytes) {
      throw damaged(file, `its header tells of ${pages * pageBytes} bytes, the file has ${bytes}`);
    }
  } finally {
    closeSync(handle);
  }
}

function inspectContent(file: string, db: DatabaseSync): Inspected {
  const one = (sql: string): number => numberOf(arrayStatement(db, sql).get()?.[0]);
  const version = one('PRAGMA user_version');
  const tables = one(`SELECT count(*) FROM sqlite_schema`);
  if (tables === 0 && version === 0) {
    // Empty may also be what a damaged log leaves of a young store.
    checkCommitMark(file, 0);
    return { fresh: true };
  }
  if (one('PRAGMA application_id') !== applicationId) throw notOurs(file, 'it is a database of another program');
  if (version > schemaVersion) {
    throw new AssetwireError('storage_unavailable', {
      detail: `The store must have schema ${schemaVersion} or older: ${file} has schema ${version}`,
      mend: 'Start the newer Assetwire that wrote it, or restore a backup from before the upgrade',
    });
  }
  checkCommitMark(file, one("SELECT value FROM meta WHERE key = 'batch'"));
  const clean = arrayStatement(db, "SELECT value FROM meta WHERE key = 'clean'").get()?.[0] === 1;
  const bytesMax = clean ? wholeCheckBytesMaxClean : wholeCheckBytesMax;
  const problems = one('PRAGMA page_count') * one('PRAGMA page_size') <= bytesMax ? check(db) : sample(db);
  if (problems.length > 0) throw damaged(file, problems.slice(0, 3).join('; '));
  return { fresh: false };
}

/** Every page and index of the file; minutes on a large one. Answers what is wrong, nothing where all is well. */
export function checkStore(file: string): readonly string[] {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    return check(db);
  } finally {
    db.close();
  }
}

function check(db: DatabaseSync): readonly string[] {
  const rows = arrayStatement(db, 'PRAGMA quick_check(5)').all();
  const found = rows.map((row) => textOf(row[0]));
  return found.length === 1 && found[0] === 'ok' ? [] : found;
}

/** Reads the first and the last entry of every table and index: broken roots and edges show, at a cost of milliseconds. */
function sample(db: DatabaseSync): readonly string[] {
  for (const [name] of arrayStatement(db, `SELECT name FROM sqlite_schema WHERE type = 'table'`).all()) {
    const table = textOf(name).replaceAll('"', '""');
    arrayStatement(db, `SELECT * FROM "${table}" LIMIT 1`).all();
  }
  for (const [n, kind] of arrayStatement(db, "SELECT n, kind FROM partitions WHERE state <> 'leaving'").all()) {
    arrayStatement(db, `SELECT * FROM ${textOf(kind)}_${numberOf(n)} ORDER BY rowid DESC LIMIT 1`).all();
  }
  return [];
}

export function damaged(file: string, what: string, cause?: unknown): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The store must be whole: ${file} is damaged (${what})`,
    mend: `Nothing was written to it. Restore a backup, or recover what can be read with: sqlite3 "${file}" .recover | sqlite3 recovered.db`,
    cause,
  });
}

function notOurs(file: string, what: string): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The store must be an Assetwire database: ${file} cannot be used, ${what}`,
    mend: 'Nothing was written to it. Restore a backup, name another data directory, or move the file away',
  });
}

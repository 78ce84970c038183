/**
 * The file of the search index, beside the store. Everything in it is derived from the store: it is thrown away and made
 * anew where it is missing, damaged, of another version or of another store. Not synced: a process that dies loses nothing
 * (what it wrote is with the system), and after a machine that died without being asked the file is made anew.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { arrayStatement } from '../rows.ts';
import { chunkDocs } from '../../posting-sets.ts';

/** Raised whenever terms, fields or tables change: every index is then made anew. */
const indexVersion = 1;

/** Chunks that a workspace may have: more than half a billion assets. */
export const chunksMax = 8_192;
/** A set is found by its term's number and its chunk in one. */
export const postingKey = (term: number, chunk: number): number => term * chunksMax + chunk;
/** An asset is found by its workspace's number and its own in one. */
const docsMax = chunksMax * chunkDocs;
export const docKey = (space: number, doc: number): number => space * docsMax + doc;
export const docOfKey = (key: number): number => key % docsMax;

const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE spaces (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, next_doc INTEGER NOT NULL);
CREATE TABLE docs (
  key INTEGER PRIMARY KEY, space INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, terms BLOB NOT NULL);
CREATE UNIQUE INDEX docs_id ON docs (space, id);
CREATE TABLE names (
  space INTEGER NOT NULL, name TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (space, name, doc)) WITHOUT ROWID;
CREATE TABLE terms (n INTEGER PRIMARY KEY, space INTEGER NOT NULL, term TEXT NOT NULL);
CREATE UNIQUE INDEX terms_term ON terms (space, term);
CREATE TABLE postings (key INTEGER PRIMARY KEY, docs BLOB NOT NULL);
CREATE TABLE numbers (
  space INTEGER NOT NULL, field TEXT NOT NULL, block INTEGER NOT NULL, numbers BLOB NOT NULL,
  PRIMARY KEY (space, field, block)) WITHOUT ROWID;
`;

export function searchFileOf(file: string): string {
  return `${file.endsWith('.db') ? file.slice(0, -3) : file}.search.db`;
}

/** Pages in the log at which it is moved into the file: sets of a batch lie all over it, so seldom is cheaper. */
const checkpointPages = 16_000;

/** Opens the index to write to it, made anew unless it can be trusted. `store` tells one store from another. */
export function openSearchFile(file: string, store: string): DatabaseSync {
  if (existsSync(file)) {
    const db = reopened(file, store);
    if (db !== null) return db;
    removeSearchFile(file);
  }
  const db = connect(file);
  db.exec('BEGIN IMMEDIATE');
  db.exec(schema);
  writeMeta(db, { version: indexVersion, store, boot: bootId(), clean: 0, next_term: 1, built: 0 });
  db.exec('COMMIT');
  return db;
}

export function removeSearchFile(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${end}`, { force: true });
}

/** Null where it cannot be trusted. */
function reopened(file: string, store: string): DatabaseSync | null {
  let db: DatabaseSync | null = null;
  if (isCutOff(file)) return null;
  try {
    db = connect(file);
    const sound = readMeta(db, 'clean') === 1 || (bootId() !== '' && readMeta(db, 'boot') === bootId());
    if (sound && readMeta(db, 'version') === indexVersion && readMeta(db, 'store') === store) {
      writeMeta(db, { clean: 0, boot: bootId() });
      return db;
    }
  } catch (error) {
    // Whatever is wrong with it, it can be made anew; what is not SQLite's to say is a bug of ours.
    if (!(error instanceof Error) || !('errcode' in error)) throw error;
  }
  if (db?.isOpen === true) db.close();
  return null;
}

/** Without a log beside it the file must be as long as its header says; SQLite finds out only where it reads. */
function isCutOff(file: string): boolean {
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) return false;
  const handle = openSync(file, 'r');
  try {
    const header = Buffer.alloc(100);
    if (readSync(handle, header, 0, 100, 0) < 100) return true;
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    return header.readUInt32BE(28) * pageBytes > statSync(file).size;
  } finally {
    closeSync(handle);
  }
}

function connect(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  if (file !== ':memory:') {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    db.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = 67108864`);
  }
  // Words of what was erased do not stay behind in free pages.
  db.exec('PRAGMA secure_delete = FAST; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY');
  return db;
}

export function closeSearchFile(db: DatabaseSync): void {
  if (!db.isOpen) return;
  writeMeta(db, { clean: 1 });
  db.close();
}

/** Another one after every start of the machine; empty where the system does not tell, and an unclean file is then made anew. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

export function readMeta(db: DatabaseSync, key: string): number | string | null {
  const value = arrayStatement(db, 'SELECT value FROM meta WHERE key = ?').get(key)?.[0];
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}

export function writeMeta(db: DatabaseSync, values: { readonly [key: string]: number | string }): void {
  const write = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  for (const [key, value] of Object.entries(values)) write.run(key, value);
}

/**
 * Writes assets into the index. A batch is one transaction: what each asset gains and loses is gathered by term first, so
 * that a term that a hundred of them share is written once. Only differences are written.
 */
import type { DatabaseSync } from 'node:sqlite';
import { numbersOf, type SearchSubject } from '../../../core/search-document.ts';
import { termsOf } from '../../../core/search-terms.ts';
import { arrayStatement, bytesOf, numberOf, textOf } from '../rows.ts';
import { nameKey } from '../../search-walks.ts';
import { createSpaces, createTerms, type Spaces, type Terms } from './index-names.ts';
import { blockDocs, readBlock, writeBlock } from '../../number-blocks.ts';
import { changeSet, chunkDocs } from '../../posting-sets.ts';
import { chunksMax, docKey, docOfKey, postingKey, writeMeta } from './search-file.ts';

/** An asset as it is now; `subject` null where it is gone. */
export type IndexItem = {
  readonly workspaceId: string;
  readonly id: string;
  readonly subject: (SearchSubject & { readonly version: number }) | null;
};

export type IndexWriter = {
  /** The version of the asset that is in the index; null where it is not. */
  indexed(workspaceId: string, id: string): Indexed | null;
  /** One transaction, together with what the caller notes of how far it has come. */
  write(items: readonly IndexItem[], notes: { readonly [key: string]: number | string }): void;
  /** Ids in the index of a workspace behind `after`, in order. */
  idsBehind(workspaceId: string, after: string, limit: number): readonly string[];
  workspaces(): readonly string[];
  /** Takes a handful of a workspace out; true where that was all. */
  forget(workspaceId: string): boolean;
};

export type Indexed = { readonly version: number; readonly createdAtMs: number; readonly updatedAtMs: number };

const forgottenPerStep = 2_000;

type Delta = { readonly added: number[]; readonly removed: number[] };
/** What a batch changes, by key of the set and by block of numbers. */
type Changes = {
  readonly sets: Map<number, Delta>;
  readonly blocks: Map<
    string,
    { readonly space: number; readonly field: string; readonly block: number; readonly at: Map<number, number> }
  >;
};

export function createIndexWriter(db: DatabaseSync): IndexWriter {
  const spaces = createSpaces(db);
  const terms = createTerms(db);
  const docs = createDocs(db, spaces, terms);
  const apply = createApplier(db, terms);
  const transaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      spaces.forget();
      terms.forget();
      throw error;
    }
  };
  const idsBehind = arrayStatement(db, 'SELECT id FROM docs WHERE space = ? AND id > ? ORDER BY id LIMIT ?');
  const write: IndexWriter['write'] = (items, notes) => {
    transaction(() => {
      const changes: Changes = { sets: new Map(), blocks: new Map() };
      for (const item of items) docs.change(item, changes);
      apply(changes);
      spaces.save();
      writeMeta(db, { ...notes, next_term: terms.next() });
    });
  };
  const ids = (workspaceId: string, after: string, limit: number): readonly string[] => {
    const space = spaces.known(workspaceId);
    return space === null ? [] : idsBehind.all(space.n, after, limit).map((row) => textOf(row[0]));
  };
  return {
    indexed: docs.indexed,
    write,
    idsBehind: ids,
    workspaces: () =>
      arrayStatement(db, 'SELECT id FROM spaces')
        .all()
        .map((row) => textOf(row[0])),
    forget(workspaceId) {
      let left = true;
      transaction(() => {
        const space = spaces.known(workspaceId);
        // Whoever makes a workspace of this name again meanwhile gets another space.
        if (space !== null && !workspaceId.startsWith(goneName))
          db.prepare('UPDATE spaces SET id = ? WHERE n = ?').run(`${goneName}${space.n}`, space.n);
        left = forgetStep(db);
      });
      spaces.forget();
      terms.forget();
      return !left;
    },
  };
}

/** How a space is called whose workspace is gone; no workspace has a blank in its name. */
const goneName = 'gone ';

/** Takes a handful of what is gone out of the tables; whether there may be more. */
function forgetStep(db: DatabaseSync): boolean {
  const row = arrayStatement(db, `SELECT n FROM spaces WHERE id LIKE '${goneName}%' LIMIT 1`).get();
  if (row === undefined) return false;
  const space = numberOf(row[0]);
  const terms = arrayStatement(db, 'SELECT n FROM terms WHERE space = ? LIMIT ?').all(space, forgottenPerStep);
  const removeSets = db.prepare('DELETE FROM postings WHERE key >= ? AND key < ?');
  const removeTerm = db.prepare('DELETE FROM terms WHERE n = ?');
  for (const [n] of terms) {
    const term = numberOf(n);
    removeSets.run(postingKey(term, 0), postingKey(term + 1, 0));
    removeTerm.run(term);
  }
  if (terms.length > 0) return true;
  for (const sql of [
    'DELETE FROM docs WHERE key IN (SELECT key FROM docs WHERE space = ? LIMIT ?)',
    'DELETE FROM names WHERE (space, name, doc) IN (SELECT space, name, doc FROM names WHERE space = ? LIMIT ?)',
    'DELETE FROM numbers WHERE (space, field, block) IN (SELECT space, field, block FROM numbers WHERE space = ? LIMIT ?)',
  ]) {
    if (Number(db.prepare(sql).run(space, forgottenPerStep).changes) > 0) return true;
  }
  db.prepare('DELETE FROM spaces WHERE n = ?').run(space);
  return true;
}

type Docs = {
  indexed(workspaceId: string, id: string): Indexed | null;
  change(item: IndexItem, changes: Changes): void;
};

function createDocs(db: DatabaseSync, spaces: Spaces, terms: Terms): Docs {
  const select = arrayStatement(
    db,
    'SELECT key, name, fields, terms, version, created_at, updated_at FROM docs WHERE space = ? AND id = ?',
  );
  const insert = db.prepare(
    'INSERT OR REPLACE INTO docs (key, space, id, version, created_at, updated_at, name, fields, terms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = db.prepare('DELETE FROM docs WHERE key = ?');
  const insertName = db.prepare('INSERT INTO names (space, name, doc) VALUES (?, ?, ?)');
  const removeName = db.prepare('DELETE FROM names WHERE space = ? AND name = ? AND doc = ?');
  const selectIndexed = arrayStatement(
    db,
    'SELECT version, created_at, updated_at FROM docs WHERE space = ? AND id = ?',
  );

  return {
    indexed(workspaceId, id) {
      const space = spaces.known(workspaceId);
      const row = space === null ? undefined : selectIndexed.get(space.n, id);
      if (row === undefined) return null;
      return { version: numberOf(row[0]), createdAtMs: numberOf(row[1]), updatedAtMs: numberOf(row[2]) };
    },
    change({ workspaceId, id, subject }, changes) {
      const space = subject === null ? spaces.known(workspaceId) : spaces.of(workspaceId);
      if (space === null) return;
      const row = select.get(space.n, id);
      if (row === undefined && subject === null) return;
      const doc = row === undefined ? space.nextDoc : docOfKey(numberOf(row[0]));
      if (row === undefined) space.nextDoc += 1;
      const before = row === undefined ? [] : readNumbers(bytesOf(row[3]));
      const after = subject === null ? [] : [...termsOf(subject)].map((term) => terms.number(space.n, term));
      after.sort((a, b) => a - b);
      noteSets(changes, { doc, before, after });
      const fieldsBefore =
        row === undefined
          ? []
          : textOf(row[2])
              .split('\n')
              .filter((field) => field !== '');
      const numbers = subject === null ? new Map<string, number>() : numbersOf(subject);
      for (const field of fieldsBefore)
        if (!numbers.has(field)) noteNumber(changes, { space: space.n, field, doc }, Number.NaN);
      for (const [field, value] of numbers) noteNumber(changes, { space: space.n, field, doc }, value);
      const nameBefore = row === undefined ? null : textOf(row[1]);
      const name = subject === null ? null : nameKey(subject.state);
      if (nameBefore !== name) {
        if (nameBefore !== null) removeName.run(space.n, nameBefore, doc);
        if (name !== null) insertName.run(space.n, name, doc);
      }
      const key = docKey(space.n, doc);
      if (subject === null || name === null) remove.run(key);
      else {
        const { version, createdAtMs, updatedAtMs } = subject;
        const fields = [...numbers.keys()].join('\n');
        insert.run(key, space.n, id, version, createdAtMs, updatedAtMs, name, fields, writeNumbers(after));
      }
    },
  };
}

/** Both sorted: what is only in one of them is put in or taken out. */
function noteSets(
  changes: Changes,
  {
    doc,
    before,
    after,
  }: { readonly doc: number; readonly before: readonly number[]; readonly after: readonly number[] },
): void {
  const chunk = Math.floor(doc / chunkDocs);
  const place = doc % chunkDocs;
  const has = new Set(before.length === 0 ? [] : after);
  const had = new Set(before);
  for (const term of before) if (!has.has(term)) deltaOf(changes, postingKey(term, chunk)).removed.push(place);
  for (const term of after) if (!had.has(term)) deltaOf(changes, postingKey(term, chunk)).added.push(place);
}

function deltaOf({ sets }: Changes, key: number): Delta {
  let delta = sets.get(key);
  if (delta === undefined) {
    delta = { added: [], removed: [] };
    sets.set(key, delta);
  }
  return delta;
}

function noteNumber(
  { blocks }: Changes,
  { space, field, doc }: { readonly space: number; readonly field: string; readonly doc: number },
  value: number,
): void {
  const block = Math.floor(doc / blockDocs);
  const name = `${space} ${block} ${field}`;
  let entry = blocks.get(name);
  if (entry === undefined) {
    entry = { space, field, block, at: new Map() };
    blocks.set(name, entry);
  }
  entry.at.set(doc % blockDocs, value);
}

function createApplier(db: DatabaseSync, terms: Terms): (changes: Changes) => void {
  const selectSet = arrayStatement(db, 'SELECT docs FROM postings WHERE key = ?');
  const writeSet = db.prepare('INSERT OR REPLACE INTO postings (key, docs) VALUES (?, ?)');
  const removeSet = db.prepare('DELETE FROM postings WHERE key = ?');
  const another = arrayStatement(db, 'SELECT 1 FROM postings WHERE key >= ? AND key < ? LIMIT 1');
  const selectBlock = arrayStatement(db, 'SELECT numbers FROM numbers WHERE space = ? AND field = ? AND block = ?');
  const writeNumbersOf = db.prepare(
    'INSERT OR REPLACE INTO numbers (space, field, block, numbers) VALUES (?, ?, ?, ?)',
  );
  const removeBlock = db.prepare('DELETE FROM numbers WHERE space = ? AND field = ? AND block = ?');

  return ({ sets, blocks }) => {
    // In the order in which they lie in the file.
    for (const key of Float64Array.from(sets.keys()).sort()) {
      const delta = sets.get(key);
      if (delta === undefined) continue;
      const row = selectSet.get(key);
      const set = changeSet(row === undefined ? null : bytesOf(row[0]), delta);
      if (set !== null) {
        writeSet.run(key, set);
        continue;
      }
      removeSet.run(key);
      const term = Math.floor(key / chunksMax);
      if (another.get(postingKey(term, 0), postingKey(term + 1, 0)) === undefined) terms.drop(term);
    }
    for (const { space, field, block, at } of blocks.values()) {
      const row = selectBlock.get(space, field, block);
      const numbers = readBlock(row === undefined ? null : bytesOf(row[0]));
      for (const [place, value] of at) numbers[place] = value;
      const stored = writeBlock(numbers);
      if (stored === null) removeBlock.run(space, field, block);
      else writeNumbersOf.run(space, field, block, stored);
    }
  };
}

/** Sorted numbers as differences of 7 bits each. */
function writeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let before = 0;
  for (const number of numbers) {
    let rest = number - before;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    bytes.push(rest);
    before = number;
  }
  return Uint8Array.from(bytes);
}

function readNumbers(bytes: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  let before = 0;
  let rest = 0;
  let factor = 1;
  for (const byte of bytes) {
    rest += (byte & 127) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    before += rest;
    numbers.push(before);
    rest = 0;
    factor = 1;
  }
  return numbers;
}

/** The numbers by which the index knows workspaces and terms: remembered, looked up, given. */
import type { DatabaseSync } from 'node:sqlite';
import { arrayStatement, numberOf, textOf } from '../rows.ts';
import { readMeta } from './search-file.ts';

type Space = { readonly n: number; nextDoc: number };

/** Of each of two generations; a term takes about 100 bytes. */
const termsKnownMax = 100_000;

export type Spaces = {
  known(workspaceId: string): Space | null;
  of(workspaceId: string): Space;
  save(): void;
  forget(): void;
};

/** Workspaces by numbers of the index's own: the store may give a number again. */
export function createSpaces(db: DatabaseSync): Spaces {
  const select = arrayStatement(db, 'SELECT n, next_doc FROM spaces WHERE id = ?');
  const insert = db.prepare('INSERT INTO spaces (id, next_doc) VALUES (?, 0)');
  const update = db.prepare('UPDATE spaces SET next_doc = ? WHERE n = ?');
  const known = new Map<string, Space>();
  const find = (workspaceId: string): Space | null => {
    const there = known.get(workspaceId);
    if (there !== undefined) return there;
    const row = select.get(workspaceId);
    if (row === undefined) return null;
    const space = { n: numberOf(row[0]), nextDoc: numberOf(row[1]) };
    known.set(workspaceId, space);
    return space;
  };
  return {
    known: find,
    of(workspaceId) {
      const there = find(workspaceId);
      if (there !== null) return there;
      const space = { n: Number(insert.run(workspaceId).lastInsertRowid), nextDoc: 0 };
      known.set(workspaceId, space);
      return space;
    },
    save: () => {
      for (const { n, nextDoc } of known.values()) update.run(nextDoc, n);
      if (known.size > 1_000) known.clear();
    },
    forget: () => known.clear(),
  };
}

export type Terms = {
  /** The number of a term, given where it has none. */
  number(space: number, term: string): number;
  /** The last asset with it is gone. */
  drop(n: number): void;
  next(): number;
  forget(): void;
};

/** Terms by numbers in the order they were first seen: common ones lie together, rare ones are appended. */
export function createTerms(db: DatabaseSync): Terms {
  const select = arrayStatement(db, 'SELECT n FROM terms WHERE space = ? AND term = ?');
  const insert = db.prepare('INSERT INTO terms (n, space, term) VALUES (?, ?, ?)');
  const find = arrayStatement(db, 'SELECT space, term FROM terms WHERE n = ?');
  const remove = db.prepare('DELETE FROM terms WHERE n = ?');
  // Two generations: what is asked for again stays, what is not goes with the older one. By workspace, so that a term is
  // looked for as it is and no name has to be made of both.
  let young = new Map<number, Map<string, number>>();
  let old = new Map<number, Map<string, number>>();
  let kept = 0;
  let next = Number(readMeta(db, 'next_term') ?? 1);
  const remember = (space: number, term: string, n: number): number => {
    if (kept >= termsKnownMax) {
      old = young;
      young = new Map();
      kept = 0;
    }
    let known = young.get(space);
    if (known === undefined) {
      known = new Map();
      young.set(space, known);
    }
    known.set(term, n);
    kept += 1;
    return n;
  };
  return {
    number(space, term) {
      const known = young.get(space)?.get(term);
      if (known !== undefined) return known;
      const before = old.get(space)?.get(term);
      if (before !== undefined) return remember(space, term, before);
      const row = select.get(space, term);
      if (row !== undefined) return remember(space, term, numberOf(row[0]));
      insert.run(next, space, term);
      next += 1;
      return remember(space, term, next - 1);
    },
    drop(n) {
      const row = find.get(n);
      if (row === undefined) return;
      young.get(numberOf(row[0]))?.delete(textOf(row[1]));
      old.get(numberOf(row[0]))?.delete(textOf(row[1]));
      remove.run(n);
    },
    next: () => next,
    forget() {
      young.clear();
      old.clear();
      kept = 0;
      next = Number(readMeta(db, 'next_term') ?? 1);
    },
  };
}

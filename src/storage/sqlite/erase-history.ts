/**
 * Takes somebody or something out of what the past remembers, in slices: each one transaction, bounded in rows and time.
 * Rows stay where order, counts and feeds need them; what they say goes. What is overwritten is overwritten with zeros.
 */
import type { DatabaseSync } from 'node:sqlite';
import { erasedChange, type ErasedPast, mayName, textReplacer } from '../../core/erased-past.ts';
import type { JsonObject } from '../../core/json.ts';
import { changeBody, parseChange } from '../change-body.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import { createPartsDropper, type EraserParts, foldLog } from './erase-workspace.ts';
import { changesStride, readPartitions } from './partitions.ts';
import { type ArrayStatement, arrayStatement, numberOf, numberOrNull, textOf } from './rows.ts';
import { partitionTable } from './schema.ts';

export type HistoryEraser = (workspaceId: string, past: ErasedPast, cursor: EraseCursor | null) => EraseSlice;

type Place = { readonly workspace: number; readonly past: ErasedPast; readonly at: number };
/** Rows changed, and where the stage goes on; null where it has come to its end. */
type Step = { readonly removed: number; readonly next: number | null };
type Stage = (db: DatabaseSync, place: Place) => Step;

/** Rows looked at in one step. */
const window = 1_000;
const revisionsPerStep = 200;
/** Rows of a partition of the log are numbered below this. */
const logStride = 1_000_000_000;

const stages: readonly Stage[] = [eraseChanges, eraseKept, eraseLog, eraseBodies, eraseAnswers, eraseRevisions];

export function createHistoryEraser(
  db: DatabaseSync,
  { sliceMsMax, monotonicMs }: Omit<EraserParts, 'forget'>,
): HistoryEraser {
  const find = arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?');
  return (workspaceId, past, cursor) => {
    const workspace = numberOrNull(find.get(workspaceId)?.[0]);
    if (workspace === null) return { cursor: null, removed: 0 };
    let { stage, at } = cursor ?? { stage: 0, at: 0 };
    let removed = 0;
    db.exec('PRAGMA secure_delete = ON');
    try {
      const endMs = monotonicMs() + sliceMsMax;
      db.exec('BEGIN IMMEDIATE');
      for (let run = stages[stage]; run !== undefined && monotonicMs() < endMs; run = stages[stage]) {
        const step = run(db, { workspace, past, at });
        removed += step.removed;
        if (step.next === null) stage += 1;
        at = step.next ?? 0;
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    } finally {
      db.exec('PRAGMA secure_delete = OFF');
    }
    if (stage < stages.length) return { cursor: { stage, at }, removed };
    foldLog(db);
    return { cursor: null, removed };
  };
}

/** The new text of a change; null where it stays. */
function erasedBody(body: string, past: ErasedPast): string | null {
  if (past.texts !== undefined && !mayName(body, past.texts)) return null;
  const next = erasedChange(parseChange(body), past);
  return next === null ? null : changeBody(next);
}

function eraseChanges(db: DatabaseSync, { workspace, past, at }: Place): Step {
  for (const { n, state } of readPartitions(db, 'changes')) {
    const end = (n + 1) * changesStride;
    if (end <= at || state === 'ahead') continue;
    const table = partitionTable('changes', n);
    const from = Math.max(at, n * changesStride);
    // By subject an index leads to the rows; by text each is looked at.
    const to = past.subject === undefined ? Math.min(end, from + window) : end;
    const ofSubject = past.subject === undefined ? '' : ' AND subject = ?';
    const rows = arrayStatement(
      db,
      `SELECT seq, body FROM ${table} WHERE seq >= ? AND seq < ? AND workspace = ?${ofSubject}`,
    ).all(from, to, workspace, ...(past.subject === undefined ? [] : [past.subject]));
    const update = db.prepare(`UPDATE ${table} SET body = ? WHERE seq = ?`);
    return { removed: rewrite(rows, past, (body, seq) => void update.run(body, seq)), next: to };
  }
  return { removed: 0, next: null };
}

function eraseKept(db: DatabaseSync, { workspace, past, at }: Place): Step {
  const from = numberOrNull(arrayStatement(db, 'SELECT min(seq) FROM kept_changes WHERE seq >= ?').get(at)?.[0]);
  if (from === null) return { removed: 0, next: null };
  const rows = arrayStatement(
    db,
    'SELECT seq, body FROM kept_changes WHERE seq >= ? AND seq < ? AND workspace = ?',
  ).all(from, from + window, workspace);
  const update = db.prepare('UPDATE kept_changes SET body = ? WHERE seq = ?');
  return { removed: rewrite(rows, past, (body, seq) => void update.run(body, seq)), next: from + window };
}

type Rows = ReturnType<ArrayStatement['all']>;

function rewrite(rows: Rows, past: ErasedPast, write: (body: string, seq: number) => void): number {
  let rewritten = 0;
  for (const row of rows) {
    const body = erasedBody(textOf(row[1]), past);
    if (body === null) continue;
    write(body, numberOf(row[0]));
    rewritten += 1;
  }
  return rewritten;
}

/** Of a delivery whose change was erased go the bytes, the attempts and what the receiver answered. */
function eraseLog(db: DatabaseSync, { workspace, past, at }: Place): Step {
  for (const { n, state } of readPartitions(db, 'log')) {
    if ((n + 1) * logStride <= at || state === 'ahead') continue;
    const table = partitionTable('log', n);
    const wanted = Math.max(0, at - n * logStride);
    const first = numberOrNull(arrayStatement(db, `SELECT min(n) FROM ${table} WHERE n >= ?`).get(wanted)?.[0]);
    if (first === null) return { removed: 0, next: (n + 1) * logStride };
    const ofSubject = past.subject === undefined ? '' : ' AND subject = ?';
    const rows = arrayStatement(
      db,
      `SELECT n, id, change_seq FROM ${table} WHERE n >= ? AND n < ? AND workspace = ?${ofSubject}`,
    ).all(first, first + window, workspace, ...(past.subject === undefined ? [] : [past.subject]));
    const erased = createErasedChanges(db);
    const dropParts = createPartsDropper(db);
    const update = db.prepare(`UPDATE ${table} SET frozen = NULL, attempt = NULL WHERE n = ?`);
    let removed = 0;
    for (const row of rows) {
      if (!erased(numberOf(row[2]))) continue;
      dropParts(textOf(row[1]));
      update.run(numberOf(row[0]));
      removed += 1;
    }
    return { removed, next: n * logStride + first + window };
  }
  return { removed: 0, next: null };
}

/** Bytes kept for what is still owed: it is rendered again, from what is left of its change. */
function eraseBodies(db: DatabaseSync, { workspace, at }: Place): Step {
  const from = numberOrNull(arrayStatement(db, 'SELECT min(rowid) FROM bodies WHERE rowid >= ?').get(at)?.[0]);
  if (from === null) return { removed: 0, next: null };
  const rows = arrayStatement(
    db,
    `SELECT b.delivery, q.change_seq FROM bodies b JOIN queue q ON q.id = b.delivery AND q.workspace = b.workspace
     WHERE b.rowid >= ? AND b.rowid < ? AND b.workspace = ?`,
  ).all(from, from + window, workspace);
  const erased = createErasedChanges(db);
  const dropParts = createPartsDropper(db);
  let removed = 0;
  for (const row of rows) {
    if (!erased(numberOf(row[1]))) continue;
    dropParts(textOf(row[0]));
    removed += 1;
  }
  return { removed, next: from + window };
}

/** Whether a change was erased, by its number; one that is not kept any more says nothing and counts as one. */
function createErasedChanges(db: DatabaseSync): (seq: number) => boolean {
  const kept = arrayStatement(db, 'SELECT body FROM kept_changes WHERE seq = ?');
  const statements = new Map(
    readPartitions(db, 'changes')
      .filter(({ state }) => state !== 'leaving')
      .map(({ n }) => [n, arrayStatement(db, `SELECT body FROM ${partitionTable('changes', n)} WHERE seq = ?`)]),
  );
  return (seq) => {
    const row = statements.get(Math.floor(seq / changesStride))?.get(seq) ?? kept.get(seq);
    if (row === undefined) return true;
    const body = textOf(row[0]);
    return body.includes('"erased":true') && parseChange(body).erased === true;
  };
}

/** Answers kept for idempotency keys: repeating such a request would tell what was in it. */
function eraseAnswers(db: DatabaseSync, { workspace, past, at }: Place): Step {
  const rows = arrayStatement(
    db,
    'SELECT key, response, created_at FROM idempotency WHERE created_at >= ? AND workspace = ? ORDER BY created_at LIMIT ?',
  ).all(at, workspace, window);
  const remove = db.prepare('DELETE FROM idempotency WHERE workspace = ? AND key = ?');
  const texts = past.texts ?? [past.subject.slice(past.subject.indexOf(':') + 1)];
  let removed = 0;
  for (const row of rows) {
    if (!mayName(textOf(row[1]), texts)) continue;
    remove.run(workspace, textOf(row[0]));
    removed += 1;
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || rows.length < window) return { removed, next: null };
  return { removed, next: numberOf(last[2]) + (numberOf(first[2]) === numberOf(last[2]) ? 1 : 0) };
}

/** Earlier states of webhooks name contacts. */
function eraseRevisions(db: DatabaseSync, { workspace, past, at }: Place): Step {
  if (past.texts === undefined) return { removed: 0, next: null };
  const rows = arrayStatement(
    db,
    `SELECT type, id, version, state FROM revisions WHERE type = 'webhook' AND workspace = ?
     ORDER BY type, workspace, id, version LIMIT ${revisionsPerStep} OFFSET ?`,
  ).all(workspace, at);
  const update = db.prepare(
    'UPDATE revisions SET state = ? WHERE type = ? AND workspace = ? AND id = ? AND version = ?',
  );
  const replacer = textReplacer(past.texts);
  let removed = 0;
  for (const row of rows) {
    const text = textOf(row[3]);
    if (!mayName(text, past.texts)) continue;
    const state = JSON.parse(text) as JsonObject;
    const next = replacer(state);
    if (next === state) continue;
    update.run(JSON.stringify(next), textOf(row[0]), workspace, textOf(row[1]), numberOf(row[2]));
    removed += 1;
  }
  return { removed, next: rows.length < revisionsPerStep ? null : at + rows.length };
}

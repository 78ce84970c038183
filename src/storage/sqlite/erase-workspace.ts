/**
 * Takes everything of one workspace out of the file, in slices: each one transaction, bounded in rows and time. What is
 * deleted is overwritten with zeros (`secure_delete`, switched on for the slice only, since it makes every deletion of the
 * delivering path dearer). The slice's cursor is handed to the caller, so an erasure goes on after a crash where it was;
 * beginning anew is harmless too.
 */
import type { DatabaseSync } from 'node:sqlite';
import { resourceTypes } from '../contract/resources.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import { readPartitions } from './partitions.ts';
import { arrayStatement, numberOf, numberOrNull, textOf } from './rows.ts';
import { type ListedKind, listedTable, partitionKey, partitionTable } from './schema.ts';

export type EraserParts = {
  /** A slice ends after the step that passes this. */
  readonly sliceMsMax: number;
  readonly monotonicMs: () => number;
  /** The writer's memory of names is no longer true. */
  readonly forget: () => void;
};

export type Eraser = (workspaceId: string, cursor: EraseCursor | null) => EraseSlice;

const rowsPerStep = 200;
const ofLanes = 'lane IN (SELECT n FROM lanes WHERE workspace = ?)';

/** What one step came to: rows removed, and where the stage goes on; null where it found nothing more. */
type Step = { readonly removed: number; readonly next: number | null };
type Stage = (db: DatabaseSync, workspace: number, at: number) => Step;

/**
 * In this order: what is owed first, so that nothing of it is sent; what finds the others last. No step reads a whole
 * table of all workspaces: it goes by an index that leads to the workspace, or by a window of rows.
 */
const stages: readonly Stage[] = [
  windowed({ table: 'duties', by: 'rowid', width: 5_000 }),
  eraseQueue,
  eraseLog,
  eraseChanges,
  windowed({ table: 'kept_changes', by: 'seq', width: 2_000 }),
  windowed({ table: 'kept_for', by: 'change_seq', width: 2_000, whose: ofLanes }),
  windowed({ table: 'bodies', by: 'rowid', width: 2_000 }),
  plain(
    `DELETE FROM idempotency WHERE (workspace, key) IN (SELECT workspace, key FROM idempotency WHERE workspace = ? LIMIT ?)`,
  ),
  windowed({ table: 'stats', by: 'minute', width: 240, whose: ofLanes }),
  windowed({ table: 'stats_hours', by: 'hour', width: 100, whose: ofLanes }),
  windowed({ table: 'stats_hours', by: 'hour', width: 24, whose: ofLanes }),
  byType(
    `DELETE FROM revisions WHERE (type, workspace, id, version) IN
       (SELECT type, workspace, id, version FROM revisions WHERE type = ? AND workspace = ? LIMIT ?)`,
  ),
  byType('DELETE FROM resources WHERE n IN (SELECT n FROM resources WHERE type = ? AND workspace = ? LIMIT ?)'),
  windowed({ table: 'asset_touches', by: 'n', width: 2_000 }),
  plain('DELETE FROM blob_usage WHERE workspace IN (SELECT workspace FROM blob_usage WHERE workspace = ? LIMIT ?)'),
  plain('DELETE FROM lanes WHERE n IN (SELECT n FROM lanes WHERE workspace = ? LIMIT ?)'),
  plain('DELETE FROM workspaces WHERE n IN (SELECT n FROM workspaces WHERE n = ? LIMIT ?)'),
];

export function createEraser(db: DatabaseSync, { sliceMsMax, monotonicMs, forget }: EraserParts): Eraser {
  const find = arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?');
  return (workspaceId, cursor) => {
    const workspace = numberOrNull(find.get(workspaceId)?.[0]);
    if (workspace === null) {
      foldLog(db);
      return { cursor: null, removed: 0 };
    }
    let { stage, at } = cursor ?? { stage: 0, at: 0 };
    let removed = 0;
    db.exec('PRAGMA secure_delete = ON');
    try {
      const endMs = monotonicMs() + sliceMsMax;
      db.exec('BEGIN IMMEDIATE');
      for (let run = stages[stage]; run !== undefined && monotonicMs() < endMs; run = stages[stage]) {
        const step = run(db, workspace, at);
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
      forget();
    }
    if (stage < stages.length) return { cursor: { stage, at }, removed };
    foldLog(db);
    return { cursor: null, removed };
  };
}

/** What the deleted pages held before lies in the log until it is folded into the file. A reader may put it off. */
export function foldLog(db: DatabaseSync): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

function plain(sql: string): Stage {
  return (db, workspace) => {
    const removed = Number(db.prepare(sql).run(workspace, rowsPerStep).changes);
    return { removed, next: removed === 0 ? null : 0 };
  };
}

/** Pending deliveries with their bodies and the attempts made so far. */
function eraseQueue(db: DatabaseSync, workspace: number): Step {
  const rows = arrayStatement(
    db,
    `SELECT q.lane, q.position, q.id FROM lanes l CROSS JOIN queue q
     WHERE l.workspace = ? AND q.lane = l.n LIMIT ${rowsPerStep}`,
  ).all(workspace);
  const remove = db.prepare('DELETE FROM queue WHERE lane = ? AND position = ?');
  const dropParts = createPartsDropper(db);
  for (const row of rows) {
    remove.run(numberOf(row[0]), numberOf(row[1]));
    dropParts(textOf(row[2]));
  }
  return { removed: rows.length, next: rows.length === 0 ? null : 0 };
}

/** Ended deliveries, partition by partition; `at` is the one that was last found to hold some. */
function eraseLog(db: DatabaseSync, workspace: number, at: number): Step {
  return erasePartitions(db, { kind: 'log', workspace, at }, (table, rows) => {
    const ids = arrayStatement(db, `SELECT id FROM ${table} WHERE n = ?`);
    const dropParts = createPartsDropper(db);
    for (const row of rows) {
      const id = ids.get(row)?.[0];
      if (id !== undefined) dropParts(textOf(id));
    }
  });
}

function eraseChanges(db: DatabaseSync, workspace: number, at: number): Step {
  return erasePartitions(db, { kind: 'changes', workspace, at }, () => undefined);
}

type Erasing = { readonly kind: ListedKind; readonly workspace: number; readonly at: number };

/** Rows of the workspace in the next partition that has some: those that are listed, then those behind the list. */
function erasePartitions(
  db: DatabaseSync,
  { kind, workspace, at }: Erasing,
  before: (table: string, rows: readonly number[]) => void,
): Step {
  for (const { n, state, listed } of readPartitions(db, kind)) {
    if (n < at || state === 'ahead') continue;
    const removed =
      eraseListed(db, { kind, workspace, n }, before) || eraseRecent(db, { kind, workspace, n, listed }, before);
    if (removed > 0) return { removed, next: n };
  }
  return { removed: 0, next: null };
}

type Place = { readonly kind: ListedKind; readonly workspace: number; readonly n: number };

function eraseListed(
  db: DatabaseSync,
  { kind, workspace, n }: Place,
  before: (table: string, rows: readonly number[]) => void,
): number {
  const list = listedTable(kind, n);
  // A partition that leaves may have lost its list already; its rows go next.
  if (arrayStatement(db, 'SELECT 1 FROM sqlite_schema WHERE name = ?').get(list) === undefined) return 0;
  const [number, order] = kind === 'log' ? ['at_n', 'of_state, at_position'] : ['at_seq', 'at_seq'];
  const first = `FROM ${list} WHERE of_workspace = ? ORDER BY ${order} LIMIT ${rowsPerStep}`;
  const rows = arrayStatement(db, `SELECT ${number} ${first}`)
    .all(workspace)
    .map((row) => numberOf(row[0]));
  removeRows(db, { kind, n, rows }, before);
  db.prepare(`DELETE FROM ${list} WHERE of_workspace = ? AND (${order}) IN (SELECT ${order} ${first})`).run(
    workspace,
    workspace,
  );
  return rows.length;
}

function eraseRecent(
  db: DatabaseSync,
  { kind, workspace, n, listed }: Place & { readonly listed: number },
  before: (table: string, rows: readonly number[]) => void,
): number {
  const [table, key] = [partitionTable(kind, n), partitionKey(kind)];
  const rows = arrayStatement(
    db,
    `SELECT ${key} FROM ${table} WHERE ${key} >= ? AND workspace = ? LIMIT ${rowsPerStep}`,
  )
    .all(listed, workspace)
    .map((row) => numberOf(row[0]));
  removeRows(db, { kind, n, rows }, before);
  return rows.length;
}

function removeRows(
  db: DatabaseSync,
  { kind, n, rows }: { readonly kind: ListedKind; readonly n: number; readonly rows: readonly number[] },
  before: (table: string, rows: readonly number[]) => void,
): void {
  const table = partitionTable(kind, n);
  before(table, rows);
  const remove = db.prepare(`DELETE FROM ${table} WHERE ${partitionKey(kind)} = ?`);
  for (const row of rows) remove.run(row);
}

/** `at` counts the types from the last one back: the workspace's own row, the first, goes last. */
function byType(sql: string): Stage {
  return (db, workspace, at) => {
    const type = resourceTypes[resourceTypes.length - 1 - at];
    if (type === undefined) return { removed: 0, next: null };
    const removed = Number(db.prepare(sql).run(type, workspace, rowsPerStep).changes);
    return { removed, next: removed === 0 ? at + 1 : at };
  };
}

type Window = {
  readonly table: string;
  /** A column that the table is ordered by. */
  readonly by: string;
  readonly width: number;
  /** Default: rows that name the workspace themselves. */
  readonly whose?: string;
};

/** Tables that no index leads through by workspace: a window of rows per step; `at` is where the next one begins. */
function windowed({ table, by, width, whose = 'workspace = ?' }: Window): Stage {
  return (db, workspace, at) => {
    const next = arrayStatement(db, `SELECT min(${by}) FROM ${table} WHERE ${by} >= ?`).get(at)?.[0];
    const from = numberOrNull(next);
    if (from === null) return { removed: 0, next: null };
    const { changes } = db
      .prepare(`DELETE FROM ${table} WHERE ${by} >= ? AND ${by} < ? AND ${whose}`)
      .run(from, from + width, workspace);
    return { removed: Number(changes), next: from + width };
  };
}

/** Removes what hangs on a delivery by its id: kept bytes and attempts, in whichever partition they are. */
export function createPartsDropper(db: DatabaseSync): (delivery: string) => void {
  const body = db.prepare('DELETE FROM bodies WHERE delivery = ?');
  const attempts = readPartitions(db, 'attempts')
    .filter(({ state }) => state === 'open' || state === 'closed')
    .map(({ n }) => db.prepare(`DELETE FROM ${partitionTable('attempts', n)} WHERE delivery = ?`));
  return (delivery) => {
    body.run(delivery);
    for (const statement of attempts) statement.run(delivery);
  };
}

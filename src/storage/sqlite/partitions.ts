/**
 * Partitions by time of changes, log and attempts: small tables that retention drops whole. One of each kind is open and
 * takes what is written; the next one is made ahead of need; full or a day old, the open one is closed. A partition that
 * leaves is skipped by every reader from that moment on.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { arrayStatement, numberOf, numberOrNull, textOf } from './rows.ts';
import {
  listRun,
  type PartitionKind,
  partitionKey,
  partitionKinds,
  partitionSchema,
  partitionTable,
} from './schema.ts';

/**
 * Numbers of changes step by this from one partition to the next, so the partition of a change follows from its number.
 * Above `rowsMax` by what one item may bring, since a partition is only closed between items.
 */
export const changesStride = 65_536;

export type PartitionState = 'ahead' | 'open' | 'closed' | 'leaving';
export type Partition = {
  readonly kind: PartitionKind;
  readonly n: number;
  readonly state: PartitionState;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  /** Positions (order of commit) given out while it was open: from the first, before the last. */
  readonly firstPosition: number;
  readonly lastPosition: number | null;
  /** Rows with smaller numbers are listed by workspace; changes and log only. */
  readonly listed: number;
};

export type OpenPartition = {
  n: number;
  rows: number;
  openedAtMs: number;
  nextSeq: number;
  listed: number;
  insert: StatementSync;
  /** Lists rows by workspace; null where the kind is not listed. */
  list: StatementSync | null;
};

export function readPartitions(db: DatabaseSync, kind?: PartitionKind): Partition[] {
  const rows = arrayStatement(
    db,
    `SELECT kind, n, state, opened_at, closed_at, first_position, last_position, listed FROM partitions ${
      kind === undefined ? '' : 'WHERE kind = ?'
    } ORDER BY kind, n`,
  ).all(...(kind === undefined ? [] : [kind]));
  return rows.map((row) => ({
    kind: textOf(row[0]) as PartitionKind,
    n: numberOf(row[1]),
    state: textOf(row[2]) as PartitionState,
    openedAtMs: numberOf(row[3]),
    closedAtMs: numberOrNull(row[4]),
    firstPosition: numberOf(row[5]),
    lastPosition: numberOrNull(row[6]),
    listed: numberOf(row[7]),
  }));
}

export type Partitions = {
  readonly changes: OpenPartition;
  readonly log: OpenPartition;
  readonly attempts: OpenPartition;
  /** Inside a transaction: closes what is full or old and opens the next. */
  rotate(nowMs: number, position: number): void;
  /** Inside a transaction: lists what was written since, where it is a run's worth. */
  list(): void;
  /** Kinds whose next partition is due to be made. */
  wanting(): readonly PartitionKind[];
  /** Makes the next partition of a kind, in the caller's transaction. */
  makeAhead(kind: PartitionKind): void;
  /** It was rolled back. */
  forgetAhead(kind: PartitionKind): void;
  /** Raised whenever a partition was opened, closed or dropped. */
  generation(): number;
  noteDropped(): void;
  snapshot(): () => void;
};

const inserts: { readonly [Kind in PartitionKind]: (table: string) => string } = {
  changes: (table) =>
    `INSERT INTO ${table} (seq, workspace, id, kind, subject, accepted_at, unexpanded, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  // Everything that stays as it was is copied inside SQLite; only what the attempt brought is bound.
  log: (table) =>
    `INSERT INTO ${table} (n, position, lane, workspace, state, id, attempts, change_seq, change_id, revision, subject, subject_key,
       event, message_id, origin, redelivery_of, frozen, created_at, due_at, ended_at, reason, status, outcome, duration, attempt)
     SELECT ?, position, lane, workspace, ?, id, ?, change_seq, change_id, revision, subject, subject_key,
       event, message_id, origin, redelivery_of, frozen, created_at, due_at, ?, ?, ?, ?, ?, ?
     FROM queue WHERE lane = ? AND position = ?`,
  attempts: (table) => `INSERT INTO ${table} (seq, delivery, number, attempt) VALUES (?, ?, ?, ?)`,
};

/** One transaction, so that a kill leaves tables and their rows in the list together or neither. */
function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

export type PartitionLimits = {
  readonly rowsMax: number;
  readonly ageMsMax: number;
  /** Rows that are listed by workspace at a time. */
  readonly listRunRows: number;
};

/** What is written about partitions in the file, in the caller's transaction. */
type Shelf = {
  make(kind: PartitionKind, n: number): void;
  /** Lists the rows that are not listed yet. */
  list(kind: PartitionKind, partition: OpenPartition): void;
  close(kind: PartitionKind, n: number, at: { nowMs: number; position: number }): void;
  open(kind: PartitionKind, n: number, at: { nowMs: number; position: number }): OpenPartition;
  /** What a partition that is open in the file holds. */
  opened(kind: PartitionKind, n: number, openedAtMs: number): OpenPartition;
};

function createShelf(db: DatabaseSync): Shelf {
  const insertRow = db.prepare(
    `INSERT INTO partitions (kind, n, state, opened_at, first_position) VALUES (?, ?, 'ahead', 0, 0)`,
  );
  const openRow = db.prepare(
    `UPDATE partitions SET state = 'open', opened_at = ?, first_position = ? WHERE kind = ? AND n = ?`,
  );
  const listedRow = db.prepare('UPDATE partitions SET listed = ? WHERE kind = ? AND n = ?');
  const closeRow = db.prepare(
    `UPDATE partitions SET state = 'closed', closed_at = ?, last_position = ? WHERE kind = ? AND n = ?`,
  );
  const opened = (kind: PartitionKind, n: number, openedAtMs: number): OpenPartition => {
    const table = partitionTable(kind, n);
    const [rows, last] = arrayStatement(db, `SELECT count(*), max(${partitionKey(kind)}) FROM ${table}`).get() ?? [];
    const start = kind === 'changes' ? n * changesStride : 1;
    const listed = arrayStatement(db, 'SELECT listed FROM partitions WHERE kind = ? AND n = ?').get(kind, n)?.[0];
    return {
      n,
      rows: numberOf(rows),
      openedAtMs,
      nextSeq: (numberOrNull(last) ?? start - 1) + 1,
      listed: Math.max(start, numberOf(listed)),
      insert: db.prepare(inserts[kind](table)),
      list: kind === 'attempts' ? null : db.prepare(listRun(kind, n)),
    };
  };
  return {
    make(kind, n) {
      db.exec(partitionSchema(kind, n));
      insertRow.run(kind, n);
    },
    list(kind, partition) {
      if (partition.list === null || partition.listed >= partition.nextSeq) return;
      partition.list.run(partition.listed, partition.nextSeq);
      listedRow.run(partition.nextSeq, kind, partition.n);
      partition.listed = partition.nextSeq;
    },
    close(kind, n, { nowMs, position }) {
      closeRow.run(nowMs, position, kind, n);
    },
    open(kind, n, { nowMs, position }) {
      openRow.run(nowMs, position, kind, n);
      return opened(kind, n, nowMs);
    },
    opened,
  };
}

/** The open partition of each kind, made where there is none yet, and the kinds whose next one is there already. */
function openAll(db: DatabaseSync, shelf: Shelf, nowMs: number): { open: OpenPartitions; ahead: Set<PartitionKind> } {
  const known = readPartitions(db);
  const find = (kind: PartitionKind, state: PartitionState): Partition | undefined =>
    known.find((partition) => partition.kind === kind && partition.state === state);
  const openOne = (kind: PartitionKind): OpenPartition => {
    const current = find(kind, 'open');
    if (current !== undefined) return shelf.opened(kind, current.n, current.openedAtMs);
    shelf.make(kind, 1);
    return shelf.open(kind, 1, { nowMs, position: 0 });
  };
  const open = { changes: openOne('changes'), log: openOne('log'), attempts: openOne('attempts') };
  return { open, ahead: new Set(partitionKinds.filter((kind) => find(kind, 'ahead') !== undefined)) };
}

type OpenPartitions = Record<PartitionKind, OpenPartition>;

export function createPartitions(db: DatabaseSync, limits: PartitionLimits, startMs: number): Partitions {
  const shelf = createShelf(db);
  const { open, ahead } = inTransaction(db, () => openAll(db, shelf, startMs));
  let generation = 1;

  const due = (partition: OpenPartition, nowMs: number): boolean =>
    partition.rows >= limits.rowsMax || (partition.rows > 0 && nowMs - partition.openedAtMs >= limits.ageMsMax);
  return {
    get changes() {
      return open.changes;
    },
    get log() {
      return open.log;
    },
    get attempts() {
      return open.attempts;
    },
    rotate(nowMs, position) {
      for (const kind of partitionKinds) {
        const { n } = open[kind];
        if (!due(open[kind], nowMs)) continue;
        if (!ahead.delete(kind)) shelf.make(kind, n + 1);
        shelf.list(kind, open[kind]);
        shelf.close(kind, n, { nowMs, position });
        open[kind] = shelf.open(kind, n + 1, { nowMs, position });
        generation += 1;
      }
    },
    list() {
      for (const kind of partitionKinds) {
        if (open[kind].nextSeq - open[kind].listed >= limits.listRunRows) shelf.list(kind, open[kind]);
      }
    },
    wanting: () => partitionKinds.filter((kind) => !ahead.has(kind) && open[kind].rows >= limits.rowsMax / 2),
    makeAhead(kind) {
      shelf.make(kind, open[kind].n + 1);
      ahead.add(kind);
    },
    forgetAhead: (kind) => {
      ahead.delete(kind);
    },
    generation: () => generation,
    noteDropped: () => {
      generation += 1;
    },
    snapshot() {
      const kept = partitionKinds.map((kind) => [kind, open[kind], { ...open[kind] }] as const);
      const keptAhead = [...ahead];
      return () => {
        for (const [kind, partition, values] of kept) open[kind] = Object.assign(partition, values);
        ahead.clear();
        for (const kind of keptAhead) ahead.add(kind);
      };
    },
  };
}

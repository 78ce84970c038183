/**
 * The tables. Names of workspaces and webhooks are long and repeat in every row and index, so rows carry their small
 * numbers (`workspaces.n`, `lanes.n`) instead; everything else is text, so that the file can be read with `sqlite3`.
 *
 * Ids begin with their time, so an index led by an id grows at its end: a batch dirties one page of it. Led by the
 * workspace it would dirty a page per workspace, each of them written twice (log and checkpoint).
 *
 * A pending delivery lies in `queue`, clustered by lane and position (order of commit): what the engine reads is one
 * range. An ended one lies in a partition of the log under the same position, together with its last attempt; attempts
 * that did not end a delivery lie in partitions of their own, bodies kept for the next attempt in `bodies`.
 */
import type { DatabaseSync } from 'node:sqlite';
import { weighBlobs } from './blob-usage-migration.ts';
import { keepFolders } from './folders-migration.ts';

/** `PRAGMA application_id`: "ASTW". A file with another one is not ours. */
export const applicationId = 0x41535457;

/** States of ended deliveries as they are stored; never renumbered. */
export const stateCodes = { delivered: 1, rejected: 2, dead: 3, cancelled: 4 } as const;
export const stateNames = ['pending', 'delivered', 'rejected', 'dead', 'cancelled'] as const;

export const durationColumns = 13;
const durations = Array.from({ length: durationColumns }, (_, index) => `d${index} INTEGER NOT NULL DEFAULT 0`);

const first = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('batch', 0), ('epoch', 0), ('positions', 1), ('clean', 0);
CREATE TABLE workspaces (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, webhooks_revision INTEGER NOT NULL DEFAULT 0);
CREATE TABLE lanes (
  n INTEGER PRIMARY KEY, webhook TEXT NOT NULL UNIQUE, workspace INTEGER NOT NULL, missed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX lanes_of_workspace ON lanes (workspace);
CREATE TABLE resources (
  n INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  alias TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, state TEXT NOT NULL);
CREATE UNIQUE INDEX resources_key ON resources (type, workspace, id);
CREATE UNIQUE INDEX resources_alias ON resources (type, alias, workspace) WHERE alias IS NOT NULL;
CREATE TABLE revisions (
  type TEXT NOT NULL, workspace INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, alias TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (type, workspace, id, version)) WITHOUT ROWID;
CREATE TABLE queue (
  lane INTEGER NOT NULL, position INTEGER NOT NULL, workspace INTEGER NOT NULL, id TEXT NOT NULL,
  due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, change_seq INTEGER NOT NULL, change_id TEXT NOT NULL,
  revision INTEGER NOT NULL, subject TEXT NOT NULL, subject_key INTEGER NOT NULL, event TEXT NOT NULL, message_id TEXT,
  origin TEXT NOT NULL, redelivery_of TEXT, frozen TEXT, created_at INTEGER NOT NULL, status INTEGER, outcome TEXT, duration REAL,
  PRIMARY KEY (lane, position)) WITHOUT ROWID;
CREATE UNIQUE INDEX queue_id ON queue (id, workspace);
CREATE INDEX queue_due ON queue (lane, due_at, position);
CREATE TABLE bodies (
  delivery TEXT PRIMARY KEY, workspace INTEGER NOT NULL, ended_at INTEGER, body BLOB NOT NULL);
CREATE INDEX bodies_ended ON bodies (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE duties (
  id TEXT PRIMARY KEY, workspace INTEGER NOT NULL, kind TEXT NOT NULL, due_at INTEGER NOT NULL,
  version INTEGER NOT NULL, attempts INTEGER NOT NULL, payload TEXT NOT NULL);
CREATE INDEX duties_due ON duties (due_at, id);
CREATE TABLE idempotency (
  workspace INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, created_at INTEGER NOT NULL,
  response TEXT NOT NULL, PRIMARY KEY (workspace, key)) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);
CREATE TABLE stats (
  minute INTEGER NOT NULL, lane INTEGER NOT NULL, attempts INTEGER NOT NULL, delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL, rejected INTEGER NOT NULL, dead INTEGER NOT NULL, cancelled INTEGER NOT NULL,
  ${durations.join(', ')}, PRIMARY KEY (minute, lane)) WITHOUT ROWID;
CREATE TABLE partitions (
  kind TEXT NOT NULL, n INTEGER NOT NULL, state TEXT NOT NULL, opened_at INTEGER NOT NULL, closed_at INTEGER,
  first_position INTEGER NOT NULL, last_position INTEGER, PRIMARY KEY (kind, n)) WITHOUT ROWID;
CREATE TABLE kept_changes (
  seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  subject TEXT NOT NULL, accepted_at INTEGER NOT NULL, unexpanded INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE kept_for (
  change_seq INTEGER NOT NULL, lane INTEGER NOT NULL, position INTEGER NOT NULL, until INTEGER,
  PRIMARY KEY (change_seq, position)) WITHOUT ROWID;
`;

export const waitColumns = 8;

/** Every counter of a row of statistics, in the order in which rows are written and read; at most 30, a bit each. */
export const statsColumns: readonly string[] = [
  ...['attempts', 'delivered', 'failed', 'rejected', 'dead', 'cancelled', 'accepted', 'retrying', 'tests'],
  ...Array.from({ length: durationColumns }, (_, index) => `d${index}`),
  ...Array.from({ length: waitColumns }, (_, index) => `w${index}`),
];

/** Hours of the same counters: minutes are kept for days, hours as long as everything else. */
const statsByHour = `
${['accepted', 'retrying', 'tests', ...Array.from({ length: waitColumns }, (_, index) => `w${index}`)]
  .map((name) => `ALTER TABLE stats ADD COLUMN ${name} INTEGER NOT NULL DEFAULT 0;`)
  .join('\n')}
CREATE TABLE stats_hours (
  hour INTEGER NOT NULL, lane INTEGER NOT NULL, ${statsColumns.map((name) => `${name} INTEGER NOT NULL DEFAULT 0`).join(', ')},
  PRIMARY KEY (hour, lane)) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('stats_rolled_minute', 0), ('stats_rolled_lane', 0);
`;

/** What an asset names is written beside it from now on; for those that are there it is found once. */
const blobUses = `
INSERT OR IGNORE INTO resources (workspace, type, id, version, alias, created_at, updated_at, state)
SELECT DISTINCT r.workspace, 'blob_use', f.atom || ':' || r.id, 1, NULL, r.updated_at, r.updated_at, '{}'
FROM resources r, json_tree(r.state) f
WHERE r.type = 'asset' AND f.key = 'blob' AND f.type = 'text' AND length(f.atom) = 64;
`;

/**
 * Who has which id of a former DAM is written beside the asset from now on, so that no two have the same. Where two had,
 * the older one keeps it.
 */
const assetAliases = `
INSERT OR IGNORE INTO resources (workspace, type, id, version, alias, created_at, updated_at, state)
SELECT r.workspace, 'asset_alias', r.id || ':' || a.key, 1, a.key || ':' || a.atom, r.updated_at, r.updated_at,
  json_object('assetId', r.id)
FROM resources r, json_each(r.state, '$.aliases') a
WHERE r.type = 'asset' AND a.type = 'text' AND length(a.atom) > 0 ORDER BY r.workspace, r.id;
`;

/**
 * Assets that were written without a change that tells of it, in order: with the changes, the search index finds by them
 * what it has to take in. Numbers are never given again.
 */
const assetTouches = `
CREATE TABLE asset_touches (n INTEGER PRIMARY KEY AUTOINCREMENT, workspace INTEGER NOT NULL, id TEXT NOT NULL);
`;
/** Older ones go; an index that is further behind looks at all assets. */
export const touchesKept = 100_000;

/** Message ids of their own, which few dialects have: rows without one cost nothing. */
function messageIndex(table: string): string {
  return `CREATE INDEX IF NOT EXISTS ${table}_message ON ${table} (message_id) WHERE message_id IS NOT NULL;`;
}

/** Deliveries are found by the id that their receiver saw. */
function findByMessage(db: DatabaseSync): void {
  db.exec(messageIndex('queue'));
  const partitions = db.prepare("SELECT n FROM partitions WHERE kind = 'log' AND state IN ('open', 'closed')").all();
  for (const { n } of partitions) db.exec(messageIndex(partitionTable('log', Number(n))));
}

/** Numbered from 1; each runs in a transaction of its own together with the raise of `user_version`. */
export const migrations: readonly ((db: DatabaseSync) => void)[] = [
  (db) => db.exec(first),
  (db) => db.exec(statsByHour),
  (db) => db.exec(blobUses),
  listPartitions,
  (db) => db.exec(assetAliases),
  (db) => db.exec(assetTouches),
  keepFolders,
  weighBlobs,
  findByMessage,
];
export const schemaVersion = migrations.length;

export const partitionKinds = ['changes', 'log', 'attempts'] as const;
export type PartitionKind = (typeof partitionKinds)[number];

export function partitionTable(kind: PartitionKind, n: number): string {
  return `${kind}_${n}`;
}

/** Indexes of a partition, dropped one by one before its rows. */
export function partitionIndexes(kind: PartitionKind, n: number): readonly string[] {
  const table = partitionTable(kind, n);
  return {
    changes: [`${table}_id`, `${table}_subject`],
    log: [`${table}_id`, `${table}_dead`, `${table}_message`],
    attempts: [`${table}_delivery`],
  }[kind];
}

/** Where rows of a partition are listed by workspace. */
export function listedTable(kind: ListedKind, n: number): string {
  return `${partitionTable(kind, n)}_listed`;
}

/**
 * An index by workspace would be dirtied all over by every batch: a page per workspace, each written twice. So rows are
 * listed in runs instead: a thousand at a time, sorted, into a table beside the partition, up to `partitions.listed`; what
 * came later is few rows at the partition's end, read as they lie. State lies behind the workspace, so that "dead" is one
 * stretch and "all" a merge of four; lane and subject ride along, so that lists by them read the run alone.
 */
export type ListedKind = 'changes' | 'log';

function listedSchema(kind: ListedKind, n: number): string {
  const table = listedTable(kind, n);
  return kind === 'changes'
    ? `CREATE TABLE ${table} (
  of_workspace INTEGER NOT NULL, at_seq INTEGER NOT NULL, PRIMARY KEY (of_workspace, at_seq)) WITHOUT ROWID;`
    : `CREATE TABLE ${table} (
  of_workspace INTEGER NOT NULL, of_state INTEGER NOT NULL, at_position INTEGER NOT NULL, at_n INTEGER NOT NULL,
  of_lane INTEGER NOT NULL, of_subject INTEGER NOT NULL,
  PRIMARY KEY (of_workspace, of_state, at_position)) WITHOUT ROWID;`;
}

/** Lists the rows of a partition from one number (included) to another (not). */
export function listRun(kind: ListedKind, n: number): string {
  const table = partitionTable(kind, n);
  return kind === 'changes'
    ? `INSERT INTO ${listedTable(kind, n)} (of_workspace, at_seq)
       SELECT workspace, seq FROM ${table} WHERE seq >= ? AND seq < ? ORDER BY workspace, seq`
    : `INSERT INTO ${listedTable(kind, n)} (of_workspace, of_state, at_position, at_n, of_lane, of_subject)
       SELECT workspace, state, position, n, lane, subject_key FROM ${table} WHERE n >= ? AND n < ?
       ORDER BY workspace, state, position`;
}

/** The column that numbers the rows of a partition in the order they were written. */
export function partitionKey(kind: PartitionKind): 'seq' | 'n' {
  return kind === 'log' ? 'n' : 'seq';
}

/** Partitions of earlier versions had indexes by workspace, and the log was numbered by position. */
function listPartitions(db: DatabaseSync): void {
  db.exec('ALTER TABLE partitions ADD COLUMN listed INTEGER NOT NULL DEFAULT 0');
  const partitions = db.prepare("SELECT kind, n FROM partitions WHERE kind IN ('changes', 'log')").all();
  for (const { kind, n } of partitions as { kind: ListedKind; n: number }[]) {
    const table = partitionTable(kind, n);
    db.exec(`DROP INDEX IF EXISTS ${table}_workspace; DROP INDEX IF EXISTS ${table}_list`);
    if (kind === 'log') {
      db.exec(`DROP INDEX IF EXISTS ${table}_dead; ALTER TABLE ${table} RENAME COLUMN position TO n;
        ALTER TABLE ${table} ADD COLUMN position INTEGER NOT NULL DEFAULT 0; UPDATE ${table} SET position = n;
        CREATE INDEX ${table}_dead ON ${table} (change_seq, position) WHERE state = 3`);
    }
    db.exec(listedSchema(kind, n));
    const key = partitionKey(kind);
    const end = db.prepare(`SELECT coalesce(max(${key}), -1) + 1 AS next FROM ${table}`).get()?.['next'] as number;
    db.prepare(listRun(kind, n)).run(0, end);
    db.prepare('UPDATE partitions SET listed = ? WHERE kind = ? AND n = ?').run(end, kind, n);
  }
}

/** The statements that make one partition. */
export function partitionSchema(kind: PartitionKind, n: number): string {
  const table = partitionTable(kind, n);
  switch (kind) {
    case 'changes':
      return `
CREATE TABLE ${table} (
  seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  accepted_at INTEGER NOT NULL, unexpanded INTEGER NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX ${table}_id ON ${table} (id);
CREATE INDEX ${table}_subject ON ${table} (subject, workspace);
${listedSchema(kind, n)}`;
    case 'log':
      return `
CREATE TABLE ${table} (
  n INTEGER PRIMARY KEY, position INTEGER NOT NULL, lane INTEGER NOT NULL, workspace INTEGER NOT NULL, state INTEGER NOT NULL,
  id TEXT NOT NULL, attempts INTEGER NOT NULL, change_seq INTEGER NOT NULL, change_id TEXT NOT NULL,
  revision INTEGER NOT NULL, subject TEXT NOT NULL, subject_key INTEGER NOT NULL, event TEXT NOT NULL, message_id TEXT,
  origin TEXT NOT NULL, redelivery_of TEXT, frozen TEXT, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
  reason TEXT, status INTEGER, outcome TEXT, duration REAL, attempt TEXT);
CREATE UNIQUE INDEX ${table}_id ON ${table} (id, workspace);
CREATE INDEX ${table}_dead ON ${table} (change_seq, position) WHERE state = 3;
${messageIndex(table)}
${listedSchema(kind, n)}`;
    case 'attempts':
      return `
CREATE TABLE ${table} (
  seq INTEGER PRIMARY KEY, delivery TEXT NOT NULL, number INTEGER NOT NULL, attempt TEXT NOT NULL);
CREATE UNIQUE INDEX ${table}_delivery ON ${table} (delivery, number);`;
    default:
      return kind satisfies never;
  }
}

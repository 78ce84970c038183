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

/** Numbered from 1; each runs in a transaction of its own together with the raise of `user_version`. */
export const migrations: readonly ((db: DatabaseSync) => void)[] = [
  (db) => db.exec(first),
  (db) => db.exec(statsByHour),
  (db) => db.exec(blobUses),
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
    changes: [`${table}_id`, `${table}_workspace`, `${table}_subject`],
    log: [`${table}_id`, `${table}_list`, `${table}_dead`],
    attempts: [`${table}_delivery`],
  }[kind];
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
CREATE INDEX ${table}_workspace ON ${table} (workspace);
CREATE INDEX ${table}_subject ON ${table} (subject, workspace);`;
    case 'log':
      // One index carries every list: state lies behind the workspace, so that "all" is a merge of four runs and "dead" is
      // one; lane and subject ride along behind the position, so that lists by them read the index alone. Indexes of
      // their own would be dirtied all over by every batch, which cost more than all other indexes of the log together.
      return `
CREATE TABLE ${table} (
  position INTEGER PRIMARY KEY, lane INTEGER NOT NULL, workspace INTEGER NOT NULL, state INTEGER NOT NULL,
  id TEXT NOT NULL, attempts INTEGER NOT NULL, change_seq INTEGER NOT NULL, change_id TEXT NOT NULL,
  revision INTEGER NOT NULL, subject TEXT NOT NULL, subject_key INTEGER NOT NULL, event TEXT NOT NULL, message_id TEXT,
  origin TEXT NOT NULL, redelivery_of TEXT, frozen TEXT, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
  reason TEXT, status INTEGER, outcome TEXT, duration REAL, attempt TEXT);
CREATE UNIQUE INDEX ${table}_id ON ${table} (id, workspace);
CREATE INDEX ${table}_list ON ${table} (workspace, state, position, lane, subject_key);
CREATE INDEX ${table}_dead ON ${table} (change_seq) WHERE state = 3;`;
    case 'attempts':
      return `
CREATE TABLE ${table} (
  seq INTEGER PRIMARY KEY, delivery TEXT NOT NULL, number INTEGER NOT NULL, attempt TEXT NOT NULL);
CREATE UNIQUE INDEX ${table}_delivery ON ${table} (delivery, number);`;
    default:
      return kind satisfies never;
  }
}

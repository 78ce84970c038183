/**
 * The tables. Every row carries its workspace; names are the texts themselves, so that no process has to keep numbers for
 * them and the tables can be spread by workspace.
 *
 * Order of commit: a number is given inside the transaction as `(its xid + base) << 20 | place in the batch` (`changes.seq`,
 * `queue.position`). Transactions get their xid in the order they begin to write, so a number below the oldest transaction of
 * ours that still runs can never appear any more: `final_below()` says which those are, and feeds show nothing else. `base` is
 * raised when a dump is restored into a younger cluster, whose xids begin low again.
 *
 * A pending delivery lies in `queue`: narrow, three indexes, emptied as fast as it is filled, vacuumed often. An ended one lies
 * in `log`, partitioned by the day it ended, with its last attempt; attempts that did not end a delivery in `attempts`;
 * changes in `changes`, by the day they were committed. Days leave as whole tables (`days.ts`).
 *
 * Texts compare by their bytes (`COLLATE "C"`): orders do not depend on the server's locale, nor on the next version of it.
 */
import { blobUsageStage } from './blob-usage.ts';
import { outboxReplacedStage, outboxStage } from './outbox.ts';
import { searchStage, searchTables } from './search/search-schema.ts';

export const durationColumns = 13;
export const waitColumns = 8;

/** Every counter of a row of statistics, in the order in which rows are written and read. */
export const statsColumns: readonly string[] = [
  ...['attempts', 'delivered', 'failed', 'rejected', 'dead', 'cancelled', 'accepted', 'retrying', 'tests'],
  ...Array.from({ length: durationColumns }, (_, index) => `d${index}`),
  ...Array.from({ length: waitColumns }, (_, index) => `w${index}`),
];

/** States of ended deliveries as they are stored; never renumbered. */
export const stateCodes = { delivered: 1, rejected: 2, dead: 3, cancelled: 4 } as const;
export const stateNames = ['pending', 'delivered', 'rejected', 'dead', 'cancelled'] as const;

/** Tables that are partitioned by day. */
export const dailyTables = ['changes', 'log', 'attempts'] as const;
export type DailyTable = (typeof dailyTables)[number];

/** Tables whose rows are one workspace's, with the column that says which. */
export const workspaceTables: readonly (readonly [table: string, column: string])[] = [
  ['workspaces', 'id'],
  ...[
    ...['lanes', 'resources', 'revisions', 'queue', 'bodies', 'duties', 'idempotency', 'stats_minutes', 'stats_hours'],
    ...['changes', 'kept_changes', 'kept_for', 'log', 'attempts', 'blob_usage'],
    ...searchTables.map(([table]) => table),
  ].map((table) => [table, 'workspace'] as const),
];

/** Places in a batch; one more and a transaction would run into the numbers of the next. */
export const numberBits = 20;

const key = 'text COLLATE "C" NOT NULL';
const keyOrNull = 'text COLLATE "C"';
const counters = (type: string): string => statsColumns.map((name) => `${name} ${type} NOT NULL DEFAULT 0`).join(', ');

const changeColumns = `
  day integer NOT NULL, seq bigint NOT NULL, workspace ${key}, id ${key}, kind ${key}, subject ${key},
  accepted_at bigint NOT NULL, unexpanded boolean NOT NULL, body text NOT NULL`;

/** What queue and log share of a delivery. */
const deliveryColumns = `
  workspace ${key}, webhook ${key}, position bigint NOT NULL, id ${key}, due_at bigint NOT NULL, attempts integer NOT NULL,
  change_day integer NOT NULL, change_id ${key}, revision integer NOT NULL, subject ${key}, event ${key}, message_id ${keyOrNull},
  origin ${key}, redelivery_of ${keyOrNull}, frozen text, created_at bigint NOT NULL, status smallint, outcome ${keyOrNull},
  duration double precision`;

const first = `
CREATE TABLE aw.meta (key ${key} PRIMARY KEY, value text NOT NULL);
INSERT INTO aw.meta (key, value) VALUES ('number_base', '0');
CREATE SEQUENCE aw.epochs;
CREATE TABLE aw.days (kind ${key}, day integer NOT NULL, leaving boolean NOT NULL DEFAULT false, PRIMARY KEY (kind, day));
CREATE TABLE aw.workspaces (id ${key} PRIMARY KEY, webhooks_revision bigint NOT NULL);
CREATE TABLE aw.lanes (
  webhook ${key} PRIMARY KEY, workspace ${key}, shard smallint NOT NULL, missed bigint NOT NULL DEFAULT 0);
CREATE INDEX lanes_workspace ON aw.lanes (workspace, webhook);
CREATE TABLE aw.resources (
  workspace ${key}, type ${key}, id ${key}, version integer NOT NULL, alias ${keyOrNull}, created_at bigint NOT NULL,
  updated_at bigint NOT NULL, state text NOT NULL, PRIMARY KEY (type, workspace, id)) WITH (fillfactor = 85);
CREATE UNIQUE INDEX resources_alias ON aw.resources (type, alias, workspace) WHERE alias IS NOT NULL;
CREATE TABLE aw.revisions (
  workspace ${key}, type ${key}, id ${key}, version integer NOT NULL, alias ${keyOrNull}, created_at bigint NOT NULL,
  updated_at bigint NOT NULL, state text NOT NULL, PRIMARY KEY (type, workspace, id, version));
CREATE TABLE aw.queue (${deliveryColumns}, shard smallint NOT NULL, PRIMARY KEY (workspace, id)) WITH (
  fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0.2, autovacuum_analyze_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_due ON aw.queue (shard, webhook, due_at, position);
CREATE INDEX queue_position ON aw.queue (shard, webhook, position);
CREATE TABLE aw.bodies (delivery ${key} PRIMARY KEY, workspace ${key}, ended_at bigint, body bytea NOT NULL);
CREATE INDEX bodies_ended ON aw.bodies (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX bodies_workspace ON aw.bodies (workspace);
CREATE TABLE aw.duties (
  id ${key} PRIMARY KEY, workspace ${key}, shard smallint NOT NULL, kind ${key}, due_at bigint NOT NULL,
  version integer NOT NULL, attempts integer NOT NULL, payload text NOT NULL) WITH (
  fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX duties_due ON aw.duties (due_at, id);
CREATE INDEX duties_shard ON aw.duties (shard, due_at, id);
CREATE INDEX duties_workspace ON aw.duties (workspace);
CREATE TABLE aw.idempotency (
  workspace ${key}, key ${key}, fingerprint ${key}, created_at bigint NOT NULL, response text NOT NULL,
  PRIMARY KEY (workspace, key));
CREATE INDEX idempotency_age ON aw.idempotency (created_at);
CREATE TABLE aw.stats_minutes (
  minute integer NOT NULL, webhook ${key}, writer bigint NOT NULL, workspace ${key}, rolled boolean NOT NULL DEFAULT false,
  ${counters('integer')}, PRIMARY KEY (minute, webhook, writer)) WITH (
  fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX stats_minutes_workspace ON aw.stats_minutes (workspace, minute);
CREATE INDEX stats_minutes_open ON aw.stats_minutes (minute) WHERE NOT rolled;
CREATE TABLE aw.stats_hours (
  hour integer NOT NULL, webhook ${key}, workspace ${key}, ${counters('bigint')}, PRIMARY KEY (hour, webhook)) WITH (fillfactor = 80);
CREATE INDEX stats_hours_workspace ON aw.stats_hours (workspace, hour);
CREATE TABLE aw.changes (${changeColumns}, PRIMARY KEY (workspace, id, day)) PARTITION BY RANGE (day);
CREATE INDEX changes_seq ON aw.changes (workspace, seq);
CREATE INDEX changes_subject ON aw.changes (workspace, subject, seq);
CREATE TABLE aw.kept_changes (${changeColumns}, PRIMARY KEY (workspace, id));
CREATE INDEX kept_changes_seq ON aw.kept_changes (workspace, seq);
CREATE TABLE aw.kept_for (
  workspace ${key}, change_id ${key}, delivery ${key}, until bigint, PRIMARY KEY (workspace, change_id, delivery));
CREATE TABLE aw.log (${deliveryColumns}, day integer NOT NULL, state smallint NOT NULL, ended_at bigint NOT NULL, reason text,
  attempt text, PRIMARY KEY (workspace, id, day)) PARTITION BY RANGE (day);
CREATE INDEX log_position ON aw.log (workspace, position);
CREATE INDEX log_webhook ON aw.log (webhook, position);
CREATE INDEX log_subject ON aw.log (workspace, subject, position);
CREATE INDEX log_failed ON aw.log (workspace, position) WHERE state <> 1;
CREATE INDEX log_dead ON aw.log (change_day, workspace, change_id) WHERE state = 3;
CREATE TABLE aw.attempts (
  day integer NOT NULL, workspace ${key}, delivery ${key}, number integer NOT NULL, attempt text NOT NULL,
  PRIMARY KEY (workspace, delivery, number, day)) PARTITION BY RANGE (day);
CREATE TABLE aw.cluster_members (
  id ${key} PRIMARY KEY, node ${key}, role ${key}, version ${key}, blobs ${key}, leaving boolean NOT NULL, beat bigint NOT NULL,
  started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, expires_at timestamptz NOT NULL) WITH (fillfactor = 50);
CREATE TABLE aw.shard_leases (shard smallint PRIMARY KEY, epoch bigint NOT NULL, holder ${keyOrNull}) WITH (fillfactor = 50);
INSERT INTO aw.shard_leases (shard, epoch) SELECT n, 0 FROM generate_series(0, 255) n;
CREATE FUNCTION aw.final_below() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $body$
DECLARE
  seen pg_snapshot := pg_current_snapshot();
  oldest bigint := pg_snapshot_xmin(seen)::text::bigint;
  next bigint := pg_snapshot_xmax(seen)::text::bigint;
  ours bigint;
  unsure boolean;
  base bigint := (SELECT value::bigint FROM aw.meta WHERE key = 'number_base');
BEGIN
  -- Somebody older still runs: it matters only where it is one of ours, which hold a lock from before they have an xid.
  IF oldest < next THEN
    SELECT min(CASE WHEN full_xid > next THEN full_xid - 4294967296 ELSE full_xid END), bool_or(xid IS NULL)
    INTO ours, unsure
    FROM (
      SELECT x.transactionid AS xid, (next >> 32 << 32) + x.transactionid::text::bigint AS full_xid
      FROM pg_locks w LEFT JOIN pg_locks x
        ON x.pid = w.pid AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock' AND x.granted
      WHERE w.locktype = 'advisory' AND w.granted AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND w.classid = 1635218292 AND w.objid = 0 AND w.objsubid = 2 AND w.pid <> pg_backend_pid()) writers;
    IF unsure THEN next := oldest; ELSIF ours IS NOT NULL THEN next := least(next, ours); END IF;
  END IF;
  RETURN (next + base) << ${numberBits};
END $body$;
`;

/** Texts of a few KiB are packed by the faster of the two methods where the server has it. */
const packing = `
DO $body$
DECLARE part record;
BEGIN
  FOR part IN SELECT * FROM (VALUES ('changes', 'body'), ('kept_changes', 'body'), ('log', 'attempt'), ('attempts', 'attempt'),
    ('resources', 'state'), ('bodies', 'body')) AS parts (name, field)
  LOOP
    EXECUTE format('ALTER TABLE aw.%I ALTER COLUMN %I SET COMPRESSION lz4', part.name, part.field);
  END LOOP;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $body$;
`;

/** Deliveries are found by the id that their receiver saw, where it is not their own; the others cost nothing. */
const messageStage = `
CREATE INDEX queue_message ON aw.queue (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX log_message ON aw.log (message_id) WHERE message_id IS NOT NULL;
`;

/**
 * Numbered from 1; each runs in one transaction with the raise of the version. Older processes go on working beside a newer
 * schema: a stage adds, and what is no longer used leaves in a stage of a later release. `aw.` stands for the schema.
 */
export const stages: readonly string[] = [
  first + packing,
  outboxStage,
  blobUsageStage,
  messageStage,
  searchStage,
  outboxReplacedStage,
];
export const schemaVersion = stages.length;

/** First half of our advisory locks: "awst". The second half says what for. */
export const lockClass = 1_635_218_292;
export const locks = {
  /** Shared by every transaction that gives out numbers. */
  numbers: 0,
  /** Shared by commits that make deliveries of earlier changes, exclusive while a day is marked as leaving. */
  days: 1,
  /** One upkeep at a time. */
  upkeep: 2,
  /** One heartbeat at a time. */
  cluster: 3,
  /** One migration at a time. */
  migration: 4,
  /** From here on: matching. Shared by commits that matched the webhooks of a workspace, exclusive by writes of webhooks. */
  matching: 100,
} as const;
export const matchingSlots = 64;

/** How processes on one database know of each other: heartbeats and leases in two small tables, messages by NOTIFY. */
import type { ClusterView, Lease, Member, MemberRole } from '../../core/cluster.ts';
import { type ClusterStore, type MemberBeat, messageBytesMax } from '../contract/cluster-store.ts';
import type { Listener } from './listener.ts';
import { int2s, int8s, keys, storable } from './parameters.ts';
import type { Row, Statement } from './pipeline.ts';
import type { Pool } from './pool.ts';
import { callerError } from './postgres-error.ts';
import { keyOf, keyOrNull, numberOf } from './rows.ts';
import { lockClass, locks } from './schema.ts';
import { strainOf, strainStatement } from './server-strain.ts';
import { type Timeouts, commonSettings } from './settings-local.ts';
import type { Sql } from './sql.ts';
import { type Trouble, watchedBeat } from './trouble.ts';

export type ClusterParts = {
  readonly pool: () => Pool;
  readonly sql: Sql;
  readonly timeouts: Timeouts;
  readonly listener: () => Listener;
  readonly trouble: () => Trouble;
};

const goneAfter = "interval '10 minutes'";
const now = 'clock_timestamp()';
const milliseconds = (value: string): string => `floor(extract(epoch FROM ${value}) * 1000)`;

const viewStatements: readonly Statement[] = [
  { sql: `SELECT ${milliseconds(now)}` },
  {
    sql: `SELECT id, node, role, version, blobs, leaving, beat, expires_at <= ${now}, ${milliseconds('started_at')}, ${milliseconds('seen_at')}
      FROM aw.cluster_members ORDER BY id`,
  },
  { sql: 'SELECT shard, epoch, holder FROM aw.shard_leases ORDER BY shard' },
];

export function createCluster({ pool, sql, timeouts, listener, trouble }: ClusterParts): ClusterStore {
  const answerMs = timeouts.statementTimeoutMs + 1_000;
  /** One transaction; rows of each statement. */
  const run = (statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> => {
    const begin = [{ sql: 'BEGIN' }, commonSettings(timeouts)];
    const all = [...begin, ...statements, { sql: 'COMMIT' }].map((one) => ({ ...one, sql: sql.of(one.sql) }));
    return pool().use(async (connection) => {
      try {
        return (await connection.run(all, answerMs)).slice(begin.length);
      } catch (error) {
        if (connection.usable()) await connection.run([{ sql: 'ROLLBACK' }], answerMs);
        throw error;
      }
    });
  };
  const told = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw callerError(error);
    }
  };
  const transact = (statements: readonly Statement[]) => told(() => run(statements));
  const alone: Statement = { sql: `SELECT pg_advisory_xact_lock(${lockClass}, ${locks.cluster})` };
  const free = 'UPDATE aw.shard_leases SET holder = NULL WHERE holder = $1';
  return {
    async beat(beat) {
      const steps = [alone, writeMember(beat), ...reclaim(beat), ...release(beat), ...acquire(beat), removeOld];
      const results = await told(() => watchedBeat(trouble(), () => run([...steps, ...viewStatements])));
      return viewOf(results.slice(steps.length));
    },
    async leave(memberId) {
      const values = [storable(memberId)];
      await transact([alone, { sql: free, values }, { sql: 'DELETE FROM aw.cluster_members WHERE id = $1', values }]);
    },
    view: async () => viewOf(await transact(viewStatements)),
    strain: async () => strainOf((await transact([strainStatement]))[0]?.[0]),
    async tell(message) {
      if (Buffer.byteLength(message) > messageBytesMax) {
        throw new RangeError(`A message must have ${messageBytesMax} bytes at most: it has more`);
      }
      const payload = listener().sign(message);
      await transact([
        // It may be lost in any case, so nobody waits for the disk.
        { sql: "SELECT set_config('synchronous_commit', 'off', true)" },
        { sql: 'SELECT pg_notify($1, $2)', values: [listener().channel, payload] },
      ]);
    },
    listen: (ears) => listener().listen(ears),
  };
}

function writeMember({ id, node, role, version, blobs, leaving, leaseMs }: MemberBeat): Statement {
  return {
    sql: `INSERT INTO aw.cluster_members AS m (id, node, role, version, blobs, leaving, beat, started_at, seen_at, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6::bool, 1, ${now}, ${now}, ${now} + $7::float8 * interval '1 millisecond')
      ON CONFLICT (id) DO UPDATE SET node = excluded.node, role = excluded.role, version = excluded.version, blobs = excluded.blobs,
        leaving = excluded.leaving, beat = m.beat + 1, seen_at = excluded.seen_at, expires_at = excluded.expires_at`,
    values: [...[id, node, role, version, blobs].map(storable), leaving ? 't' : 'f', String(leaseMs)],
  };
}

/** A former member of the same node has ended, or this one would not hold its directory. */
function reclaim({ id, node }: MemberBeat): readonly Statement[] {
  const former = 'SELECT m.id FROM aw.cluster_members m WHERE m.node = $2 AND m.id <> $1';
  const values = [storable(id), storable(node)];
  return [
    { sql: `UPDATE aw.shard_leases SET holder = $1, epoch = nextval('aw.epochs') WHERE holder IN (${former})`, values },
    { sql: 'DELETE FROM aw.cluster_members WHERE node = $2 AND id <> $1', values },
  ];
}

function release({ id, release: shards }: MemberBeat): readonly Statement[] {
  if (shards.length === 0) return [];
  return [
    {
      sql: 'UPDATE aw.shard_leases SET holder = NULL WHERE holder = $1 AND shard = ANY($2::int2[])',
      values: [storable(id), int2s(shards)],
    },
  ];
}

/** Taken only as it was seen, and from a holder only while its heart has not beaten since. */
function acquire({ id, acquire: leases }: MemberBeat): readonly Statement[] {
  if (leases.length === 0) return [];
  return [
    {
      sql: `UPDATE aw.shard_leases l SET holder = $1, epoch = nextval('aw.epochs')
        FROM unnest($2::int2[], $3::int8[], $4::text[], $5::int8[]) u (shard, epoch, holder, beat)
        WHERE l.shard = u.shard AND l.epoch = u.epoch AND l.holder IS NOT DISTINCT FROM u.holder
          AND NOT EXISTS (SELECT 1 FROM aw.cluster_members m WHERE m.id = l.holder AND m.beat IS DISTINCT FROM u.beat)`,
      values: [
        storable(id),
        int2s(leases.map(({ shard }) => shard)),
        int8s(leases.map(({ epoch }) => epoch)),
        keys(leases.map(({ holder }) => holder)),
        int8s(leases.map(({ holderBeat }) => holderBeat)),
      ],
    },
  ];
}

const removeOld: Statement = {
  sql: `DELETE FROM aw.cluster_members m WHERE m.expires_at + ${goneAfter} < ${now}
    AND NOT EXISTS (SELECT 1 FROM aw.shard_leases l WHERE l.holder = m.id)`,
};

function viewOf([nowRows, memberRows, leaseRows]: readonly (readonly Row[])[]): ClusterView {
  return {
    nowMs: numberOf(nowRows?.[0]?.[0]),
    members: (memberRows ?? []).map(memberOf),
    leases: (leaseRows ?? []).map(
      (row): Lease => ({ shard: numberOf(row[0]), epoch: numberOf(row[1]), holder: keyOrNull(row[2]) }),
    ),
  };
}

function memberOf(row: Row): Member {
  return {
    id: keyOf(row[0]),
    node: keyOf(row[1]),
    role: keyOf(row[2]) as MemberRole,
    version: keyOf(row[3]),
    blobs: keyOf(row[4]),
    leaving: row[5] === 't',
    beat: numberOf(row[6]),
    expired: row[7] === 't',
    startedAtMs: numberOf(row[8]),
    seenAtMs: numberOf(row[9]),
  };
}

/** What a PostgreSQL may run out of without any of our queries showing it: transaction ids, and the disk by its own log. */
import type { ServerStrain } from '../contract/cluster-store.ts';
import type { Row, Statement } from './pipeline.ts';
import { numberOf, textOrNull } from './rows.ts';

/** All there are; the server stops taking writes three million before the end. */
const transactionIds = 2 ** 31;

/** Needs no rights beyond a connection. Of a primary: a standby writes no log of its own. */
export const strainStatement: Statement = {
  sql: `SELECT (SELECT max(greatest(age(datfrozenxid), mxid_age(datminmxid))) FROM pg_database),
      s.slot_name, coalesce(s.kept, 0)::int8, pg_size_bytes(current_setting('max_wal_size'))
    FROM (VALUES (1)) one LEFT JOIN LATERAL (
      SELECT slot_name::text, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS kept FROM pg_replication_slots
      WHERE restart_lsn IS NOT NULL ORDER BY kept DESC LIMIT 1) s ON true`,
};

export function strainOf(row: Row | undefined): ServerStrain {
  return {
    transactionIdsShare: numberOf(row?.[0]) / transactionIds,
    walKeptBy: textOrNull(row?.[1]),
    walKeptBytes: numberOf(row?.[2]),
    walUsualBytes: numberOf(row?.[3]),
  };
}

/** Autovacuum begins by itself at a tenth (`autovacuum_freeze_max_age`): at a quarter it does not get through. */
const idsShareMax = 0.25;
/** A reader that is behind for a moment holds back a little more than a checkpoint's worth; what nobody reads grows on. */
const usualTimesMax = 4;

/** What an operator should be told before the server stops; empty where all is well. The alert rules have the same bounds. */
export function strains({
  transactionIdsShare,
  walKeptBy,
  walKeptBytes,
  walUsualBytes,
}: ServerStrain): readonly string[] {
  const found: string[] = [];
  if (transactionIdsShare > idsShareMax) {
    found.push(
      `${Math.round(transactionIdsShare * 100)} % of its transaction ids are used up, and at 100 % it takes no writes: look what keeps autovacuum from freezing (old or prepared transactions, replication slots), then VACUUM FREEZE`,
    );
  }
  if (walKeptBytes > usualTimesMax * walUsualBytes) {
    const gibibytes = (walKeptBytes / 1024 ** 3).toFixed(1);
    found.push(
      `the replication slot ${walKeptBy ?? ''} holds back ${gibibytes} GiB of its log, which fills the disk: bring its reader back or drop it (SELECT pg_drop_replication_slot('${walKeptBy ?? ''}')), and bound what a slot may hold (max_slot_wal_keep_size)`,
    );
  }
  return found;
}

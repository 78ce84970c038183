/** What a PostgreSQL store may be told, and what it does without. */
import type { GroupCommitLimits } from '../group-commit.ts';

/** Every one has a default; sizes are in the unit their name ends with. */
export type PostgresStorageOptions = {
  /** Tables of ours lie in this schema. Default `assetwire`. */
  readonly schema?: string;
  /** How long changes, ended deliveries, attempts and statistics are kept. Default 30 days. */
  readonly keepMs?: number;
  readonly limits?: Partial<GroupCommitLimits>;
  /** Connections of this process, apart from the listener's; at least 3. Default 10. */
  readonly connectionsMax?: number;
  /** Where messages between processes are heard, where `url` leads to a pooler. Default `url`. */
  readonly directUrl?: string;
  /** Seen in `pg_stat_activity`. Default `assetwire`. */
  readonly applicationName?: string;
  /** False behind a pooler that knows no prepared statements (PgBouncer before 1.21). Default true. */
  readonly preparedStatements?: boolean;
  /** True: start although the server may lose what it has confirmed. Default false. */
  readonly acceptWeakDurability?: boolean;
  readonly connectTimeoutMs?: number;
  /** One statement; whoever waits hears `storage_unavailable` a second later at the latest. Default 5,000. */
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** How long a call waits for a free connection. Default 2,000. */
  readonly waitMsMax?: number;
  /** The role that reads of one workspace take on; null: none. Default `assetwire_request`. */
  readonly requestRole?: string | null;
  /** A slice of upkeep ends after the step that passes this. Default 50. */
  readonly sliceMsMax?: number;
};

export type PostgresSettings = Required<Omit<PostgresStorageOptions, 'limits' | 'directUrl'>> & {
  readonly limits: GroupCommitLimits;
  readonly directUrl: string;
};

const day = 24 * 3_600_000;

const defaultLimits: GroupCommitLimits = {
  batchItemsMax: 1_000,
  batchRowsMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  waitingItemsMax: 20_000,
  waitingBytesMax: 64 * 1024 * 1024,
  gatherMs: 1,
};

export function settingsOf(url: string, options: PostgresStorageOptions): PostgresSettings {
  return {
    schema: options.schema ?? 'assetwire',
    keepMs: options.keepMs ?? 30 * day,
    limits: { ...defaultLimits, ...options.limits },
    connectionsMax: Math.max(3, options.connectionsMax ?? 10),
    directUrl: options.directUrl ?? url,
    applicationName: options.applicationName ?? 'assetwire',
    preparedStatements: options.preparedStatements ?? true,
    acceptWeakDurability: options.acceptWeakDurability ?? false,
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 5_000,
    lockTimeoutMs: options.lockTimeoutMs ?? 3_000,
    waitMsMax: options.waitMsMax ?? 2_000,
    requestRole: options.requestRole === undefined ? 'assetwire_request' : options.requestRole,
    sliceMsMax: options.sliceMsMax ?? 50,
  };
}

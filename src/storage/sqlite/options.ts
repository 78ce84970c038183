/** What a SQLite store may be told, and what it does without. */
import type { GroupCommitLimits } from '../group-commit.ts';
import type { WriterSettings } from './writer.ts';

/** Every one has a default; sizes are in the unit their name ends with. */
export type SqliteStorageOptions = {
  /** Where batches are applied. On disk a thread of its own by default, `:memory:` always inline. */
  readonly writer?: 'thread' | 'inline';
  /** How long changes, ended deliveries, attempts and statistics are kept. Default 30 days. */
  readonly keepMs?: number;
  /** Rows of one partition, at most 50,000 (the default). */
  readonly partitionRowsMax?: number;
  /** Age at which a partition is closed though it is not full. Default one day. */
  readonly partitionAgeMsMax?: number;
  /** Rows that are listed by workspace at a time. Default 1,000. */
  readonly listRunRows?: number;
  readonly limits?: Partial<GroupCommitLimits>;
  /** Reader threads, made at the first read. Default 2. */
  readonly readersMax?: number;
  /** One of them starts with the store, because reads follow at once. Default false. */
  readonly readersWarm?: boolean;
  /** A slice of upkeep ends after the step that passes this. Default 5. */
  readonly sliceMsMax?: number;
  /** Free pages in the file above which some are given back to the file system. Default 2,048 (16 MiB). */
  readonly freePagesMax?: number;
  /** A bound on the file in pages of 8 KiB, for tests of a full disk. Default none. */
  readonly pagesMax?: number;
  /** Pages in the log at which it is moved into the file. Default 1,000 (8 MiB): often and short, rather than seldom and long. */
  readonly checkpointPages?: number;
};

const day = 24 * 3_600_000;
const partitionRowsMost = 50_000;

export const defaultLimits: GroupCommitLimits = {
  batchItemsMax: 1_000,
  batchRowsMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  waitingItemsMax: 20_000,
  waitingBytesMax: 64 * 1024 * 1024,
  gatherMs: 1,
};

export function settingsOf(file: string, options: SqliteStorageOptions): WriterSettings {
  return {
    file,
    keepMs: options.keepMs ?? 30 * day,
    partitionRowsMax: Math.min(options.partitionRowsMax ?? partitionRowsMost, partitionRowsMost),
    partitionAgeMsMax: options.partitionAgeMsMax ?? day,
    listRunRows: options.listRunRows ?? 1_000,
    sliceMsMax: options.sliceMsMax ?? 5,
    freePagesMax: options.freePagesMax ?? 2_048,
    pagesMax: options.pagesMax ?? 0,
    checkpointPages: options.checkpointPages ?? 1_000,
  };
}

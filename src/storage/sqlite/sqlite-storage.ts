/**
 * The storage contract over SQLite. On disk: one writer (on a thread of its own, see docs/decisions/0002-sqlite-writer.md),
 * keyed reads over a read-only connection of the calling thread, lists on reader threads. `:memory:`: everything inline
 * over one connection, no threads and no timers, so that tests can hold the clock.
 */
import { DatabaseSync } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import { limits as coreLimits } from '../../core/limits.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createSystemRandom, type Random } from '../../runtime/random.ts';
import { microtaskTurn, systemTurn } from '../../runtime/turn.ts';
import { createGroupCommit, type GroupCommit, type GroupCommitLimits, type Settled } from '../group-commit.ts';
import type { CommitResult, RecordResult, Storage, StorageHealth, StorageReads } from '../storage.ts';
import type { ItemResult } from './book.ts';
import { createInlineWriter, type InlineWriter } from './inline-writer.ts';
import { createKeyedReads, type KeyedReads } from './keyed-reads.ts';
import { createListReads, listReadNames } from './list-reads.ts';
import { type Prepared, prepareCommit, prepareRecord } from './prepared.ts';
import { createReaderPool, type ReaderPool } from './reader-pool.ts';
import { errorOfFault, StorageFault } from './sqlite-error.ts';
import { createThreadWriter } from './thread-writer.ts';
import type { Writer, WriterOpened, WriterSettings } from './writer.ts';

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
  readonly limits?: Partial<GroupCommitLimits>;
  /** Reader threads, made at the first read. Default 2. */
  readonly readersMax?: number;
  /** A slice of upkeep ends after the step that passes this. Default 5. */
  readonly sliceMsMax?: number;
  /** Free pages in the file above which some are given back to the file system. Default 4,096 (16 MiB). */
  readonly freePagesMax?: number;
  /** A bound on the file in pages of 4 KiB, for tests of a full disk. Default none. */
  readonly pagesMax?: number;
  /** Pages in the log at which it is moved into the file. Default 1,000 (4 MiB): often and short, rather than seldom and long. */
  readonly checkpointPages?: number;
};

export type SqliteStorageParts = {
  /** Path of the database, or `:memory:`. */
  readonly file: string;
  readonly clock: Clock;
  readonly options?: SqliteStorageOptions;
  /** Draws the key of cursors. Default the system's. */
  readonly random?: Random;
  /** Paces batches; real even where `clock` is held. Default the system's. */
  readonly pacing?: Clock;
  /** Hears of what happens apart from any call. */
  readonly logger?: { error(fields: object, message: string): void };
};

const day = 24 * 3_600_000;
const partitionRowsMost = 50_000;

const defaultLimits: GroupCommitLimits = {
  batchItemsMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  waitingItemsMax: 20_000,
  waitingBytesMax: 64 * 1024 * 1024,
  gatherMs: 1,
};

type Open = {
  readonly epoch: number;
  readonly writer: Writer;
  readonly group: GroupCommit<Prepared, ItemResult>;
  readonly keyed: KeyedReads;
  readonly keyedConnection: DatabaseSync | null;
  readonly readers: ReaderPool | null;
  readonly reads: StorageReads;
};

export function createSqliteStorage(parts: SqliteStorageParts): Storage {
  const { file, clock, options = {} } = parts;
  const memory = file === ':memory:';
  const random = parts.random ?? createSystemRandom();
  const pacing = parts.pacing ?? systemClock;
  const settings = settingsOf(file, options);
  const limits: GroupCommitLimits = { ...defaultLimits, ...(memory ? { gatherMs: 0 } : {}), ...options.limits };
  let open: Open | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let stopped = false;
  /** Set by a fault; `failed` stays until restart. */
  let trouble: { readonly state: 'full' | 'failed' | 'unavailable'; readonly detail: string } | null = null;

  const noteFault = (fault: StorageFault): void => {
    if (trouble?.state === 'failed') return;
    if (fault.kind === 'failed') parts.logger?.error({ detail: fault.message }, 'storage.failed');
    trouble = { state: fault.kind, detail: fault.message };
  };
  const run = async (writer: Writer, items: readonly Prepared[]): Promise<readonly ItemResult[]> => {
    // After a failed sync or a damaged page nothing that seems to work can be believed.
    if (trouble?.state === 'failed') throw new StorageFault('failed', trouble.detail);
    try {
      const results = await writer.apply(items);
      trouble = null;
      return results;
    } catch (error) {
      if (error instanceof StorageFault) noteFault(error);
      throw error;
    }
  };
  const start = async (): Promise<void> => {
    const inline =
      memory || options.writer === 'inline'
        ? createInlineWriter({ settings, clock, pacing, random, turnMsMax: memory ? 0 : 2 })
        : null;
    const onEnd = (error: Error): void =>
      noteFault(error instanceof StorageFault ? error : new StorageFault('failed', error.message));
    const writer: Writer = inline ?? createThreadWriter({ settings, clock, random, onEnd });
    const opened = await writer.open();
    const group = createGroupCommit<Prepared, ItemResult>({
      run: (items) => run(writer, items),
      bytesOf: ({ bytes }) => bytes,
      limits,
      pacing,
      turn: memory ? microtaskTurn : systemTurn,
    });
    const reads = memory && inline !== null ? inlineReads(inline, opened) : diskReads(file, opened, options);
    open = { ...opened, writer, group, ...reads };
    trouble = null;
  };
  const stop = async (): Promise<void> => {
    await starting?.catch(() => undefined);
    const closing = open;
    if (closing === null) return;
    await closing.group.stop();
    open = null;
    await closing.readers?.close();
    closing.keyedConnection?.close();
    await closing.writer.close();
  };
  const current = (): Open => {
    if (open === null) throw notOpen(stopped);
    return open;
  };
  const submit = async (items: readonly Prepared[]): Promise<readonly Settled<ItemResult>[]> => {
    const { group } = current();
    return group.submit(items, items[0]?.kind === 'record' ? 'record' : 'commit');
  };

  return {
    async start() {
      await stopping;
      if (open !== null) return;
      stopped = false;
      starting ??= start().finally(() => {
        starting = null;
      });
      await starting;
    },
    async stop() {
      stopped = true;
      stopping ??= stop().finally(() => {
        stopping = null;
      });
      await stopping;
    },
    async commit(items) {
      const settled = await submit(items.map(prepareCommit));
      return commitResults(settled);
    },
    async record(items) {
      const settled = await submit(items.map(prepareRecord));
      return settled.map(recordResult);
    },
    resources: async (keys) => current().keyed.resources(keys),
    findByAlias: async (type, alias, workspaceId) => current().keyed.findByAlias(type, alias, workspaceId),
    revision: async (key, version) => current().keyed.revision(key, version),
    webhooksRevision: async (workspaceId) => current().keyed.webhooksRevision(workspaceId),
    async idempotency(workspaceId, key) {
      const row = current().keyed.idempotency(workspaceId, key);
      return row === null || clock.nowMs() - row.createdAtMs >= coreLimits.idempotencyKeptMs ? null : row;
    },
    lanes: async (query) => current().keyed.lanes(query),
    pending: async (query) => current().keyed.pending(query),
    storedBody: async (deliveryId) => current().keyed.storedBody(deliveryId),
    duties: async (query) => current().keyed.duties(query),
    read: delegatedReads(() => current().reads),
    maintain: async (nowMs) => {
      try {
        return await current().writer.maintain(nowMs);
      } catch (error) {
        throw callerError(error);
      }
    },
    health: () => healthOf(open, trouble),
  };
}

function settingsOf(file: string, options: SqliteStorageOptions): WriterSettings {
  return {
    file,
    keepMs: options.keepMs ?? 30 * day,
    partitionRowsMax: Math.min(options.partitionRowsMax ?? partitionRowsMost, partitionRowsMost),
    partitionAgeMsMax: options.partitionAgeMsMax ?? day,
    sliceMsMax: options.sliceMsMax ?? 5,
    freePagesMax: options.freePagesMax ?? 4_096,
    pagesMax: options.pagesMax ?? 0,
    checkpointPages: options.checkpointPages ?? 1_000,
  };
}

type OpenReads = Pick<Open, 'keyed' | 'keyedConnection' | 'readers' | 'reads'>;

function inlineReads(writer: InlineWriter, { cursorKey }: WriterOpened): OpenReads {
  const db = writer.connection();
  const lists = createListReads(db, cursorKey);
  const reads = Object.fromEntries(
    listReadNames.map((name) => {
      const read = lists[name] as (...values: readonly unknown[]) => unknown;
      return [name, async (...values: readonly unknown[]) => read(...values)];
    }),
  ) as unknown as StorageReads;
  return { keyed: createKeyedReads(db), keyedConnection: null, readers: null, reads };
}

function diskReads(file: string, { cursorKey }: WriterOpened, options: SqliteStorageOptions): OpenReads {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  db.exec('PRAGMA cache_size = -8192; PRAGMA query_only = ON');
  const readers = createReaderPool({ file, cursorKey, threadsMax: options.readersMax ?? 2, waitingMax: 1_000 });
  return { keyed: createKeyedReads(db), keyedConnection: db, readers, reads: readers.reads };
}

/** Reads that find their store at each call, so that `storage.read` can be kept across stop and start. */
function delegatedReads(current: () => StorageReads): StorageReads {
  return Object.fromEntries(
    listReadNames.map((name) => [
      name,
      async (...values: readonly unknown[]) => {
        const read = current()[name] as (...given: readonly unknown[]) => Promise<unknown>;
        return read(...values);
      },
    ]),
  ) as unknown as StorageReads;
}

/** A call fails as a whole where none of its items was stored; otherwise each item has its answer. */
function commitResults(settled: readonly Settled<ItemResult>[]): readonly CommitResult[] {
  const failures = settled.filter((entry) => entry.status === 'failed');
  const first = failures[0];
  if (first !== undefined && failures.length === settled.length) throw callerError(first.error);
  return settled.map((entry) => {
    if (entry.status === 'done') return commitResult(entry.result);
    const error = callerError(entry.error);
    const full = error instanceof AssetwireError && error.code === 'storage_full';
    return { status: 'rejected', code: full ? 'storage_full' : 'storage_unavailable', detail: error.message };
  });
}

function commitResult(result: ItemResult): CommitResult {
  if (typeof result === 'string') throw new TypeError('A commit must have the result of a commit');
  return result.status === 'failed'
    ? { status: 'rejected', code: 'storage_unavailable', detail: result.detail }
    : result;
}

function recordResult(entry: Settled<ItemResult>): RecordResult {
  if (entry.status === 'failed') throw callerError(entry.error);
  if (typeof entry.result === 'string') return entry.result;
  const detail = entry.result.status === 'failed' ? entry.result.detail : 'it has the result of a commit';
  throw new AssetwireError('internal', { detail: `An attempt must be recorded: ${detail}` });
}

function callerError(error: unknown): Error {
  if (error instanceof StorageFault) return errorOfFault(error);
  return error instanceof Error ? error : new Error(String(error));
}

function notOpen(stopped: boolean): AssetwireError {
  return new AssetwireError(stopped ? 'shutting_down' : 'storage_unavailable', {
    detail: `The store must be open: it is ${stopped ? 'stopped' : 'not started'}`,
    retryAfterSeconds: 5,
  });
}

function healthOf(
  open: Open | null,
  trouble: { readonly state: string; readonly detail: string } | null,
): StorageHealth {
  if (open === null) return { state: 'stopped', waiting: 0, epoch: 0 };
  const base = { waiting: open.group.waiting(), epoch: open.epoch };
  if (trouble !== null) {
    const state = trouble.state === 'full' ? 'full' : trouble.state === 'failed' ? 'failed' : 'busy';
    return { state, detail: trouble.detail, ...base };
  }
  return { state: open.group.busy() ? 'busy' : 'ok', ...base };
}

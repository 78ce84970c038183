/**
 * The storage contract over SQLite. On disk: one writer (on a thread of its own, see docs/decisions/0002-sqlite-writer.md),
 * keyed reads over a read-only connection of the calling thread, lists on reader threads. `:memory:`: everything inline
 * over one connection, no threads and no timers, so that tests can hold the clock.
 */
import type { Worker } from 'node:worker_threads';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createSystemRandom, type Random } from '../../runtime/random.ts';
import { commitResults, type ItemResult, recordResult } from '../batch-results.ts';
import type { Settled } from '../group-commit.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { Storage, StorageHealth } from '../storage.ts';
import type { KeyedReads } from './keyed-reads.ts';
import { listReadNames } from './list-reads.ts';
import type { SqliteStorageOptions } from './options.ts';
import { type Prepared, prepareCommit, prepareRecord } from '../prepared.ts';
import { callerError } from './sqlite-error.ts';
import { openSession, type Session } from './session.ts';
import { createTrouble, type Trouble, type TroubleLogger } from './trouble.ts';

export type { SqliteStorageOptions } from './options.ts';

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
  readonly logger?: TroubleLogger;
  /** For the first start: the writer's thread, which was started before there was anything to write. */
  readonly writerThread?: Worker | null;
};

export function createSqliteStorage(parts: SqliteStorageParts): Storage {
  const { clock } = parts;
  const life = createLife(parts);
  const submit = async (items: readonly Prepared[]): Promise<readonly Settled<ItemResult>[]> =>
    life.current().group.submit(items, items[0]?.kind === 'record' ? 'record' : 'commit');
  const keyed = <Result>(read: (reads: KeyedReads) => Result): Promise<Result> =>
    answer(() => read(life.current().keyed));

  return {
    start: life.start,
    stop: life.stop,
    commit: async (items) => commitResults(await submit(items.map(prepareCommit)), callerError),
    record: async (items) => (await submit(items.map(prepareRecord))).map((entry) => recordResult(entry, callerError)),
    resources: (keys) => keyed((reads) => reads.resources(keys)),
    findByAlias: (type, alias, workspaceId) => keyed((reads) => reads.findByAlias(type, alias, workspaceId)),
    findByAliases: (query) => keyed((reads) => reads.findByAliases(query)),
    revision: (key, version) => keyed((reads) => reads.revision(key, version)),
    webhooksRevision: (workspaceId) => keyed((reads) => reads.webhooksRevision(workspaceId)),
    blobUsage: (workspaceId) => keyed((reads) => reads.blobUsage(workspaceId)),
    async idempotency(workspaceId, key) {
      const row = await keyed((reads) => reads.idempotency(workspaceId, key));
      return row === null || clock.nowMs() - row.createdAtMs >= limits.idempotencyKeptMs ? null : row;
    },
    lanes: (query) => keyed((reads) => reads.lanes(query)),
    pending: (query) => keyed((reads) => reads.pending(query)),
    storedBody: (deliveryId) => keyed((reads) => reads.storedBody(deliveryId)),
    duties: (query) => keyed((reads) => reads.duties(query)),
    cluster: null,
    read: delegatedReads(() => life.current().reads),
    maintain: (nowMs) => answer(() => life.current().maintain(nowMs)),
    eraseHistory: (workspaceId, past, cursor) => answer(() => life.current().eraseHistory(workspaceId, past, cursor)),
    eraseWorkspace: (workspaceId, cursor) => answer(() => life.current().eraseWorkspace(workspaceId, cursor)),
    health: life.health,
  };
}

/** Errors of SQLite leave the store as errors a caller may see. */
async function answer<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw callerError(error);
  }
}

type Life = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Throws where the store is not open. */
  current(): Session;
  health(): StorageHealth;
};

/** Start and stop in any order and number, from several callers at once. */
function createLife(parts: SqliteStorageParts): Life {
  let session: Session | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let stopped = false;
  let trouble = createTrouble(parts.logger);
  let writerThread = parts.writerThread ?? null;
  const startedWriter = (): Worker | null => {
    const worker = writerThread;
    writerThread = null;
    return worker;
  };

  const open = async (): Promise<void> => {
    trouble = createTrouble(parts.logger);
    session = await openSession({
      file: parts.file,
      clock: parts.clock,
      pacing: parts.pacing ?? systemClock,
      random: parts.random ?? createSystemRandom(),
      options: parts.options ?? {},
      trouble,
      startedWriter,
    });
  };
  const close = async (): Promise<void> => {
    // A start that fails tells its own caller.
    await starting?.catch(() => undefined);
    await session?.close();
    session = null;
  };
  return {
    async start() {
      await stopping;
      if (session !== null) return;
      stopped = false;
      starting ??= open().finally(() => {
        starting = null;
      });
      await starting;
    },
    async stop() {
      stopped = true;
      stopping ??= close().finally(() => {
        stopping = null;
      });
      await stopping;
    },
    current() {
      if (session === null) throw notOpen(stopped);
      return session;
    },
    health: () => healthOf(session, trouble),
  };
}

/** Reads that find their store at each call, so that `storage.read` can be kept across stop and start. */
function delegatedReads(current: () => StorageReads): StorageReads {
  const entries = listReadNames.map((name) => [
    name,
    (...values: readonly unknown[]) =>
      answer(() => {
        const read = current()[name] as (...given: readonly unknown[]) => Promise<unknown>;
        return read(...values);
      }),
  ]);
  const reads: unknown = Object.fromEntries(entries);
  return reads as StorageReads;
}

function notOpen(stopped: boolean): AssetwireError {
  return new AssetwireError(stopped ? 'shutting_down' : 'storage_unavailable', {
    detail: `The store must be open: it is ${stopped ? 'stopped' : 'not started'}`,
    retryAfterSeconds: 5,
  });
}

function healthOf(session: Session | null, trouble: Trouble): StorageHealth {
  if (session === null) return { state: 'stopped', waiting: 0, epoch: 0 };
  const base = { waiting: session.group.waiting(), epoch: session.epoch };
  const found = trouble.current();
  if (found === null) return { state: session.group.busy() ? 'busy' : 'ok', ...base };
  return { state: found.kind === 'unavailable' ? 'busy' : found.kind, detail: found.detail, ...base };
}

/**
 * The storage contract over the operator's PostgreSQL (15 and newer): any number of processes share it. Batches go through
 * one connection at a time, two round trips each; reads go through others; nothing relies on what a session remembers.
 */
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createSystemRandom, type Random } from '../../runtime/random.ts';
import { commitResults, type ItemResult, recordResult } from '../batch-results.ts';
import type { Settled } from '../group-commit.ts';
import { type Prepared, prepareCommit, prepareRecord } from '../prepared.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { Storage, StorageHealth } from '../storage.ts';
import { createCluster } from './cluster.ts';
import type { KeyedReads } from './keyed-reads.ts';
import { type PostgresStorageOptions, settingsOf } from './options.ts';
import { callerError, startError } from './postgres-error.ts';
import { openSession, type Session } from './session.ts';
import { createSql } from './sql.ts';
import { createTrouble, type Trouble, type TroubleLogger } from './trouble.ts';

export type { PostgresStorageOptions } from './options.ts';

export type PostgresStorageParts = {
  /** `postgres://user:password@host:5432/database`; several hosts with commas, the one that takes writes is found. */
  readonly url: string;
  readonly clock: Clock;
  readonly options?: PostgresStorageOptions;
  /** Draws the key of cursors and pauses between tries. Default the system's. */
  readonly random?: Random;
  /** Paces batches and deadlines; real even where `clock` is held. Default the system's. */
  readonly pacing?: Clock;
  /** Hears of what happens apart from any call. */
  readonly logger?: TroubleLogger;
};

export function createPostgresStorage(parts: PostgresStorageParts): Storage {
  const { clock } = parts;
  const life = createLife(parts);
  const submit = async (items: readonly Prepared[]): Promise<readonly Settled<ItemResult>[]> =>
    life.current().group.submit(items, items[0]?.kind === 'record' ? 'record' : 'commit');
  const keyed = <Result>(read: (reads: KeyedReads) => Promise<Result>): Promise<Result> =>
    answer(() => read(life.current().keyed));
  const settings = settingsOf(parts.url, parts.options ?? {});

  return {
    start: () => answer(life.start, startError),
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
    cluster: createCluster({
      pool: () => life.current().pool,
      sql: life.sql,
      timeouts: settings,
      listener: () => life.current().listener,
      trouble: () => life.trouble(),
    }),
    read: delegatedReads(() => life.current().reads),
    maintain: (nowMs) => answer(() => life.current().upkeep.slice(nowMs)),
    eraseHistory: (workspaceId, past, cursor) => answer(() => life.current().eraseHistory(workspaceId, past, cursor)),
    eraseWorkspace: (workspaceId, cursor) => answer(() => life.current().erase(workspaceId, cursor)),
    health: life.health,
  };
}

/** Errors of PostgreSQL and of sockets leave the store as errors a caller may see. */
async function answer<Result>(work: () => Result | Promise<Result>, asTold = callerError): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asTold(error);
  }
}

type Life = {
  readonly sql: Session['sql'];
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Throws where the store is not open. */
  current(): Session;
  health(): StorageHealth;
  /** Of the session that is open. */
  trouble(): Trouble;
};

/** Start and stop in any order and number, from several callers at once. */
function createLife(parts: PostgresStorageParts): Life {
  const settings = settingsOf(parts.url, parts.options ?? {});
  let session: Session | null = null;
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let stopped = false;
  let trouble = createTrouble(parts.logger);

  const open = async (): Promise<void> => {
    trouble = createTrouble(parts.logger);
    session = await openSession({
      url: parts.url,
      clock: parts.clock,
      pacing: parts.pacing ?? systemClock,
      random: parts.random ?? createSystemRandom(),
      settings,
      trouble,
      logger: parts.logger,
    });
  };
  const close = async (): Promise<void> => {
    // A start that fails tells its own caller.
    await starting?.catch(() => undefined);
    session?.listener.close();
    await session?.group.stop();
    await session?.close();
    session = null;
  };
  return {
    sql: createSql(settings.schema),
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
    trouble: () => trouble,
  };
}

/** Reads that find their session at each call, so that `storage.read` can be kept across stop and start. */
function delegatedReads(current: () => StorageReads): StorageReads {
  return new Proxy({} as StorageReads, {
    get:
      (_, name) =>
      (...values: readonly unknown[]) =>
        answer(() => {
          const read = current()[name as keyof StorageReads] as (...given: readonly unknown[]) => Promise<unknown>;
          return read(...values);
        }),
  });
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
  return { state: found.kind, detail: found.detail, ...base };
}

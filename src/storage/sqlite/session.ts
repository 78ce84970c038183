/** One stretch between start and stop: the writer, what gathers for it, and the connections that read. */
import type { ErasedPast } from '../../core/erased-past.ts';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { microtaskTurn, systemTurn } from '../../runtime/turn.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { createGroupCommit, type GroupCommit } from '../group-commit.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import type { ItemResult } from '../batch-results.ts';
import { createInlineWriter, type InlineWriter } from './inline-writer.ts';
import { createKeyedReads, type KeyedReads } from './keyed-reads.ts';
import { createListReads, listReadNames } from './list-reads.ts';
import { defaultLimits, settingsOf, type SqliteStorageOptions } from './options.ts';
import { type Prepared, rowsOf } from '../prepared.ts';
import { createReaderPool } from './reader-pool.ts';
import { callerError } from './sqlite-error.ts';
import { createInlineSearch } from './search/inline-search.ts';
import { searchFileOf } from './search/search-file.ts';
import { createSearchIndex } from './search/search-index.ts';
import { StorageFault } from '../storage-fault.ts';
import { createThreadWriter } from './thread-writer.ts';
import type { Trouble } from './trouble.ts';
import type { Writer, WriterOpened } from './writer.ts';

export type SessionParts = {
  readonly file: string;
  readonly clock: Clock;
  readonly pacing: Clock;
  readonly random: Random;
  readonly options: SqliteStorageOptions;
  readonly trouble: Trouble;
  /** The writer's thread where it runs already. */
  readonly startedWriter: () => Worker | null;
};

export type Session = {
  readonly epoch: number;
  readonly group: GroupCommit<Prepared, ItemResult>;
  readonly keyed: KeyedReads;
  readonly reads: StorageReads;
  maintain(nowMs: number): Promise<{ readonly more: boolean }>;
  eraseWorkspace(workspaceId: string, cursor: EraseCursor | null): Promise<EraseSlice>;
  eraseHistory(workspaceId: string, past: ErasedPast, cursor: EraseCursor | null): Promise<EraseSlice>;
  /** Finishes what waits, then closes everything. */
  close(): Promise<void>;
};

export async function openSession(parts: SessionParts): Promise<Session> {
  const { file, clock, pacing, random, options, trouble, startedWriter: started } = parts;
  const memory = file === ':memory:';
  const settings = settingsOf(file, options);
  const inline = memory || options.writer === 'inline';
  const inlineWriter = inline
    ? createInlineWriter({ settings, clock, pacing, random, turnMsMax: memory ? 0 : inlineTurnMsMax })
    : null;
  const onEnd = (error: Error): void => trouble.note(new StorageFault('failed', error.message));
  const writer: Writer = inlineWriter ?? createThreadWriter({ settings, clock, random, started, onEnd });
  const opened = await writer.open();
  const reads = await readsOf(
    { file, options, opened, pacing, connection: memory ? inlineWriter : null, failed: (error) => trouble.tell(error) },
    writer,
  );
  const group = createGroupCommit<Prepared, ItemResult>({
    run: (items) => guarded(trouble, () => writer.apply(items)),
    workspaceOf: ({ workspaceId }) => workspaceId,
    bytesOf: ({ bytes }) => bytes,
    rowsOf,
    limits: { ...defaultLimits, ...(memory ? { gatherMs: 0 } : {}), ...options.limits },
    pacing,
    turn: memory ? microtaskTurn : systemTurn,
  });
  return {
    epoch: opened.epoch,
    group,
    keyed: reads.keyed,
    reads: reads.lists,
    maintain: (nowMs) => guarded(trouble, () => writer.maintain(nowMs)),
    eraseHistory: (workspaceId, past, cursor) => guarded(trouble, () => writer.eraseHistory(workspaceId, past, cursor)),
    async eraseWorkspace(workspaceId, cursor) {
      const slice = await guarded(trouble, () => writer.eraseWorkspace(workspaceId, cursor));
      if (slice.cursor === null) await reads.forget(workspaceId);
      return slice;
    },
    async close() {
      await group.stop();
      await reads.close();
      await writer.close();
    },
  };
}

/** Milliseconds of the loop's turn that one transaction may take where the writer shares it. */
const inlineTurnMsMax = 2;

async function guarded<Result>(trouble: Trouble, write: () => Promise<Result>): Promise<Result> {
  trouble.guard();
  try {
    const result = await write();
    trouble.clear();
    return result;
  } catch (error) {
    trouble.note(error);
    throw error;
  }
}

type Reads = {
  readonly keyed: KeyedReads;
  readonly lists: StorageReads;
  /** A workspace is gone: so it goes from what is derived, too. */
  forget(workspaceId: string): Promise<void>;
  close(): Promise<void>;
};
type ReadsParts = {
  readonly file: string;
  readonly options: SqliteStorageOptions;
  readonly opened: WriterOpened;
  /** The writer whose connection is shared; null where reads have connections of their own. */
  readonly connection: InlineWriter | null;
  readonly pacing: Clock;
  /** Hears of a search index that cannot be kept; everything else goes on. */
  readonly failed: (error: Error) => void;
};

async function readsOf(parts: ReadsParts, writer: Writer): Promise<Reads> {
  const { connection, opened, pacing } = parts;
  if (connection !== null) return inlineReads(connection.connection(), opened.cursorKey, () => pacing.monotonicMs());
  try {
    return diskReads(parts);
  } catch (error) {
    await writer.close();
    throw callerError(error);
  }
}

function inlineReads(db: DatabaseSync, cursorKey: Uint8Array, monotonicMs: () => number): Reads {
  const lists = { ...createListReads(db, cursorKey), assets: createInlineSearch({ db, cursorKey, monotonicMs }) };
  const entries = listReadNames.map((name) => {
    const read = lists[name] as (...values: readonly unknown[]) => unknown;
    return [name, async (...values: readonly unknown[]) => read(...values)] as const;
  });
  return {
    keyed: createKeyedReads(db),
    lists: Object.fromEntries(entries) as unknown as StorageReads,
    // The follower finds out when it is asked.
    forget: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function diskReads({ file, opened: { cursorKey }, options, pacing, failed }: ReadsParts): Reads {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  db.exec('PRAGMA cache_size = -8192; PRAGMA query_only = ON');
  const threadsMax = options.readersMax ?? 2;
  const readers = createReaderPool({
    file,
    cursorKey,
    threadsMax,
    waitingMax: 1_000,
    clock: pacing,
    keepsOne: () => existsSync(searchFileOf(file)),
  });
  if (options.readersWarm === true) readers.warm();
  const { assets: walk } = readers.reads;
  const index = createSearchIndex({ file, cursorKey, pacing, walk, search: readers.search, failed });
  return {
    keyed: createKeyedReads(db),
    lists: { ...readers.reads, assets: index.assets },
    forget: index.forget,
    async close() {
      // The last one that has the index open folds its log into the file.
      await readers.close();
      await index.close();
      db.close();
    },
  };
}

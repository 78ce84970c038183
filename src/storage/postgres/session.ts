/** One stretch between start and stop: connections, what gathers for batches, and what reads. */
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { systemTurn } from '../../runtime/turn.ts';
import { createCursorCodec } from '../cursor.ts';
import { createGroupCommit, type GroupCommit } from '../group-commit.ts';
import { type Prepared, rowsOf } from '../prepared.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { ItemResult } from '../batch-results.ts';
import { keyedAsk, listAsk } from './asks.ts';
import { type Book, createBook } from './book.ts';
import type { Connecting } from './connection.ts';
import { createDays, type Days } from './days.ts';
import { type Entered, enterDatabase } from './enter-database.ts';
import { createHistoryEraser, type HistoryEraser } from './erase-history.ts';
import { createEraser, type Eraser } from './erase-workspace.ts';
import { createKeyedReads, type KeyedReads } from './keyed-reads.ts';
import { createListReads } from './list-reads.ts';
import { createListener, type Listener } from './listener.ts';
import type { PostgresSettings } from './options.ts';
import { createPool, type Pool } from './pool.ts';
import type { Timeouts } from './settings-local.ts';
import { openIndexes } from './search/open-indexes.ts';
import { createAssetSearch } from './search/search-index.ts';
import { createSql, type Sql } from './sql.ts';
import { type Trouble, type TroubleLogger, watched } from './trouble.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

export type SessionParts = {
  readonly url: string;
  readonly clock: Clock;
  readonly pacing: Clock;
  readonly random: Random;
  readonly settings: PostgresSettings;
  readonly trouble: Trouble;
  readonly logger: TroubleLogger | undefined;
};

export type Session = {
  readonly epoch: number;
  readonly sql: Sql;
  readonly pool: Pool;
  readonly timeouts: Timeouts;
  readonly group: GroupCommit<Prepared, ItemResult>;
  readonly keyed: KeyedReads;
  readonly reads: StorageReads;
  readonly upkeep: Upkeep;
  readonly erase: Eraser;
  readonly eraseHistory: HistoryEraser;
  readonly listener: Listener;
  close(): Promise<void>;
};

/** Connections that reads leave to batches and upkeep. */
const writersMax = 2;
const waitingMax = 1_000;
const answerMarginMs = 1_000;
const startTimeoutMs = 60_000;

export async function openSession(parts: SessionParts): Promise<Session> {
  const { settings } = parts;
  const { connectTimeoutMs, applicationName, preparedStatements, waitMsMax } = settings;
  const sql = createSql(settings.schema);
  const connecting: Connecting = {
    ...{ url: parts.url, connectTimeoutMs, applicationName, preparedStatements },
    pacing: parts.pacing,
  };
  const poolOf = (connectionsMax: number): Pool => createPool({ connecting, connectionsMax, waitMsMax, waitingMax });
  const writers = poolOf(writersMax);
  const readers = poolOf(settings.connectionsMax - writersMax);
  try {
    const days = createDays(sql, startTimeoutMs);
    const entering = { ...parts, sql, days, startTimeoutMs };
    const entered = await writers.use((connection) => enterDatabase(connection, entering));
    return sessionOver({ ...parts, connecting, sql, writers, readers, days, entered });
  } catch (error) {
    writers.close();
    readers.close();
    throw error;
  }
}

type Opened = SessionParts & {
  readonly connecting: Connecting;
  readonly sql: Sql;
  readonly writers: Pool;
  readonly readers: Pool;
  readonly days: Days;
  readonly entered: Entered;
};

function sessionOver(opened: Opened): Session {
  const { settings, pacing, random, clock, trouble, connecting, sql, writers, readers, days, entered } = opened;
  const { statementTimeoutMs, lockTimeoutMs, sliceMsMax, keepMs } = settings;
  const timeouts: Timeouts = { statementTimeoutMs, lockTimeoutMs };
  const { epoch } = entered;
  const book = createBook({ pool: writers, sql, days, timeouts, clock, pacing, random, epoch });
  const reading = {
    ...{ readers, sql, timeouts, answerMs: statementTimeoutMs + answerMarginMs },
    role: entered.guarded ? settings.requestRole : null,
  };
  const slices = { pool: writers, sql, sliceMsMax, monotonicMs: () => pacing.monotonicMs() };
  const indexes = openIndexes({ ...opened, searched: entered.searched });
  const ask = listAsk(reading);
  const cursors = createCursorCodec(entered.cursorKey);
  const search = createAssetSearch({ ask, cursors, keeper: indexes.keeper, pacing });
  return {
    epoch,
    sql,
    pool: writers,
    timeouts,
    group: createGroupCommit<Prepared, ItemResult>({
      run: (items) => watched(trouble, () => book.apply(items)),
      workspaceOf: ({ workspaceId }) => workspaceId,
      bytesOf: ({ bytes }) => bytes,
      rowsOf,
      limits: settings.limits,
      pacing,
      turn: systemTurn,
    }),
    keyed: createKeyedReads(keyedAsk(reading)),
    reads: createListReads(ask, cursors, search),
    upkeep: createUpkeep({ ...slices, days, book, keepMs, indexes: indexes.upkeep }),
    eraseHistory: createHistoryEraser(slices),
    erase: createEraser({ ...slices, forget: () => book.forget() }),
    listener: createListener({
      connecting: { ...connecting, url: settings.directUrl },
      channel: `${settings.schema}_cluster`,
      self: Buffer.from(random.bytes(9)).toString('base64url'),
      pacing,
    }),
    close: async () => {
      await indexes.close();
      await close({ book, writers, readers });
    },
  };
}

async function close({ book, writers, readers }: { book: Book; writers: Pool; readers: Pool }): Promise<void> {
  // What is lost where the database does not answer are seconds of one counter.
  await book.flushCounts().catch(() => undefined);
  writers.close();
  readers.close();
}

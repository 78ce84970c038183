/** One stretch between start and stop: connections, what gathers for batches, and what reads. */
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { systemTurn } from '../../runtime/turn.ts';
import { createCursorCodec } from '../cursor.ts';
import { createGroupCommit, type GroupCommit } from '../group-commit.ts';
import type { Prepared } from '../prepared.ts';
import type { StorageReads } from '../storage.ts';
import type { ItemResult } from '../batch-results.ts';
import { type Book, createBook } from './book.ts';
import { readServerFacts, refuseServer } from './check-server.ts';
import type { Connecting, Connection } from './connection.ts';
import { createDays, dayOf } from './days.ts';
import { createHistoryEraser, type HistoryEraser } from './erase-history.ts';
import { createEraser, type Eraser } from './erase-workspace.ts';
import { type Ask, createKeyedReads, type KeyedReads } from './keyed-reads.ts';
import type { ListAsk } from './list-ask.ts';
import { createListReads } from './list-reads.ts';
import { createListener, type Listener } from './listener.ts';
import { migrate, raiseNumberBase } from './migrate.ts';
import type { PostgresSettings } from './options.ts';
import { createPool, type Pool } from './pool.ts';
import { guardReads } from './request-role.ts';
import { commonSettings, listSettings, type Timeouts } from './settings-local.ts';
import { createIndexKeeper, type IndexKeeper } from './search/index-keeper.ts';
import { createIndexSteps } from './search/index-steps.ts';
import { createIndexUpkeep, type IndexUpkeep } from './search/index-upkeep.ts';
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
const cursorKeyBytes = 32;

export async function openSession(parts: SessionParts): Promise<Session> {
  const { settings, pacing, random } = parts;
  const { connectTimeoutMs, applicationName, preparedStatements, statementTimeoutMs, lockTimeoutMs, waitMsMax } =
    settings;
  const sql = createSql(settings.schema);
  const timeouts: Timeouts = { statementTimeoutMs, lockTimeoutMs };
  const connecting: Connecting = { url: parts.url, connectTimeoutMs, applicationName, preparedStatements, pacing };
  const poolOf = (connectionsMax: number): Pool => createPool({ connecting, connectionsMax, waitMsMax, waitingMax });
  const writers = poolOf(writersMax);
  const readers = poolOf(settings.connectionsMax - writersMax);
  try {
    const days = createDays(sql, startTimeoutMs);
    const opened = await writers.use((connection) => enter(connection, { ...parts, sql, days }));
    const answerMs = statementTimeoutMs + answerMarginMs;
    const book = createBook({
      pool: writers,
      sql,
      days,
      timeouts,
      clock: parts.clock,
      pacing,
      random,
      epoch: opened.epoch,
    });
    const reading = {
      readers,
      sql,
      timeouts,
      answerMs,
      trouble: parts.trouble,
      role: opened.guarded ? settings.requestRole : null,
    };
    const sliceMsMax = settings.sliceMsMax;
    const monotonicMs = (): number => pacing.monotonicMs();
    const indexes = openIndexes({ ...parts, sql, readers });
    const ask = listAsk(reading);
    const cursors = createCursorCodec(opened.cursorKey);
    const search = createAssetSearch({ ask, cursors, keeper: indexes.keeper, pacing });
    return {
      epoch: opened.epoch,
      sql,
      pool: writers,
      timeouts,
      group: createGroupCommit<Prepared, ItemResult>({
        run: (items) => watched(parts.trouble, () => book.apply(items)),
        bytesOf: ({ bytes }) => bytes,
        limits: settings.limits,
        pacing,
        turn: systemTurn,
      }),
      keyed: createKeyedReads(keyedAsk(reading)),
      reads: createListReads(ask, cursors, search),
      upkeep: createUpkeep({
        ...{ pool: writers, sql, days, book, keepMs: settings.keepMs, sliceMsMax, monotonicMs },
        indexes: indexes.upkeep,
      }),
      eraseHistory: createHistoryEraser({ pool: writers, sql, sliceMsMax, monotonicMs }),
      erase: createEraser({ pool: writers, sql, sliceMsMax, monotonicMs, forget: () => book.forget() }),
      listener: createListener({
        connecting: { ...connecting, url: settings.directUrl },
        channel: `${settings.schema}_cluster`,
        self: Buffer.from(random.bytes(9)).toString('base64url'),
        pacing,
      }),
      close: () => {
        indexes.keeper.close();
        return close({ book, writers, readers });
      },
    };
  } catch (error) {
    writers.close();
    readers.close();
    throw error;
  }
}

/** The indexes of assets, worked on by connections that batches do not wait for. */
function openIndexes({
  settings,
  clock,
  pacing,
  logger,
  sql,
  readers,
}: SessionParts & { readonly sql: Sql; readonly readers: Pool }): {
  readonly keeper: IndexKeeper;
  readonly upkeep: IndexUpkeep;
} {
  const steps = createIndexSteps({ pool: readers, sql, turn: systemTurn, nowMs: () => clock.nowMs() });
  const common = commonSettings({ statementTimeoutMs: 15_000, lockTimeoutMs: 2_000 });
  return {
    keeper: createIndexKeeper({
      steps,
      pacing,
      failed: (error) => logger?.warn?.({ error: String(error) }, 'storage.search_index_failed'),
    }),
    upkeep: createIndexUpkeep({
      steps,
      keepMs: settings.keepMs,
      ask: (statement) =>
        readers.use(async (connection) => {
          const all = [common, { ...statement, sql: sql.of(statement.sql) }];
          return (await connection.run(all, 20_000)).at(-1) ?? [];
        }),
    }),
  };
}

async function close({ book, writers, readers }: { book: Book; writers: Pool; readers: Pool }): Promise<void> {
  // What is lost where the database does not answer are seconds of one counter.
  await book.flushCounts().catch(() => undefined);
  writers.close();
  readers.close();
}

type Entering = SessionParts & { readonly sql: Sql; readonly days: ReturnType<typeof createDays> };
type Entered = { readonly epoch: number; readonly cursorKey: Uint8Array; readonly guarded: boolean };

/** Checks the server, migrates, guards, and takes a number for this process. */
async function enter(
  connection: Connection,
  { settings, random, clock, sql, days, logger }: Entering,
): Promise<Entered> {
  refuseServer(await readServerFacts(connection, settings.statementTimeoutMs), settings.acceptWeakDurability);
  await migrate(connection, { sql, timeoutMs: startTimeoutMs });
  await raiseNumberBase(connection, { sql, timeoutMs: startTimeoutMs });
  const { requestRole: role } = settings;
  const guarded = role !== null && (await guardReads(connection, { sql, timeoutMs: startTimeoutMs, role }));
  if (role !== null && !guarded) logger?.warn?.({ role }, 'storage.reads_unguarded');
  await days.ensureAhead(connection, dayOf(clock.nowMs()));
  const drawn = Buffer.from(random.bytes(cursorKeyBytes)).toString('hex');
  const [, keyRows, epochRows] = await connection.run(
    [
      {
        sql: sql.of("INSERT INTO aw.meta (key, value) VALUES ('cursor_key', $1) ON CONFLICT DO NOTHING"),
        values: [drawn],
      },
      { sql: sql.of("SELECT value FROM aw.meta WHERE key = 'cursor_key'") },
      { sql: sql.of("SELECT nextval('aw.epochs')") },
    ],
    startTimeoutMs,
  );
  return {
    epoch: Number(epochRows?.[0]?.[0]),
    cursorKey: Buffer.from(keyRows?.[0]?.[0] ?? drawn, 'hex'),
    guarded,
  };
}

type Reading = {
  readonly readers: Pool;
  readonly sql: Sql;
  readonly timeouts: Timeouts;
  readonly answerMs: number;
  readonly trouble: Trouble;
  /** Null: nobody guards reads. */
  readonly role: string | null;
};

function keyedAsk({ readers, sql, timeouts, answerMs }: Reading): Ask {
  const settings = commonSettings(timeouts);
  return (statements) =>
    readers.use(async (connection) => {
      const all = [settings, ...statements.map((one) => ({ ...one, sql: sql.of(one.sql) }))];
      return (await connection.run(all, answerMs)).slice(1);
    });
}

function listAsk({ readers, sql, timeouts, answerMs, role }: Reading): ListAsk {
  return (workspaceId, statements) =>
    readers.use(async (connection) => {
      const settings = listSettings(timeouts, role === null || workspaceId === null ? null : { role, workspaceId });
      const all = [settings, ...statements.map((one) => ({ ...one, sql: sql.of(one.sql) }))];
      return (await connection.run(all, answerMs)).at(-1) ?? [];
    });
}

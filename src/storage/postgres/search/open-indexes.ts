/** The indexes of assets as one process works on them: for searches, and with upkeep; the work itself is a thread's. */
import type { Clock } from '../../../runtime/clock.ts';
import type { Connecting } from '../connection.ts';
import type { PostgresSettings } from '../options.ts';
import type { Pool } from '../pool.ts';
import { commonSettings } from '../settings-local.ts';
import type { Sql } from '../sql.ts';
import type { TroubleLogger } from '../trouble.ts';
import { createIndexKeeper, type IndexKeeper } from './index-keeper.ts';
import { createIndexUpkeep, type IndexUpkeep } from './index-upkeep.ts';
import { createThreadSteps } from './thread-steps.ts';

export type IndexesParts = {
  readonly settings: PostgresSettings;
  readonly connecting: Connecting;
  readonly clock: Clock;
  readonly pacing: Clock;
  readonly logger: TroubleLogger | undefined;
  readonly sql: Sql;
  /** For what upkeep asks before it lets the thread work. */
  readonly readers: Pool;
  /** There are indexes: searches come soon. */
  readonly searched: boolean;
};

export type Indexes = {
  readonly keeper: IndexKeeper;
  readonly upkeep: IndexUpkeep;
  close(): Promise<void>;
};

/** One for a search that waits, beside one for an index that is being made. */
const connectionsMax = 2;
/** The thread is started when the start of everything else is over. */
const startAfterMs = 1_000;
const timeouts = { statementTimeoutMs: 15_000, lockTimeoutMs: 2_000 };
const answerMs = 20_000;

export function openIndexes(parts: IndexesParts): Indexes {
  const { settings, pacing, logger, sql, readers } = parts;
  const { url, connectTimeoutMs, applicationName, preparedStatements } = parts.connecting;
  const failed = (error: unknown): void => logger?.warn?.({ error: String(error) }, 'storage.search_index_failed');
  const steps = createThreadSteps({
    settings: {
      connecting: { url, connectTimeoutMs, applicationName, preparedStatements },
      schema: settings.schema,
      connectionsMax,
    },
    nowMs: () => parts.clock.nowMs(),
    pacing,
    failed,
  });
  const common = commonSettings(timeouts);
  const keeper = createIndexKeeper({ steps, pacing, failed });
  const early = parts.searched ? pacing.timer(startAfterMs, () => void steps.ready()) : null;
  return {
    keeper,
    upkeep: createIndexUpkeep({
      steps,
      keepMs: settings.keepMs,
      ask: (statement) =>
        readers.use(async (connection) => {
          const all = [common, { ...statement, sql: sql.of(statement.sql) }];
          return (await connection.run(all, answerMs)).at(-1) ?? [];
        }),
    }),
    async close() {
      early?.cancel();
      keeper.close();
      await steps.close();
    },
  };
}

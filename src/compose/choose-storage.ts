/** Which store this server stands on: SQLite in the data directory, or the PostgreSQL that `databaseUrl` names. */
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createSharedClock, type SharedClock } from '../runtime/shared-clock.ts';
import type { createPostgresStorage } from '../storage/postgres/postgres-storage.ts';
import { createSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../storage/storage.ts';

export const databaseName = 'assetwire.db';
const dayMs = 24 * 3_600_000;

export type ChosenStorage = {
  readonly storage: Storage;
  /** What everything in this process tells the time by: its own clock, or the database's. */
  readonly clock: Clock;
  /** Null where the clock is its own. */
  readonly shared: SharedClock | null;
};

export type StorageChoice = {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** How connections name themselves to the database. */
  readonly applicationName: string;
  readonly postgres: PostgresStorage | null;
  /** The writer's thread of SQLite, where it was started early. */
  readonly writerThread?: Worker | null;
};

/** What makes a store of PostgreSQL. */
export type PostgresStorage = typeof createPostgresStorage;

/** Loaded where the settings name a database, and only there: sixty modules are a part of every start. */
export async function loadPostgres({ databaseUrl }: Settings): Promise<PostgresStorage | null> {
  if (databaseUrl === null) return null;
  return (await import('../storage/postgres/postgres-storage.ts')).createPostgresStorage;
}

export function chooseStorage(choice: StorageChoice): ChosenStorage {
  const { settings, logger, clock, random, applicationName, postgres, writerThread = null } = choice;
  const log = {
    error: (fields: object, message: string) => logger.error(message, { ...fields }),
    warn: (fields: object, message: string) => logger.warn(message, { ...fields }),
  };
  const keepMs = settings.retentionDays * dayMs;
  if (settings.databaseUrl === null) {
    const file = join(settings.dataDir, databaseName);
    return {
      storage: createSqliteStorage({
        ...{ file, clock, random, writerThread },
        logger: log,
        options: { keepMs, readersWarm: true },
      }),
      clock,
      shared: null,
    };
  }
  if (postgres === null) throw new TypeError('PostgreSQL must be loaded before it is chosen');
  const shared = createSharedClock(clock);
  const storage = postgres({
    url: settings.databaseUrl,
    clock: shared,
    random,
    logger: log,
    options: {
      keepMs,
      connectionsMax: settings.databaseConnections,
      applicationName,
      acceptWeakDurability: settings.databaseDurability === 'weak',
      preparedStatements: settings.databasePooler === 'no',
      ...(settings.databaseDirectUrl === null ? {} : { directUrl: settings.databaseDirectUrl }),
    },
  });
  return { storage, clock: shared, shared };
}

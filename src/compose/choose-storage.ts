/** Which store this server stands on: SQLite in the data directory, or the PostgreSQL that `databaseUrl` names. */
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { createSharedClock, type SharedClock } from '../runtime/shared-clock.ts';
import { createPostgresStorage } from '../storage/postgres/postgres-storage.ts';
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
};

export function chooseStorage({ settings, logger, clock, random, applicationName }: StorageChoice): ChosenStorage {
  const log = {
    error: (fields: object, message: string) => logger.error(message, { ...fields }),
    warn: (fields: object, message: string) => logger.warn(message, { ...fields }),
  };
  const keepMs = settings.retentionDays * dayMs;
  if (settings.databaseUrl === null) {
    const file = join(settings.dataDir, databaseName);
    return {
      storage: createSqliteStorage({ file, clock, random, logger: log, options: { keepMs } }),
      clock,
      shared: null,
    };
  }
  const shared = createSharedClock(clock);
  const storage = createPostgresStorage({
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

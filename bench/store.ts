/**
 * The store that the measured servers stand on: SQLite in their data directory, or a PostgreSQL of their own each. That one
 * is `ASSETWIRE_TEST_POSTGRES_URL`'s, else a server that is started here, whose files lie where TMPDIR is.
 */
import { systemClock } from '../src/runtime/clock.ts';
import { createPostgresStorage } from '../src/storage/postgres/postgres-storage.ts';
import { createSqliteStorage } from '../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../src/storage/storage.ts';
import { ask, createTestDatabase, removeTestServers } from '../src/storage/testing/test-postgres.ts';

export type BenchStore = 'sqlite' | 'postgres';

let chosen: BenchStore = 'sqlite';

export function useStore(store: BenchStore): void {
  chosen = store;
}

/** The store of a stopped server, to be filled without it. */
export async function openStorage(directory: string, sqliteFile: () => string): Promise<Storage> {
  const database = databases.get(directory);
  const storage =
    database === undefined
      ? createSqliteStorage({ file: sqliteFile(), clock: systemClock, options: { writer: 'inline' } })
      : createPostgresStorage({ url: database.url, clock: systemClock });
  await storage.start();
  return storage;
}

/** Megabytes of the search index and of everything in a PostgreSQL; null where the store is SQLite. */
export async function indexMegabytes(
  directory: string,
): Promise<{ readonly index: number; readonly all: number } | null> {
  const database = databases.get(directory);
  if (database === undefined) return null;
  const [row] = await ask(
    database.url,
    `SELECT sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname LIKE 'search%')::float8 AS index,
       sum(pg_total_relation_size(c.oid))::float8 AS all FROM pg_class c WHERE c.relnamespace = 'assetwire'::regnamespace AND c.relkind = 'r'`,
  );
  return { index: Number(row?.['index']) / 1e6, all: Number(row?.['all']) / 1e6 };
}

export type OpenedStore = { readonly settings: Readonly<Record<string, string>>; close(): Promise<void> };

/** Settings of a server that is about to be started in a directory. One that is started again there keeps its database. */
const databases = new Map<string, Awaited<ReturnType<typeof createTestDatabase>>>();

export async function openStore(dataDir: string, kept: boolean): Promise<OpenedStore> {
  if (chosen === 'sqlite') return { settings: {}, close: () => Promise.resolve() };
  const database = databases.get(dataDir) ?? (await createTestDatabase());
  databases.set(dataDir, database);
  return {
    settings: {
      ASSETWIRE_DATABASE_URL: database.url,
      ASSETWIRE_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
    },
    async close() {
      if (kept) return;
      databases.delete(dataDir);
      await database.drop();
    },
  };
}

/** At the end of everything. */
export async function closeStores(): Promise<void> {
  for (const database of databases.values()) await database.drop();
  databases.clear();
  await removeTestServers();
}

/**
 * The store that the measured servers stand on: SQLite in their data directory, or a PostgreSQL of their own each. That one
 * is `ASSETWIRE_TEST_POSTGRES_URL`'s, else a server that is started here: on a disk only where TMPDIR is one and /dev/shm is
 * small, so figures of commits are the first one's to tell.
 */
import { createTestDatabase, removeTestServers } from '../src/storage/testing/test-postgres.ts';

export type BenchStore = 'sqlite' | 'postgres';

let chosen: BenchStore = 'sqlite';

export function useStore(store: BenchStore): void {
  chosen = store;
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

/** What can begin before the rest of the server is loaded. */
import type { Worker } from 'node:worker_threads';
import type { Settings } from '../runtime/configuration.ts';
import { startWriterThread } from '../storage/sqlite/start-writer-thread.ts';

/** The thread of the store's writer; null where the store is PostgreSQL. */
export function startWriterEarly({ databaseUrl }: Pick<Settings, 'databaseUrl'>): Worker | null {
  return databaseUrl === null ? startWriterThread() : null;
}

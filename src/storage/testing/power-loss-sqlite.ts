/** What is traced for the model of power loss: the log is moved into the file every few commits, so that syncs of both fall in. */
import { systemClock } from '../../runtime/clock.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import type { Storage } from '../storage.ts';

export async function openForCrash(file: string): Promise<Storage> {
  const storage = createSqliteStorage({ file, clock: systemClock, options: { checkpointPages: 60 } });
  await storage.start();
  return storage;
}

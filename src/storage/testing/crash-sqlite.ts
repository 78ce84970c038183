/** What the crash suite's child opens. */
import { systemClock } from '../../runtime/clock.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import type { Storage } from '../storage.ts';

export async function openForCrash(file: string): Promise<Storage> {
  const storage = createSqliteStorage({ file, clock: systemClock, options: { partitionRowsMax: 500 } });
  await storage.start();
  return storage;
}

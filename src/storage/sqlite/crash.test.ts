/** Short by default; `ASSETWIRE_CRASH_KILLS=1000` runs long, `ASSETWIRE_CRASH_SEED` repeats a run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { crashTest } from '../testing/crash-suite.ts';
import { checkStore } from './inspect-file.ts';
import { createSqliteStorage, type SqliteStorageOptions } from './sqlite-storage.ts';

const kills = Number(process.env['ASSETWIRE_CRASH_KILLS'] ?? 6);
const seed = Number(process.env['ASSETWIRE_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

crashTest('SQLite on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-crash-'));
  const file = join(directory, 'assetwire.db');
  // Small partitions, so that kills also fall on their turn.
  const options: SqliteStorageOptions = { partitionRowsMax: 500, readersMax: 1 };
  return {
    module: new URL('../testing/crash-sqlite.ts', import.meta.url),
    target: file,
    open: async () => {
      const storage = createSqliteStorage({ file, clock: systemClock, options });
      await storage.start();
      return storage;
    },
    problems: async () => checkStore(file),
    kills,
    seed,
    clean: () => rm(directory, { recursive: true, force: true }),
  };
});

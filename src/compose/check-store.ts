import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssetwireError } from '../core/errors.ts';
import { inspectFile } from '../storage/sqlite/inspect-file.ts';
import { lockFile } from '../storage/sqlite/lock.ts';
import { databaseName } from './choose-storage.ts';

/** Looks at the store of a data directory without changing it; null where there is none yet. */
export async function checkStore(
  dataDir: string,
): Promise<{ readonly state: 'ok' | 'in-use' | 'broken'; readonly detail: string } | null> {
  const file = join(dataDir, databaseName);
  if (!existsSync(file)) return null;
  try {
    lockFile(file).release();
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    return { state: isBusy(error.cause) ? 'in-use' : 'broken', detail: error.message };
  }
  try {
    inspectFile(file);
    return { state: 'ok', detail: 'The store is whole and can be read by this version' };
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    return { state: 'broken', detail: error.message };
  }
}

/** SQLite's code for a lock that another process holds; its extended codes keep it in the lowest byte. */
const sqliteBusy = 5;

function isBusy(cause: unknown): boolean {
  const code = typeof cause === 'object' && cause !== null && 'errcode' in cause ? Number(cause.errcode) : 0;
  return (code & 0xff) === sqliteBusy;
}

/** Starts a store and prints what came of it: for tests that need another user. */
import { AssetwireError } from '../../core/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';

const storage = createSqliteStorage({ file: process.argv[2] ?? '', clock: systemClock, options: { writer: 'inline' } });
try {
  await storage.start();
  console.log('started');
  await storage.stop();
} catch (error) {
  console.log(error instanceof AssetwireError ? `${error.code} ${error.message}` : String(error));
}

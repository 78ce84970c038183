/** Commits one item after another and prints what came of each: for a test in which a sync fails. */
import { createIdSource } from '../../core/id-source.ts';
import { AssetwireError } from '../../core/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import { sampleCommit } from './samples.ts';
import { seededBytes } from './world.ts';

const storage = createSqliteStorage({ file: process.argv[2] ?? '', clock: systemClock });
await storage.start();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: seededBytes(1) });
let failures = 0;
for (let n = 0; n < 100 && failures < 4; n += 1) {
  const item = sampleCommit({ ids, webhookId: 'wh_x', atMs: Date.now() });
  try {
    await storage.commit([item]);
    console.log(`ok ${item.deliveries?.[0]?.id ?? ''}`);
  } catch (error) {
    failures += 1;
    console.log(`refused ${error instanceof AssetwireError ? error.code : String(error)} ${storage.health().state}`);
  }
}
process.exit(0);

/** Opens a store and holds it until it is killed; says when it has it. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';

const file = typeof workerData === 'string' ? workerData : (process.argv[2] ?? '');
const storage = createSqliteStorage({ file, clock: systemClock });
await storage.start();
setInterval(() => undefined, 1_000);
parentPort?.postMessage('held');
console.log('held');

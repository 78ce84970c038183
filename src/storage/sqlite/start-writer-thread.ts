import type { Worker } from 'node:worker_threads';
import { startThread } from '../../runtime/start-thread.ts';
import { threadEntry } from './thread-entry.ts';

/**
 * The writer's thread, which opens nothing until it is told to. A file of its own, so that whoever starts a server can start
 * it first: it needs 0.1 s, in which the rest of the program is loaded.
 */
export function startWriterThread(): Worker {
  return startThread(threadEntry('writer-thread'), 'assetwire-writer');
}

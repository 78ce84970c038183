/**
 * Starts a thread with the compile cache on. A thread does not inherit it from the process, and without it each would load
 * Node's type stripper and compile its code anew: measured, two threads cost 400 ms of CPU and 85 MB that way and
 * 134 ms and 37 MB this way. The first lines a thread runs must not be TypeScript themselves, so they are given as text.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

const bootstrap = `
  const { enableCompileCache, flushCompileCache } = require('node:module');
  const { entry, cache } = require('node:worker_threads').workerData;
  enableCompileCache(cache);
  // Written at once: a thread that is terminated writes nothing at its end.
  import(entry).then(() => flushCompileCache());
`;

/**
 * A thread that runs the module at `entry`. A failure to load it arrives as the worker's `error` event. `youngMib`: room for
 * what is new, for a thread that makes much and keeps little; without a bound V8 takes what it is given.
 */
export function startThread(entry: URL, name: string, youngMib?: number): Worker {
  const limits = youngMib === undefined ? {} : { resourceLimits: { maxYoungGenerationSizeMb: youngMib } };
  // What is told is the directory of this version of Node in the one that was asked for.
  const ours = getCompileCacheDir();
  const cache = ours === undefined ? undefined : dirname(ours);
  return new Worker(bootstrap, { eval: true, name, workerData: { entry: entry.href, cache }, ...limits });
}

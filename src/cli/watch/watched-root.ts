/**
 * Whether the watched directory is still the one that the known files lay in. An unmounted disk leaves its mount point
 * behind, an empty directory under the same path: that everything has gone from there is no deletion of everything.
 */
import { statSync } from 'node:fs';
import type { SeenFile } from './pending-paths.ts';
import type { WatchMemory } from './watch-state.ts';

/** `another`: a directory of that name, and in it none of the files that are known. */
export type RootState = 'there' | 'gone' | 'another';

type Look = (path: string) => Promise<SeenFile | null>;

/** Remembers the directory where it is the right one. */
export async function rootState(directory: string, memory: WatchMemory, look: Look): Promise<RootState> {
  const stats = statSync(directory, { throwIfNoEntry: false, bigint: true });
  if (stats?.isDirectory() !== true) return 'gone';
  const root = `${stats.dev}:${stats.ino}`;
  const isKnown = memory.root() === null || memory.root() === root || (await holdsAny(memory, look));
  if (!isKnown) return 'another';
  memory.setRoot(root);
  return 'there';
}

/** A disk may come back under another number: its files tell that it is the same. */
async function holdsAny({ files }: WatchMemory, look: Look): Promise<boolean> {
  if (files.size === 0) return true;
  for (const path of files.keys()) if ((await look(path)) !== null) return true;
  return false;
}

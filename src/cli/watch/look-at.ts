/** What lies at a path of a watched folder. */
import { lstat } from 'node:fs/promises';
import { systemCode } from '../../runtime/operator-error.ts';
import type { SeenFile } from './pending-paths.ts';

/** Null where there is no plain file: a link, a directory, nothing. */
export async function lookAt(path: string): Promise<SeenFile | null> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? { bytes: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino } : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
}

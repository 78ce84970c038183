/** What lies at a path of a watched folder. */
import { lstat } from 'node:fs/promises';
import { systemCode } from '../../runtime/operator-error.ts';
import type { SeenFile } from './pending-paths.ts';

/** What must not be looked at is there all the same: opening it says why it cannot be read, and nothing is deleted. */
const unseen: SeenFile = { bytes: -1, mtimeMs: -1, inode: -1 };

/** Null where there is no plain file: a link, a directory, nothing. */
export async function lookAt(path: string): Promise<SeenFile | null> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? { bytes: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino } : null;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'EACCES' || code === 'EPERM') return unseen;
    throw error;
  }
}

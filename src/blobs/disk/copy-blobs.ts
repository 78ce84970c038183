/** Copies blobs while they are put and removed: a file at its address is whole and never changes, so any copy of it is good. */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../../runtime/operator-error.ts';

export type CopiedBlobs = { readonly files: number; readonly bytes: number };

/**
 * Copies what is at an address below `from` and not yet below `to`, both the directories of disk blobs. What is being
 * received is left out. A file that is removed before its turn is passed over.
 */
export async function copyBlobs(from: string, to: string): Promise<CopiedBlobs> {
  const source = join(from, 'files');
  const target = join(to, 'files');
  await mkdir(target, { recursive: true, mode: 0o700 });
  let files = 0;
  let bytes = 0;
  for (const path of await pathsBelow(source)) {
    const copied = await copyOne(join(source, path), join(target, path));
    if (copied === null) continue;
    files += 1;
    bytes += copied;
  }
  return { files, bytes };
}

async function pathsBelow(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory, { recursive: true })).filter((path) => /[0-9a-f]{64}$/.test(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The bytes copied; null where the copy is there already or the file has gone. */
async function copyOne(from: string, to: string): Promise<number | null> {
  if (await isThere(to)) return null;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const temporary = `${to}.copying`;
  try {
    // Shares the blocks where the file system can.
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    const { size } = await lstat(temporary);
    await rename(temporary, to);
    return size;
  } catch (error) {
    await rm(temporary, { force: true });
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Copies the files of a data directory into S3, beside a server that goes on: what lies at an address is whole and never
 * changes. What is there already is passed over, so a second run copies only what came since the first.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { Transform } from 'node:stream';
import { systemCode } from '../../runtime/operator-error.ts';
import { isAddress } from '../address.ts';
import { filesPrefix } from './s3-custody.ts';
import { unusableStore } from './s3-errors.ts';
import { openS3Objects, type S3Objects } from './s3-objects.ts';
import type { S3Place } from './s3-place.ts';

export type CopiedToS3 = {
  /** Copied by this run, and how many bytes. */
  readonly files: number;
  readonly bytes: number;
  /** There already, whole. */
  readonly present: number;
  /** Files whose content is not what their name says: left out. */
  readonly damaged: readonly string[];
};

export type CopyToS3 = {
  /** The directory of disk blobs. */
  readonly directory: string;
  readonly place: S3Place;
  readonly onProgress?: (files: number, bytes: number) => void;
  readonly signal?: AbortSignal;
};

/** Throws an `OperatorError` where the store cannot be used. */
export async function copyToS3({ directory, place, onProgress, signal }: CopyToS3): Promise<CopiedToS3> {
  const s3 = await openS3Objects(place);
  const done = { files: 0, bytes: 0, present: 0, damaged: [] as string[] };
  try {
    await s3.checkBucket();
    const root = join(directory, 'files');
    for await (const path of filesBelow(root)) {
      signal?.throwIfAborted();
      const outcome = await copyOne(s3, root, path);
      if (outcome === 'present') done.present += 1;
      else if (outcome === 'damaged') done.damaged.push(path);
      else if (outcome !== 'gone') {
        done.files += 1;
        done.bytes += outcome;
      }
      onProgress?.(done.files, done.bytes);
    }
    return done;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unusableStore(place, 'copying files', error);
  } finally {
    s3.close();
  }
}

/** Paths below a directory, one at a time: there may be millions. */
async function* filesBelow(root: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(root, { recursive: true })) {
      if (entry.isFile() && isAddress(entry.name)) yield relative(root, join(entry.parentPath, entry.name));
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

async function copyOne(s3: S3Objects, root: string, path: string): Promise<number | 'present' | 'damaged' | 'gone'> {
  const key = `${filesPrefix}${path.split(sep).join('/')}`;
  try {
    const { size } = await stat(join(root, path));
    if ((await s3.head(key))?.bytes === size) return 'present';
    const sha256 = createHash('sha256');
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sha256.update(chunk);
        done(null, chunk);
      },
    });
    const file = createReadStream(join(root, path));
    file.on('error', (error) => counted.destroy(error));
    await s3.upload(key, file.pipe(counted), new AbortController().signal);
    if (sha256.digest('hex') === basename(path)) return size;
    await s3.remove([key]);
    return 'damaged';
  } catch (error) {
    // Removed before its turn.
    if (systemCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
}

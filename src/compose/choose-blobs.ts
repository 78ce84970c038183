/** Where files lie: in the data directory, or in S3 where `ASSETWIRE_BLOBS_URL` says so. S3's client is loaded only then. */
import { join } from 'node:path';
import type { Blobs } from '../blobs/blobs.ts';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import { createS3Blobs } from '../blobs/s3/s3-blobs.ts';
import { readS3Url, shownPlace } from '../blobs/s3/s3-place.ts';
import type { CopiedToS3 } from '../blobs/s3/copy-to-s3.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import type { Logger } from '../runtime/logger.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Random } from '../runtime/random.ts';
import { nodeOf } from './node.ts';

/** The directory of files below a data directory. */
export const filesDirectory = 'files';

/** Where files lie that are on this machine. */
export function localFiles({ dataDir, sharedFilesDir }: Settings): string {
  return sharedFilesDir ?? join(dataDir, filesDirectory);
}

export type BlobsParts = { readonly clock: Clock; readonly random: Random; readonly logger: Pick<Logger, 'warn'> };

/**
 * Where files are, as processes on one store would name the same place; null: in this one's own directory, which no other
 * sees.
 */
export function filesSeenByAll({ blobsUrl, sharedFilesDir }: Settings): string | null {
  if (blobsUrl !== null) return shownPlace(readS3Url(blobsUrl));
  return sharedFilesDir === null ? null : `the shared directory ${sharedFilesDir}`;
}

export function chooseBlobs(settings: Settings, { clock, random, logger }: BlobsParts): Blobs {
  const { blobsUrl } = settings;
  if (blobsUrl === null) return diskBlobs(settings, { clock, random });
  return createS3Blobs({
    place: readS3Url(blobsUrl),
    clock,
    random,
    untidy: (error) => logger.warn('blobs.untidy', { error }),
  });
}

function diskBlobs(settings: Settings, { clock, random }: Pick<BlobsParts, 'clock' | 'random'>): Blobs {
  const directory = localFiles(settings);
  if (settings.sharedFilesDir === null) return createDiskBlobs({ directory, random });
  const shared = { node: nodeOf(settings.dataDir, random), nowMs: clock.nowMs };
  return createDiskBlobs({ directory, random, shared });
}

/** Whether files can be kept where the settings say; null where that is the data directory, which is looked at elsewhere. */
export async function checkBlobs({
  blobsUrl,
}: Settings): Promise<{ readonly ok: boolean; readonly detail: string; readonly mend?: string } | null> {
  if (blobsUrl === null) return null;
  let blobs: Blobs | null = null;
  try {
    const place = readS3Url(blobsUrl);
    blobs = createS3Blobs({ place });
    await blobs.start();
    return { ok: true, detail: `files can be written, read and removed at ${shownPlace(place)}` };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { ok: false, detail: error.message, mend: error.mend };
  } finally {
    await blobs?.stop();
  }
}

export type CopyFilesRequest = {
  readonly dataDir: string;
  /** An `s3://` URL. */
  readonly to: string;
  readonly onProgress?: (files: number, bytes: number) => void;
  readonly signal?: AbortSignal;
};

/** Copies the files of a data directory to S3; see the function of this name there. */
export async function copyFiles({ dataDir, to, ...request }: CopyFilesRequest): Promise<CopiedToS3> {
  const { copyToS3 } = await import('../blobs/s3/copy-to-s3.ts');
  return copyToS3({ ...request, directory: join(dataDir, filesDirectory), place: readS3Url(to) });
}

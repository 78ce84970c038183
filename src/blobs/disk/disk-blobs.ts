/**
 * Blobs on the local disk: `files/<workspace>/<2 digits>/<sha256>`, workspace being a hash of its id, so that no part of a
 * path ever comes from outside. A file is written under `incoming/`, synced, renamed to its address and its directory
 * synced before `put` answers; what is found under its address is therefore always whole.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AssetwireError } from '../../core/errors.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { Random } from '../../runtime/random.ts';
import type { Blobs, PutOptions, StoredBlob } from '../blobs.ts';
import { blobPathOrNull, syncDirectory } from './blob-path.ts';
import { claimsDirectory, createCustody, type SharedDirectory } from './custody.ts';
import { receiveBatches } from '../receive.ts';
import { createFileKeeper, type FileKeeper } from './file-keeper.ts';

export type DiskBlobsOptions = {
  /** Made where it is missing. */
  readonly directory: string;
  /** What is done to files, in a thread where it is absent; tests hand in a disk that fills up. */
  readonly keeper?: FileKeeper;
  /** For the names of files that are being received. */
  readonly random?: Random;
  /** Other processes keep files here too; the name of this one, and the time. Absent: one process at a time. */
  readonly shared?: SharedDirectory;
};

/**
 * The blobs of one data directory. One process at a time: the store's lock sees to it. Where it is shared, what is being
 * received and what is claimed is each process's own, and no young file is removed, because another may be about to name it.
 */
export function createDiskBlobs({
  directory,
  keeper = createFileKeeper(),
  random = createSystemRandom(),
  shared,
}: DiskBlobsOptions): Blobs {
  const incoming = join(directory, 'incoming', shared?.node ?? '');
  const files = join(directory, 'files');
  const receiving = new Set<string>();
  const custody = createCustody({ directory, files, keeper, random, shared: shared ?? null });

  const sweep = async (): Promise<number> => {
    const orphans = (await listIfPresent(incoming)).filter((name) => !receiving.has(name));
    for (const name of orphans) await rm(join(incoming, name), { force: true });
    return orphans.length;
  };

  return {
    async start() {
      for (const path of [incoming, files, join(directory, claimsDirectory, shared?.node ?? '')])
        await mkdir(path, { recursive: true, mode: 0o700 });
      await syncDirectory(directory);
      // What a killed process was receiving belongs to nobody.
      await sweep();
    },

    async put(workspaceId, content, options) {
      const name = Buffer.from(random.bytes(16)).toString('hex');
      const temporary = join(incoming, name);
      receiving.add(name);
      // The stream may fail when nobody reads it any more; unheard, that would end the process.
      content.on('error', ignoreUntilRead);
      try {
        const received = await receiveFile(keeper, temporary, { content, ...options });
        await custody.place(workspaceId, received.blob, temporary);
        return received;
      } catch (error) {
        content.destroy();
        // What refuses a file often refuses this, too; the next start sweeps.
        await keeper.remove(temporary).catch(ignored);
        throw asRefusal(error);
      } finally {
        receiving.delete(name);
      }
    },

    open: (workspaceId, blob, range) => openBlob(blobPathOrNull(files, workspaceId, blob), range),

    localPath: (workspaceId, blob) => blobPathOrNull(files, workspaceId, blob),

    async stat(workspaceId, blob) {
      const path = blobPathOrNull(files, workspaceId, blob);
      const bytes = path === null ? null : await sizeOf(path);
      return bytes === null ? null : { bytes };
    },

    release: custody.release,
    remove: custody.remove,
    reclaim: custody.reclaim,
    removeAll: custody.removeAll,
    sweep,

    async stop() {
      await keeper.stop();
    },
  };
}

function ignored(): void {
  // Said above.
}

/** Whoever reads the stream hears of it too. */
function ignoreUntilRead(): void {
  // Nothing to do here.
}

type Receiving = PutOptions & { readonly content: Readable };

async function receiveFile(
  keeper: FileKeeper,
  path: string,
  { content, ownChunks = false, ...options }: Receiving,
): Promise<StoredBlob> {
  const { bytes, head, kept } = await receiveBatches(content, options, async (chunks, last) => {
    // What is written is given away.
    const given = ownChunks ? chunks : chunks.map((chunk) => new Uint8Array(chunk));
    return keeper.write({ path, chunks: given, last });
  });
  if (kept === null) throw new TypeError('The last bytes of a file must be answered with its hashes');
  return { blob: kept.sha256, bytes, ...kept, head };
}

/**
 * What may be over when it is tried again. `EEXIST`: names of what is received are drawn at random, so a thread that has
 * ended since had begun the file.
 */
const passingCodes: ReadonlySet<string> = new Set(['EIO', 'EROFS', 'EACCES', 'EMFILE', 'ENFILE', 'EEXIST']);

/** What the caller is told of a failed upload. Codes of the disk become ours; everything else is a bug and stays as it is. */
function asRefusal(error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof AssetwireError) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AssetwireError('storage_full', {
      detail: 'The disk for files must have room: it is full',
      mend: 'Free space where the files lie, then upload again',
      retryAfterSeconds: 30,
      cause: error,
    });
  }
  if (code !== null && passingCodes.has(code)) {
    return new AssetwireError('storage_unavailable', {
      detail: `The disk for files must take writes: it refuses (${code})`,
      retryAfterSeconds: 30,
      cause: error,
    });
  }
  return error;
}

async function openBlob(
  path: string | null,
  range?: { readonly from: number; readonly to: number },
): Promise<Readable | null> {
  const handle = path === null ? null : await openForReading(path);
  if (path === null || handle === null) return null;
  // Opened before it is answered for: a file removed meanwhile is still read to its end.
  return createReadStream(path, { fd: handle, ...(range === undefined ? {} : { start: range.from, end: range.to }) });
}

async function openForReading(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function listIfPresent(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

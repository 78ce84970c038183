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
import { type Digests, receive } from '../receive.ts';
import { createFileHasher } from './file-hasher.ts';

export type DiskBlobsOptions = {
  /** Made where it is missing. */
  readonly directory: string;
  /** Opens a new file for writing; tests hand in a disk that fills up. */
  readonly create?: (path: string) => Promise<FileHandle>;
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
  create = createFile,
  random = createSystemRandom(),
  shared,
}: DiskBlobsOptions): Blobs {
  const incoming = join(directory, 'incoming', shared?.node ?? '');
  const files = join(directory, 'files');
  const receiving = new Set<string>();
  const hasher = createFileHasher();
  const custody = createCustody({ directory, files, random, shared: shared ?? null });

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
      // The stream may fail before it is read, while the file is being opened; unheard, that would end the process.
      content.on('error', ignoreUntilRead);
      try {
        const received = await receiveInto(await create(temporary), content, {
          ...options,
          digest: () => hasher.hash(temporary),
        });
        await custody.place(workspaceId, received.blob, temporary);
        return received;
      } catch (error) {
        content.destroy();
        await rm(temporary, { force: true });
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
      custody.forget();
      await hasher.stop();
    },
  };
}

/** Reading the stream throws the same error again; there it is dealt with. */
function ignoreUntilRead(): void {
  // Nothing to do here.
}

type Receiving = PutOptions & { readonly digest: () => Promise<Digests> };

/** What is large is hashed while it is synced: the one needs the processor, the other the disk. */
async function receiveInto(
  handle: FileHandle,
  content: Readable,
  { digest, ...options }: Receiving,
): Promise<StoredBlob> {
  let synced: Promise<void> | null = null;
  try {
    const received = await receive(content, handle, {
      ...options,
      digest: async () => {
        synced = handle.sync();
        const [digests] = await Promise.all([digest(), synced]);
        return digests;
      },
    });
    await (synced ?? handle.sync());
    return received;
  } finally {
    await handle.close();
  }
}

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
  if (code === 'EIO' || code === 'EROFS' || code === 'EACCES' || code === 'EMFILE') {
    return new AssetwireError('storage_unavailable', {
      detail: `The disk for files must take writes: it refuses (${code})`,
      retryAfterSeconds: 30,
      cause: error,
    });
  }
  return error;
}

function createFile(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600);
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

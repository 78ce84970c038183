/**
 * Blobs on the local disk: `files/<workspace>/<2 digits>/<sha256>`, workspace being a hash of its id, so that no part of a
 * path ever comes from outside. A file is written under `incoming/`, synced, renamed to its address and its directory
 * synced before `put` answers; what is found under its address is therefore always whole.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AssetwireError } from '../../core/errors.ts';
import type { WorkspaceId } from '../../core/ids.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { Random } from '../../runtime/random.ts';
import type { Blobs, StoredBlob } from '../blobs.ts';
import { createHolds } from './holds.ts';
import { receive } from './receive.ts';

export type DiskBlobsOptions = {
  /** Made where it is missing. */
  readonly directory: string;
  /** Opens a new file for writing; tests hand in a disk that fills up. */
  readonly create?: (path: string) => Promise<FileHandle>;
  /** For the names of files that are being received. */
  readonly random?: Random;
};

/** The blobs of one data directory. One process at a time: the store's lock sees to it. */
export function createDiskBlobs({
  directory,
  create = createFile,
  random = createSystemRandom(),
}: DiskBlobsOptions): Blobs {
  const incoming = join(directory, 'incoming');
  const files = join(directory, 'files');
  const receiving = new Set<string>();
  const known = new Set<string>();
  const holds = createHolds();

  const prepare = async (path: string): Promise<void> => {
    if (known.has(path)) return;
    await makeDirectorySynced(path, directory);
    known.add(path);
  };

  const sweep = async (): Promise<number> => {
    const orphans = (await listIfPresent(incoming)).filter((name) => !receiving.has(name));
    for (const name of orphans) await rm(join(incoming, name), { force: true });
    return orphans.length;
  };

  return {
    async start() {
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      await mkdir(files, { recursive: true, mode: 0o700 });
      await syncDirectory(directory);
      // What a killed process was receiving belongs to nobody.
      await sweep();
    },

    async put(workspaceId, content, { bytesMax }) {
      const name = Buffer.from(random.bytes(16)).toString('hex');
      const temporary = join(incoming, name);
      receiving.add(name);
      // The stream may fail before it is read, while the file is being opened; unheard, that would end the process.
      content.on('error', ignoreUntilRead);
      try {
        const received = await receiveInto(await create(temporary), content, bytesMax);
        const path = blobPath(files, workspaceId, received.blob);
        await holds.hold(path);
        try {
          await prepare(dirname(path));
          // Replaces an equal file where there is one: cheaper than asking, and its directory is synced either way.
          await rename(temporary, path);
          await syncDirectory(dirname(path));
        } catch (error) {
          holds.release(path);
          throw error;
        }
        return received;
      } catch (error) {
        content.destroy();
        await rm(temporary, { force: true });
        throw asRefusal(error);
      } finally {
        receiving.delete(name);
      }
    },

    open: (workspaceId, blob, range) => openBlob(pathOrNull(files, workspaceId, blob), range),

    localPath: (workspaceId, blob) => pathOrNull(files, workspaceId, blob),

    async stat(workspaceId, blob) {
      const path = pathOrNull(files, workspaceId, blob);
      const bytes = path === null ? null : await sizeOf(path);
      return bytes === null ? null : { bytes };
    },

    release(workspaceId, blob) {
      const path = pathOrNull(files, workspaceId, blob);
      if (path !== null) holds.release(path);
    },

    async remove(workspaceId, blob, isUsed) {
      const path = pathOrNull(files, workspaceId, blob);
      if (path === null) return 'removed';
      return holds.removing(path, async (isHeld) => {
        if (isUsed !== undefined && (await isUsed())) return 'used';
        if (isHeld()) return 'held';
        await rm(path, { force: true });
        return 'removed';
      });
    },

    async removeAll(workspaceId) {
      const directory = workspacePath(files, workspaceId);
      for (const path of known) if (path.startsWith(directory)) known.delete(path);
      await rm(directory, { recursive: true, force: true });
    },

    sweep,

    async stop() {
      known.clear();
    },
  };
}

/** Reading the stream throws the same error again; there it is dealt with. */
function ignoreUntilRead(): void {
  // Nothing to do here.
}

async function receiveInto(handle: FileHandle, content: Readable, bytesMax: number): Promise<StoredBlob> {
  try {
    const received = await receive(content, handle, bytesMax);
    await handle.sync();
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

const addressForm = /^[0-9a-f]{64}$/;

function pathOrNull(files: string, workspaceId: WorkspaceId, blob: string): string | null {
  return addressForm.test(blob) ? blobPath(files, workspaceId, blob) : null;
}

function blobPath(files: string, workspaceId: WorkspaceId, blob: string): string {
  return join(workspacePath(files, workspaceId), blob.slice(0, 2), blob);
}

function workspacePath(files: string, workspaceId: WorkspaceId): string {
  return join(files, createHash('sha256').update(workspaceId).digest('hex').slice(0, 32));
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

/** Makes a directory and syncs every directory above it up to `root`, so that its name lasts over a power loss. */
async function makeDirectorySynced(path: string, root: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (let parent = dirname(path); parent.length >= root.length; parent = dirname(parent)) await syncDirectory(parent);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

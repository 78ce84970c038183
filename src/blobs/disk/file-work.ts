/**
 * What is done to the files of blobs on a disk: bytes taken in, hashed three ways, synced, given their address. Runs in a
 * thread of its own (`file-thread.ts`): for a photograph this is some twenty calls of the system, each of which the loop that
 * delivers would begin and be woken for. Plain calls, as the thread has nothing better to do; syncs, which take long, are
 * waited for beside each other.
 */
import { closeSync, fsync, mkdirSync, openSync, renameSync, unlinkSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../runtime/operator-error.ts';
import { createDigester, type Digests, giveBack } from '../receive.ts';

export type WriteOrder = {
  /** Where the file comes to lie; made by the first order for it. */
  readonly path: string;
  readonly chunks: readonly Uint8Array[];
  /** Nothing comes behind these: the file is synced and closed. */
  readonly last: boolean;
};

export type PlaceOrder = {
  readonly from: string;
  readonly to: string;
  /** The directory that all of it is in; it is there. */
  readonly root: string;
  /** An empty file that is made first; null for none. */
  readonly note: string | null;
};

export type FileWork = {
  /** Takes bytes; answers for the last ones when the whole file is synced, with its hashes. */
  write(order: WriteOrder): Promise<Digests | null>;
  /** Gives a file its address; it and its directory are synced when this ends. Replaces what is there. */
  place(order: PlaceOrder): Promise<void>;
  /** Removes a file, be it still written to; one that is not there is none. */
  remove(path: string): Promise<void>;
  /** The directories below this one may be gone: they are made anew when they are needed. */
  forget(directory: string): Promise<void>;
};

/** The calls of the system that can run out of room; tests hand in a disk that does. */
export type NewFiles = {
  /** Makes a file for writing; fails where there is one. */
  make(path: string): number;
  /** May write less than all of it. */
  write(file: number, chunks: readonly Uint8Array[]): number;
  sync(file: number): Promise<void>;
};

export const newFiles: NewFiles = {
  make: (path) => openSync(path, 'wx', 0o600),
  write: (file, chunks) => writevSync(file, chunks),
  sync: (file) =>
    new Promise((resolve, reject) => {
      fsync(file, (error) => (error === null ? resolve() : reject(error)));
    }),
};

type Open = { readonly file: number; readonly digester: ReturnType<typeof createDigester> };

export function createFileWork(files: NewFiles = newFiles): FileWork {
  const open = new Map<string, Open>();
  /** Directories whose names are synced. */
  const made = new Set<string>();

  const begin = (path: string): Open => {
    const begun = { file: files.make(path), digester: createDigester() };
    open.set(path, begun);
    return begun;
  };
  const close = (path: string): void => {
    const ended = open.get(path);
    open.delete(path);
    if (ended !== undefined) closeSync(ended.file);
  };
  const syncDirectory = async (path: string): Promise<void> => {
    const directory = openSync(path, 'r');
    try {
      await files.sync(directory);
    } finally {
      closeSync(directory);
    }
  };
  /** Each one's name lies in the one above it, which is synced for it. */
  const makeDirectory = async (path: string, root: string): Promise<void> => {
    if (path.length <= root.length || made.has(path)) return;
    await makeDirectory(dirname(path), root);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    await syncDirectory(dirname(path));
    made.add(path);
  };

  return {
    async write({ path, chunks, last }) {
      const { file, digester } = open.get(path) ?? begin(path);
      writeWhole(files, file, chunks);
      // The one needs the disk, the other the processor.
      const synced = last ? files.sync(file) : null;
      // Whoever waits for it does so below; unheard it would end the thread should hashing fail.
      synced?.catch(() => undefined);
      for (const chunk of chunks) {
        digester.add(chunk);
        giveBack(chunk);
      }
      if (!last) return null;
      const digests = digester.digests();
      await synced;
      close(path);
      return digests;
    },
    async place({ from, to, root, note }) {
      if (note !== null) closeSync(openSync(note, 'wx', 0o600));
      const directory = dirname(to);
      await makeDirectory(directory, root);
      if (!isRenamed(from, to)) {
        // Who shares the disk has erased the workspace since its directories were made here.
        for (let path = directory; path.length > root.length; path = dirname(path)) made.delete(path);
        await makeDirectory(directory, root);
        renameSync(from, to);
      }
      await syncDirectory(directory);
    },
    async remove(path) {
      close(path);
      try {
        unlinkSync(path);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    },
    async forget(directory) {
      for (const path of made) if (path.startsWith(directory)) made.delete(path);
    },
  };
}

/** False where the file, or the directory that it comes to, is not there. */
function isRenamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** A write may take fewer bytes than given: near the end of a disk it does. */
function writeWhole({ write }: NewFiles, file: number, chunks: readonly Uint8Array[]): void {
  let rest = chunks.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    let written = write(file, rest);
    const whole = rest.findIndex(({ length }) => {
      if (length > written) return true;
      written -= length;
      return false;
    });
    const [first, ...others] = whole < 0 ? [] : rest.slice(whole);
    rest = first === undefined ? [] : [first.subarray(written), ...others];
  }
}

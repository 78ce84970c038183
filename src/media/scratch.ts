/** A directory for what is needed for a moment: pictures and clips of films, and files that lie on no disk of this machine. */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Random } from '../runtime/random.ts';
import type { Borrowed } from './media.ts';

export type Scratch = {
  readonly directory: string;
  /** Makes the directory, and removes what a killed process left in it. */
  start(nowMs: number): Promise<void>;
  /** A name that nobody has; nothing lies there yet. */
  newPath(extension: string): string;
  /** Bytes as a file. */
  keep(content: Uint8Array, extension: string): Promise<Borrowed>;
  /** A stream as a file; nothing is left where it breaks off. */
  take(content: Readable): Promise<Borrowed>;
};

/** What a killed process left behind is older than anything can last. */
const leftoverMs = 3_600_000;

export function createScratch({ directory, random }: { readonly directory: string; readonly random: Random }): Scratch {
  const newPath = (extension: string): string =>
    join(directory, `${Buffer.from(random.bytes(16)).toString('hex')}.${extension}`);
  const make = (): Promise<unknown> => mkdir(directory, { recursive: true, mode: 0o700 });
  const borrowed = (path: string): Borrowed => ({ path, dispose: () => rm(path, { force: true }) });
  return {
    directory,
    async start(nowMs) {
      await make();
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        const { mtimeMs } = await stat(path);
        if (mtimeMs < nowMs - leftoverMs) await rm(path, { force: true });
      }
    },
    newPath,
    async keep(content, extension) {
      await make();
      const path = newPath(extension);
      await writeFile(path, content, { mode: 0o600, flag: 'wx' });
      return borrowed(path);
    },
    async take(content) {
      await make();
      const path = newPath('bin');
      try {
        await pipeline(content, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return borrowed(path);
    },
  };
}

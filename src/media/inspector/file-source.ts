import { open } from 'node:fs/promises';

/** One file, read by offset. */
export type FileSource = {
  readonly bytes: number;
  /** Reads up to `length` bytes at an offset. */
  read(at: number, length: number): Promise<Buffer>;
  /** All of it, where it has at most so many bytes; throws where it has more. */
  whole(bytesMax: number): Promise<Buffer>;
};

/** No single read is larger: a header that claims gigabytes gets none. */
const readBytesMax = 16 * 1024 * 1024;

/** Opens a file for as long as `use` runs. */
export async function withFile<Result>(path: string, use: (source: FileSource) => Promise<Result>): Promise<Result> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await use({
      bytes: size,
      read: async (at, length) => {
        const wanted = Math.max(0, Math.min(length, size - at));
        if (wanted > readBytesMax) throw new Error('a part of it is larger than is read at once');
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, at);
        return buffer.subarray(0, bytesRead);
      },
      whole: async (bytesMax) => {
        if (size > bytesMax) throw new Error('it is larger than is read whole');
        return handle.readFile();
      },
    });
  } finally {
    await handle.close();
  }
}

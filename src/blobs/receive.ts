/** Takes a stream into a file: counts, hashes three ways, keeps the head, and stops at the limit. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import type { PutOptions, StoredBlob } from './blobs.ts';

/** What `receive` needs of a file. */
export interface Sink {
  write(chunk: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

/** `file-type` looks at no more than this many bytes for most types. */
const headBytesMax = 4_100;

export type Digests = Pick<StoredBlob, 'sha256' | 'sha1' | 'md5'>;

/** All three hashes of the same bytes. */
export function createDigester(): { add(bytes: Uint8Array): void; digests(): Digests } {
  const hashes = { sha256: createHash('sha256'), sha1: createHash('sha1'), md5: createHash('md5') };
  return {
    add(bytes) {
      hashes.sha256.update(bytes);
      hashes.sha1.update(bytes);
      hashes.md5.update(bytes);
    },
    digests: () => ({
      sha256: hashes.sha256.digest('hex'),
      sha1: hashes.sha1.digest('hex'),
      md5: hashes.md5.digest('hex'),
    }),
  };
}

/** Gathered before they are written: a photograph comes in fifty pieces, and each write is a round trip of its own. */
const gatheredBytes = 512 * 1024;
/** Kept for the next upload: half a megabyte of garbage for each made the collector the busiest part of an upload. */
const spare: Buffer[] = [];
const spareMax = 8;

/**
 * Reads to the end of the stream. Errors of the stream are `upload_incomplete`; errors of the sink pass through. `digest`
 * hashes what lies in the sink, somewhere else; without it, and for what is small, hashing is done here.
 */
export async function receive(
  content: Readable,
  sink: Sink,
  { bytesMax, ownChunks = false, digest }: PutOptions & { readonly digest?: () => Promise<Digests> },
): Promise<StoredBlob> {
  const head = new Uint8Array(headBytesMax);
  const gathered = spare.pop() ?? Buffer.allocUnsafeSlow(gatheredBytes);
  const here = createDigester();
  let held = 0;
  let bytes = 0;
  let isElsewhere = false;
  const flush = async (): Promise<void> => {
    const part = gathered.subarray(0, held);
    held = 0;
    if (!isElsewhere) here.add(part);
    await writeWhole(sink, part);
  };
  const gather = async (chunk: Uint8Array): Promise<void> => {
    for (let taken = 0; taken < chunk.length; ) {
      const piece = chunk.subarray(taken, taken + gatheredBytes - held);
      gathered.set(piece, held);
      held += piece.length;
      taken += piece.length;
      if (held < gatheredBytes) continue;
      // There is more than is small.
      isElsewhere = digest !== undefined;
      await flush();
    }
  };
  try {
    for await (const chunk of chunksOf(content)) {
      if (bytes + chunk.length > bytesMax) throw tooLarge(bytesMax);
      if (bytes < headBytesMax) head.set(chunk.subarray(0, headBytesMax - bytes), bytes);
      bytes += chunk.length;
      await gather(chunk);
      if (ownChunks) giveBack(chunk);
    }
    if (held > 0) await flush();
  } finally {
    if (spare.length < spareMax) spare.push(gathered);
  }
  const digests = isElsewhere && digest !== undefined ? await digest() : here.digests();
  return { blob: digests.sha256, bytes, ...digests, head: head.slice(0, Math.min(bytes, headBytesMax)) };
}

/** A stream that is destroyed, with an error or without, throws here: half a file never passes for a whole one. */
async function* chunksOf(content: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of content as AsyncIterable<Uint8Array | string>) {
      yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    }
  } catch (error) {
    throw error instanceof AssetwireError ? error : incomplete(error);
  }
}

/**
 * Gives the memory of a chunk back at once. Left to the collector, the chunks of uploads lie about by the tens of megabytes
 * until it comes, and that many of them make it look through the whole heap several times a second, which everything else
 * waits for: measured with 100 MB/s, 18 such collections against none. A part of a larger buffer is left alone.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength && byteLength > 0) buffer.transfer(0);
}

/** A write may take fewer bytes than given: near the end of a disk it does. */
async function writeWhole(sink: Sink, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await sink.write(chunk, written, chunk.length - written);
    written += bytesWritten;
  }
}

function tooLarge(bytesMax: number): AssetwireError {
  return new AssetwireError('upload_too_large', {
    detail: `A file must have at most ${bytesMax} bytes: this one has more`,
    mend: 'Send a smaller file, or raise ASSETWIRE_UPLOAD_BYTES_MAX',
  });
}

function incomplete(cause: unknown): AssetwireError {
  return new AssetwireError('upload_incomplete', {
    detail: 'The upload must arrive whole: it broke off',
    mend: 'Send the file again',
    cause,
  });
}

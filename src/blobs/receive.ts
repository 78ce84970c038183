/** Takes a stream into a file in one pass: counts, hashes three ways, keeps the head, and stops at the limit. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import type { StoredBlob } from './blobs.ts';

/** What `receive` needs of a file. */
export interface Sink {
  write(chunk: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

/** `file-type` looks at no more than this many bytes for most types. */
const headBytesMax = 4_100;

/** Reads to the end of the stream. Errors of the stream are `upload_incomplete`; errors of the sink pass through. */
export async function receive(content: Readable, sink: Sink, bytesMax: number): Promise<StoredBlob> {
  const hashes = { sha256: createHash('sha256'), sha1: createHash('sha1'), md5: createHash('md5') };
  const head = new Uint8Array(headBytesMax);
  let bytes = 0;
  for await (const chunk of chunksOf(content)) {
    if (bytes + chunk.length > bytesMax) throw tooLarge(bytesMax);
    if (bytes < headBytesMax) head.set(chunk.subarray(0, headBytesMax - bytes), bytes);
    bytes += chunk.length;
    hashes.sha256.update(chunk);
    hashes.sha1.update(chunk);
    hashes.md5.update(chunk);
    await writeWhole(sink, chunk);
  }
  const sha256 = hashes.sha256.digest('hex');
  return {
    blob: sha256,
    bytes,
    sha256,
    sha1: hashes.sha1.digest('hex'),
    md5: hashes.md5.digest('hex'),
    head: head.slice(0, Math.min(bytes, headBytesMax)),
  };
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

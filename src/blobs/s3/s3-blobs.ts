/**
 * Blobs in S3, or in any store that speaks as it does. The layout is that of the disk: `files/<workspace>/<2 digits>/<sha256>`.
 *
 * What fits into one part is put at its address at once, with its SHA-256, which the store checks. What is larger goes in
 * parts to `incoming/` while it arrives, for its address is only known at its end; there its length is looked at, and it
 * is copied to its address within the store. A put is answered when the object is complete at its address.
 */
import { PassThrough, type Readable } from 'node:stream';
import { AssetwireError } from '../../core/errors.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createSystemRandom, type Random } from '../../runtime/random.ts';
import { blobAddress, isAddress } from '../address.ts';
import type { Blobs, StoredBlob } from '../blobs.ts';
import { receive, type Sink } from '../receive.ts';
import { createS3Custody, filesPrefix } from './s3-custody.ts';
import { asRefusal, refusing, unusableStore } from './s3-errors.ts';
import { openS3Objects, partBytes, type S3Objects } from './s3-objects.ts';
import type { S3Place } from './s3-place.ts';

export type S3BlobsOptions = {
  readonly place: S3Place;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of what could not be tidied away. */
  readonly untidy?: (error: unknown) => void;
};

const incomingPrefix = 'incoming/';
/** An upload that has not ended by then has nobody who waits for it. */
const incomingMsMax = 24 * 3_600_000;

export function createS3Blobs({
  place,
  clock = systemClock,
  random = createSystemRandom(),
  untidy = ignored,
}: S3BlobsOptions): Blobs {
  let opened: S3Objects | null = null;
  const s3 = (): S3Objects => {
    if (opened === null) throw new TypeError('The store for files must be open: it has not been started');
    return opened;
  };
  const custody = createS3Custody({ s3, random, clock, untidy });
  const draw = (): string => `${incomingPrefix}${Buffer.from(random.bytes(16)).toString('hex')}`;

  const keep = async (workspaceId: string, received: StoredBlob, incoming: Incoming): Promise<void> => {
    const whole = await incoming.end();
    await custody.place(workspaceId, received.blob, async (key) => {
      if (whole.content !== null) await s3().put(key, whole.content, received.sha256);
      else if ((await s3().head(key))?.bytes !== received.bytes) await s3().copy(whole.key, key, received.bytes);
      const there = await s3().head(key);
      if (there?.bytes !== received.bytes) throw incomplete(received.bytes, there?.bytes ?? 0);
    });
  };

  return {
    async start() {
      opened ??= await openS3Objects(place);
      await checkStore(place, opened, draw);
    },

    async put(workspaceId, content, options) {
      content.on('error', ignored);
      const incoming = createIncoming(s3(), draw());
      try {
        const received = await receive(content, incoming, options);
        await keep(workspaceId, received, incoming);
        return received;
      } catch (error) {
        content.destroy();
        throw asRefusal(error);
      } finally {
        await incoming.clear().catch(untidy);
      }
    },

    open: (workspaceId, blob, range) =>
      refusing(async () =>
        isAddress(blob) ? s3().get(`${filesPrefix}${blobAddress(workspaceId, blob)}`, range) : null,
      ),

    localPath: () => null,

    stat: (workspaceId, blob) =>
      refusing(async () => {
        const found = isAddress(blob) ? await s3().head(`${filesPrefix}${blobAddress(workspaceId, blob)}`) : null;
        return found === null ? null : { bytes: found.bytes };
      }),

    release: custody.release,
    remove: (workspaceId, blob, isUsed) => refusing(() => custody.remove(workspaceId, blob, isUsed)),
    reclaim: (isUsed) => refusing(() => custody.reclaim(isUsed)),
    removeAll: (workspaceId) => refusing(() => custody.removeAll(workspaceId)),

    sweep: () => refusing(() => sweep(s3(), clock.nowMs() - incomingMsMax)),

    async stop() {
      opened?.close();
      opened = null;
    },
  };
}

/** Uploads that were begun before a time and never ended. */
async function sweep(s3: S3Objects, beforeMs: number): Promise<number> {
  const aborted = await s3.abortUploads(incomingPrefix, beforeMs);
  const { objects } = await s3.list(incomingPrefix);
  const old = objects.filter(({ modifiedAtMs }) => modifiedAtMs < beforeMs).map(({ key }) => key);
  await s3.remove(old);
  return aborted + old.length;
}

/** Writes, reads and removes an object: what is wrong is known at start, and not with the first upload. */
async function checkStore(place: S3Place, s3: S3Objects, draw: () => string): Promise<void> {
  const steps: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['looking for the bucket', () => lookForBucket(s3)],
    ['writing a file', (key) => s3.put(key, Buffer.from('assetwire'))],
    ['reading it', (key) => s3.head(key)],
    ['listing files', () => s3.list(incomingPrefix)],
    ['removing it', (key) => s3.remove([key])],
  ];
  const key = draw();
  for (const [doing, step] of steps) {
    try {
      await step(key);
    } catch (error) {
      throw unusableStore(place, doing, error);
    }
  }
}

/** What is refused to this question has no words: the next one is refused with the reason, where it is refused, too. */
async function lookForBucket(s3: S3Objects): Promise<void> {
  try {
    await s3.checkBucket();
  } catch (error) {
    await s3.list(incomingPrefix);
    throw error;
  }
}

type Whole =
  | { readonly content: Uint8Array; readonly key?: undefined }
  | { readonly content: null; readonly key: string };

/** What is being received: held in memory as long as it fits into one part, then sent on in parts. */
type Incoming = Sink & {
  /** All of it has been written; resolves when the store has it. */
  end(): Promise<Whole>;
  /** Takes away what is at the temporary key, or on its way there. */
  clear(): Promise<void>;
};

function createIncoming(s3: S3Objects, key: string): Incoming {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let sending: { readonly stream: PassThrough; readonly done: Promise<void>; readonly abort: AbortController } | null =
    null;

  const begin = () => {
    const stream = new PassThrough({ highWaterMark: partBytes });
    const abort = new AbortController();
    const done = s3.upload(key, stream, abort.signal);
    // Whoever writes next, or ends it, is told; until then nobody listens.
    done.catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error('The upload failed')));
    stream.on('error', ignored);
    return { stream, done, abort };
  };

  const send = async (chunk: Uint8Array): Promise<void> => {
    sending ??= begin();
    const { stream, done } = sending;
    if (stream.destroyed) return done;
    if (!stream.write(chunk)) await Promise.race([drained(stream), done]);
  };

  return {
    async write(chunk, offset, length) {
      // What is written is the caller's to use again; this goes out later.
      const part = Buffer.from(chunk.subarray(offset, offset + length));
      bytes += length;
      if (sending === null && bytes <= partBytes) chunks.push(part);
      else {
        for (const held of chunks.splice(0)) await send(held);
        await send(part);
      }
      return { bytesWritten: length };
    },
    async end() {
      if (sending === null) return { content: Buffer.concat(chunks) };
      sending.stream.end();
      await sending.done;
      return { content: null, key };
    },
    async clear() {
      chunks.length = 0;
      if (sending === null) return;
      const { stream, done, abort } = sending;
      // Of one that has ended nothing is left to be given up.
      abort.abort();
      stream.destroy();
      await done.catch(ignored);
      await s3.remove([key]);
    },
  };
}

function drained(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve).once('close', resolve));
}

function incomplete(wanted: number, found: number): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The store for files must keep all ${wanted} bytes: it has ${found}`,
    retryAfterSeconds: 15,
  });
}

function ignored(): void {
  // Whoever waits for the outcome is told it another way.
}

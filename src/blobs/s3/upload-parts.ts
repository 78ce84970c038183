/** Sends a stream to the store in parts. What was sent is given up where it cannot be ended; what even that fails for, a sweep. */
import type { Readable } from 'node:stream';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';

export type SentInParts = {
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** Not empty; read to its end, and destroyed where a part could not be sent. */
  readonly content: Readable;
  /** Of every part but the last one; the store wants 5 MiB at least, and takes 10,000 of them. */
  readonly partBytes: number;
  /** So many are sent at a time, each of them held in memory meanwhile. */
  readonly partsInHand: number;
  /** Whether the store is given a CRC-32 of each part to check. */
  readonly checksums: boolean;
  readonly signal: AbortSignal;
};

export type PartSender = {
  readonly client: Pick<S3Client, 'send'>;
  readonly sdk: Pick<
    typeof import('@aws-sdk/client-s3'),
    | 'CreateMultipartUploadCommand'
    | 'UploadPartCommand'
    | 'CompleteMultipartUploadCommand'
    | 'AbortMultipartUploadCommand'
  >;
};

/** Resolves when the object is whole at its key; rejects with the first error, and when `signal` says so. */
export async function uploadParts({ client, sdk }: PartSender, sent: SentInParts): Promise<void> {
  const { target, content, partBytes, partsInHand, checksums, signal } = sent;
  const bounds = { abortSignal: signal };
  const algorithm = checksums ? ({ ChecksumAlgorithm: 'CRC32' } as const) : {};
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...algorithm }), bounds);
  const parts: CompletedPart[] = [];
  const inHand = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const send = async (PartNumber: number, Body: Uint8Array): Promise<void> => {
    try {
      const part = new sdk.UploadPartCommand({ ...target, UploadId, PartNumber, Body, ...algorithm });
      const { ETag, ChecksumCRC32 } = await client.send(part, bounds);
      parts.push({ PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) });
    } catch (error) {
      failures.push(error);
      // Whoever waits for more to come, or for more to be taken, is not left waiting.
      content.destroy(error instanceof Error ? error : new Error('A part could not be sent'));
    }
  };
  try {
    let count = 0;
    for await (const body of partsOf(content, partBytes)) {
      count += 1;
      const sending = send(count, body).finally(() => inHand.delete(sending));
      inHand.add(sending);
      if (inHand.size >= partsInHand) await Promise.race(inHand);
    }
    await Promise.all(inHand);
    if (failures.length > 0) throw failures[0];
    const Parts = parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
      bounds,
    );
  } catch (error) {
    await Promise.all(inHand);
    await client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId })).catch(leftToTheSweep);
    throw failures[0] ?? error;
  }
}

/** The stream cut anew, into pieces of `bytes` and a last one of what is left. */
async function* partsOf(content: Readable, bytes: number): AsyncGenerator<Uint8Array> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.length;
    while (size >= bytes) {
      const whole = Buffer.concat(held, size);
      yield whole.subarray(0, bytes);
      size -= bytes;
      held = [whole.subarray(bytes)];
    }
  }
  if (size > 0) yield Buffer.concat(held, size);
}

function leftToTheSweep(): void {
  // Parts that nobody ends are given up a day later.
}

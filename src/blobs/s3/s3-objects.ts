/**
 * The few things that are asked of S3, as functions. The SDK is loaded here, when the store is opened, and nowhere else: a
 * server that keeps files on its disk never loads it.
 */
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from './s3-place.ts';
import { uploadParts } from './upload-parts.ts';

export type S3Object = { readonly key: string; readonly bytes: number; readonly modifiedAtMs: number };
export type S3Page = { readonly objects: readonly S3Object[]; readonly next: string | null };

/** Keys are without the prefix of the place. Errors are those of the SDK: see `s3-errors.ts`. */
export interface S3Objects {
  /** `sha256` in hex: the store checks what it received against it. */
  put(key: string, content: Uint8Array, sha256?: string): Promise<void>;
  /** Sends a stream, which is not empty, in parts; those already sent are given up where it fails or `signal` says so. */
  upload(key: string, content: Readable, signal: AbortSignal): Promise<void>;
  get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Readable | null>;
  head(key: string): Promise<Omit<S3Object, 'key'> | null>;
  copy(from: string, to: string, bytes: number): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
  list(prefix: string, next?: string | null): Promise<S3Page>;
  /** Gives up uploads in parts below a prefix that were begun before a time; returns how many. */
  abortUploads(prefix: string, beforeMs: number): Promise<number>;
  checkBucket(): Promise<void>;
  close(): void;
}

/** Parts of an upload: two in hand at a time, so an upload takes about 24 MiB of memory. At most 10,000 of them: 80 GB. */
export const partBytes = 8 * 1024 * 1024;
const partsInHand = 2;
/** What one request may copy. */
const copyBytesMax = 5 * 1024 ** 3;
const copyPartBytes = 1024 ** 3;
const connectMsMax = 5_000;
/** Of silence within one request. */
const requestMsMax = 30_000;
const attemptsMax = 3;
const removedPerRequest = 1_000;

export async function openS3Objects(place: S3Place): Promise<S3Objects> {
  const { S3Client, ...sdk } = await import('@aws-sdk/client-s3');
  const client = new S3Client(clientOptions(place));
  const open: Open = {
    client,
    sdk,
    place,
    at: (key) => ({ Bucket: place.bucket, Key: `${place.prefix}${key}` }),
  };
  return { ...writing(open), ...reading(open), ...tidying(open), close: () => client.destroy() };
}

type Open = {
  readonly client: S3Client;
  readonly sdk: Sdk;
  readonly place: S3Place;
  readonly at: (key: string) => { readonly Bucket: string; readonly Key: string };
};

function writing({ client, sdk, place, at }: Open): Pick<S3Objects, 'put' | 'upload' | 'copy'> {
  const source = (key: string): string => encodeURI(`${place.bucket}/${place.prefix}${key}`);
  return {
    async put(key, content, sha256) {
      await client.send(
        new sdk.PutObjectCommand({
          ...at(key),
          Body: content,
          ContentLength: content.length,
          ...(sha256 === undefined || !place.checksums
            ? {}
            : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
        }),
      );
    },

    upload: (key, content, signal) =>
      uploadParts(
        { client, sdk },
        { target: at(key), content, partBytes, partsInHand, checksums: place.checksums, signal },
      ),

    async copy(from, to, bytes) {
      const CopySource = source(from);
      if (bytes <= copyBytesMax) {
        await client.send(new sdk.CopyObjectCommand({ ...at(to), CopySource }));
        return;
      }
      await copyInParts({ client, sdk }, { target: at(to), CopySource, bytes });
    },
  };
}

function reading({ client, sdk, place, at }: Open): Pick<S3Objects, 'get' | 'head' | 'list' | 'checkBucket'> {
  const { bucket: Bucket, prefix } = place;
  return {
    async get(key, range) {
      try {
        const { Body } = await client.send(
          new sdk.GetObjectCommand({
            ...at(key),
            ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to}` }),
          }),
        );
        return Body === undefined ? null : (Body as Readable);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async head(key) {
      try {
        const { ContentLength = 0, LastModified } = await client.send(new sdk.HeadObjectCommand(at(key)));
        return { bytes: ContentLength, modifiedAtMs: LastModified?.getTime() ?? 0 };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async list(below, next = null) {
      const page = await client.send(
        new sdk.ListObjectsV2Command({
          Bucket,
          Prefix: `${prefix}${below}`,
          ...(next === null ? {} : { ContinuationToken: next }),
        }),
      );
      const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key.slice(prefix.length),
        bytes: Size,
        modifiedAtMs: LastModified?.getTime() ?? 0,
      }));
      return { objects, next: page.NextContinuationToken ?? null };
    },

    async checkBucket() {
      await client.send(new sdk.HeadBucketCommand({ Bucket }));
    },
  };
}

function tidying({ client, sdk, place }: Open): Pick<S3Objects, 'remove' | 'abortUploads'> {
  const { bucket: Bucket, prefix } = place;
  return {
    async remove(keys) {
      for (let from = 0; from < keys.length; from += removedPerRequest) {
        const Objects = keys.slice(from, from + removedPerRequest).map((key) => ({ Key: `${prefix}${key}` }));
        const { Errors = [] } = await client.send(
          new sdk.DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        );
        const [first] = Errors;
        if (first !== undefined) throw Object.assign(new Error(first.Message ?? 'Not removed'), { name: first.Code });
      }
    },

    async abortUploads(below, beforeMs) {
      const { Uploads = [] } = await client.send(
        new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: `${prefix}${below}` }),
      );
      const old = Uploads.filter(({ Initiated }) => (Initiated?.getTime() ?? 0) < beforeMs);
      for (const { Key, UploadId } of old)
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      return old.length;
    },
  };
}

function clientOptions({ region, endpoint, pathStyle, checksums, credentials }: S3Place) {
  const when = checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    region,
    forcePathStyle: pathStyle,
    maxAttempts: attemptsMax,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    requestHandler: { connectionTimeout: connectMsMax, requestTimeout: requestMsMax, throwOnRequestTimeout: true },
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
  } as const;
}

type Sdk = Omit<typeof import('@aws-sdk/client-s3'), 'S3Client'>;
type Copy = {
  readonly target: { readonly Bucket: string; readonly Key: string };
  readonly CopySource: string;
  readonly bytes: number;
};

async function copyInParts(
  { client, sdk }: { readonly client: S3Client; readonly sdk: Sdk },
  { target, CopySource, bytes }: Copy,
): Promise<void> {
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target));
  try {
    const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
    for (let from = 0; from < bytes; from += copyPartBytes) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${from}-${Math.min(from + copyPartBytes, bytes) - 1}`;
      const part = await client.send(
        new sdk.UploadPartCopyCommand({ ...target, CopySource, CopySourceRange, PartNumber, UploadId }),
      );
      Parts.push({ ETag: part.CopyPartResult?.ETag, PartNumber });
    }
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId }));
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  // A missing bucket is another matter, and must not look as if all files had gone.
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

import { VerificationError } from './verification-error.ts';

type Flag = 0 | 1;
/** In pixels, from the upper left. */
type Point = { readonly x: number; readonly y: number };

/** A version of a media's file. */
export type BynderMediaItem = {
  readonly version: number;
  readonly active: Flag;
  readonly dateCreated: string;
  readonly fileName: string | null;
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  readonly height: number;
  readonly width: number;
  readonly focusPoint?: Point;
};

/** A media as Bynder's API returns it. Dates are UTC without milliseconds, flags 0 and 1. */
export type BynderMedia = {
  readonly userCreated: string;
  readonly limited: Flag;
  readonly watermarked: Flag;
  readonly mediaItems: readonly BynderMediaItem[];
  readonly activeOriginalFocusPoint?: Point;
  readonly archive: Flag;
  readonly brandId: string;
  readonly copyright: string;
  readonly datePublished: string;
  readonly dateCreated: string;
  readonly description: string;
  readonly dateModified: string;
  readonly extension: readonly string[];
  readonly fileSize: number;
  readonly height: number;
  readonly id: string;
  readonly idHash: string;
  readonly isPublic: Flag;
  readonly name: string;
  readonly orientation: string;
  readonly tags: readonly string[];
  readonly thumbnails?: { readonly [name: string]: string };
  readonly type: string;
  readonly width: number;
} & { readonly [property: `property_${string}`]: readonly string[] };

export type BynderMediaEvent = {
  readonly event: `asset_bank.media.${string}`;
  readonly mediaId: string;
  /** Ask the API for it where it is absent. */
  readonly media?: BynderMedia;
};

export type BynderScanEvent = {
  readonly event: 'antivirus.scan.failed';
  readonly mediaId: string;
  readonly scan: { readonly scanStatus: string; readonly scanFailureReason: string; readonly assetName: string };
};

export type BynderJobEvent = {
  readonly event: 'workflow.job.create';
  readonly jobId: string;
  readonly job: { readonly name: string; readonly deadline: string | null; readonly media: readonly string[] };
};

/** What a notification is about. Treat one that you do not know as nothing to do, and answer 200. */
export type BynderEvent = BynderMediaEvent | BynderScanEvent | BynderJobEvent;

/**
 * Reads `Subject` and `Message` of an SNS message whose signature has been verified. Checks the frame, not every field:
 * throws `invalid_payload` where it is none of the three forms above.
 */
export function parseBynderEvent(subject: string, message: string): BynderEvent {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    throw new VerificationError('invalid_payload', 'Message must be JSON: got something else');
  }
  if (!isObject(value)) throw otherForm();
  if (subject === 'workflow.job.create') {
    const { job_id: jobId, job } = value;
    if (typeof jobId !== 'string' || !isObject(job)) throw otherForm();
    return { event: subject, jobId, job: job as unknown as BynderJobEvent['job'] };
  }
  const { media_id: mediaId, media, scan } = value;
  if (typeof mediaId !== 'string' || mediaId === '') throw otherForm();
  if (subject === 'antivirus.scan.failed') {
    if (!isObject(scan)) throw otherForm();
    return { event: subject, mediaId, scan: scan as unknown as BynderScanEvent['scan'] };
  }
  if (!isMediaEvent(subject)) throw otherForm();
  return { event: subject, mediaId, ...(isObject(media) ? { media: media as unknown as BynderMedia } : {}) };
}

function isMediaEvent(subject: string): subject is BynderMediaEvent['event'] {
  return subject.startsWith('asset_bank.media.');
}

function otherForm(): VerificationError {
  return new VerificationError(
    'invalid_payload',
    'Message must hold media_id, or job_id and job, and Subject its event: got another form',
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

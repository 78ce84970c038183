import { VerificationError } from './verification-error.ts';

export type BambuserBroadcast = {
  readonly author: string;
  /** Unix seconds. */
  readonly created: number;
  readonly customData: string;
  readonly height: number;
  readonly id: string;
  readonly ingestChannel: string;
  readonly lat: number;
  /** Seconds; 0 while it is live. */
  readonly length: number;
  readonly lon: number;
  readonly positionAccuracy: number;
  readonly positionType: string;
  /** Absent while there is no picture. */
  readonly preview?: string;
  /** Signed: pass it on as it is. */
  readonly resourceUri: string;
  readonly tags: readonly { readonly text: string }[];
  readonly title: string;
  readonly type: 'live' | 'archived';
  readonly width: number;
};

export type BambuserImage = {
  /** Unix seconds. */
  readonly added: number;
  readonly author: string;
  readonly created: number;
  readonly customData: string;
  /** Empty at first; they come with an update. */
  readonly derivatives: readonly {
    readonly title: 'small' | 'medium' | 'large';
    readonly url: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly height: number;
  readonly id: string;
  readonly ingestChannel: string;
  readonly lat: number;
  readonly lon: number;
  readonly originalFilename: string;
  readonly title: string;
  readonly url: string;
  readonly width: number;
};

/** What Bambuser's platform tells. Treat a `collection` or `action` you do not know as nothing to do, and answer 200. */
export type BambuserEvent = { readonly eventId: string } & (
  | { readonly collection: 'broadcast'; readonly action: 'add' | 'update'; readonly payload: BambuserBroadcast }
  | {
      readonly collection: 'broadcast';
      readonly action: 'extract';
      readonly payload: { readonly id: string; readonly status: string };
    }
  | { readonly collection: 'image'; readonly action: 'add' | 'update'; readonly payload: BambuserImage }
  | {
      readonly collection: 'broadcast' | 'image';
      readonly action: 'remove';
      readonly payload: { readonly id: string };
    }
);

/** Reads a body. Checks the frame and the id, not every field: throws `invalid_payload` where it is no event of this form. */
export function parseBambuserEvent(payload: string): BambuserEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
  if (!isObject(value) || !isObject(value['payload'])) throw otherForm();
  const { action, collection, eventId, payload: about } = value;
  if (typeof action !== 'string' || typeof collection !== 'string' || typeof eventId !== 'string') throw otherForm();
  if (!isObject(about) || typeof about['id'] !== 'string') throw otherForm();
  return value as unknown as BambuserEvent;
}

function otherForm(): VerificationError {
  return new VerificationError(
    'invalid_payload',
    'The body must be {action, collection, payload with an id, eventId}: got another form',
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

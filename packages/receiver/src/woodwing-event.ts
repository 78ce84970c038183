import type { JsonValue } from './event.ts';
import { VerificationError } from './verification-error.ts';

/** What WoodWing Assets tells of an asset. Treat a `type` you do not know as nothing to do, and answer 2xx. */
export type WoodwingAssetEvent = {
  /** Milliseconds since 1970: when it happened. */
  readonly timestamp: number;
  readonly type: `asset_${string}`;
  readonly assetId: string;
  /** The fields of `metadataToReturn` that have a value, by their technical names. */
  readonly metadata: { readonly [field: string]: JsonValue };
  /** What changed; empty where nothing did. */
  readonly changedMetadata: {
    readonly [field: string]: { readonly oldValue: JsonValue; readonly newValue: JsonValue };
  };
};

export type WoodwingFolderEvent = {
  readonly timestamp: number;
  readonly type: `folder_${string}`;
  readonly folderPath: string;
  readonly metadata: { readonly [field: string]: JsonValue };
};

/** A Share Link was made or removed. */
export type WoodwingShareLinkEvent = {
  readonly timestamp: number;
  readonly type: `authkey_${string}`;
  readonly authKey: string;
};

export type WoodwingEvent = WoodwingAssetEvent | WoodwingFolderEvent | WoodwingShareLinkEvent;

/** Which text identifies what an event is about, by the first word of its type. */
const identification: { readonly [word: string]: string } = {
  asset: 'assetId',
  folder: 'folderPath',
  authkey: 'authKey',
};

/**
 * Reads a body whose signature has been verified. Checks the frame, not every field: throws `invalid_payload` where it is
 * no event of the three kinds above. `metadata` and `changedMetadata` are objects afterwards, `{}` where they were absent.
 */
export function parseWoodwingEvent(payload: string): WoodwingEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
  if (!isObject(value) || typeof value['timestamp'] !== 'number' || typeof value['type'] !== 'string')
    throw otherForm();
  const about = value['type'].slice(0, Math.max(0, value['type'].indexOf('_')));
  const field = Object.hasOwn(identification, about) ? identification[about] : undefined;
  if (field === undefined || typeof value[field] !== 'string') throw otherForm();
  const event = {
    ...value,
    ...(about === 'authkey' ? {} : { metadata: objectOr(value['metadata']) }),
    ...(about === 'asset' ? { changedMetadata: objectOr(value['changedMetadata']) } : {}),
  };
  return event as unknown as WoodwingEvent;
}

function objectOr(value: unknown): object {
  return isObject(value) ? value : {};
}

function otherForm(): VerificationError {
  return new VerificationError(
    'invalid_payload',
    'The body must be {timestamp, type} with assetId, folderPath or authKey: got another form',
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { VerificationError } from './verification-error.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** What happened to what, by whom, and what is so now. */
export type AssetwireEvent = {
  /** `asset.metadata_changed` and so on; treat what you do not know as nothing to do and answer 2xx. */
  readonly type: string;
  /** ISO 8601: when it happened. */
  readonly timestamp: string;
  readonly data: EventData;
};

export type EventData = {
  /** Id of the change. Two webhooks that are told the same change get the same one. */
  readonly change: string;
  readonly workspace: string;
  readonly subject: EventSubject;
  readonly actor: Actor;
  /** Fields that differ; below `info` and `metadata` the field (`metadata.status`). */
  readonly changed: readonly string[];
  /** As it is now, or null where it is gone. */
  readonly state: JsonObject | null;
  /** Former values of the changed fields; where it is gone, all that was known. */
  readonly before: JsonObject | null;
  readonly links: { readonly content: string; readonly renditions: { readonly [title: string]: string } } | null;
};

export type EventSubject = {
  readonly type: 'asset' | 'folder' | 'collection' | 'share_link' | 'workflow_job' | 'broadcast' | 'webhook';
  readonly id: string;
  readonly externalId?: string;
  /** Rises with every write: of two messages about one subject, the higher version is the newer one. */
  readonly version: number;
};

export type Actor = {
  readonly type: 'user' | 'key' | 'source' | 'system';
  readonly id: string;
  readonly name?: string;
};

/**
 * Reads a body whose signature has been verified. Checks the frame, not every field: throws `invalid_payload` where it is
 * not JSON of the form `{type, timestamp, data: {subject}}`.
 */
export function parseEvent(payload: string): AssetwireEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
  if (!isEvent(value)) {
    throw new VerificationError('invalid_payload', 'The body must be {type, timestamp, data}: got another form');
  }
  return value;
}

function isEvent(value: unknown): value is AssetwireEvent {
  if (!isObject(value) || typeof value['type'] !== 'string' || typeof value['timestamp'] !== 'string') return false;
  const data = value['data'];
  return isObject(data) && isObject(data['subject']) && typeof data['subject']['id'] === 'string';
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

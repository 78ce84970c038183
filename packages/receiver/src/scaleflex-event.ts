import type { JsonValue } from './event.ts';
import { VerificationError } from './verification-error.ts';

/** Treat an `event` you do not know as nothing to do, and answer 2xx. */
export type ScaleflexTrigger =
  | 'upload'
  | 'move'
  | 'rename'
  | 'delete'
  | 'change_meta'
  | 'change_info'
  | 'change_tag'
  | 'change_label';

/** The file object of the vendor's API. What was not chosen for the webhook, or has no value, is not there. */
export type ScaleflexFile = {
  readonly uuid?: string;
  readonly name?: string;
  readonly extension?: string;
  readonly size?: { readonly bytes: number; readonly pretty: string };
  /** MIME type. */
  readonly type?: string;
  readonly info?: {
    readonly img_w?: number;
    readonly img_h?: number;
    readonly video_w?: number;
    readonly video_h?: number;
    /** Seconds. */
    readonly duration?: number;
    /** Bits per second. */
    readonly bitrate?: number;
    /** HLS first. */
    readonly playlists?: readonly { readonly playlists: readonly string[]; readonly resolution?: string }[];
    /** All embedded metadata. */
    readonly metadata?: { readonly [field: string]: JsonValue };
    readonly [fact: string]: unknown;
  };
  /** Title, description and the like, and all custom metadata. */
  readonly meta?: { readonly [field: string]: JsonValue };
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  readonly url?: {
    readonly public?: string;
    readonly permalink?: string;
    readonly cdn?: string;
    readonly path?: string;
  };
  readonly hash?: { readonly sha1?: string; readonly md5?: string; readonly sha256?: string };
  readonly created_at?: string;
  readonly modified_at?: string;
  readonly folder?: { readonly name: string };
};

export type ScaleflexEvent = { readonly event: ScaleflexTrigger; readonly file: ScaleflexFile };

/** Reads a body whose sender is known. Checks the frame, not every field: throws `invalid_payload` for another form. */
export function parseScaleflexEvent(payload: string): ScaleflexEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
  if (!isObject(value) || typeof value['event'] !== 'string' || !isObject(value['file'])) {
    throw new VerificationError('invalid_payload', 'The body must be {event, file}: got another form');
  }
  return value as unknown as ScaleflexEvent;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

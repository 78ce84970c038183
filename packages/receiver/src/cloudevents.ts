import type { EventData, JsonValue } from './event.ts';
import { assertToken, tokenOf } from './bearer-token.ts';
import { bytesOf, type HeaderSource, headerOf, valuesOf } from './raw-message.ts';
import { VerificationError } from './verification-error.ts';

/** An event as Assetwire sends it, in whichever mode. `source` and `id` together name it: drop the ones you have seen. */
export type CloudEvent = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  /** `assetwire.asset.metadata_changed` and so on; treat what you do not know as nothing to do and answer 2xx. */
  readonly type: string;
  /** Type and id of what it is about: `asset/ast_…`. */
  readonly subject?: string;
  /** ISO 8601: when it happened. */
  readonly time?: string;
  readonly datacontenttype?: string;
  /** Where the JSON Schema of `data` is served. */
  readonly dataschema?: string;
  readonly data: EventData;
};

export type CloudEventOptions = {
  /** Bearer tokens that you gave the sender; several while you replace one. Absent: none is asked for. */
  readonly tokens?: string | readonly string[];
  /** The URL that was asked for, where the token comes in its query (`access_token`). */
  readonly url?: string;
};

const structured = 'application/cloudevents+json';

/**
 * Reads an event in structured or binary mode (CloudEvents 1.0, HTTP protocol binding). This form is not signed: who sends
 * is known by the bearer token alone, so pass `tokens`. Throws a `VerificationError` for everything that must not be trusted.
 */
export function readCloudEvent(
  payload: string | Uint8Array,
  headers: HeaderSource,
  { tokens, url }: CloudEventOptions = {},
): CloudEvent {
  const body = bytesOf(payload);
  if (tokens !== undefined) assertToken(typeof tokens === 'string' ? [tokens] : tokens, tokenOf(headers, url));
  const type = headerOf(headers, 'content-type').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const event = type === structured ? parsed(body) : { ...attributesOf(headers), data: parsed(body) };
  if (!isEvent(event)) throw otherForm();
  return event;
}

export type ValidationOptions = {
  /** DNS names of senders that may deliver; `*`: whoever asks. */
  readonly origins: readonly string[] | '*';
  /** How many requests a minute you take; absent: as many as are wished. */
  readonly perMinuteMax?: number;
};

/**
 * What to answer to the `OPTIONS` request by which a sender asks whether it may deliver (HTTP webhook specification, 4).
 * Consent is the header; without it no status is one.
 */
export function answerValidation(
  headers: HeaderSource,
  { origins, perMinuteMax }: ValidationOptions,
): { readonly status: 200 | 400 | 403; readonly headers: { readonly [name: string]: string } } {
  const [origin, ...more] = valuesOf(headers, 'webhook-request-origin');
  if (origin === undefined || origin === '' || more.length > 0) return { status: 400, headers: {} };
  const isKnown = origins === '*' || origins.some((known) => known.toLowerCase() === origin.toLowerCase());
  if (!isKnown) return { status: 403, headers: {} };
  const wished = Number(valuesOf(headers, 'webhook-request-rate')[0]);
  const rates = [perMinuteMax, wished > 0 ? wished : undefined].filter((rate) => rate !== undefined);
  return {
    status: 200,
    headers: {
      Allow: 'POST, OPTIONS',
      'WebHook-Allowed-Origin': origin,
      'WebHook-Allowed-Rate': rates.length === 0 ? '*' : String(Math.min(...rates)),
    },
  };
}

/** The attributes of binary mode, percent-decoded. */
function attributesOf(headers: HeaderSource): Record<string, string> {
  const found: [string, string][] = [];
  for (const name of [...required, 'subject', 'time', 'dataschema']) {
    const [value] = valuesOf(headers, `ce-${name}`);
    if (value !== undefined) found.push([name, decoded(value)]);
  }
  return { ...Object.fromEntries(found), datacontenttype: headerOf(headers, 'content-type') };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new VerificationError('invalid_payload', 'The ce- headers must be percent-encoded: one of them is not');
  }
}

function parsed(body: Buffer): JsonValue {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
}

const required = ['specversion', 'id', 'source', 'type'] as const;

function isEvent(value: unknown): value is CloudEvent {
  if (!isObject(value) || value['specversion'] !== '1.0') return false;
  if (required.some((name) => typeof value[name] !== 'string' || value[name] === '')) return false;
  const data = value['data'];
  return isObject(data) && isObject(data['subject']) && typeof data['subject']['id'] === 'string';
}

function otherForm(): VerificationError {
  return new VerificationError(
    'invalid_payload',
    'The request must be a CloudEvent 1.0 of Assetwire, structured or binary: got another form',
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { assertToken, tokenOf } from './bearer-token.ts';
import { bytesOf, type HeaderSource, valuesOf } from './raw-message.ts';
import { VerificationError } from './verification-error.ts';

/** What Brandfolder tells: which asset, what happened, when. Nothing of the asset itself: ask for it with your API key. */
export type BrandfolderEvent = {
  readonly key: string;
  /** Treat one that you do not know as nothing to do, and answer 2xx. */
  readonly eventType: 'asset.create' | 'asset.update' | 'asset.delete' | (string & {});
  /** As it came: `2024-11-14 17:18:45.123000`, UTC. As texts, earlier ones are smaller. */
  readonly eventTime: string;
  /** The same in milliseconds since 1970; of two within one millisecond `eventTime` knows the earlier one. */
  readonly eventTimeMs: number;
  readonly brandfolderKey: string;
  readonly organizationKey: string;
  readonly webhookId: string;
};

export type ReadBrandfolderMessage = {
  /** The same on every attempt: drop the ones you have seen. A header of Assetwire's; null where another sender left it out. */
  readonly id: string | null;
  readonly event: BrandfolderEvent;
};

export type BrandfolderOptions = {
  /** Bearer tokens that you gave the sender; several while you replace one. Absent: none is asked for. */
  readonly tokens?: string | readonly string[];
};

const deliveryHeader = 'assetwire-delivery-id';

/**
 * Reads a notification in the form of Brandfolder. Nothing is signed there: give the sender a bearer token and pass it here,
 * or believe nothing but the key and ask for the asset. Throws a `VerificationError` for everything that is none.
 */
export function readBrandfolder(
  payload: string | Uint8Array,
  headers: HeaderSource,
  { tokens }: BrandfolderOptions = {},
): ReadBrandfolderMessage {
  const body = bytesOf(payload);
  if (tokens !== undefined) assertToken(typeof tokens === 'string' ? [tokens] : tokens, tokenOf(headers, undefined));
  const [id = null] = valuesOf(headers, deliveryHeader);
  return { id, event: parseBrandfolderEvent(body.toString('utf8')) };
}

/** Checks the frame; throws `invalid_payload` where it is another. Properties beyond it are not looked at. */
export function parseBrandfolderEvent(payload: string): BrandfolderEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw new VerificationError('invalid_payload', 'The body must be JSON: got something else');
  }
  const data = isObject(value) ? value['data'] : undefined;
  const attributes = isObject(data) ? data['attributes'] : undefined;
  if (!isObject(data) || !isObject(attributes)) throw otherForm();
  const text = (from: { readonly [key: string]: unknown }, name: string): string => {
    const found = from[name];
    if (typeof found !== 'string' || found === '') throw otherForm();
    return found;
  };
  const eventTime = text(attributes, 'event_time');
  return {
    key: text(attributes, 'key'),
    eventType: text(attributes, 'event_type'),
    eventTime,
    eventTimeMs: timeOf(eventTime),
    brandfolderKey: text(attributes, 'brandfolder_key'),
    organizationKey: text(attributes, 'organization_key'),
    webhookId: text(data, 'webhook_id'),
  };
}

/** For sorting: what happened earlier stands first. Notifications may come in any order. */
export function byEventTime(left: BrandfolderEvent, right: BrandfolderEvent): number {
  return left.eventTime < right.eventTime ? -1 : left.eventTime > right.eventTime ? 1 : 0;
}

function timeOf(text: string): number {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d{3}$/.exec(text);
  const atMs = parts === null ? Number.NaN : Date.parse(`${parts[1] ?? ''}T${parts[2] ?? ''}Z`);
  if (Number.isNaN(atMs)) throw otherForm();
  return atMs;
}

function otherForm(): VerificationError {
  return new VerificationError(
    'invalid_payload',
    'The body must be {data: {attributes: {key, event_time, event_type, …}, webhook_id}}: got another form',
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

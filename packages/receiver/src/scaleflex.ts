import { createHash, timingSafeEqual } from 'node:crypto';
import { bytesOf, headerOf, type HeaderSource, valuesOf } from './raw-message.ts';
import { parseScaleflexEvent, type ScaleflexEvent } from './scaleflex-event.ts';
import { VerificationError } from './verification-error.ts';

/** What you gave the sender; this form signs nothing, so its caller is known by this alone. */
export type ScaleflexCredentials =
  /** Basic authentication. */
  | { readonly username: string; readonly password: string }
  /** Static bearer tokens; several while you replace one. */
  | { readonly tokens: string | readonly string[] }
  /** Exchanged tokens: whether this is one that your authentication endpoint gave out and that still counts. */
  | { readonly accepts: (token: string) => boolean };

export type ScaleflexMessage = {
  /** The same on every attempt: drop the ones you have seen. Null where another sender left it out. */
  readonly id: string | null;
  readonly event: ScaleflexEvent;
};

/**
 * Reads a message in the form of Scaleflex DAM, after checking the credentials in its `Authorization` header. Answer 401 to
 * `no_matching_token` and `missing_header`: a sender with an exchanged token then fetches a new one. Throws a
 * `VerificationError` for everything that must not be trusted.
 */
export function readScaleflex(
  payload: string | Uint8Array,
  headers: HeaderSource,
  credentials: ScaleflexCredentials,
): ScaleflexMessage {
  const body = bytesOf(payload);
  if (!isKnown(headerOf(headers, 'authorization'), credentials)) {
    throw new VerificationError('no_matching_token', 'Authorization must be what the sender was given: it is not');
  }
  const [id = null] = valuesOf(headers, 'assetwire-delivery-id');
  return { id, event: parseScaleflexEvent(body.toString('utf8')) };
}

function isKnown(authorization: string, credentials: ScaleflexCredentials): boolean {
  if ('username' in credentials) {
    const { username, password } = credentials;
    assertText(password);
    return isSame(authorization, `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`);
  }
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if ('accepts' in credentials) return token !== undefined && credentials.accepts(token) === true;
  const tokens = typeof credentials.tokens === 'string' ? [credentials.tokens] : credentials.tokens;
  if (tokens.length === 0) assertText('');
  for (const known of tokens) assertText(known);
  return token !== undefined && tokens.some((known) => isSame(token, known));
}

function assertText(secret: string): void {
  if (typeof secret !== 'string' || secret === '') {
    throw new VerificationError('invalid_secret', 'A password or token is needed, and none may be empty');
  }
}

/** In constant time, whatever their lengths. */
function isSame(given: string, known: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(given), digest(known));
}

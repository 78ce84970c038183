import { createHmac, timingSafeEqual, verify as verifyEd25519 } from 'node:crypto';
import { type AssetwireEvent, parseEvent } from './event.ts';
import { bytesOf, headerOf, type HeaderSource } from './raw-message.ts';
import { type Key, parseSecret } from './secret.ts';
import { systemTimeMs } from './system-time.ts';
import { VerificationError } from './verification-error.ts';

export type VerifyOptions = {
  /** How far the time of the attempt may lie from now, either way. Default 300, at most 3600. */
  readonly toleranceSeconds?: number;
  /** Unix milliseconds of now; the system's clock where absent. */
  readonly nowMs?: number;
};

export type VerifiedMessage = {
  /** The same on every attempt and redelivery: drop the ones you have seen. */
  readonly id: string;
  /** When this attempt was made. */
  readonly sentAt: Date;
  readonly event: AssetwireEvent;
};

const toleranceSecondsDefault = 300;
const toleranceSecondsMax = 3_600;
/** More signatures than any rotation needs; what follows is not read. */
const signaturesMax = 10;
const hmacBytes = 32;
const ed25519Bytes = 64;

/**
 * Checks that a message comes from whoever holds the secret, has not been changed, and is fresh; then reads it. `payload`
 * is the body as it arrived, byte for byte: what a framework has parsed and written again need not be the same. Several
 * secrets (during a rotation) are all tried. Throws a `VerificationError` for everything that must not be trusted.
 */
export function verify(
  payload: string | Uint8Array,
  headers: HeaderSource,
  secrets: string | readonly string[],
  { toleranceSeconds = toleranceSecondsDefault, nowMs = systemTimeMs() }: VerifyOptions = {},
): VerifiedMessage {
  const body = bytesOf(payload);
  const keys = (typeof secrets === 'string' ? [secrets] : secrets).map(parseSecret);
  if (keys.length === 0) throw new VerificationError('invalid_secret', 'At least one secret is needed: got none');
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  const sentAt = freshTime(timestamp, nowMs, Math.min(toleranceSeconds, toleranceSecondsMax));
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  if (!parseSignatures(signatures).some((signature) => keys.some((key) => fits(signature, key, signed)))) {
    throw new VerificationError(
      'no_matching_signature',
      'A signature must fit the body and a secret: got none that does',
    );
  }
  return { id, sentAt, event: parseEvent(body.toString('utf8')) };
}

/** Strictly digits, no sign, space, exponent or fraction; so milliseconds are too far off, not rounded. */
function freshTime(text: string, nowMs: number, toleranceSeconds: number): Date {
  if (!/^[1-9]\d{0,11}$/.test(text)) {
    throw new VerificationError('invalid_timestamp', 'webhook-timestamp must be whole unix seconds: got another form');
  }
  const seconds = Number(text);
  const aheadSeconds = seconds - nowMs / 1_000;
  // Written so that a time or tolerance that is no number refuses instead of accepting.
  if (!(aheadSeconds >= -toleranceSeconds)) {
    throw new VerificationError(
      'timestamp_too_old',
      `webhook-timestamp must be at most ${toleranceSeconds} s old: got an older one`,
    );
  }
  if (!(aheadSeconds <= toleranceSeconds)) {
    throw new VerificationError(
      'timestamp_too_new',
      `webhook-timestamp must be at most ${toleranceSeconds} s ahead: got a later one`,
    );
  }
  return new Date(seconds * 1_000);
}

type Signature = { readonly version: Key['version']; readonly bytes: Buffer };

function parseSignatures(header: string): readonly Signature[] {
  const found: Signature[] = [];
  for (const entry of header.split(' ', signaturesMax)) {
    const comma = entry.indexOf(',');
    const version = entry.slice(0, Math.max(comma, 0));
    if (version !== 'v1' && version !== 'v1a') continue;
    const text = entry.slice(comma + 1);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') === text) found.push({ version, bytes });
  }
  return found;
}

/** The length is compared first: `timingSafeEqual` demands equal lengths, and a prefix must never be enough. */
function fits({ version, bytes }: Signature, key: Key, signed: Buffer): boolean {
  if (key.version === 'v1') {
    if (version !== 'v1' || bytes.length !== hmacBytes) return false;
    return timingSafeEqual(createHmac('sha256', key.secret).update(signed).digest(), bytes);
  }
  return version === 'v1a' && bytes.length === ed25519Bytes && verifyEd25519(null, signed, key.publicKey, bytes);
}

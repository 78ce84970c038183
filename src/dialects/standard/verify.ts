import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto';
import { decodeSecret } from '../../core/secret.ts';
import type { Verification, VerifyInput } from '../contract/message.ts';

/** Seconds by which the time of the attempt may be off, either way (Standard Webhooks). */
const toleranceSeconds = 300;
/** More signatures than any rotation needs; a longer list is not read on (HARDENING SG-02). */
const signaturesMax = 10;
const hmacBytes = 32;
const ed25519Bytes = 64;
/** DER around a raw ed25519 seed (PKCS #8, RFC 8410). */
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** DER around a raw ed25519 public key (SPKI, RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Verifies as a receiver would; `keys` may be secrets of ours (`whsec_`, `whsk_`) or public keys (`whpk_`). */
export function verify({ headers, body, keys, nowMs }: VerifyInput): Verification {
  const id = single(headers, 'webhook-id');
  const timestamp = single(headers, 'webhook-timestamp');
  const signatures = single(headers, 'webhook-signature');
  if (!headers.some(([name]) => name === 'webhook-signature')) {
    return { result: 'unsigned', detail: 'There is no webhook-signature header' };
  }
  if (id === null || timestamp === null || signatures === null) {
    return failed('One of webhook-id, webhook-timestamp and webhook-signature is missing or came twice');
  }
  if (!isUnixSeconds(timestamp)) return failed('webhook-timestamp is not a whole number of seconds');
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) {
    return failed(`webhook-timestamp is more than ${toleranceSeconds} s away from now`);
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  for (const signature of parse(signatures)) {
    for (const key of keys) {
      if (key.kind === 'secret' && matches(signature, key.value, signed)) {
        return { result: 'verified', detail: `${signature.version} over id, time and body` };
      }
    }
  }
  return failed('No signature fits the body and one of the secrets in force');
}

/** `whpk_` and the base64 of the public half of a `whsk_` secret; null for any other secret. */
export function publicKey(secret: string): string | null {
  const seed = decodeSecret(secret, 'whsk');
  if (seed === null) return null;
  const der = publicHalf(seed).export({ format: 'der', type: 'spki' });
  return `whpk_${der.subarray(publicPrefix.length).toString('base64')}`;
}

type Signature = { readonly version: 'v1' | 'v1a'; readonly bytes: Buffer };

function failed(detail: string): Verification {
  return { result: 'failed', detail };
}

/** A header's value where it came exactly once. */
function single(headers: VerifyInput['headers'], name: string): string | null {
  let found: string | null = null;
  for (const [header, value] of headers) {
    if (header !== name) continue;
    if (found !== null) return null;
    found = value;
  }
  return found;
}

/** Strictly digits: `1e9`, ` 1`, `0x1` and `+1` are not (HARDENING SG-03). */
function isUnixSeconds(text: string): boolean {
  return /^[1-9]\d{0,11}$/.test(text);
}

function parse(header: string): readonly Signature[] {
  const found: Signature[] = [];
  for (const entry of header.split(' ', signaturesMax)) {
    const comma = entry.indexOf(',');
    const version = entry.slice(0, Math.max(comma, 0));
    if (version !== 'v1' && version !== 'v1a') continue;
    const bytes = Buffer.from(entry.slice(comma + 1), 'base64');
    // Node skips what is no base64, so only the canonical form counts as this signature.
    if (bytes.toString('base64') === entry.slice(comma + 1)) found.push({ version, bytes });
  }
  return found;
}

function matches({ version, bytes }: Signature, secret: string, signed: Buffer): boolean {
  if (version === 'v1') {
    const key = decodeSecret(secret, 'whsec');
    if (key === null || bytes.length !== hmacBytes) return false;
    return timingSafeEqual(createHmac('sha256', key).update(signed).digest(), bytes);
  }
  const key = verifyingKey(secret);
  return key !== null && bytes.length === ed25519Bytes && verifySignature(null, signed, key, bytes);
}

function verifyingKey(secret: string): KeyObject | null {
  const seed = decodeSecret(secret, 'whsk');
  if (seed !== null) return publicHalf(seed);
  if (!secret.startsWith('whpk_')) return null;
  const raw = Buffer.from(secret.slice(5), 'base64');
  if (raw.length !== 32) return null;
  return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
}

function publicHalf(seed: Uint8Array): KeyObject {
  return createPublicKey(createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: 'der', type: 'pkcs8' }));
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { VerificationError } from './verification-error.ts';

/** What signatures are checked against: the bytes of a `whsec_` secret, or the key of a `whpk_` one. */
export type Key =
  | { readonly version: 'v1'; readonly secret: Buffer }
  | { readonly version: 'v1a'; readonly publicKey: KeyObject };

const secretBytesMin = 24;
const secretBytesMax = 64;
const publicKeyBytes = 32;
/** DER around a raw ed25519 public key (SPKI, RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads a secret as it was shown: `whsec_…` (shared) or `whpk_…` (public key). Anything else is `invalid_secret`. */
export function parseSecret(text: string): Key {
  if (text.startsWith('whsec_')) {
    const secret = decode(text.slice('whsec_'.length));
    if (secret !== null && secret.length >= secretBytesMin && secret.length <= secretBytesMax) {
      return { version: 'v1', secret };
    }
    throw new VerificationError(
      'invalid_secret',
      `A whsec_ secret must hold ${secretBytesMin} to ${secretBytesMax} bytes in base64: got another form`,
    );
  }
  if (text.startsWith('whpk_')) {
    const raw = decode(text.slice('whpk_'.length));
    if (raw !== null && raw.length === publicKeyBytes) {
      const der = Buffer.concat([publicPrefix, raw]);
      return { version: 'v1a', publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
    }
    throw new VerificationError(
      'invalid_secret',
      `A whpk_ key must hold ${publicKeyBytes} bytes in base64: got another form`,
    );
  }
  if (text.startsWith('whsk_')) {
    throw new VerificationError('invalid_secret', 'A receiver must hold the public key (whpk_): got the private one');
  }
  throw new VerificationError('invalid_secret', 'A secret must begin with whsec_ or whpk_: got another form');
}

/** Standard base64 only, with its padding or without any: Node would skip whatever else stands in it. */
function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === text || canonical.replaceAll('=', '') === text ? bytes : null;
}

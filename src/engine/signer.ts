/**
 * Does what dialects ask to be signed. Keys are made once per opened secret and live as long as it does. HMAC and
 * ed25519 are done on the spot (2 and 40 µs); what takes longer answers later and goes through the same door.
 */
import { createHmac, createPrivateKey, createSecretKey, sign as signBytes, type KeyObject } from 'node:crypto';
import type { WorkspaceId } from '../core/ids.ts';
import { decodeSecret, type KeyDecoding } from '../core/secret.ts';
import type { SignatureRequest } from '../dialects/contract/message.ts';
import type { OpenSecret, Signature, SigningKeys } from './engine.ts';

export interface Signer {
  /** With a secret of the webhook, or a key of its workspace. */
  sign(
    request: Omit<SignatureRequest, 'placement'>,
    secrets: readonly OpenSecret[],
    workspaceId: WorkspaceId,
  ): Signature | Promise<Signature>;
  /** Whether bytes that carry such a signature can still be sent: their key was not withdrawn since. */
  keeps(request: Pick<SignatureRequest, 'key'>, workspaceId: WorkspaceId): Promise<boolean>;
  /** Signatures that are owed by another thread. */
  readonly waiting: number;
}

export function createSigner(signingKeys?: SigningKeys): Signer {
  const keys = new WeakMap<OpenSecret, Map<KeyDecoding, KeyObject | null>>();

  const keyOf = (secret: OpenSecret, decoding: KeyDecoding): KeyObject | null => {
    let byDecoding = keys.get(secret);
    if (byDecoding === undefined) {
      byDecoding = new Map();
      keys.set(secret, byDecoding);
    }
    let key = byDecoding.get(decoding);
    if (key === undefined) {
      key = makeKey(secret.value, decoding);
      byDecoding.set(decoding, key);
    }
    return key;
  };

  return {
    get waiting() {
      return signingKeys?.waiting ?? 0;
    },
    async keeps({ key }, workspaceId) {
      if (key.kind !== 'signing-key' || key.id === undefined) return true;
      return (await signingKeys?.keeps(workspaceId, key.id)) ?? true;
    },
    sign(request, secrets, workspaceId) {
      const { key: reference } = request;
      if (reference.kind === 'signing-key') {
        return signingKeys?.sign(request, workspaceId) ?? { missing: `signing key ${reference.name}` };
      }
      const { name, version } = reference.secret;
      const secret = secrets.find((candidate) => candidate.name === name && candidate.version === version);
      if (secret === undefined) return { missing: `secret ${name}` };
      const key = keyOf(secret, reference.decode);
      if (key === null) return { missing: `usable secret ${name}` };
      switch (request.algorithm) {
        case 'hmac-sha256': {
          if (key.type !== 'secret') return { missing: `symmetric secret ${name}` };
          const hmac = createHmac('sha256', key);
          for (const part of request.content) hmac.update(part);
          return hmac.digest();
        }
        case 'ed25519':
          if (key.type !== 'private') return { missing: `private key ${name}` };
          return signBytes(null, joined(request.content), key);
        case 'rsa-sha1':
        case 'rsa-sha256':
          return { missing: `signing key for ${request.algorithm}` };
        default:
          return request.algorithm satisfies never;
      }
    },
  };
}

/** The DER that comes before the 32 bytes of an ed25519 seed in PKCS #8 (RFC 8410). */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function makeKey(value: string, decoding: KeyDecoding): KeyObject | null {
  const bytes = decodeSecret(value, decoding);
  if (bytes === null) return null;
  if (decoding !== 'whsk') return createSecretKey(bytes);
  return createPrivateKey({ key: Buffer.concat([ed25519Prefix, bytes]), format: 'der', type: 'pkcs8' });
}

function joined(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
}

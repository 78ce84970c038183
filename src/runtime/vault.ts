/**
 * The vault seals secrets at rest with AES-256-GCM: a fresh 96-bit nonce for each, the id of the key in front, and
 * additional data that binds the sealed text to its place, so that a ciphertext moved to another row or tenant does not
 * open (HARDENING SG-13…15). Where the key comes from is `vault-key.ts`.
 *
 * Form: `v1.<key id>.<base64url of nonce, ciphertext, tag>`.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

export interface Vault {
  /** The key that seals now; sealed texts with another id should be sealed anew. */
  readonly keyId: string;
  /** Keys that only open what they sealed. */
  readonly formerKeyIds: readonly string[];
  /** `place` names where the text will lie, e.g. workspace, type and row id; the same is needed to open it. */
  seal(plaintext: string, place: string): string;
  /** Throws `VaultError`; never answers with anything but what was sealed for this place. */
  open(sealed: string, place: string): string;
  /** The id of the key that a text was sealed with, or null where it is not a sealed text. */
  keyIdOf(sealed: string): string | null;
}

export type VaultErrorCode = 'malformed' | 'unknown_key' | 'not_authentic';

export class VaultError extends Error {
  readonly code: VaultErrorCode;
  constructor(code: VaultErrorCode, message: string) {
    super(message);
    this.name = 'VaultError';
    this.code = code;
  }
}

const nonceBytes = 12;
const tagBytes = 16;

/** The first key seals, all open. Keys are 32 bytes. */
export function createVault(keys: readonly Uint8Array[]): Vault {
  const [current] = keys;
  if (current === undefined || keys.some((key) => key.length !== 32))
    throw new TypeError('Vault needs keys of 32 bytes');
  const byId = new Map(keys.map((key) => [vaultKeyId(key), key]));
  const keyId = vaultKeyId(current);
  return {
    keyId,
    formerKeyIds: keys.slice(1).map(vaultKeyId),
    seal(plaintext, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', current, nonce, { authTagLength: tagBytes });
      cipher.setAAD(additionalData(keyId, place));
      const sealed = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${keyId}.${sealed.toString('base64url')}`;
    },
    open(sealed, place) {
      const { id, bytes } = split(sealed);
      const key = byId.get(id);
      if (key === undefined)
        throw new VaultError('unknown_key', `Secret must be sealed with a known key: it names ${id}`);
      return decrypt(key, bytes, additionalData(id, place));
    },
    keyIdOf(sealed) {
      const match = form.exec(sealed);
      return match?.[1] ?? null;
    },
  };
}

const form = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{38,})$/;

function split(sealed: string): { readonly id: string; readonly bytes: Buffer } {
  const match = form.exec(sealed);
  const [, id, text] = match ?? [];
  if (id === undefined || text === undefined)
    throw new VaultError('malformed', 'Secret must have the sealed form: it has not');
  return { id, bytes: Buffer.from(text, 'base64url') };
}

function decrypt(key: Uint8Array, bytes: Buffer, additional: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(additional);
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  const opened = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
  try {
    decipher.final();
  } catch {
    // Node's message says nothing that helps; what matters is that key, place and text do not belong together.
    throw new VaultError('not_authentic', 'Secret must be the one sealed for this place: it is another or was altered');
  }
  return opened.toString('utf8');
}

function additionalData(keyId: string, place: string): Buffer {
  return Buffer.from(`assetwire.v1\0${keyId}\0${place}`, 'utf8');
}

/** Names a key without telling anything about it: 64 bits of a keyed hash under the key itself. */
export function vaultKeyId(key: Uint8Array): string {
  return createHmac('sha256', key).update('assetwire vault key id').digest('hex').slice(0, 16);
}

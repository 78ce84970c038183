/**
 * The form of API keys: `aw_`, 32 random characters (160 bits), 6 characters of checksum, all Crockford base32 in lower
 * case. The prefix lets secret scanners find leaked ones; the checksum turns away what was never a key without asking
 * the store (HARDENING AK-13). The store keeps the SHA-256 only.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'aw_';
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const secretCharacters = 32;
const checksumCharacters = 6;
const keyCharacters = prefix.length + secretCharacters + checksumCharacters;

/** Characters shown to recognise a key by. */
export const shownCharacters = 8;

/** A new key. `randomBytes` must be a CSPRNG. */
export function makeKey(randomBytes: (count: number) => Uint8Array): string {
  const secret = base32(randomBytes((secretCharacters * 5) / 8));
  return `${prefix}${secret}${checksum(secret)}`;
}

/** Whether the text can be a key of ours at all: one spelling only, so no second text passes for the same key (AK-10). */
export function hasKeyForm(text: string): boolean {
  if (text.length !== keyCharacters || !text.startsWith(prefix)) return false;
  const secret = text.slice(prefix.length, prefix.length + secretCharacters);
  for (let at = 0; at < secret.length; at += 1) if (!alphabet.includes(secret.charAt(at))) return false;
  return checksum(secret) === text.slice(prefix.length + secretCharacters);
}

/** What the store keeps of a key, a session or a token. */
export function digest(text: string): string {
  return hash('sha256', text, 'hex');
}

/** A random text of 160 bits, for sessions and tokens. */
export function makeToken(randomBytes: (count: number) => Uint8Array): string {
  return base32(randomBytes(20));
}

function checksum(text: string): string {
  let value = crc32(text);
  let shown = '';
  for (let at = 0; at < checksumCharacters; at += 1) {
    shown = alphabet.charAt(value % 32) + shown;
    value = Math.floor(value / 32);
  }
  return shown;
}

function base32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
      value &= (1 << bits) - 1;
    }
  }
  return text;
}

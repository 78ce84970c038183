/**
 * The text forms of an id's 128 bits. Every form is canonical: one id, one text, and texts that are almost right are
 * refused rather than repaired, so that an id can be compared, stored and signed as text.
 */
import { type IdKind, type IdOf, idPrefixes } from './ids.ts';

/** Crockford's base32 without i, l, o, u, in lower case: sorts as the bits do. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const bodyCharacters = 26;

/** Value of each ASCII code in the alphabet, 255 where it is none. */
const valueOfCode = new Uint8Array(128).fill(255);
for (let value = 0; value < 32; value += 1) valueOfCode[alphabet.charCodeAt(value)] = value;

/** The other forms: `uuid` 8-4-4-4-12 lower case; `base64url` 22 characters; `hex-8-4-4-16` upper case; `hex` 32 lower case. */
export type IdForm = 'uuid' | 'base64url' | 'hex-8-4-4-16' | 'hex';

/** The text as an id of this kind, or null where it is anything else. The only way a stranger's text becomes an id. */
export function parseId<Kind extends IdKind>(kind: Kind, text: unknown): IdOf<Kind> | null {
  if (typeof text !== 'string') return null;
  const prefix = idPrefixes[kind];
  const start = prefix.length + 1;
  if (text.length !== start + bodyCharacters || !text.startsWith(prefix) || text.charCodeAt(start - 1) !== 0x5f)
    return null;
  // 26 characters carry 130 bits; the first may only use three of its five.
  if (valueAt(text, start) > 7) return null;
  for (let at = start + 1; at < text.length; at += 1) if (valueAt(text, at) === 255) return null;
  return text as IdOf<Kind>;
}

function valueAt(text: string, at: number): number {
  return valueOfCode[text.charCodeAt(at)] ?? 255;
}

/** The id of this kind with these 16 bytes. */
export function idFromBytes<Kind extends IdKind>(kind: Kind, bytes: Uint8Array): IdOf<Kind> {
  if (bytes.length !== 16) throw new RangeError(`An id must have 16 bytes: got ${bytes.length}`);
  let body = '';
  // Two bits stand before the first byte, so that 128 bits fill 26 characters from the right.
  let waiting = 0;
  let waitingBits = 2;
  for (const byte of bytes) {
    waiting = (waiting << 8) | byte;
    waitingBits += 8;
    while (waitingBits >= 5) {
      waitingBits -= 5;
      body += alphabet.charAt((waiting >>> waitingBits) & 31);
    }
    waiting &= 31;
  }
  return `${idPrefixes[kind]}_${body}`;
}

/** The 16 bytes of an id, whatever its kind. Throws for text that is no id: parse first. */
export function idBytes(id: string): Uint8Array {
  const start = id.indexOf('_') + 1;
  if (start === 0 || id.length !== start + bodyCharacters)
    throw new RangeError('An id must be a prefix and 26 characters');
  const bytes = new Uint8Array(16);
  let waiting = 0;
  let waitingBits = -2;
  let filled = 0;
  for (let at = start; at < id.length; at += 1) {
    const value = valueAt(id, at);
    if (value === 255) throw new RangeError('An id must be written in lower-case base32');
    waiting = (waiting << 5) | value;
    waitingBits += 5;
    if (waitingBits >= 8) {
      waitingBits -= 8;
      bytes[filled] = (waiting >>> waitingBits) & 255;
      filled += 1;
    }
    waiting &= 255;
  }
  return bytes;
}

/** The same 128 bits in another form. */
export function encodeId(id: string, form: IdForm): string {
  const bytes = Buffer.from(idBytes(id));
  if (form === 'base64url') return bytes.toString('base64url');
  const hex = bytes.toString('hex');
  switch (form) {
    case 'hex':
      return hex;
    case 'uuid':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    case 'hex-8-4-4-16':
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16)}`.toUpperCase();
    default:
      return form satisfies never;
  }
}

/** The id of this kind that `encodeId` wrote in this form; null for any other text. Letter case of hex does not matter. */
export function decodeId<Kind extends IdKind>(kind: Kind, form: IdForm, text: string): IdOf<Kind> | null {
  if (text.length > 36) return null;
  const bytes = form === 'base64url' ? Buffer.from(text, 'base64url') : Buffer.from(text.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) return null;
  const id = idFromBytes(kind, bytes);
  const canonical = encodeId(id, form);
  const same = form === 'base64url' ? canonical === text : canonical.toLowerCase() === text.toLowerCase();
  return same ? id : null;
}

/** Unix milliseconds at which an id was drawn (of one that follows a clock that went back: the later of the two). */
export function idTimeMs(id: string): number {
  const bytes = idBytes(id);
  let atMs = 0;
  for (let index = 0; index < 6; index += 1) atMs = atMs * 256 + (bytes[index] ?? 0);
  return atMs;
}

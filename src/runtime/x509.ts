/** What making certificates needs; the library is loaded when one is made, which is seldom. */
import { createHash } from 'node:crypto';

/** The polyfill comes first: the library refuses to load without it. */
export async function loadX509() {
  await import('@abraham/reflection');
  return import('@peculiar/x509');
}

/** 128 bits of the key's hash, so it is as unique as the key; the first bit is cleared because serials are positive. */
export function serialOf(publicKey: Uint8Array): string {
  const bytes = createHash('sha256').update(publicKey).digest().subarray(0, 16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

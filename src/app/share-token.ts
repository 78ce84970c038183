/**
 * The token of a share link's URL: its id and an HMAC over it, 44 characters. Nothing is stored for it and nobody can make
 * one without the sealed key, so what is in the store or in a payload opens nothing. Whoever proved the password carries an
 * HMAC too, which ends with the password it was given for.
 */
import { createHmac } from 'node:crypto';
import { decodeId, encodeId } from '../core/id-encoding.ts';
import { sameText } from './same-text.ts';

/** 128 bits: a guess succeeds once in 2^128. */
const macBytes = 16;
const idCharacters = 22;
export const tokenCharacters = 44;
/** A working day, as a session. */
export const proofLifetimeMs = 12 * 3_600_000;

export type ShareId = `shl_${string}`;

export function shareToken(id: string, key: Uint8Array): string {
  const text = encodeId(id, 'base64url');
  return `${text}${mac('token', text, key).toString('base64url')}`;
}

/** The link that a token stands for; null where it is none of ours. One spelling only. */
export function readShareToken(token: string, key: Uint8Array): ShareId | null {
  if (token.length !== tokenCharacters) return null;
  const id = decodeId('shareLink', 'base64url', token.slice(0, idCharacters));
  return id !== null && sameText(shareToken(id, key), token) ? id : null;
}

type Proven = { readonly id: string; readonly passwordHash: string };

/** That somebody knew the password: good for this link and this password, until `expiresAtMs`. */
export function shareProof({ id, passwordHash }: Proven, expiresAtMs: number, key: Uint8Array): string {
  const said = `${id} ${passwordHash} ${expiresAtMs}`;
  return `${expiresAtMs}.${mac('proof', said, key).toString('base64url')}`;
}

export function isShareProof(
  proof: string,
  proven: Proven,
  { key, nowMs }: { readonly key: Uint8Array; readonly nowMs: number },
): boolean {
  const match = /^(\d{1,15})\.[\w-]{22}$/.exec(proof);
  if (match === null) return false;
  const expiresAtMs = Number(match[1]);
  return expiresAtMs > nowMs && sameText(shareProof(proven, expiresAtMs, key), proof);
}

function mac(what: string, text: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`assetwire share ${what} v1\0${text}`).digest().subarray(0, macBytes);
}

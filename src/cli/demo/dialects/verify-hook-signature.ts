/**
 * Checks the signature of the dialect that signs the body alone, in hex: as a receiver would, from the token and the request,
 * sharing nothing with the code that signs.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { InboxRequest } from '../../../app/app.ts';

export const hookSignatureHeader = 'x-hook-signature';

/** Whether the signature is the HMAC-SHA256 of the received bytes, keyed with the characters of the token. */
export function verifyHookSignature(
  request: Pick<InboxRequest, 'headers' | 'bodyBase64' | 'bodyCut'>,
  token: string,
): boolean {
  const given = request.headers.filter(([name]) => name.toLowerCase() === hookSignatureHeader);
  const [first] = given;
  if (first === undefined || given.length > 1 || request.bodyCut || token === '') return false;
  const expected = createHmac('sha256', token).update(Buffer.from(request.bodyBase64, 'base64')).digest('hex');
  const [wanted, found] = [Buffer.from(expected), Buffer.from(first[1])];
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

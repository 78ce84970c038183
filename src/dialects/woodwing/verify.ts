import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Verification, VerifyInput } from '../contract/message.ts';

/** As the vendor writes it: gateways that pass headers on as they came have readers that look for this spelling alone. */
export const signatureHeader = 'X-Hook-Signature';
const receivedName = signatureHeader.toLowerCase();

/** Verifies as a receiver would: the lower-case hex of the HMAC-SHA256 over the raw body, keyed with the token's text. */
export function verify({ headers, body, keys }: VerifyInput): Verification {
  const found = headers.filter(([name]) => name === receivedName);
  const [first] = found;
  if (first === undefined) return { result: 'unsigned', detail: `There is no ${signatureHeader} header` };
  if (found.length > 1) return { result: 'failed', detail: `${signatureHeader} came more than once` };
  // Other spellings of the same bytes (upper case, a prefix) are refused by the vendor's own receiver, so here too.
  if (!/^[0-9a-f]{64}$/.test(first[1])) {
    return { result: 'failed', detail: `${signatureHeader} is not 64 lower-case hexadecimal digits` };
  }
  const given = Buffer.from(first[1], 'hex');
  for (const key of keys) {
    if (key.kind !== 'secret' || key.value === '') continue;
    const expected = createHmac('sha256', Buffer.from(key.value, 'utf8')).update(body).digest();
    if (timingSafeEqual(expected, given)) return { result: 'verified', detail: 'HMAC-SHA256 over the body' };
  }
  return { result: 'failed', detail: 'The signature does not fit the body and the token in force' };
}

/**
 * Checks a Standard Webhooks signature over received bytes: as a receiver would, from the secret and the request alone,
 * sharing nothing with the code that signs but the format of secrets.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { InboxRequest } from '../../../app/app.ts';
import { decodeSecret } from '../../../core/secret.ts';

/** Whether one of the request's `v1` signatures is that of this secret. */
export function verifyStandard(
  request: Pick<InboxRequest, 'headers' | 'bodyBase64' | 'bodyCut'>,
  secret: string,
): boolean {
  const key = decodeSecret(secret, 'whsec');
  const header = (name: string): string | undefined =>
    request.headers.find(([given]) => given.toLowerCase() === name)?.[1];
  const id = header('webhook-id');
  const timestamp = header('webhook-timestamp');
  const signatures = header('webhook-signature');
  if (key === null || id === undefined || timestamp === undefined || signatures === undefined || request.bodyCut)
    return false;
  const expected = createHmac('sha256', key)
    .update(`${id}.${timestamp}.`)
    .update(Buffer.from(request.bodyBase64, 'base64'))
    .digest();
  // Texts are compared, not what they decode to: base64 has several spellings of the same bytes.
  const wanted = Buffer.from(`v1,${expected.toString('base64')}`);
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { bytesOf, headerOf, type HeaderSource, valuesOf } from './raw-message.ts';
import { VerificationError } from './verification-error.ts';
import { parseWoodwingEvent, type WoodwingEvent } from './woodwing-event.ts';

export type VerifiedWoodwingMessage = {
  /**
   * The same on every attempt: drop the ones you have seen. It stands in a header of Assetwire's that nobody signed, so use
   * it for nothing else; null where another sender left it out.
   */
  readonly id: string | null;
  readonly event: WoodwingEvent;
};

const signatureHeader = 'x-hook-signature';
const deliveryHeader = 'assetwire-delivery-id';

/**
 * Checks a message in the form of WoodWing Assets: `X-Hook-Signature` is the lower-case hex of the HMAC-SHA256 over the raw
 * body, keyed with the characters of the secret token (do not decode it). Several tokens (while you replace one) are all
 * tried. This form signs no time: an old message verifies for ever, so remember what you have seen. Throws a
 * `VerificationError` for everything that must not be trusted.
 */
export function verifyWoodwing(
  payload: string | Uint8Array,
  headers: HeaderSource,
  secretTokens: string | readonly string[],
): VerifiedWoodwingMessage {
  const body = bytesOf(payload);
  const tokens = typeof secretTokens === 'string' ? [secretTokens] : secretTokens;
  if (tokens.length === 0 || tokens.some((token) => typeof token !== 'string' || token === '')) {
    throw new VerificationError('invalid_secret', 'At least one secret token is needed, and none may be empty');
  }
  const signature = headerOf(headers, signatureHeader);
  if (!/^[0-9a-f]{64}$/.test(signature) || !tokens.some((token) => fits(signature, token, body))) {
    throw new VerificationError(
      'no_matching_signature',
      `${signatureHeader} must fit the body and a token: it does not`,
    );
  }
  const [id = null] = valuesOf(headers, deliveryHeader);
  return { id, event: parseWoodwingEvent(body.toString('utf8')) };
}

function fits(signature: string, token: string, body: Buffer): boolean {
  const expected = createHmac('sha256', Buffer.from(token, 'utf8')).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}

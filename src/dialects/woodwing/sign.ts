import type { Placement, SignatureRequest, SignInput } from '../dialect.ts';
import { signatureHeader } from './verify.ts';

const placement: Placement = { header: signatureHeader, prefix: '', encoding: 'hex', separator: '', fixed: [] };

/**
 * One signature over the body alone: HMAC-SHA256 keyed with the token's own characters (it looks like base64 and is not to
 * be decoded), in lower-case hex, with no prefix and no time. The vendor has one token at a time, so only the newest signs.
 */
export function sign({ body, secrets }: SignInput): readonly SignatureRequest[] {
  const [secret] = secrets;
  if (secret === undefined) return [];
  return [
    {
      algorithm: 'hmac-sha256',
      key: { kind: 'webhook-secret', secret, decode: 'utf8' },
      content: [body],
      placement,
    },
  ];
}

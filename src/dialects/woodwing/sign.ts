import type { Placement, SignatureRequest, SignInput } from '../contract/message.ts';
import { signatureHeader } from './verify.ts';

/** The vendor's name for the secret that signs. */
export const tokenName = 'secretToken';

const placement: Placement = { header: signatureHeader, prefix: '', encoding: 'hex', separator: '', fixed: [] };

/**
 * One signature over the body alone: HMAC-SHA256 keyed with the token's own characters (it looks like base64 and is not to
 * be decoded), in lower-case hex, with no prefix and no time. The vendor has one token at a time, so only the newest signs;
 * credentials towards the receiver lie among the secrets too and sign nothing.
 */
export function sign({ body, secrets }: SignInput): readonly SignatureRequest[] {
  const secret = secrets.find(({ name }) => name === tokenName);
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

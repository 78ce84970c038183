import type { Placement, SignatureRequest, SignInput } from '../contract/message.ts';

/** What the manifest calls the secret that signs. */
export const signingSecretName = 'signing';

/**
 * One signature per secret in force, newest first, all in one header: `v1` (HMAC-SHA256) for `whsec_` secrets, `v1a`
 * (ed25519) for `whsk_` ones. Signed is `id.timestamp.body`, where the time is that of the attempt; neither id nor time
 * holds a dot (HARDENING SG-05), so the three cannot be shifted into each other. A secret of any other form signs
 * nothing: with none left the message is refused, because the manifest requires a signature (SG-19).
 */
export function sign({ body, messageId, secrets, attemptAtMs }: SignInput): readonly SignatureRequest[] {
  const timestamp = String(Math.floor(attemptAtMs / 1_000));
  const content = [`${messageId}.${timestamp}.`, body];
  const fixed = [
    ['webhook-id', messageId],
    ['webhook-timestamp', timestamp],
  ] as const;
  const requests: SignatureRequest[] = [];
  for (const secret of secrets) {
    // Credentials towards the receiver lie among the secrets too: they are no signing key, whatever they look like.
    if (secret.name !== signingSecretName || secret.format === 'text') continue;
    const symmetric = secret.format === 'whsec';
    requests.push({
      algorithm: symmetric ? 'hmac-sha256' : 'ed25519',
      key: { kind: 'webhook-secret', secret, decode: secret.format },
      content,
      placement: placement(symmetric ? 'v1,' : 'v1a,', fixed),
    });
  }
  return requests;
}

function placement(prefix: string, fixed: Placement['fixed']): Placement {
  return { header: 'webhook-signature', prefix, encoding: 'base64', separator: ' ', fixed };
}

import type { SignatureRequest } from '../contract/message.ts';
import type { SignatureVersion } from './sns-message.ts';

/** The workspace's key that messages are signed with; its certificate is served under the SNS URL. */
export const signingKeyName = 'sns';

/** A message carries its signature in its body (`render`): no header is signed. */
export function sign(): readonly SignatureRequest[] {
  return [];
}

/** RSASSA-PKCS1-v1_5: with SHA-1 in version 1, with SHA-256 in version 2. */
export const algorithmOf: { readonly [Version in SignatureVersion]: SignatureRequest['algorithm'] } = {
  '1': 'rsa-sha1',
  '2': 'rsa-sha256',
};

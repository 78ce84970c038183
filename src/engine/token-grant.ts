/** OAuth 2 credentials of a webhook, opened, as the transport asks for tokens with them. */
import type { Credentials } from '../core/webhook.ts';
import type { TokenGrant } from '../transports/transport.ts';
import type { OpenSecret } from './engine.ts';

type OAuth2 = Extract<Credentials, { kind: 'oauth2' }>;

/** Or the name of the secret that is not there. */
export function tokenGrant(
  credentials: OAuth2,
  secrets: readonly OpenSecret[],
): { readonly authorization: TokenGrant } | { readonly absent: string } {
  const { passwordSecret, clientSecretSecret, kind: _, clientAuthentication = 'header', ...plain } = credentials;
  const password = secrets.find(({ name }) => name === passwordSecret);
  if (password === undefined) return { absent: passwordSecret };
  const client = clientSecretSecret === undefined ? undefined : secrets.find(({ name }) => name === clientSecretSecret);
  if (clientSecretSecret !== undefined && client === undefined) return { absent: clientSecretSecret };
  return {
    authorization: {
      ...plain,
      clientAuthentication,
      password: password.value,
      ...(client === undefined ? {} : { clientSecret: client.value }),
      fingerprint: JSON.stringify([credentials, password.version, client?.version ?? 0]),
    },
  };
}

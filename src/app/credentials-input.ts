/** Credentials as callers give them, with the secrets taken out. */
import { isMaskedSecret } from '../core/secret.ts';
import type { Credentials } from '../core/webhook.ts';
import type { Manifest } from '../dialects/contract/manifest.ts';
import type { WebhookInput } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { checkOAuth2 } from './oauth2-input.ts';
import { unfit } from './refusals.ts';
import type { NewSecret } from './webhook-secrets.ts';

const passwordSecret = 'credentials.password';
const tokenSecret = 'credentials.token';
const awsKeySecret = 'credentials.secretAccessKey';
const awsSessionSecret = 'credentials.sessionToken';

export type CredentialsRead = { readonly credentials: Credentials; readonly secrets: readonly NewSecret[] };

/** Throws `invalid_request` for what the dialect does not have or what cannot be sent, and what the guard says of a token endpoint. */
export function readCredentials(
  deps: Pick<AppDeps, 'egress'>,
  manifest: Manifest,
  given: NonNullable<WebhookInput['credentials']>,
): CredentialsRead {
  if (!manifest.capabilities.credentials.includes(given.kind)) {
    throw unfit(
      '/credentials/kind',
      `one of ${manifest.capabilities.credentials.join(', ')} for dialect "${manifest.id}"`,
      given.kind,
    );
  }
  switch (given.kind) {
    case 'none':
      return { credentials: given, secrets: [] };
    case 'basic':
      // RFC 7617: the first colon ends the user name, so one inside it would move the border.
      if (given.username.includes(':')) throw unfit('/credentials/username', 'a name without a colon', 'one');
      return {
        credentials: { kind: 'basic', username: given.username, passwordSecret },
        secrets: [{ name: passwordSecret, value: given.password }],
      };
    case 'bearer':
      if (given.in === 'query' && manifest.capabilities.tokenInQuery !== true) {
        throw unfit('/credentials/in', `header: dialect "${manifest.id}" sends no token in the query`, 'query');
      }
      if (given.in !== 'query') refuseUnsendable(given.token);
      return {
        credentials: { kind: 'bearer', tokenSecret, ...(given.in === 'query' ? { in: 'query' } : {}) },
        secrets: [{ name: tokenSecret, value: given.token }],
      };
    case 'aws': {
      const { accessKeyId, secretAccessKey, sessionToken } = given;
      const keys = { kind: 'aws', accessKeyId, secretKeySecret: awsKeySecret } as const;
      const secret = { name: awsKeySecret, value: secretAccessKey };
      if (sessionToken === undefined) return { credentials: keys, secrets: [secret] };
      return {
        credentials: { ...keys, sessionTokenSecret: awsSessionSecret },
        secrets: [secret, { name: awsSessionSecret, value: sessionToken }],
      };
    }
    case 'oauth2':
      return checkOAuth2(deps, given);
    default:
      return given satisfies never;
  }
}

/** RFC 6750, 2.1. One that fits into no header is said now, not with every delivery; one masked is judged as such. */
function refuseUnsendable(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token) || isMaskedSecret(token)) return;
  const found = /^bearer /i.test(token) ? 'the word Bearer before it' : 'something else in it';
  throw unfit('/credentials/token', 'the token alone, visible ASCII without blanks, as a header carries it', found);
}

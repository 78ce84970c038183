/** OAuth 2 credentials as callers give them: which fields go with which grant, and a token endpoint on the guarded road. */
import { AssetwireError } from '../core/errors.ts';
import type { Credentials } from '../core/webhook.ts';
import type { AppDeps } from './dependencies.ts';
import { unfit } from './refusals.ts';
import type { NewSecret } from './webhook-secrets.ts';

/**
 * Access tokens are fetched from `tokenUrl`: with `password` for a user name and a password (RFC 6749, 4.3), beside which a
 * server may want to know the client; with `client-credentials` for the client's own id and secret (4.4).
 */
export type OAuth2Input = {
  readonly kind: 'oauth2';
  readonly grant: 'password' | 'client-credentials';
  readonly tokenUrl: string;
  readonly username?: string;
  readonly password?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientAuthentication?: 'header' | 'body';
  readonly scope?: string;
  readonly audience?: string;
};

type OAuth2 = Extract<Credentials, { kind: 'oauth2' }>;
export type OAuth2Checked = { readonly credentials: OAuth2; readonly secrets: readonly NewSecret[] };

export const oauth2PasswordSecret = 'credentials.password';
export const clientSecretSecret = 'credentials.clientSecret';

/** Throws `invalid_request`, or what the guard says of the token endpoint. */
export function checkOAuth2({ egress }: Pick<AppDeps, 'egress'>, given: OAuth2Input): OAuth2Checked {
  const { kind, grant, clientAuthentication, scope, audience } = given;
  const common = {
    kind,
    grant,
    tokenUrl: tokenUrl(egress, given.tokenUrl),
    ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  };
  if (grant === 'client-credentials') {
    for (const field of ['username', 'password'] as const) {
      if (given[field] !== undefined) throw unfit(`/credentials/${field}`, 'none with grant client-credentials', 'one');
    }
    const credentials: OAuth2 = {
      ...common,
      username: required(given, 'clientId'),
      passwordSecret: oauth2PasswordSecret,
    };
    return { credentials, secrets: [{ name: oauth2PasswordSecret, value: required(given, 'clientSecret') }] };
  }
  const { clientId, clientSecret } = given;
  if (clientSecret !== undefined && clientId === undefined) {
    throw unfit('/credentials/clientId', 'the id that clientSecret belongs to', 'none');
  }
  const secrets = [
    { name: oauth2PasswordSecret, value: required(given, 'password') },
    ...(clientSecret === undefined ? [] : [{ name: clientSecretSecret, value: clientSecret }]),
  ];
  const credentials: OAuth2 = {
    ...common,
    username: required(given, 'username'),
    passwordSecret: oauth2PasswordSecret,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecretSecret }),
  };
  return { credentials, secrets };
}

function required(given: OAuth2Input, field: 'username' | 'password' | 'clientId' | 'clientSecret'): string {
  const value = given[field];
  if (value === undefined || value === '')
    throw unfit(`/credentials/${field}`, `one with grant ${given.grant}`, 'none');
  return value;
}

/** https, unless the operator allowed the address (HARDENING OA-12); stored as the guard read it. */
function tokenUrl(egress: AppDeps['egress'], url: string): string {
  try {
    return egress.checkTarget(url, { plainHttp: false }).url;
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    throw new AssetwireError(error.code, {
      detail: `The token endpoint: ${error.message}`,
      ...(error.mend === undefined ? {} : { mend: error.mend }),
    });
  }
}

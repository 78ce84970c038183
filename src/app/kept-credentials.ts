/**
 * A masked secret that comes back: from a client that reads a webhook, changes something of it and writes all of it. It
 * stands for the secret that is there, and only where that goes on being used for the same account at the same place:
 * otherwise whoever may edit a webhook could have a secret sent where they read it.
 */
import { isMaskedSecret } from '../core/secret.ts';
import type { Credentials } from '../core/webhook.ts';
import { unfit } from './refusals.ts';
import type { NewSecret, SecretEntry } from './webhook-secrets.ts';

/** What a webhook has so far. */
export type StoredCredentials = { readonly credentials: Credentials; readonly entries: readonly SecretEntry[] };

/** The secrets that are new. Throws `invalid_request` for a masked one that stands for nothing. */
export function newSecrets(
  taken: readonly NewSecret[],
  credentials: Credentials,
  stored: StoredCredentials | null,
): readonly NewSecret[] {
  return taken.filter(({ name, value }) => {
    if (!isMaskedSecret(value)) return true;
    const entry = stored?.entries.find((one) => one.name === name && one.expiresAtMs === null);
    if (stored !== null && entry?.masked === value && isSameAccount(credentials, stored.credentials)) return false;
    const wanted =
      entry === undefined
        ? 'the secret itself'
        : 'the secret itself, or what is shown of it beside the account and the address that it is for now';
    throw unfit(`/credentials/${fieldOf(name, credentials)}`, wanted, 'a masked one');
  });
}

/** Everything but what is asked for with it: `scope`, `audience`, and where the client's id goes. */
function isSameAccount(one: Credentials, other: Credentials): boolean {
  return accountOf(one) === accountOf(other);
}

function accountOf(credentials: Credentials): string {
  const account = Object.entries(credentials).filter(([field]) => !asked.has(field));
  return JSON.stringify(account.sort(([one], [other]) => (one < other ? -1 : 1)));
}

const asked: ReadonlySet<string> = new Set(['scope', 'audience', 'clientAuthentication']);

/** In the names that callers use: the one secret of a client has the place of a password. */
function fieldOf(name: string, credentials: Credentials): string {
  const field = name.slice('credentials.'.length);
  const isClient = credentials.kind === 'oauth2' && credentials.grant === 'client-credentials';
  return isClient && field === 'password' ? 'clientSecret' : field;
}

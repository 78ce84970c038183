/** The secret that deliveries are signed with: brought by the caller or made, as the dialect's manifest says. */
import { AssetwireError } from '../core/errors.ts';
import { checkSecret, makeSecret, type SecretFormat } from '../core/secret.ts';
import type { GeneratedSecret } from '../dialects/contract/manifest.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Random } from '../runtime/random.ts';
import type { NewSecret } from './webhook-secrets.ts';

const textCharactersMax = 256;

/** What the dialect signs with; null where it does not sign with a secret of the webhook. */
export function signingSecretOf(dialect: Dialect): GeneratedSecret | null {
  return dialect.manifest.configuration.generated.find(({ format }) => format !== 'none') ?? null;
}

/**
 * The given secret, checked, or a new one. Null where the dialect signs with none and none was given. `like` is the form
 * of the secret that a new one replaces: who verifies with a public key goes on doing so.
 */
export function signingSecret(
  dialect: Dialect,
  given: string | undefined,
  { random, like = 'text' }: { readonly random: Random; readonly like?: SecretFormat },
): NewSecret | null {
  const wanted = signingSecretOf(dialect);
  if (wanted === null) {
    if (given === undefined) return null;
    throw new AssetwireError('invalid_secret', {
      detail: `Leave the secret out: dialect "${dialect.manifest.id}" signs with none`,
    });
  }
  const format = like === 'text' || wanted.format === 'text' ? wanted.format : like;
  const value = given === undefined ? made({ ...wanted, format }, random) : checked(wanted, given);
  const publicKey = dialect.publicKey?.(value) ?? null;
  return publicKey === null ? { name: wanted.name, value } : { name: wanted.name, value, publicKey };
}

function made({ format }: GeneratedSecret, random: Random): string {
  const draw = (count: number): Uint8Array => random.bytes(count);
  switch (format) {
    case 'whsec':
    case 'whsk':
      return makeSecret(format, draw);
    case 'base64-16':
      return Buffer.from(draw(16)).toString('base64');
    case 'text':
      return Buffer.from(draw(24)).toString('base64url');
    case 'none':
      throw new TypeError('A dialect without secrets must not be asked for one');
    default:
      return format satisfies never;
  }
}

/** What the dialect accepts; any text where it says nothing. */
function checked({ accepts }: GeneratedSecret, given: string): string {
  if (accepts !== undefined) {
    checkSecret(given, accepts);
    return given;
  }
  if (given.length < 1 || given.length > textCharactersMax) {
    throw new AssetwireError('invalid_secret', {
      detail: `Bring a secret of 1 to ${textCharactersMax} characters: got ${given.length}`,
    });
  }
  return given;
}

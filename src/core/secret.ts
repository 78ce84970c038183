/**
 * Signing secrets as text. `whsec_` and `whsk_` are the forms of Standard Webhooks: a prefix and standard base64; the key
 * is what the base64 decodes to. Everything else is `text`, whose key is its UTF-8 itself. The two are told apart by the
 * caller (`KeyDecoding`), never guessed while signing: a token may begin with `whsec_` and still be meant literally.
 */
import { AssetwireError } from './errors.ts';

/** What a secret's text says it is. */
export type SecretFormat = 'whsec' | 'whsk' | 'text';

/** How a dialect reads a secret's key: `utf8` the text itself; `whsec` and `whsk` prefix removed, base64-decoded. */
export type KeyDecoding = 'utf8' | 'whsec' | 'whsk';

/** Bounds of the Standard Webhooks specification for symmetric secrets, after decoding. */
export const whsecBytesMin = 24;
export const whsecBytesMax = 64;
/** What we make ourselves: 256 bits. */
const whsecBytesMade = 32;
/** An ed25519 private key is its 32-byte seed, or the seed followed by the public key (the libsodium form). */
const whskSeedBytes = 32;
const whskPairBytes = 64;

/** What the text says it is, by its prefix alone. */
export function secretFormatOf(text: string): SecretFormat {
  if (text.startsWith('whsec_')) return 'whsec';
  if (text.startsWith('whsk_')) return 'whsk';
  return 'text';
}

/**
 * The key bytes of a secret, or null where the text is not a usable secret of that decoding: wrong prefix, base64 that is
 * not canonical, fewer or more bytes than allowed. For `whsk` the 32-byte seed.
 */
export function decodeSecret(text: string, decoding: KeyDecoding): Uint8Array | null {
  if (decoding === 'utf8') return text === '' ? null : Buffer.from(text, 'utf8');
  const prefix = decoding === 'whsec' ? 'whsec_' : 'whsk_';
  if (!text.startsWith(prefix)) return null;
  const key = decodeBase64(text.slice(prefix.length));
  if (key === null) return null;
  if (decoding === 'whsec') return key.length >= whsecBytesMin && key.length <= whsecBytesMax ? key : null;
  return key.length === whskSeedBytes || key.length === whskPairBytes ? key.subarray(0, whskSeedBytes) : null;
}

/** Standard base64 only, with its padding or without any; anything Node would silently skip is refused. */
function decodeBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === text || canonical.replaceAll('=', '') === text ? bytes : null;
}

const wantedForms = {
  whsec: `\`whsec_\` and the base64 of ${whsecBytesMin} to ${whsecBytesMax} random bytes`,
  whsk: `\`whsk_\` and the base64 of an ed25519 private key of ${whskSeedBytes} or ${whskPairBytes} bytes`,
} as const;

/**
 * Refuses a secret that a caller brought and that cannot be used in any of these forms (`invalid_secret`, HARDENING
 * SG-11). Never repeats the secret.
 */
export function checkSecret(text: string, accepted: readonly Exclude<SecretFormat, 'text'>[]): void {
  if (accepted.some((format) => decodeSecret(text, format) !== null)) return;
  throw new AssetwireError('invalid_secret', {
    detail: `The signing secret must be ${accepted.map((format) => wantedForms[format]).join(', or ')}: got something else`,
    mend: 'Leave the secret out and one is made for you',
  });
}

/** Makes a secret. `randomBytes` must be a CSPRNG (HARDENING SG-12). */
export function makeSecret(format: Exclude<SecretFormat, 'text'>, randomBytes: (count: number) => Uint8Array): string {
  const bytes = randomBytes(format === 'whsec' ? whsecBytesMade : whskSeedBytes);
  return `${format}_${Buffer.from(bytes).toString('base64')}`;
}

/** A secret as people may see it again: its prefix and at most four trailing characters (HARDENING SG-16). */
export function maskSecret(text: string): string {
  const format = secretFormatOf(text);
  const prefix = format === 'text' ? '' : `${format}_`;
  const rest = text.length - prefix.length;
  return `${prefix}…${rest >= 16 ? text.slice(-4) : ''}`;
}

/** Whether a text is what `maskSecret` makes: nobody's secret. */
export function isMaskedSecret(text: string): boolean {
  return /^(?:whsec_|whsk_)?…(?:[^]{4})?$/.test(text);
}

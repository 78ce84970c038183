/** Certificates of a webhook, as they are given and as they are shown. */
import type { WebhookInput } from '../../app/app.ts';
import { named, object, optional, type Schema, string } from '../schema.ts';
import { timeMs } from './basics.ts';

const pem = (charactersMax: number, description: string): Schema<string> =>
  string({ minLength: 1, maxLength: charactersMax, description });

export const tlsSchema: Schema<NonNullable<WebhookInput['tls']>> = named(
  'TlsInput',
  object(
    {
      certificatePem: optional(pem(65_536, 'Client certificate, with the chain behind it')),
      keyPem: optional(pem(32_768, 'Its private key, not encrypted')),
      authorityPem: optional(pem(65_536, 'Trusted for this receiver instead of the public authorities')),
    },
    { description: 'Client certificate and private authority, as PEM; sealed, and never shown again. https only' },
  ),
);

const certificateFacts = object({
  subject: string(),
  fingerprint: string({ description: 'SHA-256' }),
  expiresAtMs: timeMs(),
});

export const shownTls = object(
  { certificate: optional(certificateFacts), authority: optional(certificateFacts) },
  { description: 'What it shows and trusts by TLS, as far as people may know it' },
);

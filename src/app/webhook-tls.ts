/**
 * A webhook's own certificate and authority: what it proves itself with to a receiver that asks for a client certificate, and
 * what it knows a receiver by whose certificate no public authority has signed. The texts lie sealed with the webhook's
 * secrets; the webhook itself carries what people may know of them.
 */
import { X509Certificate } from 'node:crypto';
import { type CertificateFacts, tlsSecrets, type WebhookTls } from '../core/webhook.ts';
import { checkTlsIdentity } from '../egress/tls-identity.ts';
import { unfit } from './refusals.ts';
import type { NewSecret, SecretEntry } from './webhook-secrets.ts';
import type { WebhookBody } from './webhook-state.ts';

/** All PEM. A certificate (its chain behind it) goes with its unencrypted key; an authority may stand alone. */
export type TlsInput = {
  readonly certificatePem?: string;
  readonly keyPem?: string;
  readonly authorityPem?: string;
};

export type TlsRead = { readonly tls: WebhookTls; readonly secrets: readonly NewSecret[] };

/** Throws `invalid_secret` for what cannot be used together, `invalid_request` where there is nothing. */
export function readTls({ certificatePem, keyPem, authorityPem }: TlsInput): TlsRead {
  if (certificatePem === undefined && keyPem === undefined && authorityPem === undefined) {
    throw unfit('/tls', 'certificatePem with keyPem, authorityPem, or all three', 'none of them');
  }
  const material = {
    id: 'given',
    ...(certificatePem === undefined ? {} : { certificatePem }),
    ...(keyPem === undefined ? {} : { keyPem }),
    ...(authorityPem === undefined ? {} : { caPem: authorityPem }),
  };
  checkTlsIdentity(material, '/tls');
  const parts = [
    [tlsSecrets.certificate, certificatePem],
    [tlsSecrets.key, keyPem],
    [tlsSecrets.authority, authorityPem],
  ] as const;
  return {
    tls: {
      ...(certificatePem === undefined ? {} : { certificate: factsOf(certificatePem) }),
      ...(authorityPem === undefined ? {} : { authority: factsOf(authorityPem) }),
    },
    secrets: parts.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
  };
}

/** Of the first certificate in the text: the one that is shown, or the authority. */
function factsOf(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  return {
    subject: certificate.subject.split('\n').join(', ').slice(0, 300),
    fingerprint: certificate.fingerprint256,
    expiresAtMs: certificate.validToDate.getTime(),
  };
}

/** Throws `invalid_request`: where nothing is said by TLS there is nobody to show a certificate to. */
export function refuseTlsWithoutHttps({ tls, target }: Pick<WebhookBody, 'tls' | 'target'>): void {
  if (tls === undefined || (target.transport === 'http' && target.url.startsWith('https:'))) return;
  const found = target.transport === 'http' ? 'http' : target.transport;
  throw unfit('/tls', 'an https target beside it, or null to take it away', found);
}

/** Without the texts that nothing asks for any more: a private key does not lie about. */
export function withoutUnusedTls(entries: readonly SecretEntry[], tls: WebhookTls | undefined): readonly SecretEntry[] {
  const used = new Set(tlsSecretsOf(tls));
  const all: ReadonlySet<string> = new Set(Object.values(tlsSecrets));
  return entries.filter(({ name }) => !all.has(name) || used.has(name));
}

function tlsSecretsOf(tls: WebhookTls | undefined): readonly string[] {
  return [
    ...(tls?.certificate === undefined ? [] : [tlsSecrets.certificate, tlsSecrets.key]),
    ...(tls?.authority === undefined ? [] : [tlsSecrets.authority]),
  ];
}

/** The inbox's certificate over restarts: made at the first start, kept with mode 0600, renewed before it runs out. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readFileIfPresent, writeFileAtomically } from '../runtime/data-directory.ts';
import { createInboxCertificate, type InboxCertificate } from './self-signed.ts';

const certificateFile = 'inbox-certificate.pem';
const keyFile = 'inbox-key.pem';
/** A certificate with less time left than this is made anew at the next start. */
const leftMsMin = 30 * 24 * 3_600_000;

export type KeptCertificate = { readonly directory: string; readonly host: string; readonly nowMs: number };

export function keepInboxCertificate({ directory, host, nowMs }: KeptCertificate): InboxCertificate {
  const certPath = join(directory, certificateFile);
  const keyPath = join(directory, keyFile);
  const certPem = readFileIfPresent(certPath);
  const keyPem = readFileIfPresent(keyPath);
  if (certPem !== null && keyPem !== null && fits(certPem, host, nowMs)) return { certPem, keyPem };
  const made = createInboxCertificate({ hosts: [host], nowMs });
  writeFileAtomically(keyPath, made.keyPem);
  writeFileAtomically(certPath, made.certPem);
  return made;
}

function fits(certPem: string, host: string, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(certPem);
    const named = certificate.checkIP(host) ?? certificate.checkHost(host);
    return named !== undefined && Date.parse(certificate.validTo) - nowMs > leftMsMin;
  } catch {
    // Unreadable is as good as none: another one is made.
    return false;
  }
}

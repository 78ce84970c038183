/**
 * The certificate of the inbox's own TLS listener: self-signed, made at first start, trusted by us for exactly that
 * origin. Its library is loaded when a certificate is made, which is once in the life of a data directory.
 */
import { isIP } from 'node:net';
import { loadX509, serialOf } from '../runtime/x509.ts';

export type InboxCertificate = { readonly certPem: string; readonly keyPem: string };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clients refuse server certificates that run longer (825 days); a fresh one is made when it has run out. */
const validMs = 800 * 24 * 3_600_000;
/** Clocks of containers and their hosts differ; a certificate from the future is refused. */
const backdatedMs = 24 * 3_600_000;

/**
 * An ECDSA P-256 certificate for 127.0.0.1, ::1, `localhost` and the given hosts (names or addresses), valid from a day
 * before `nowMs` for about two years.
 */
export async function createInboxCertificate({
  hosts,
  nowMs,
}: {
  readonly hosts: readonly string[];
  readonly nowMs: number;
}): Promise<InboxCertificate> {
  const x509 = await loadX509();
  const { subtle } = globalThis.crypto;
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const publicKey = new Uint8Array(await subtle.exportKey('spki', keys.publicKey));
  const names = [...new Set(['127.0.0.1', '::1', 'localhost', ...hosts])];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialOf(publicKey),
    name: 'CN=Assetwire inbox',
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + validMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  const privateKey = new Uint8Array(await subtle.exportKey('pkcs8', keys.privateKey));
  return { certPem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(privateKey, 'PRIVATE KEY') };
}

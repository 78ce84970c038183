/** An RSA key with a certificate of its own, for messages that are signed and verified with a certificate. */
import { loadX509, serialOf } from './x509.ts';

export type RsaKey = {
  /** PKCS #8. A secret. */
  readonly privateKeyPem: string;
  /** Self-signed: receivers look at its key, and at nobody who vouches for it. */
  readonly certificatePem: string;
};

export type RsaKeyRequest = {
  readonly commonName: string;
  readonly nowMs: number;
  readonly validMs: number;
};

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2_048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
/** Clocks of receivers differ from ours; a certificate from the future is refused. */
const backdatedMs = 24 * 3_600_000;

/** Takes about 100 ms of another thread. */
export async function createRsaKey({ commonName, nowMs, validMs }: RsaKeyRequest): Promise<RsaKey> {
  const x509 = await loadX509();
  const { subtle } = globalThis.crypto;
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const publicKey = new Uint8Array(await subtle.exportKey('spki', keys.publicKey));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialOf(publicKey),
    name: [{ CN: [commonName] }],
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + validMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  const privateKey = new Uint8Array(await subtle.exportKey('pkcs8', keys.privateKey));
  return {
    privateKeyPem: x509.PemConverter.encode(privateKey, 'PRIVATE KEY'),
    certificatePem: certificate.toString('pem'),
  };
}

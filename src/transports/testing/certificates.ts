/** Certificates for tests: authorities and what they sign, good and bad, ECDSA P-256 because making them is quick. */
import '@abraham/reflection';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export type TestAuthority = {
  readonly certPem: string;
  issue(options?: LeafOptions): Promise<TestCertificate>;
  /** An authority that this one vouches for. */
  intermediate(name: string): Promise<TestAuthority>;
};

export type TestCertificate = { readonly certPem: string; readonly keyPem: string };

export type LeafOptions = {
  /** Names and addresses it is for. Default: 127.0.0.1 and localhost. Empty: no subject alternative names at all. */
  readonly hosts?: readonly string[];
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;
let serial = 1;

export async function createTestAuthority(name = 'Test authority'): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...authorityFields(),
    name: `CN=${name}`,
    keys,
  });
  return authorityOf(authority, keys);
}

function authorityFields() {
  return {
    serialNumber: nextSerial(),
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + 24 * hourMs),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 2, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  };
}

function authorityOf(authority: x509.X509Certificate, keys: CryptoKeyPair): TestAuthority {
  return {
    certPem: authority.toString('pem'),
    async intermediate(name) {
      const own = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const below = await x509.X509CertificateGenerator.create({
        ...authorityFields(),
        subject: `CN=${name}`,
        issuer: authority.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
      });
      return authorityOf(below, own);
    },
    async issue(options = {}) {
      const leafKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const leaf = await x509.X509CertificateGenerator.create({
        ...leafFields(options),
        issuer: authority.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
      });
      return { certPem: leaf.toString('pem'), keyPem: await keyPem(leafKeys.privateKey) };
    },
  };
}

/** A certificate that vouches for itself. */
export async function createSelfSigned(options: LeafOptions = {}): Promise<TestCertificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { subject, ...fields } = leafFields(options);
  const leaf = await x509.X509CertificateGenerator.createSelfSigned({
    ...fields,
    name: subject,
    signingAlgorithm: algorithm,
    keys,
  });
  return { certPem: leaf.toString('pem'), keyPem: await keyPem(keys.privateKey) };
}

function leafFields({ hosts = ['127.0.0.1', 'localhost'], commonName = 'test', notBefore, notAfter }: LeafOptions) {
  const names = hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  return {
    serialNumber: nextSerial(),
    subject: `CN=${commonName}`,
    notBefore: notBefore ?? new Date(Date.now() - hourMs),
    notAfter: notAfter ?? new Date(Date.now() + 24 * hourMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  };
}

function nextSerial(): string {
  return (serial++).toString(16).padStart(4, '0');
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', key)), 'PRIVATE KEY');
}

import assert from 'node:assert/strict';
import { createPrivateKey, KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { it } from 'node:test';
import { loadX509, serialOf } from '../runtime/x509.ts';
import { certify, createInboxCertificate } from './self-signed.ts';

const day = 24 * 3_600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

it('the inbox certificate is for loopback and the given hosts, P-256, and valid around now', () => {
  const nowMs = Date.UTC(2026, 10, 22);
  const { certPem, keyPem } = createInboxCertificate({
    hosts: ['inbox.example', '10.1.2.3', 'localhost'],
    nowMs,
  });
  const certificate = new X509Certificate(certPem);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(keyPem)));
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  for (const host of ['localhost', 'inbox.example']) assert.equal(certificate.checkHost(host), host);
  for (const address of ['127.0.0.1', '::1', '10.1.2.3']) assert.equal(certificate.checkIP(address), address);
  assert.equal(certificate.checkHost('other.example'), undefined);
  assert.equal(certificate.ca, false);
  assert.ok(
    certificate.validFromDate.getTime() < nowMs && certificate.validToDate.getTime() > nowMs + 365 * 24 * 3_600_000,
  );
  assert.match(certificate.serialNumber, /^[0-7]/);
});

it('every certificate has a key and a serial number of its own', () => {
  const [one, two] = [1, 2].map(() => createInboxCertificate({ hosts: [], nowMs: 0 }));
  assert.ok(one !== undefined && two !== undefined);
  assert.notEqual(one.keyPem, two.keyPem);
  assert.notEqual(new X509Certificate(one.certPem).serialNumber, new X509Certificate(two.certPem).serialNumber);
});

/** The library that makes the other certificates, of the same key. */
async function ofLibrary(keys: CryptoKeyPair, hosts: readonly string[], nowMs: number): Promise<X509Certificate> {
  const x509 = await loadX509();
  const spki = new Uint8Array(await globalThis.crypto.subtle.exportKey('spki', keys.publicKey));
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialOf(spki),
    name: 'CN=Assetwire inbox',
    notBefore: new Date(nowMs - day),
    notAfter: new Date(nowMs + 800 * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  return new X509Certificate(made.toString('pem'));
}

/** What is signed: the first element of the certificate. */
function signedPart({ raw }: X509Certificate): string {
  const start = raw[1] === 0x82 ? 4 : 3;
  const length = raw[start + 1] === 0x82 ? raw.readUInt16BE(start + 2) + 4 : raw.readUInt8(start + 2) + 3;
  return raw.subarray(start, start + length).toString('hex');
}

it('what is signed is byte by byte what the library for certificates makes of the same key', async () => {
  const keys = await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pair = { publicKey: KeyObject.from(keys.publicKey), privateKey: KeyObject.from(keys.privateKey) };
  const manyNames = Array.from({ length: 12 }, (_, index) => `inbox-${index}.a-longer-name.example`);
  for (const more of [
    [],
    ['inbox.example', '10.1.2.3'],
    ['2001:db8::8:800:200c:417a', '::ffff:10.0.0.1x'],
    manyNames,
  ]) {
    for (const nowMs of [Date.UTC(2026, 10, 22, 1, 2, 3), Date.UTC(2048, 0, 1), Date.UTC(2060, 5, 5)]) {
      const ours = new X509Certificate(certify({ hosts: more, nowMs }, pair).certPem);
      const theirs = await ofLibrary(keys, ['127.0.0.1', '::1', 'localhost', ...more], nowMs);
      assert.equal(signedPart(ours), signedPart(theirs), `${more.length} names, ${nowMs}`);
      assert.ok(ours.verify(ours.publicKey));
    }
  }
});

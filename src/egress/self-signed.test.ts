import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { it } from 'node:test';
import { createInboxCertificate } from './self-signed.ts';

it('the inbox certificate is for loopback and the given hosts, P-256, and valid around now', async () => {
  const nowMs = Date.UTC(2026, 10, 22);
  const { certPem, keyPem } = await createInboxCertificate({
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

it('every certificate has a key and a serial number of its own', async () => {
  const [one, two] = await Promise.all([1, 2].map(() => createInboxCertificate({ hosts: [], nowMs: 0 })));
  assert.ok(one !== undefined && two !== undefined);
  assert.notEqual(one.keyPem, two.keyPem);
  assert.notEqual(new X509Certificate(one.certPem).serialNumber, new X509Certificate(two.certPem).serialNumber);
});

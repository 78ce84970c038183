import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { before, test } from 'node:test';
import { sampleChange } from '../../../src/core/sample-change.ts';
import { bynderDialect } from '../../../src/dialects/bynder/index.ts';
import { sampleLinks, sampleSigningKeyId, sampleWebhook } from '../../../src/dialects/testing/sample-webhook.ts';
import { createRsaKey, type RsaKey } from '../../../src/runtime/rsa-key.ts';
import { type BynderOptions, type BynderVerifier, createBynderVerifier } from '../src/index.ts';

const change = sampleChange('asset.ready');
let key: RsaKey;
let fetched: string[] = [];

before(async () => {
  key = await createRsaKey({ commonName: 'test', nowMs: Date.now(), validMs: 86_400_000 });
});

const fetchKey: typeof fetch = (url) => {
  fetched.push(new Request(url).url);
  return Promise.resolve(new Response(key.certificatePem));
};

function verifier(options: Partial<BynderOptions> = {}): BynderVerifier {
  fetched = [];
  return createBynderVerifier({ certificateHosts: ['assetwire.example'], fetch: fetchKey, ...options });
}

function sent(event: string, signatureVersion = '1'): { readonly [field: string]: string } {
  const { body } = bynderDialect.render({
    change,
    webhook: sampleWebhook(bynderDialect, { settings: { signatureVersion } }),
    notification: { event, frozen: { atMs: 0, key: sampleSigningKeyId, token: 'TOKEN' } },
    messageId: '0b2c8f1e-6a55-4c1f-9a35-3f1f5a0b7c11',
    createdAtMs: 0,
    links: sampleLinks,
  });
  assert.ok(!(body instanceof Uint8Array));
  const signer = createSign(signatureVersion === '1' ? 'sha1' : 'sha256');
  for (const part of body.sign.content) signer.update(part);
  return JSON.parse(Buffer.from(body.embed(signer.sign(key.privateKeyPem))).toString('utf8'));
}

test('what is sent verifies in both versions and is read by its kind; the certificate is fetched once', async () => {
  const verify = verifier();
  for (const version of ['1', '2']) {
    const told = await verify(JSON.stringify(sent('asset_bank.media.create', version)));
    assert.ok(told.type === 'Notification' && 'media' in told.event);
    assert.equal(told.event.media?.name, 'A flower');
    assert.equal(told.messageId, '0b2c8f1e-6a55-4c1f-9a35-3f1f5a0b7c11');
    for (const type of ['SubscriptionConfirmation', 'UnsubscribeConfirmation'] as const) {
      const asked = await verify(JSON.stringify(sent(type, version)));
      assert.ok(asked.type === type && asked.token === 'TOKEN' && asked.subscribeUrl.includes('Token=TOKEN'));
    }
  }
  assert.equal(fetched.length, 1);
});

test('CF-11 nothing is fetched that a stranger names, and nothing is believed that was altered', async () => {
  const good = sent('asset_bank.media.create');
  const refused = (fields: object, options: Partial<BynderOptions> = {}, code = 'no_matching_signature') =>
    assert.rejects(verifier(options)(JSON.stringify(fields)), { code });
  for (const SigningCertURL of [
    'http://assetwire.example/mount/sns/x.pem',
    'https://assetwire.example.attacker.example/x.pem',
    'https://assetwire.example:8443/x.pem',
    'https://u@assetwire.example/x.pem',
    'https://assetwire.example/x.txt',
    'nowhere',
  ]) {
    await refused({ ...good, SigningCertURL });
    assert.deepEqual(fetched, [], SigningCertURL);
  }
  for (const field of ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type', 'Signature']) {
    await refused({ ...good, [field]: `x${good[field]}` });
  }
  await refused({ ...good, SignatureVersion: '2' });
  await refused({ ...good, SignatureVersion: '3' });
  await refused(good, { topicArns: ['arn:aws:sns:us-east-1:000000000000:other'] }, 'invalid_payload');
  const down: typeof fetch = () => Promise.reject(new Error('down'));
  await refused(good, { fetch: down }, 'source_unavailable');
  await refused(good, { fetch: () => Promise.resolve(new Response('no certificate')) });
  for (const text of ['', '[]', '{}', 'null', '{"Type":"Notification"}']) {
    await assert.rejects(verifier()(text), { code: 'invalid_payload' });
  }
  assert.throws(() => createBynderVerifier({ certificateHosts: [], fetch: fetchKey }), { code: 'invalid_secret' });
});

test('SR-12 a confirmation is handed over, not visited: whoever sends it names any SubscribeURL, and only the certificate is asked for', async () => {
  const verify = verifier();
  const asked = await verify(JSON.stringify(sent('SubscriptionConfirmation')));
  assert.ok(asked.type === 'SubscriptionConfirmation' && asked.subscribeUrl.startsWith('http'));
  assert.deepEqual(
    fetched.map((url) => new URL(url).pathname.endsWith('.pem')),
    [true],
  );
  const elsewhere = { ...sent('SubscriptionConfirmation'), SubscribeURL: 'http://169.254.169.254/latest/meta-data/' };
  await assert.rejects(verifier()(JSON.stringify(elsewhere)), { code: 'no_matching_signature' });
  assert.ok(!fetched.some((url) => url.includes('169.254')), fetched.join());
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { makeSecret, secretFormatOf } from '../../../src/core/secret.ts';
import { standardDialect } from '../../../src/dialects/standard/index.ts';
import { behaviourSamples } from './samples.ts';
import { signatureHeaders } from '../../../src/dialects/testing/signature-headers.ts';
import { sampleWebhook } from '../../../src/dialects/testing/sample-webhook.ts';
import { verify } from '../src/index.ts';

const attemptAtMs = 1_795_348_800_000;
const shared = makeSecret('whsec', (count) => randomBytes(count));
const privateKey = makeSecret('whsk', (count) => randomBytes(count));
const publicKey = standardDialect.publicKey?.(privateKey) ?? '';

test('SG-01 every event of the standard dialect verifies and reads, by shared secret and by public key', () => {
  const secrets = [shared, privateKey];
  for (const { event, body } of behaviourSamples(standardDialect)) {
    const requests = standardDialect.sign({
      body,
      messageId: 'dlv_1',
      webhook: sampleWebhook(standardDialect),
      secrets: secrets.map((text, version) => ({ name: 'signing', version, format: secretFormatOf(text) })),
      attemptAtMs,
    });
    const headers = signatureHeaders(requests, (_, version) => secrets[version] ?? '');
    for (const secret of [shared, publicKey]) {
      assert.equal(verify(body, headers, secret, { nowMs: attemptAtMs }).event.type, event);
    }
  }
});

test('What the official library signs is accepted', () => {
  const body = '{"type":"asset.renamed","timestamp":"t","data":{"subject":{"id":"x"}}}';
  const signature = new Webhook(shared).sign('msg_1', new Date(attemptAtMs), body);
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(attemptAtMs / 1_000),
    'webhook-signature': signature,
  };
  assert.equal(verify(body, headers, shared, { nowMs: attemptAtMs }).id, 'msg_1');
});

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { woodwingDialect } from '../../../src/dialects/woodwing/index.ts';
import { signatureHeaders } from '../../../src/dialects/testing/signature-headers.ts';
import { sampleWebhook } from '../../../src/dialects/testing/sample-webhook.ts';
import { parseWoodwingEvent, type VerificationError, verifyWoodwing } from '../src/index.ts';
import { behaviourSamples } from './samples.ts';

const token = '8/+6zgwqUERB1q1oS3Xhxw==';
const body = '{"timestamp":1,"type":"asset_create","assetId":"abc","metadata":{"filename":"ü"},"changedMetadata":{}}';
const signature = createHmac('sha256', token).update(body).digest('hex');

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as VerificationError).code;
  }
  return 'accepted';
}

test('SG-01 every event of the dialect verifies and reads, from the bytes that the server signs', () => {
  for (const { event, body: bytes } of behaviourSamples(woodwingDialect)) {
    const requests = woodwingDialect.sign({
      body: bytes,
      messageId: 'dlv_1',
      webhook: sampleWebhook(woodwingDialect),
      secrets: [{ name: 'secretToken', version: 1, format: 'text' }],
      attemptAtMs: 0,
    });
    const headers = [...signatureHeaders(requests, () => token), ['assetwire-delivery-id', 'dlv_1'] as const];
    const message = verifyWoodwing(bytes, headers, token);
    assert.deepEqual([message.event.type, message.id], [event, 'dlv_1']);
  }
});

test('The vendor’s vector verifies, from every kind of headers, with the former token beside the new one', () => {
  const given = { 'X-Hook-Signature': signature };
  for (const headers of [given, new Headers(given), Object.entries(given), { 'x-hook-signature': [signature] }]) {
    const { event, id } = verifyWoodwing(Buffer.from(body), headers, ['another', token]);
    assert.deepEqual([event.type, id], ['asset_create', null]);
  }
});

test('SG-02 SG-04 SG-20 anything but the token’s characters over the raw body is refused, and says why', () => {
  const headers = { 'x-hook-signature': signature };
  assert.equal(
    codeOf(() => verifyWoodwing(body, headers, token)),
    'accepted',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(`${body} `, headers, token)),
    'no_matching_signature',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(JSON.parse(body), headers, token)),
    'parsed_body',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(body, {}, token)),
    'missing_header',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(body, { 'x-hook-signature': [signature, signature] }, token)),
    'missing_header',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(body, headers, 'other')),
    'no_matching_signature',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(body, headers, '')),
    'invalid_secret',
  );
  assert.equal(
    codeOf(() => verifyWoodwing(body, headers, [])),
    'invalid_secret',
  );
  const decoded = createHmac('sha256', Buffer.from(token, 'base64')).update(body).digest('hex');
  for (const wrong of [signature.toUpperCase(), `sha256=${signature}`, signature.slice(2), decoded, 'ü'.repeat(64)]) {
    assert.equal(
      codeOf(() => verifyWoodwing(body, { 'x-hook-signature': wrong }, token)),
      'no_matching_signature',
    );
  }
});

test('Events are told apart by what they are about; what is absent is an empty object, what is no event is refused', () => {
  const event = parseWoodwingEvent('{"timestamp":1,"type":"asset_move","assetId":"a"}');
  assert.ok('assetId' in event);
  assert.deepEqual([event.metadata, event.changedMetadata], [{}, {}]);
  const folder = parseWoodwingEvent('{"timestamp":1,"type":"folder_create","folderPath":"/a"}');
  assert.ok('folderPath' in folder && !('changedMetadata' in folder));
  const link = parseWoodwingEvent('{"timestamp":1,"type":"authkey_create","authKey":"k"}');
  assert.deepEqual(Object.keys(link), ['timestamp', 'type', 'authKey']);
  const wrong = [
    '',
    '[]',
    '{}',
    'null',
    '{"timestamp":"1","type":"asset_move","assetId":"a"}',
    '{"timestamp":1,"type":"asset_move"}',
    '{"timestamp":1,"type":"__proto___x"}',
  ];
  for (const text of wrong)
    assert.equal(
      codeOf(() => parseWoodwingEvent(text)),
      'invalid_payload',
      text,
    );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaleflexDialect } from '../../../src/dialects/scaleflex/index.ts';
import { parseScaleflexEvent, readScaleflex, type ScaleflexCredentials, type VerificationError } from '../src/index.ts';
import { behaviourSamples } from './samples.ts';

const body = '{"event":"upload","file":{"uuid":"1","name":"ü.jpg"}}';
const basic = { username: 'shop', password: 'pä:ss' };
const basicHeader = `Basic ${Buffer.from('shop:pä:ss').toString('base64')}`;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as VerificationError).code;
  }
  return 'accepted';
}

function read(authorization: string, credentials: ScaleflexCredentials): string {
  return codeOf(() => readScaleflex(body, { authorization }, credentials));
}

test('Every trigger of the dialect reads, with Basic authentication, a static token and an exchanged one', () => {
  for (const { event, body: bytes } of behaviourSamples(scaleflexDialect)) {
    const headers = { Authorization: basicHeader, 'assetwire-delivery-id': 'dlv_1' };
    const message = readScaleflex(bytes, headers, basic);
    assert.deepEqual([message.event.event, message.id], [event, 'dlv_1']);
    assert.equal(typeof message.event.file.uuid, 'string');
  }
  assert.equal(read('Bearer second', { tokens: ['first', 'second'] }), 'accepted');
  assert.equal(read('bearer second', { tokens: 'second' }), 'accepted');
  assert.equal(read('Bearer jwt', { accepts: (token) => token === 'jwt' }), 'accepted');
});

test('SG-02 anything but what was given is refused, and says why', () => {
  for (const wrong of ['Basic c2hvcDpwYXNz', `${basicHeader}=`, 'Bearer x', 'Basic', basicHeader.toLowerCase()]) {
    assert.equal(read(wrong, basic), 'no_matching_token', wrong);
  }
  for (const wrong of ['Bearer', 'Bearer secon', 'Bearer second2', 'Basic second', 'Bearer second second']) {
    assert.equal(read(wrong, { tokens: 'second' }), 'no_matching_token', wrong);
  }
  assert.equal(read('Bearer jwt', { accepts: () => false }), 'no_matching_token');
  assert.equal(
    codeOf(() => readScaleflex(body, {}, basic)),
    'missing_header',
  );
  assert.equal(read('Bearer ', { tokens: '' }), 'invalid_secret');
  assert.equal(read('Bearer x', { tokens: [] }), 'invalid_secret');
  assert.equal(read('Basic c2hvcDo=', { username: 'shop', password: '' }), 'invalid_secret');
});

test('SG-20 the raw body is needed, and what is no event is refused', () => {
  const headers = { authorization: basicHeader };
  const parsed = JSON.parse(body) as Uint8Array;
  assert.equal(
    codeOf(() => readScaleflex(parsed, headers, basic)),
    'parsed_body',
  );
  for (const other of ['', '[]', 'null', '{}', '{"event":1,"file":{}}', '{"event":"upload","file":[]}']) {
    assert.equal(
      codeOf(() => parseScaleflexEvent(other)),
      'invalid_payload',
      other,
    );
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { verifyStandard } from './verify-standard.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = '{"type":"asset.ready","data":{"name":"ä"}}';

function signed(signature = new Webhook(secret).sign('msg_1', new Date(1_700_000_000_000), body)) {
  const headers: [string, string][] = [
    ['webhook-id', 'msg_1'],
    ['Webhook-Timestamp', '1700000000'],
    ['webhook-signature', signature],
  ];
  return { headers, bodyBase64: Buffer.from(body).toString('base64'), bodyCut: false };
}

test('what the reference library signs verifies, also as the second of two signatures', () => {
  assert.equal(verifyStandard(signed(), secret), true);
  assert.equal(
    verifyStandard(signed(`v1,${Buffer.alloc(32).toString('base64')} ${signed().headers[2]?.[1]}`), secret),
    true,
  );
});

test('any altered part fails', () => {
  assert.equal(verifyStandard({ ...signed(), bodyBase64: Buffer.from(`${body} `).toString('base64') }, secret), false);
  assert.equal(verifyStandard({ ...signed(), bodyCut: true }, secret), false);
  assert.equal(verifyStandard(signed(), `whsec_${Buffer.alloc(32, 8).toString('base64')}`), false);
  assert.equal(verifyStandard(signed(), 'nonsense'), false);
  assert.equal(verifyStandard(signed('v2,x v1, v1,AAAA'), secret), false);
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const request = signed();
    assert.equal(
      verifyStandard(
        { ...request, headers: request.headers.filter(([header]) => header.toLowerCase() !== name) },
        secret,
      ),
      false,
    );
    const changed = request.headers.map(([header, value]): [string, string] => [
      header,
      header.toLowerCase() === name ? `${value}1` : value,
    ]);
    assert.equal(verifyStandard({ ...request, headers: changed }, secret), false, name);
  }
});

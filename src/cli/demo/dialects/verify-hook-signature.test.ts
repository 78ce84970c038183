import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyHookSignature } from './verify-hook-signature.ts';

/** The vector that the vendor's own sample accepts. */
const token = '8/+6zgwqUERB1q1oS3Xhxw==';
const signature = '2b58073d3910c65ad262233742315085acd191972f82b57ab7828e34af963bfe';
const body =
  '{"timestamp":1510226364441,"type":"asset_update_metadata","assetId":"A1","metadata":{"status":"Final","filename":"flower-ü.jpg"},"changedMetadata":{"status":{"oldValue":"Draft","newValue":"Final"}}}';

function check(headers: readonly (readonly [string, string])[], { text = body, key = token, bodyCut = false } = {}) {
  return verifyHookSignature({ headers, bodyBase64: Buffer.from(text).toString('base64'), bodyCut }, key);
}

test('the vendor’s vector verifies, and nothing that was altered', () => {
  assert.equal(check([['X-Hook-Signature', signature]]), true);
  assert.equal(check([['x-hook-signature', signature]], { text: `${body} ` }), false);
  assert.equal(check([['x-hook-signature', signature]], { key: `${token}=` }), false);
  assert.equal(check([['x-hook-signature', signature]], { key: '' }), false);
  assert.equal(check([['x-hook-signature', signature]], { bodyCut: true }), false);
  assert.equal(check([['x-hook-signature', signature.toUpperCase()]]), false);
  assert.equal(check([['x-hook-signature', '']]), false);
  assert.equal(check([]), false);
  assert.equal(
    check([
      ['x-hook-signature', signature],
      ['x-hook-signature', signature],
    ]),
    false,
  );
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { AssetwireError } from './errors.ts';
import { checkSecret, decodeSecret, makeSecret, maskSecret, secretFormatOf } from './secret.ts';

function whsec(bytes: number): string {
  return `whsec_${randomBytes(bytes).toString('base64')}`;
}

function refused(text: string, format: 'whsec' | 'whsk'): boolean {
  try {
    checkSecret(text, [format]);
    return false;
  } catch (error) {
    assert.ok(error instanceof AssetwireError && error.code === 'invalid_secret');
    assert.ok(text.length < 8 || !error.message.includes(text.slice(6)), 'the secret is not repeated');
    return true;
  }
}

test('SG-11 a symmetric secret has 24 to 64 bytes', () => {
  for (const bytes of [24, 25, 26, 32, 63, 64]) assert.equal(refused(whsec(bytes), 'whsec'), false, String(bytes));
  for (const bytes of [0, 1, 23, 65]) assert.equal(refused(whsec(bytes), 'whsec'), true, String(bytes));
});

test('SG-11 what is not base64, not canonical or has no prefix is refused', () => {
  const good = whsec(24);
  for (const text of [
    '',
    'whsec_',
    good.slice(6),
    `${good} `,
    ` ${good}`,
    good.replace('whsec', 'WHSEC'),
    `whsec_${'ü'.repeat(32)}`,
  ]) {
    assert.equal(refused(text, 'whsec'), true, text);
  }
  assert.equal(refused(`whsec_${'-_'.repeat(16)}`, 'whsec'), true, 'base64url');
  assert.equal(refused(`whsec_${'A'.repeat(33)}=`, 'whsec'), true, 'unused bits');
  assert.equal(refused(whsec(25).replaceAll('=', ''), 'whsec'), false, 'without padding');
});

test('An ed25519 private key has 32 or 64 bytes, and its key is the seed', () => {
  const pair = randomBytes(64);
  assert.deepEqual(decodeSecret(`whsk_${pair.toString('base64')}`, 'whsk'), pair.subarray(0, 32));
  assert.equal(refused(`whsk_${randomBytes(33).toString('base64')}`, 'whsk'), true);
  assert.equal(refused(whsec(32), 'whsk'), true);
});

test('SG-12 made secrets are usable and carry at least 192 random bits', () => {
  const made = new Set<string>();
  for (const format of ['whsec', 'whsk'] as const) {
    for (let count = 0; count < 1_000; count += 1) {
      const text = makeSecret(format, (bytes) => randomBytes(bytes));
      assert.equal(secretFormatOf(text), format);
      assert.ok((decodeSecret(text, format)?.length ?? 0) >= 24);
      made.add(text);
    }
  }
  assert.equal(made.size, 2_000);
});

test('A literal secret is its own text, also where it looks like another', () => {
  assert.deepEqual(decodeSecret('8/+6zgwqUERB1q1oS3Xhxw==', 'utf8'), Buffer.from('8/+6zgwqUERB1q1oS3Xhxw=='));
  assert.deepEqual(decodeSecret('whsec_x', 'utf8'), Buffer.from('whsec_x'));
  assert.equal(decodeSecret('', 'utf8'), null);
  assert.equal(secretFormatOf('8/+6zgwqUERB1q1oS3Xhxw=='), 'text');
});

test('SG-16 a masked secret shows its prefix and at most four characters', () => {
  assert.equal(maskSecret(`whsec_${'A'.repeat(28)}wxyz`), 'whsec_…wxyz');
  assert.equal(maskSecret('short'), '…');
  assert.equal(maskSecret('whsec_short'), 'whsec_…');
});

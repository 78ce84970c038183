import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { createSeenMessages, VerificationError, verify } from '../src/index.ts';

const nowMs = 1_795_348_800_000;
const seconds = String(nowMs / 1_000);
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const whpk = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;
const body = JSON.stringify({
  type: 'asset.renamed',
  timestamp: '2026-11-22T12:00:00.000Z',
  data: { subject: { id: 'ast_ü' } },
});

function v1(payload = body, { id = 'msg_1', time = seconds, key = secret } = {}): string {
  const hmac = createHmac('sha256', Buffer.from(key.slice(6), 'base64'));
  return `v1,${hmac.update(`${id}.${time}.${payload}`).digest('base64')}`;
}

function v1a(payload = body): string {
  return `v1a,${sign(null, Buffer.from(`msg_1.${seconds}.${payload}`), privateKey).toString('base64')}`;
}

function headersOf(signature: string, more: { readonly [name: string]: string } = {}) {
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': seconds, 'webhook-signature': signature, ...more };
}

function refusal(run: () => unknown): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof VerificationError, String(error));
    assert.ok(!error.message.includes(secret.slice(6, 20)));
    return error.code;
  }
}

const check = (
  signature: string,
  payload: string | Uint8Array = body,
  secrets: string | readonly string[] = secret,
): string => refusal(() => verify(payload, headersOf(signature), secrets, { nowMs }));

test('SG-01 the official vectors are accepted', () => {
  const vectors = [
    [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '1614265330',
      '{"test": 2432232314}',
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      '1649367553',
      '{"email":"test@example.com","username":"test_user"}',
      'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    ],
  ] as const;
  for (const [key, id, time, payload, signature] of vectors) {
    const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature };
    // Their bodies are not events of ours: the signature is accepted, then the form is refused.
    assert.equal(
      refusal(() => verify(payload, headers, key, { nowMs: Number(time) * 1_000 })),
      'invalid_payload',
    );
    assert.equal(
      refusal(() => verify(`${payload} `, headers, key, { nowMs: Number(time) * 1_000 })),
      'no_matching_signature',
    );
  }
});

test('A verified message is read, from text and from bytes, whatever holds its headers', () => {
  const headers = headersOf(v1());
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  for (const source of [
    headers,
    new Headers(headers),
    Object.entries(headers),
    new Map(Object.entries(headers)),
    upper,
  ]) {
    for (const payload of [body, Buffer.from(body), new TextEncoder().encode(body)]) {
      const { id, sentAt, event } = verify(payload, source, secret, { nowMs });
      assert.equal(id, 'msg_1');
      assert.equal(sentAt.getTime(), nowMs);
      assert.equal(event.data.subject.id, 'ast_ü');
    }
  }
});

test('SG-08 during a rotation either secret is enough, and v1a needs only the public key', () => {
  const other = `whsec_${randomBytes(24).toString('base64')}`;
  const both = `${v1(body, { key: other })} ${v1()}`;
  for (const secrets of [secret, other, [secret, other], [whpk, secret]])
    assert.equal(check(both, body, secrets), 'accepted');
  assert.equal(check(v1a(), body, whpk), 'accepted');
  assert.equal(check(v1a('x'), body, whpk), 'no_matching_signature');
  assert.equal(check(`${v1()} ${v1a()}`, body, [whpk]), 'accepted');
  assert.equal(check(v1(), body, `whsec_${randomBytes(32).toString('base64')}`), 'no_matching_signature');
});

test('SG-02 a cut, re-coded, empty or foreign signature is refused, and only ten are read', () => {
  const raw = Buffer.from(v1().slice(3), 'base64');
  for (const length of [0, 1, 8, 31])
    assert.equal(check(`v1,${raw.subarray(0, length).toString('base64')}`), 'no_matching_signature');
  const wrong = [
    'v1',
    'v1,',
    ',',
    `${v1()}=`,
    ` v1,x`,
    `v2,${v1().slice(3)}`,
    `v1a,${v1().slice(3)}`,
    `v1,${raw.toString('hex')}`,
    `v1,${Buffer.concat([raw, raw]).toString('base64')}`,
  ];
  for (const signature of wrong) assert.equal(check(signature), 'no_matching_signature', signature);
  const urlSafe = raw.toString('base64url');
  assert.equal(check(`v1,${urlSafe}`), 'no_matching_signature', 'base64url');
  assert.equal(check(''), 'missing_header');
  assert.equal(check(`${'v1,AAAA '.repeat(9)}${v1()}`), 'accepted');
  assert.equal(check(`${'v1,AAAA '.repeat(10)}${v1()}`), 'no_matching_signature');
  assert.equal(check('v1,AAAA '.repeat(10_000)), 'no_matching_signature');
});

test('SG-03 the time must be whole seconds within the tolerance', () => {
  const at = (offset: number, options = {}): string => {
    const time = String(nowMs / 1_000 + offset);
    const headers = headersOf(v1(body, { time }), { 'webhook-timestamp': time });
    return refusal(() => verify(body, headers, secret, { nowMs, ...options }));
  };
  assert.deepEqual(
    [-301, -299, 299, 301].map((offset) => at(offset)),
    ['timestamp_too_old', 'accepted', 'accepted', 'timestamp_too_new'],
  );
  assert.equal(at(-301, { toleranceSeconds: 600 }), 'accepted');
  assert.equal(at(-5_000, { toleranceSeconds: 1e9 }), 'timestamp_too_old');
  assert.equal(at(0, { toleranceSeconds: Number.NaN }), 'timestamp_too_old');
  assert.equal(at(0, { nowMs: Number.NaN }), 'timestamp_too_old');
  for (const time of ['NaN', '1e9', ' 1', '0x1', '-1', '+1', '1.5', '01', '9'.repeat(20)]) {
    const headers = headersOf(v1(body, { time }), { 'webhook-timestamp': time });
    assert.equal(
      refusal(() => verify(body, headers, secret, { nowMs })),
      'invalid_timestamp',
      time,
    );
  }
  const milliseconds = headersOf(v1(body, { time: String(nowMs) }), { 'webhook-timestamp': String(nowMs) });
  assert.equal(
    refusal(() => verify(body, milliseconds, secret, { nowMs })),
    'invalid_timestamp',
  );
});

test('SG-04 a body changed by one byte and an id of another message are refused', () => {
  assert.equal(check(v1(), body.replace('renamed', 'removed')), 'no_matching_signature');
  assert.equal(check(v1(), `${body}\n`), 'no_matching_signature');
  assert.equal(
    refusal(() => verify(body, headersOf(v1(), { 'webhook-id': 'msg_2' }), secret, { nowMs })),
    'no_matching_signature',
  );
});

test('SG-20 a body that was parsed is refused as such, and one that was written again does not verify', () => {
  assert.equal(
    refusal(() => verify(JSON.parse(body) as string, headersOf(v1()), secret, { nowMs })),
    'parsed_body',
  );
  assert.equal(
    refusal(() => verify(undefined as unknown as string, headersOf(v1()), secret, { nowMs })),
    'parsed_body',
  );
  const spaced = '{ "type": "x" }';
  assert.equal(check(v1(spaced), JSON.stringify(JSON.parse(spaced))), 'no_matching_signature');
});

test('A header that is missing or came twice is refused', () => {
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const { [name]: _gone, ...rest } = headersOf(v1()) as { [header: string]: string };
    assert.equal(
      refusal(() => verify(body, rest, secret, { nowMs })),
      'missing_header',
    );
    const twice = [...Object.entries(headersOf(v1())), [name, 'x']] as [string, string][];
    assert.equal(
      refusal(() => verify(body, twice, secret, { nowMs })),
      'missing_header',
    );
  }
  assert.equal(
    refusal(() => verify(body, { ...headersOf(v1()), 'webhook-id': ['a', 'b'] }, secret, { nowMs })),
    'missing_header',
  );
});

test('SG-11 a secret that cannot be one is refused before anything is compared', () => {
  const wrong = [
    '',
    'whsec_',
    secret.slice(6),
    `whsec_${randomBytes(23).toString('base64')}`,
    `whsec_${randomBytes(65).toString('base64')}`,
    `whsec_${'ü'.repeat(32)}`,
    'whpk_AAAA',
    `whsk_${randomBytes(32).toString('base64')}`,
  ];
  for (const text of wrong) assert.equal(check(v1(), body, text), 'invalid_secret', text);
  assert.equal(check(v1(), body, []), 'invalid_secret');
});

test('What is signed but no event is refused', () => {
  for (const payload of [
    '',
    'x',
    '5',
    'null',
    '[]',
    '{}',
    '{"type":"x","timestamp":"y","data":{}}',
    '{"type":"x","timestamp":"y","data":{"subject":{"id":5}}}',
  ]) {
    assert.equal(check(v1(payload), payload), 'invalid_payload', payload);
  }
});

test('SG-06 a message id is new once, until it is forgotten', () => {
  const seen = createSeenMessages({ keptMs: 1_000, idsMax: 3 });
  assert.deepEqual(
    ['a', 'b', 'a'].map((id) => seen.isNew(id, 0)),
    [true, true, false],
  );
  assert.equal(seen.isNew('a', 999), false);
  assert.equal(seen.isNew('a', 1_000), true);
  for (let count = 0; count < 1_000; count += 1) seen.isNew(`id-${count}`, 2_000);
  assert.equal(seen.isNew('id-999', 2_000), false);
  assert.equal(seen.isNew('id-1', 2_000), true);
});

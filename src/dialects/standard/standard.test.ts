import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { makeSecret, secretFormatOf } from '../../core/secret.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Change } from '../../core/change.ts';
import type { Webhook } from '../../core/webhook.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeDialect } from '../testing/conformance.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { type Header, signatureHeaders } from '../testing/signature-headers.ts';
import { standardDialect } from './index.ts';
import { policy } from './policy.ts';
import { publicKey, verify } from './verify.ts';

const bytes = (count: number): Uint8Array => randomBytes(count);
const newSecret = makeSecret('whsec', bytes);
const oldSecret = makeSecret('whsec', bytes);
const privateKey = makeSecret('whsk', bytes);

describeDialect({ dialect: standardDialect, folder: import.meta.dirname, secrets: [newSecret, oldSecret, privateKey] });

type Message = { readonly body: Buffer; readonly headers: readonly Header[] };

function signed(
  body: string | Uint8Array,
  secrets: readonly string[],
  { id = 'dlv_01kan4c4q0edkxrmnr6dgk2vfy', atMs = systemClock.nowMs() } = {},
): Message {
  const payload = Buffer.from(body);
  const requests = standardDialect.sign({
    body: payload,
    messageId: id,
    webhook: sampleWebhook(standardDialect),
    secrets: secrets.map((text, index) => ({ name: 'signing', version: index, format: secretFormatOf(text) })),
    attemptAtMs: atMs,
  });
  return { body: payload, headers: signatureHeaders(requests, (_, version) => secrets[version] ?? '') };
}

function rendered(change: Change, webhook: Partial<Webhook> = {}, event = 'asset.metadata_changed'): JsonObject {
  const { body } = standardDialect.render({
    change,
    webhook: sampleWebhook(standardDialect, webhook),
    notification: { event },
    messageId: 'dlv_1',
    createdAtMs: 0,
    links: sampleLinks,
  });
  assert.ok(body instanceof Uint8Array);
  return JSON.parse(new TextDecoder().decode(body));
}

function data(body: JsonObject): { readonly [key: string]: JsonObject } {
  return body['data'] as unknown as { readonly [key: string]: JsonObject };
}

test('SG-01 the official vectors come out byte for byte', () => {
  const vectors = [
    [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      1649367553,
      '{"email":"test@example.com","username":"test_user"}',
      'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    ],
  ] as const;
  for (const [secret, id, seconds, body, signature] of vectors) {
    const { headers } = signed(body, [secret], { id, atMs: seconds * 1_000 + 999 });
    assert.deepEqual(headers, [
      ['webhook-id', id],
      ['webhook-timestamp', String(seconds)],
      ['webhook-signature', signature],
    ]);
  }
});

test('SG-01 SG-08 both official verifiers accept ours with the new and with the old secret during a rotation', () => {
  const body = JSON.stringify(rendered(sampleChange('asset.metadata_changed')));
  const message = signed(body, [newSecret, oldSecret, privateKey]);
  const headers = Object.fromEntries(message.headers);
  for (const secret of [newSecret, oldSecret]) {
    assert.deepEqual(new StandardWebhook(secret).verify(message.body, headers), JSON.parse(body));
    new Svix(secret).verify(message.body, headers);
  }
  const stranger = makeSecret('whsec', bytes);
  assert.throws(() => new StandardWebhook(stranger).verify(message.body, headers), /No matching signature/);
  assert.throws(() => new Svix(stranger).verify(message.body, headers), /No matching signature/);
});

test('SG-08 the newest secret signs first, each in the form of its kind', () => {
  const header = signed('{}', [privateKey, newSecret, oldSecret]).headers.find(
    ([name]) => name === 'webhook-signature',
  );
  assert.match(header?.[1] ?? '', /^v1a,[A-Za-z0-9+/]{86}== v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
});

test('SG-07 a retry has the same id, a new time and a new signature, and verifies', () => {
  const first = signed('{}', [newSecret], { atMs: systemClock.nowMs() - 60_000 });
  const second = signed('{}', [newSecret]);
  assert.equal(first.headers[0]?.[1], second.headers[0]?.[1]);
  assert.notEqual(first.headers[2]?.[1], second.headers[2]?.[1]);
  for (const { headers, body } of [first, second])
    new StandardWebhook(newSecret).verify(body, Object.fromEntries(headers));
});

test('SG-17 v1a verifies with the public key alone, which does not tell the private one', () => {
  const shared = publicKey(privateKey) ?? '';
  assert.match(shared, /^whpk_[A-Za-z0-9+/]{43}=$/);
  assert.equal(publicKey(newSecret), null);
  const { body, headers } = signed('{"a":1}', [privateKey]);
  const input = { headers, body, nowMs: systemClock.nowMs() };
  assert.equal(verify({ ...input, keys: [{ kind: 'secret', value: shared }] }).result, 'verified');
  const other = publicKey(makeSecret('whsk', bytes)) ?? '';
  assert.equal(verify({ ...input, keys: [{ kind: 'secret', value: other }] }).result, 'failed');
});

test('SG-02 cut, padded, re-coded and empty signatures are refused, and no more than ten are read', () => {
  const { body, headers } = signed('{}', [newSecret]);
  const good = headers[2]?.[1] ?? '';
  const raw = Buffer.from(good.slice(3), 'base64');
  const check = (signature: string): string =>
    verify({
      headers: [...headers.slice(0, 2), ['webhook-signature', signature]],
      body,
      keys: [{ kind: 'secret', value: newSecret }],
      nowMs: systemClock.nowMs(),
    }).result;
  assert.equal(check(good), 'verified');
  for (const length of [0, 1, 8, 31])
    assert.equal(check(`v1,${raw.subarray(0, length).toString('base64')}`), 'failed', String(length));
  const wrong = [
    '',
    'v1',
    'v1,',
    ',',
    `v1,${raw.toString('base64url')}x`,
    `${good}=`,
    `v1, ${good.slice(3)}`,
    `v2,${good.slice(3)}`,
    `V1,${good.slice(3)}`,
    `v1a,${good.slice(3)}`,
    `v1,${Buffer.concat([raw, raw]).toString('base64')}`,
  ];
  for (const signature of wrong) assert.equal(check(signature), 'failed', signature);
  assert.equal(check(`${'v1,AAAA '.repeat(9)}${good}`), 'verified');
  assert.equal(check(`${'v1,AAAA '.repeat(10)}${good}`), 'failed');
  assert.equal(check('v1,AAAA '.repeat(10_000)), 'failed');
});

test('SG-03 a time more than five minutes off, or not whole seconds, is refused', () => {
  const nowMs = 1_795_348_800_000;
  const at = (offsetSeconds: number): string => {
    const { body, headers } = signed('{}', [newSecret], { atMs: nowMs + offsetSeconds * 1_000 });
    return verify({ headers, body, keys: [{ kind: 'secret', value: newSecret }], nowMs }).result;
  };
  assert.deepEqual([-301, -299, 299, 301].map(at), ['failed', 'verified', 'verified', 'failed']);
  const { body } = signed('{}', [newSecret]);
  for (const time of [
    'NaN',
    '1e9',
    ' 1795348800',
    '0x6b0',
    '1795348800.0',
    '+1795348800',
    String(nowMs),
    '',
    '01795348800',
  ]) {
    const headers = [
      ['webhook-id', 'a'],
      ['webhook-timestamp', time],
      ['webhook-signature', 'v1,AAAA'],
    ] as const;
    assert.equal(verify({ headers, body, keys: [], nowMs }).result, 'failed', time);
  }
});

test('SG-04 a changed body, and the id or time of another valid message, are refused', () => {
  const nowMs = systemClock.nowMs();
  const one = signed('{"a":1}', [newSecret], { id: 'one', atMs: nowMs });
  const two = signed('{"a":1}', [newSecret], { id: 'two', atMs: nowMs - 1_000 });
  const keys = [{ kind: 'secret', value: newSecret }] as const;
  const [oneId, oneTime, oneSignature] = one.headers;
  const [twoId, twoTime] = two.headers;
  assert.ok(oneId && oneTime && oneSignature && twoId && twoTime);
  const check = (body: string, headers: readonly Header[]): string =>
    verify({ body: Buffer.from(body), headers, keys, nowMs }).result;
  assert.equal(check('{"a":1}', one.headers), 'verified');
  assert.equal(check('{"a":2}', one.headers), 'failed');
  assert.equal(check('{"a":1}', [twoId, oneTime, oneSignature]), 'failed');
  assert.equal(check('{"a":1}', [oneId, twoTime, oneSignature]), 'failed');
  assert.equal(check('{"a":1}', [...one.headers, oneSignature]), 'failed', 'the header came twice');
});

test('SG-19 without a usable secret nothing is signed, and the manifest demands a signature', () => {
  assert.deepEqual(signed('{}', []).headers, []);
  assert.deepEqual(signed('{}', ['a literal token']).headers, []);
  assert.equal(standardDialect.manifest.signing.required, true);
});

test('RX-12 RX-13 RX-14 2xx is delivered, 410 disables, throttling answers make the lane wait, all else is tried again', () => {
  for (let status = 100; status < 600; status += 1) {
    const outcome = sampleResponse(status, [['retry-after', '120']]);
    const verdict = standardDialect.judge({
      outcome,
      event: 'e',
      attempt: 1,
      createdAtMs: 0,
      nowMs: 0,
      policy,
      chance: 0.5,
    });
    const expected = status >= 200 && status <= 299 ? 'delivered' : status === 410 ? 'disable' : 'retry';
    assert.equal(verdict.kind, expected, String(status));
    if (verdict.kind !== 'retry') continue;
    const throttled = [429, 502, 503, 504].includes(status);
    assert.equal(verdict.throttleLaneUntilMs, throttled ? 120_000 : undefined, String(status));
    assert.equal(verdict.atMs, throttled ? 120_000 : 5_000, String(status));
  }
});

test('The schedule makes ten attempts over three days and the age leaves room for all of them', () => {
  const { delaysMs, jitter, ageMaxMs } = policy.schedule;
  const longestMs = delaysMs.reduce((sum, delayMs) => sum + delayMs * (1 + jitter), 0);
  assert.equal(delaysMs.length + 1, 10);
  assert.ok(longestMs < ageMaxMs);
});

test('A payload tells what is, what was of what changed, and who did it', () => {
  const body = rendered(sampleChange('asset.metadata_changed'));
  assert.deepEqual(Object.keys(body), ['type', 'timestamp', 'data']);
  assert.equal(body['timestamp'], '2026-11-22T12:00:00.500Z');
  const { state, before, links, subject } = data(body);
  assert.deepEqual(before, { metadata: { status: 'Draft' } });
  assert.equal((state?.['metadata'] as JsonObject)['status'], 'Final');
  assert.deepEqual(subject, {
    type: 'asset',
    id: 'ast_01kan4c4q0edkxrmnr6dgk2vfp',
    externalId: 'DAM-4711',
    version: 2,
  });
  assert.deepEqual(links, { content: 'https://assetwire.example/l/ast_01kan4c4q0edkxrmnr6dgk2vfp-1', renditions: {} });
});

test('Embedded metadata and our content addresses stay out, unless embedded metadata is asked for', () => {
  const change = sampleChange('asset.renditions_made');
  const text = JSON.stringify(rendered(change));
  assert.doesNotMatch(text, /blob|exif/);
  assert.match(text, /"renditions":\{"small":"https/);
  const { state } = data(rendered(change, { projection: { fields: ['embedded', 'file'] } }));
  assert.deepEqual(Object.keys(state ?? {}), ['file', 'embedded']);
  assert.doesNotMatch(JSON.stringify(state), /blob/);
});

test('A projection limits the state and the former values alike', () => {
  const { state, before, changed } = data(
    rendered(sampleChange('asset.metadata_changed'), { projection: { fields: ['name', 'metadata.rating'] } }),
  );
  assert.deepEqual(state, { name: 'flower-ü.jpg', metadata: { rating: 4 } });
  assert.deepEqual(before, {});
  assert.deepEqual(changed, ['metadata.status']);
});

test('An asset that became ready is told as created, with nothing before it', () => {
  const ready = sampleChange('asset.ready');
  const change = { ...ready, before: { ...ready.after, inspection: { state: 'pending' } }, changed: ['inspection'] };
  const [notification] = standardDialect.notify(change, sampleWebhook(standardDialect), { nowMs: 0, draw: bytes });
  assert.equal(notification?.event, 'asset.created');
  assert.equal(data(rendered(change, {}, 'asset.created'))['before'], null);
});

test('Of something deleted everything known is told as before', () => {
  const { state, before, links } = data(rendered(sampleChange('asset.deleted')));
  assert.equal(state, null);
  assert.equal(links, null);
  assert.equal(before?.['name'], 'flower-ü.jpg');
});

test('IN-03 reported states with names of the prototype are carried verbatim and harm nothing', () => {
  const after = JSON.parse('{"name":"x","__proto__":{"polluted":1},"metadata":{"__proto__":1,"constructor":2}}');
  const change = sampleChange('asset.metadata_changed', {
    before: { metadata: {} },
    after,
    changed: ['metadata.__proto__', 'metadata.constructor', 'toString'],
  });
  const text = JSON.stringify(rendered(change));
  assert.match(
    text,
    /"state":\{"name":"x","__proto__":\{"polluted":1\},"metadata":\{"__proto__":1,"constructor":2\}\}/,
  );
  assert.match(text, /"before":\{"toString":null,"metadata":\{"__proto__":null,"constructor":null\}\}/);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('A reported time that no calendar has falls back to our own', () => {
  const body = rendered(sampleChange('asset.renamed', { occurredAtMs: 9e15, acceptedAtMs: 0 }));
  assert.equal(body['timestamp'], '1970-01-01T00:00:00.000Z');
});

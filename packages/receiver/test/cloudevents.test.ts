import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP } from 'cloudevents';
import type { JsonObject } from '../../../src/core/json.ts';
import { sampleChange } from '../../../src/core/sample-change.ts';
import { cloudeventsDialect } from '../../../src/dialects/cloudevents/index.ts';
import { sampleLinks, sampleWebhook } from '../../../src/dialects/testing/sample-webhook.ts';
import { answerValidation, readCloudEvent, type VerificationError } from '../src/index.ts';

function sent(
  event: string,
  settings: JsonObject,
): { readonly body: Buffer; readonly headers: Record<string, string> } {
  const { body, contentType, headers } = cloudeventsDialect.render({
    change: sampleChange('asset.metadata_changed'),
    webhook: sampleWebhook(cloudeventsDialect, { settings }),
    notification: { event },
    messageId: 'dlv_1',
    createdAtMs: 0,
    links: sampleLinks,
  });
  assert.ok(body instanceof Uint8Array);
  return { body: Buffer.from(body), headers: { 'content-type': contentType, ...Object.fromEntries(headers) } };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as VerificationError).code;
  }
  return 'accepted';
}

const type = 'assetwire.asset.metadata_changed';

test('both modes read as one event, and as the SDK of the CNCF reads them', () => {
  const read = (settings: JsonObject) => {
    const { body, headers } = sent(type, settings);
    const event = readCloudEvent(body, headers);
    const theirs = JSON.parse(JSON.stringify(HTTP.toEvent({ headers, body: body.toString() }))) as object;
    const { time: _, ...timeless } = event;
    assert.partialDeepStrictEqual(theirs, timeless);
    return event;
  };
  const structured = read({ source: 'urn:dam:1' });
  assert.deepEqual(read({ source: 'urn:dam:1', mode: 'binary' }), structured);
  assert.deepEqual([structured.id, structured.source, structured.type], ['dlv_1', 'urn:dam:1', type]);
  assert.ok(structured.data.changed.length > 0);
});

test('a token is asked for where one is named, in the header or in the query, the former one too', () => {
  const { body, headers } = sent(type, {});
  const token = 'a-token-of-mine';
  const read = (more: Record<string, string>, url?: string, tokens: string | string[] = ['new', token]) =>
    codeOf(() => readCloudEvent(body, { ...headers, ...more }, { tokens, ...(url === undefined ? {} : { url }) }));
  assert.equal(read({ authorization: `Bearer ${token}` }), 'accepted');
  assert.equal(read({ Authorization: `bearer ${token}` }), 'accepted');
  assert.equal(read({}, `/events?x=1&access_token=${token}`), 'accepted');
  for (const wrong of [`Bearer ${token}x`, 'Bearer', `Basic ${token}`, ''])
    assert.equal(read({ authorization: wrong }), 'no_matching_token', wrong);
  assert.equal(read({}, '/events?access_token='), 'no_matching_token');
  assert.equal(read({}, undefined, ''), 'invalid_secret');
  assert.equal(read({}, undefined, []), 'invalid_secret');
});

test('what is no event of this form is refused, and says why', () => {
  const { body, headers } = sent(type, { mode: 'binary' });
  const { 'ce-source': _, ...sourceless } = headers;
  const structured = { 'content-type': 'application/cloudevents+json' };
  for (const [code, payload, given] of [
    ['invalid_payload', body, sourceless],
    ['invalid_payload', 'x', headers],
    ['invalid_payload', body, { ...headers, 'ce-id': '%zz' }],
    ['invalid_payload', body, { ...headers, 'ce-specversion': '0.3' }],
    ['invalid_payload', '[]', structured],
    ['invalid_payload', '{"specversion":"1.0","id":"1","source":"s","type":"t"}', structured],
    ['invalid_payload', '[{}]', { 'content-type': 'application/cloudevents-batch+json' }],
    ['missing_header', body, {}],
  ] as const)
    assert.equal(
      codeOf(() => readCloudEvent(payload, given)),
      code,
      JSON.stringify(given),
    );
  assert.equal(
    codeOf(() => readCloudEvent({} as never, headers)),
    'parsed_body',
  );
});

test('CF-09 consent names the origin that asked, and the lesser of both rates; who is not known gets none', () => {
  const asks = (headers: Record<string, string>, options: Parameters<typeof answerValidation>[1]) =>
    answerValidation(headers, options);
  const origins = ['DAM.example'];
  const asked = { 'WebHook-Request-Origin': 'dam.example', 'WebHook-Request-Rate': '120' };
  const consented = (rate: string) => ({
    status: 200,
    headers: { Allow: 'POST, OPTIONS', 'WebHook-Allowed-Origin': 'dam.example', 'WebHook-Allowed-Rate': rate },
  });
  assert.deepEqual(asks(asked, { origins }), consented('120'));
  assert.deepEqual(asks(asked, { origins, perMinuteMax: 60 }), consented('60'));
  assert.deepEqual(asks({ 'webhook-request-origin': 'dam.example' }, { origins: '*' }), consented('*'));
  assert.deepEqual(asks({ ...asked, 'WebHook-Request-Origin': 'dam.example.evil.example' }, { origins }), {
    status: 403,
    headers: {},
  });
  assert.deepEqual(asks({}, { origins: '*' }), { status: 400, headers: {} });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import type { Outcome } from '../../core/outcome.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { Rendered } from '../contract/message.ts';
import { describeDialect } from '../testing/conformance.ts';
import { compileSchema } from '../testing/manifest-checks.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { cloudeventsDialect } from './index.ts';
import { policy } from './policy.ts';

describeDialect({ dialect: cloudeventsDialect, folder: import.meta.dirname });

const change = sampleChange('asset.metadata_changed');

function rendered(event: string, webhook: Partial<Webhook> = {}, frozen?: JsonObject): Rendered {
  return cloudeventsDialect.render({
    change,
    webhook: sampleWebhook(cloudeventsDialect, webhook),
    notification: { event, ...(frozen === undefined ? {} : { frozen }) },
    messageId: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    createdAtMs: 0,
    links: sampleLinks,
  });
}

function headersOf({ headers, contentType }: Rendered): { readonly [name: string]: string } {
  return Object.fromEntries([['content-type', contentType], ...headers]);
}

function textOf({ body }: Rendered): string {
  assert.ok(body instanceof Uint8Array);
  return new TextDecoder().decode(body);
}

test('what may be set as source the SDK of the CNCF takes, and what it refuses cannot be set', () => {
  const { schema } = cloudeventsDialect.manifest.configuration;
  const fits = compileSchema(schema);
  const isTaken = (source: string): boolean => {
    try {
      return new CloudEvent({ id: '1', type: 't', source }).validate();
    } catch {
      return false;
    }
  };
  const good = [
    ...[
      'https://dam.example/acme?x=1#y',
      'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
      '/acme/assets',
      'acme',
      '#a',
    ],
    ...['mailto:dam@example.com', '//dam.example:8443', 'https://[::1]:8/', '?q', 'a%20b', '1-555-123-4567'],
  ];
  for (const source of good) assert.ok(fits({ source }) && isTaken(source), source);
  for (const source of ['"<x>', 'a b', 'ü', '1:x', '%zz', 'a[b', 'a^', 'a|b', '{x}', 'a#b#c', 'https://h:p/', '\\'])
    assert.equal(fits({ source }), false, source);
  const anything = fc.string({ unit: fc.constantFrom(...'aZ09-._~:/?#[]@!$&\'()*+,;=%{}|^"<> \\ü'), maxLength: 12 });
  fc.assert(
    fc.property(anything, (source) => {
      assert.ok(!fits({ source }) || isTaken(source), source);
    }),
    { numRuns: 2_000 },
  );
});

test('the SDK of the CNCF reads both modes, and finds the same event in them', () => {
  const read = (settings: JsonObject): CloudEvent<unknown> => {
    const made = rendered('assetwire.asset.metadata_changed', { settings });
    const event = HTTP.toEvent({ headers: headersOf(made), body: textOf(made) });
    assert.ok(event instanceof CloudEvent && event.validate());
    return event;
  };
  const structured = read({});
  const binary = read({ mode: 'binary' });
  assert.deepEqual(binary.toJSON(), structured.toJSON());
  assert.equal(structured.type, 'assetwire.asset.metadata_changed');
  assert.equal(structured.id, 'dlv_01kan4c4q0edkxrmnr6dgk2vfy');
  assert.equal(structured.subject, `asset/${change.subject.id}`);
  assert.equal(new Date(structured.time ?? '').getTime(), change.occurredAtMs);
  assert.equal(read({ source: 'urn:dam:1' }).source, 'urn:dam:1');
});

test('HX-08 attributes as headers come back as they were, whatever stands in them', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (found) => {
      // What would end a line, in every one of them.
      const id = `${found}\r\nx-injected: 1\0`;
      const made = cloudeventsDialect.render({
        change: { ...change, subject: { type: 'asset', id } },
        webhook: sampleWebhook(cloudeventsDialect, { settings: { mode: 'binary' } }),
        notification: { event: 'assetwire.asset.metadata_changed' },
        messageId: 'dlv_1',
        createdAtMs: 0,
        links: sampleLinks,
      });
      const subject = headersOf(made)['ce-subject'] ?? '';
      assert.match(subject, /^[\x21-\x7e]+$/);
      assert.equal(decodeURIComponent(subject), `asset/${id.toWellFormed()}`);
    }),
  );
});

test('the question is an OPTIONS request without a body, with our name, the way back and the wished rate', () => {
  const links = { ...sampleLinks, dialect: (path: string) => `https://dam.example:8443/cloudevents${path}` };
  const ask = (requestsPerSecondMax: number | null, base = links): Rendered =>
    cloudeventsDialect.render({
      change,
      webhook: sampleWebhook(cloudeventsDialect, { policy: { requestsPerSecondMax } }),
      notification: { event: 'webhook.validation', frozen: { token: 'TOKEN', publicUrl: 'https://dam.example:8443' } },
      messageId: 'dlv_1',
      createdAtMs: 0,
      links: base,
    });
  const made = ask(2);
  assert.equal(made.method, 'OPTIONS');
  assert.equal(textOf(made), '');
  assert.deepEqual(made.headers, [
    ['WebHook-Request-Origin', 'dam.example'],
    ['WebHook-Request-Callback', 'https://dam.example:8443/cloudevents/consent/TOKEN'],
    ['WebHook-Request-Rate', '120'],
  ]);
  assert.deepEqual(ask(null, { ...links, dialect: (path) => `http://127.0.0.1:8484/cloudevents${path}` }).headers, [
    ['WebHook-Request-Origin', '127.0.0.1'],
  ]);
});

function judged(outcome: Outcome, { event = 'webhook.validation', attempt = 1 } = {}) {
  return cloudeventsDialect.judge({
    outcome,
    event,
    frozen: { token: 't', publicUrl: 'https://dam.example' },
    attempt,
    createdAtMs: 0,
    nowMs: 0,
    policy,
    chance: 0.5,
  });
}

function answer(status: number, headers: readonly (readonly [string, string])[]): Outcome {
  const outcome = sampleResponse(status);
  assert.equal(outcome.kind, 'response');
  return { ...outcome, response: { ...outcome.response, headers } };
}

test('CF-09 consent is the header, whatever the status; a rate is per minute; another name, or none, is no consent', () => {
  const allows = (headers: readonly (readonly [string, string])[], status = 200) => judged(answer(status, headers));
  for (const status of [200, 204, 404, 405, 500]) {
    assert.deepEqual(allows([['webhook-allowed-origin', 'dam.example']], status), {
      kind: 'delivered',
      confirms: { requestsPerSecondMax: null },
    });
  }
  const rate = (value: string) =>
    allows([
      ['webhook-allowed-origin', '*'],
      ['webhook-allowed-rate', value],
    ]);
  assert.deepEqual(rate('120'), { kind: 'delivered', confirms: { requestsPerSecondMax: 2 } });
  assert.deepEqual(rate('*'), { kind: 'delivered', confirms: { requestsPerSecondMax: null } });
  for (const unclear of ['many', '-5', '0', '1e999', '2\r\n3']) {
    assert.deepEqual(rate(unclear), { kind: 'delivered', confirms: { requestsPerSecondMax: 1 / 60 } });
  }
  const two = ['dam.example', 'other.example'].map((name) => ['webhook-allowed-origin', name] as const);
  for (const headers of [
    [],
    [['webhook-allowed-origin', 'other.example']],
    [['webhook-allowed-origin', '']],
    two,
  ] as const)
    assert.deepEqual([allows(headers).kind, 'reason' in allows(headers)], ['retry', true]);
  assert.deepEqual(judged(answer(200, []), { attempt: policy.schedule.delaysMs.length + 1 }), {
    kind: 'dead',
    reason: 'no-consent',
  });
  assert.deepEqual(judged(answer(410, [])), { kind: 'disable', reason: 'status-410' });
});

test('deliveries: 2xx is delivered, 410 ends it, 3xx and 415 are never tried again, 429 waits as it is asked to', () => {
  const event = 'assetwire.asset.created';
  for (const [status, kind] of [
    [200, 'delivered'],
    [201, 'delivered'],
    [202, 'delivered'],
    [204, 'delivered'],
    [302, 'rejected'],
    [400, 'retry'],
    [410, 'disable'],
    [415, 'rejected'],
    [429, 'retry'],
    [500, 'retry'],
  ] as const) {
    assert.equal(judged(answer(status, []), { event }).kind, kind, String(status));
  }
  const slow = judged(answer(429, [['retry-after', '600']]), { event });
  assert.ok(slow.kind === 'retry' && slow.atMs >= 600_000 && (slow.throttleLaneUntilMs ?? 0) >= 600_000);
  assert.equal('confirms' in judged(answer(200, [['webhook-allowed-origin', '*']]), { event }), false);
});

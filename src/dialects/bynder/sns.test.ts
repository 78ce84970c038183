/** SNS messages, signatures, policies and the vendor's API, with files alone. */
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import { resolvePolicy } from '../../core/policy-resolution.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import { createRsaKey, type RsaKey } from '../../runtime/rsa-key.ts';
import type { Rendered } from '../contract/message.ts';
import type { VendorAnswer, VendorCommand, VendorRequest } from '../contract/vendor-route.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleSigningKeyId, sampleWebhook } from '../testing/sample-webhook.ts';
import { backoffFunctions, delaysMsOf, deliveryPolicyProblems, retryPolicyDefault } from './delivery-policy.ts';
import { bynderDialect } from './index.ts';
import { policy } from './policy.ts';
import { controlSchema } from './schemas.ts';
import { snsText, stringToSign } from './sns-message.ts';

const change = sampleChange('asset.ready');
const messageId = '0b2c8f1e-6a55-4c1f-9a35-3f1f5a0b7c11';
let key: RsaKey;

before(async () => {
  key = await createRsaKey({ commonName: 'test', nowMs: Date.now(), validMs: 86_400_000 });
});

type Wanted = { readonly event?: string; readonly webhook?: Partial<Webhook>; readonly frozen?: JsonObject };

function rendered({ event = 'asset_bank.media.create', webhook = {}, frozen = {} }: Wanted = {}): Rendered {
  return bynderDialect.render({
    change,
    webhook: sampleWebhook(bynderDialect, webhook),
    notification: { event, frozen: { atMs: change.acceptedAtMs, key: sampleSigningKeyId, ...frozen } },
    messageId,
    createdAtMs: change.acceptedAtMs,
    links: sampleLinks,
  });
}

/** Signed with the key of this test, as the engine signs with that of the workspace. */
function signedText({ body }: Rendered): string {
  assert.ok(!(body instanceof Uint8Array), 'it carries no signature');
  const signer = createSign(body.sign.algorithm === 'rsa-sha1' ? 'sha1' : 'sha256');
  for (const part of body.sign.content) signer.update(part);
  return Buffer.from(body.embed(signer.sign(key.privateKeyPem), sampleSigningKeyId)).toString('utf8');
}

/** With noughts for a signature, as golden files are. */
function unsignedText({ body }: Rendered): string {
  const bytes = body instanceof Uint8Array ? body : body.embed(new Uint8Array(256));
  return Buffer.from(bytes).toString('utf8');
}

test('the confirmations are laid out as SNS lays them out, byte by byte', () => {
  const golden = (file: string): { readonly learnt: string; readonly body: string } =>
    JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'control', file), 'utf8'));
  for (const [event, file] of [
    ['SubscriptionConfirmation', 'subscription-confirmation.json'],
    ['UnsubscribeConfirmation', 'unsubscribe-confirmation.json'],
  ] as const) {
    const { body, learnt } = golden(file);
    assert.ok(learnt.length > 20);
    assert.equal(unsignedText(rendered({ event, frozen: { token: '2336412f37fb687f' } })), body, event);
    const fits = new Ajv2020({ strict: true, validateFormats: false }).compile(controlSchema(event));
    assert.ok(fits(JSON.parse(body)), JSON.stringify(fits.errors));
  }
});

test('the token of a link is hidden wherever a request is shown, and only where there is one', () => {
  const asked = rendered({ event: 'SubscriptionConfirmation', frozen: { token: 'TOKEN' } });
  assert.deepEqual(asked.hidden, ['TOKEN']);
  assert.equal(rendered().hidden, undefined);
});

test('what is signed verifies in both versions, and nothing that was altered; the version itself is not signed', () => {
  const events = ['asset_bank.media.create', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'];
  const cases = ['1', '2'].flatMap((signatureVersion) => events.map((event) => ({ signatureVersion, event })));
  for (const { signatureVersion, event } of cases) {
    const text = signedText(rendered({ event, webhook: { settings: { signatureVersion } }, frozen: { token: 'T' } }));
    const keys = [{ kind: 'certificate', pem: key.certificatePem }] as const;
    const verdict = (body: string) =>
      bynderDialect.verify?.({ headers: [], body: Buffer.from(body), keys, nowMs: 0 }).result;
    assert.equal(verdict(text), 'verified', `${event} ${signatureVersion}`);
    const fields: { readonly [name: string]: string } = JSON.parse(text);
    for (const name of Object.keys(fields)) {
      const altered = JSON.stringify({ ...fields, [name]: `${fields[name]}x` });
      const unsigned = ['SigningCertURL', 'UnsubscribeURL'].includes(name);
      if (name !== 'Signature') assert.equal(verdict(altered), unsigned ? 'verified' : 'failed', name);
    }
    const { Signature: _, ...without } = fields;
    assert.equal(verdict(JSON.stringify(without)), 'unsigned');
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
    const pem = other.export({ type: 'spki', format: 'pem' }).toString();
    const byOther = { headers: [], body: Buffer.from(text), keys: [{ kind: 'certificate', pem }], nowMs: 0 } as const;
    assert.equal(bynderDialect.verify?.(byOther).result, 'failed');
  }
});

test('of two configurations that one key signs for, the message says whose it is', () => {
  const own = sampleWebhook(bynderDialect);
  const other = sampleWebhook(bynderDialect, { id: 'wh_01kan4c4q0edkxrmnr6dgk2vfz' });
  const keys = [{ kind: 'certificate', pem: key.certificatePem }] as const;
  const body = Buffer.from(signedText(rendered()));
  const verdict = (webhook: Webhook) => bynderDialect.verify?.({ headers: [], body, keys, nowMs: 0, webhook });
  assert.deepEqual([verdict(own)?.result, verdict(own)?.ofAnother], ['verified', undefined]);
  assert.deepEqual([verdict(other)?.result, verdict(other)?.ofAnother], ['verified', true]);
});

test('what is sent without being subscribed to stands in the manifest, with a schema that its example fits', () => {
  const { messages = [] } = bynderDialect.manifest.handshake ?? {};
  assert.deepEqual(
    messages.map(({ name }) => name),
    ['SubscriptionConfirmation', 'UnsubscribeConfirmation'],
  );
  for (const { name, schema, example } of messages) {
    const fits = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    assert.ok(fits(example), `${name}: ${JSON.stringify(fits.errors)}`);
    assert.equal(example['Type'], name);
  }
});

test('the string to sign is what SNS signs, whatever stands in the message', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.option(texts, { nil: undefined }), (Message, Subject) => {
      const common = { MessageId: 'm', TopicArn: 't', Timestamp: 'w', UnsubscribeURL: 'u' };
      const message = {
        Type: 'Notification',
        ...common,
        Message,
        ...(Subject === undefined ? {} : { Subject }),
      } as const;
      const subject = Subject === undefined ? '' : `Subject\n${Subject}\n`;
      const wanted = `Message\n${Message}\nMessageId\nm\n${subject}Timestamp\nw\nTopicArn\nt\nType\nNotification\n`;
      assert.equal(stringToSign(message), wanted);
      const text = snsText(message, { version: '1', value: 'S', certificateUrl: 'c' });
      const parsed = JSON.parse(text);
      // A receiver signs over what it parsed.
      assert.equal(stringToSign(parsed), wanted);
      assert.equal('Subject' in parsed, Subject !== undefined);
    }),
  );
});

test('raw delivery is the Message alone; a content type of the configuration replaces SNS’s', () => {
  const raw = rendered({ webhook: { settings: { rawMessageDelivery: true } } });
  assert.ok(raw.body instanceof Uint8Array);
  assert.equal(JSON.parse(unsignedText(raw)).media.name, 'A flower');
  assert.deepEqual(raw.headers.at(-1), ['x-amz-sns-rawdelivery', 'true']);
  const asked = rendered({ event: 'SubscriptionConfirmation', webhook: { settings: { rawMessageDelivery: true } } });
  assert.ok(!(asked.body instanceof Uint8Array), 'a confirmation is never raw');
  const deliveryPolicy = { requestPolicy: { headerContentType: 'application/json' } };
  assert.equal(rendered({ webhook: { settings: { deliveryPolicy } } }).contentType, 'application/json');
  assert.equal(rendered().contentType, 'text/plain; charset=UTF-8');
});

test('an ARN that was set stands in every message', () => {
  const topicArn = 'arn:aws:sns:eu-west-1:123456789012:bynder-prod';
  const fields = JSON.parse(unsignedText(rendered({ webhook: { settings: { topicArn } } })));
  assert.equal(fields.TopicArn, topicArn);
  assert.match(fields.UnsubscribeURL, /SubscriptionArn=arn:aws:sns:eu-west-1:123456789012:bynder-prod:[0-9a-f-]{36}$/);
});

test('statuses: 2xx is delivered, 3xx and 4xx end it, everything else is tried three times again, 20 s apart', () => {
  const judged = (status: number, attempt = 1) =>
    bynderDialect.judge({
      outcome: sampleResponse(status),
      event: 'asset_bank.media.create',
      attempt,
      createdAtMs: 0,
      nowMs: 0,
      policy,
      chance: 0.5,
    });
  for (const [status, kind] of [
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'rejected'],
    [400, 'rejected'],
    [403, 'rejected'],
    [410, 'rejected'],
    [429, 'rejected'],
    [499, 'rejected'],
    [500, 'retry'],
    [503, 'retry'],
    [102, 'retry'],
    [999, 'retry'],
  ] as const) {
    assert.equal(judged(status).kind, kind, String(status));
  }
  const again = judged(500);
  assert.ok(again.kind === 'retry' && again.atMs === 20_000);
  assert.equal(judged(500, 4).kind, 'dead');
});

test('a delivery policy of any kind within SNS’s bounds makes a schedule within ours, in phases', () => {
  const count = fc.integer({ min: 0, max: 10 });
  const delay = fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 3_600 }));
  let good = 0;
  fc.assert(
    fc.property(
      fc.record({
        minDelayTarget: delay,
        maxDelayTarget: delay,
        numRetries: fc.integer({ min: 0, max: 100 }),
        numNoDelayRetries: count,
        numMinDelayRetries: count,
        numMaxDelayRetries: count,
        backoffFunction: fc.constantFrom(...backoffFunctions),
      }),
      (healthyRetryPolicy) => {
        const settings = { deliveryPolicy: { healthyRetryPolicy } };
        const webhook = sampleWebhook(bynderDialect, { settings });
        if (deliveryPolicyProblems(settings.deliveryPolicy).length > 0) return;
        good += 1;
        const { delaysMs } = resolvePolicy(policy, bynderDialect.policyOf?.(webhook) ?? {}).schedule;
        const { numRetries, numNoDelayRetries, minDelayTarget, maxDelayTarget } = healthyRetryPolicy;
        assert.equal(delaysMs.length, numRetries);
        const waits = delaysMs.slice(numNoDelayRetries);
        assert.ok(delaysMs.slice(0, numNoDelayRetries).every((delayMs) => delayMs === 0));
        for (const [index, delayMs] of waits.entries()) {
          assert.ok(delayMs >= minDelayTarget * 1_000 && delayMs <= maxDelayTarget * 1_000, String(delayMs));
          assert.ok(delayMs >= (waits[index - 1] ?? 0), 'a delay is shorter than the one before it');
        }
        assert.ok(delaysMs.reduce((sum, delayMs) => sum + delayMs, 0) <= 3_600_500);
      },
    ),
    { numRuns: 1_000 },
  );
  assert.ok(good > 50, `${good} policies were within the bounds`);
});

test('EM-13 queues and mailboxes are tried as often and as long as SNS does it; a mailbox gets ten mails a second at most', () => {
  const of = (transport: 'sqs' | 'email') =>
    resolvePolicy(policy, bynderDialect.manifest.policyByTransport?.[transport] ?? {});
  const spent = ({ delaysMs, then }: ReturnType<typeof of>['schedule']): readonly [attempts: number, hours: number] => {
    const first = delaysMs.reduce((sum, delayMs) => sum + delayMs, 0);
    const rest = then === undefined ? 0 : then.times * then.everyMs;
    return [1 + delaysMs.length + (then?.times ?? 0), Math.floor((first + rest) / 3_600_000)];
  };
  const [queue, mailbox] = [of('sqs'), of('email')];
  assert.deepEqual(spent(queue.schedule), [100_015, 555]);
  assert.deepEqual(spent(mailbox.schedule), [50, 6]);
  assert.deepEqual([mailbox.requestsPerSecondMax, mailbox.concurrencyMax, queue.requestsPerSecondMax], [10, 4, null]);
  assert.deepEqual([mailbox.disable, queue.disable], [[{ kind: 'refused', times: 3 }], []]);
});

test('the curves of a backoff begin and end where SNS says, and grow as their names say', () => {
  const of = (backoffFunction: (typeof backoffFunctions)[number]) =>
    delaysMsOf({ ...retryPolicyDefault, minDelayTarget: 1, maxDelayTarget: 81, numRetries: 5, backoffFunction }).map(
      (delayMs) => delayMs / 1_000,
    );
  assert.deepEqual(of('linear'), [1, 21, 41, 61, 81]);
  assert.deepEqual(of('arithmetic'), [1, 9, 25, 49, 81]);
  assert.deepEqual(of('geometric'), [1, 3, 9, 27, 81]);
  assert.deepEqual(of('exponential'), [5.063, 10.125, 20.25, 40.5, 81]);
});

test('a delivery policy outside SNS’s bounds is refused with both sides', () => {
  const refused = (healthyRetryPolicy: JsonObject) =>
    bynderDialect.checkSettings?.({ deliveryPolicy: { healthyRetryPolicy } }) ?? [];
  assert.deepEqual(refused({ numRetries: 2, numNoDelayRetries: 3 }), [
    {
      at: '/deliveryPolicy/healthyRetryPolicy/numRetries',
      wanted: 'at least the retries of the phases it counts (3)',
      found: '2',
    },
  ]);
  assert.match(refused({ minDelayTarget: 60 })[0]?.wanted ?? '', /at least the shortest delay \(60\)/);
  assert.match(refused({ maxDelayTarget: 3_600, numRetries: 100 })[0]?.wanted ?? '', /at most 3600 seconds/);
  assert.deepEqual(refused({ numRetries: 100 }), []);
});

function request(more: Partial<VendorRequest> = {}): VendorRequest {
  return {
    parameters: {},
    query: {},
    headers: {},
    body: null,
    base: '',
    scopes: [],
    links: sampleLinks,
    nowMs: 0,
    ...more,
  };
}

function parsed(body: JsonObject): VendorCommand | VendorAnswer {
  const route = bynderDialect.manage?.find(({ method, path }) => method === 'POST' && path.endsWith('/subscriptions'));
  const found = route?.parse(request({ body }));
  assert.ok(found !== undefined && !('content' in found) && !('recording' in found));
  return found;
}

test('the vendor’s API reads every protocol, however it is spelled, and old names of events', () => {
  const events = ['asset_bank.media.upload', 'asset_bank.media.create'];
  for (const [protocol, endpoint, target, settings] of [
    ['HTTPS', 'https://a.example/x', { transport: 'http', url: 'https://a.example/x' }, {}],
    ['http', 'http://a.example/x', { transport: 'http', url: 'http://a.example/x' }, {}],
    ['Email', 'a@b.example', { transport: 'email', address: 'a@b.example' }, { emailFormat: 'text' }],
    ['Email-JSON', 'a@b.example', { transport: 'email', address: 'a@b.example' }, { emailFormat: 'json' }],
    ['Amazon SQS', 'arn:aws:sqs:r:1:q', { transport: 'sqs', queue: 'arn:aws:sqs:r:1:q' }, {}],
  ] as const) {
    assert.deepEqual(parsed({ name: 'n', protocol, endpoint, events }), {
      command: 'webhooks.create',
      input: { name: 'n', dialect: 'bynder', target, events: ['asset_bank.media.create'], settings },
    });
  }
});

test('the vendor’s API says of everything that is wrong with a configuration what it should be', () => {
  const refusal = (body: JsonObject): string => {
    const answer = parsed(body);
    assert.ok('status' in answer && answer.status === 400);
    return JSON.stringify(answer.body);
  };
  assert.match(refusal({}), /name is required; protocol is required; endpoint is required; events is required/);
  const good = { name: 'n', protocol: 'https', endpoint: 'https://a.example/', events: ['asset_bank.media.create'] };
  assert.match(refusal({ ...good, protocol: 'lambda' }), /protocol must be one of http, https, email, email-json, sqs/);
  assert.match(refusal({ ...good, endpoint: 'http://a.example/' }), /endpoint must begin with https:\/\//);
  assert.match(refusal({ ...good, events: ['asset_bank.media.moved'] }), /events must be of asset_bank\.media\.create/);
  assert.match(refusal({ ...good, preArchivedNotificationDays: 'x' }), /preArchivedNotificationDays must be a whole/);
});

/**
 * Receivers of Bynder's notifications that nobody wrote for us, and the real server: they pin Amazon's host, which the
 * recipe of the guide leads to us. Set up by Bynder's own API.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Called } from '../../src/api/testing/test-server.ts';
import {
  eventually as waitFor,
  expectStatus,
  type RealServer,
  startRealServer,
  type Tenant,
  text,
} from './real-server.ts';
import { type SnsHost, snsHost, snsUrl, startSnsHost } from './sns-host.ts';
import { awsSnsClient, expressAwsSns, type SnsFields, snsPayloadValidator, snsValidator } from './sns-judges.ts';

/** Asks until it is so. */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  await waitFor(holds, (value) => value, what);
}

const api = '/bynder/v7/webhooks/public/api/subscriptions';
const globalAgent = https.globalAgent;
let host: SnsHost;
let server: RealServer;

before(async () => {
  host = await startSnsHost();
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'], settings: { snsUrl } });
  host.leadTo(Number(new URL(server.url).port));
  https.globalAgent = host.agent;
});
after(async () => {
  https.globalAgent = globalAgent;
  await server[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

type Receiver = AsyncDisposable & { readonly url: string };

async function listen(listener: RequestListener): Promise<Receiver> {
  const receiver = createServer(listener);
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/bynder`,
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}

type Arrival = { readonly headers: IncomingMessage['headers']; readonly text: string; readonly message: SnsFields };

/** Keeps what arrives and answers 200. */
async function startRecorder(): Promise<Receiver & { readonly arrivals: Arrival[] }> {
  const arrivals: Arrival[] = [];
  const receiver = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      arrivals.push({ headers: request.headers, text: body, message: JSON.parse(body) as SnsFields });
      response.end();
    });
  });
  return { ...receiver, arrivals };
}

async function subscribe(tenant: Tenant, endpoint: string, more: object = {}): Promise<string> {
  const protocol = endpoint.startsWith('https:') ? 'https' : 'http';
  const body = { name: 'Product pages', protocol, endpoint, events: ['asset_bank.media.create'], ...more };
  const made = await tenant.call(api, { body });
  expectStatus(made, 201);
  return text(made.json['id']);
}

async function shown(tenant: Tenant, id: string): Promise<Called['json']> {
  return tenant.ask(`${api}/${id}`);
}

/** An asset that is ready at once. */
async function push(tenant: Tenant, externalId: string): Promise<void> {
  await tenant.ask(`/v1/assets/external:${externalId}`, {
    method: 'PUT',
    body: { name: `${externalId}.jpg`, info: { title: 'Größe & "Maß"', copyright: externalId } },
  });
}

test('aws-snsclient, unchanged, confirms by itself and is told of a new media', async () => {
  const told: SnsFields[] = [];
  const tenant = await server.tenant('snsclient');
  await using receiver = await listen(
    awsSnsClient({}, (error, message) => {
      assert.equal(error, null);
      if (message !== undefined) told.push(message);
    }),
  );
  const id = await subscribe(tenant, receiver.url);
  await eventually('a confirmation', async () => (await shown(tenant, id))['confirmed'] === true);
  await push(tenant, 'lamp');
  await eventually('a message', () => Promise.resolve(told.length > 0));
  const [message] = told;
  assert.equal(message?.['Subject'], 'asset_bank.media.create');
  const { media } = JSON.parse(message['Message'] ?? '') as { media: { name: string } };
  assert.equal(media.name, 'Größe & "Maß"');
});

test('express-aws-sns, unchanged, verifies what an app confirms by the SubscribeURL', async () => {
  const told: string[] = [];
  const tenant = await server.tenant('express');
  const verify = expressAwsSns();
  await using receiver = await listen((request, response) =>
    verify(request, response, (error) => {
      assert.equal(error, undefined);
      const { snsMessage } = request as IncomingMessage & { readonly snsMessage: SnsFields };
      response.end();
      if (snsMessage['Type'] === 'SubscriptionConfirmation') https.get(snsMessage['SubscribeURL'] ?? '');
      told.push(snsMessage['Type'] ?? '');
    }),
  );
  const id = await subscribe(tenant, receiver.url);
  await eventually('a confirmation', async () => (await shown(tenant, id))['confirmed'] === true);
  await push(tenant, 'lamp');
  await eventually('a message', () => Promise.resolve(told.length === 2));
  assert.deepEqual(told, ['SubscriptionConfirmation', 'Notification']);
});

/** The answer of SNS to a link, over TLS and its own host. */
function visit(url: string, method = 'GET'): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    https
      .request(url, { method, agent: host.agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      })
      .on('error', reject)
      .end();
  });
}

test('CF-01 nothing but the confirmation comes before it is confirmed; validators take all three kinds in both versions', async () => {
  const tenant = await server.tenant('validators');
  const validate = snsValidator();
  const validateStrictly = snsPayloadValidator(host.agent);
  for (const version of ['1', '2']) {
    await using receiver = await startRecorder();
    const { arrivals } = receiver;
    const id = await subscribe(tenant, receiver.url);
    const wanted = { settings: { signatureVersion: version } };
    const webhooks = await tenant.ask('/v1/webhooks');
    const own = (webhooks['data'] as { id: string; target: { url: string } }[]).find(
      ({ target }) => target.url === receiver.url,
    );
    await tenant.ask(`/v1/webhooks/${own?.id}`, { method: 'PATCH', body: wanted });
    await eventually('a message', () => Promise.resolve(arrivals.length === 1));
    await push(tenant, `early-${version}`);
    const [asked] = arrivals;
    assert.equal(asked?.message['Type'], 'SubscriptionConfirmation');
    assert.deepEqual(Object.keys(asked.message), [
      ...['Type', 'MessageId', 'Token', 'TopicArn', 'Message', 'SubscribeURL', 'Timestamp'],
      ...['SignatureVersion', 'Signature', 'SigningCertURL'],
    ]);
    await validate(asked.message);
    await validateStrictly(asked.message);
    assert.equal((await visit(asked.message['SubscribeURL'] ?? '', 'HEAD')).status, 200);
    assert.equal((await shown(tenant, id))['confirmed'], false, 'HEAD confirmed it');
    const confirmed = await visit(asked.message['SubscribeURL'] ?? '');
    assert.equal(confirmed.status, 200);
    assert.match(confirmed.body, /<SubscriptionArn>arn:aws:sns:us-east-1:\d{12}:bynder-[0-9a-f-]{36}:[0-9a-f-]{36}</);
    assert.equal((await visit(asked.message['SubscribeURL'] ?? '')).status, 200, 'twice is harmless');
    assert.equal((await shown(tenant, id))['confirmed'], true);
    await push(tenant, `late-${version}`);
    await eventually('a message', () => Promise.resolve(arrivals.length === 2));
    const told = arrivals[1]?.message ?? {};
    assert.equal(told['SignatureVersion'], version);
    assert.equal(JSON.parse(told['Message'] ?? '').media.name, 'Größe & "Maß"');
    await validate(told);
    await validateStrictly(told);
    await assert.rejects(validateStrictly({ ...told, Message: `${told['Message']} ` }));
    await assert.rejects(validate({ ...told, Subject: 'asset_bank.media.deleted' }));
    assert.equal((await visit(told['UnsubscribeURL'] ?? '')).status, 200);
    await eventually('a message', () => Promise.resolve(arrivals.length === 3));
    const ended = arrivals[2]?.message ?? {};
    assert.equal(ended['Type'], 'UnsubscribeConfirmation');
    await validateStrictly(ended);
    // The package leaves Token out of the string of this kind, which Amazon signs with it: a fault of its own.
    await assert.rejects(validate(ended), /signature is invalid/);
    await push(tenant, `after-${version}`);
    assert.match((await visit(ended['SubscribeURL'] ?? '')).body, /<ConfirmSubscriptionResponse/);
    await push(tenant, `restored-${version}`);
    await eventually('a message', () => Promise.resolve(arrivals.length === 4));
    assert.match(arrivals[3]?.message['Message'] ?? '', new RegExp(`restored-${version}`));
    await tenant.call(`${api}/${id}`, { method: 'DELETE' });
  }
});

test('what a receiver sees of a request is what SNS sends', async () => {
  const tenant = await server.tenant('headers');
  await using receiver = await startRecorder();
  await subscribe(tenant, receiver.url);
  await eventually('a message', () => Promise.resolve(receiver.arrivals.length === 1));
  await visit(receiver.arrivals[0]?.message['SubscribeURL'] ?? '');
  await push(tenant, 'lamp');
  await eventually('a message', () => Promise.resolve(receiver.arrivals.length === 2));
  for (const { headers, message, text: body } of receiver.arrivals) {
    assert.equal(headers['x-amz-sns-message-type'], message['Type']);
    assert.equal(headers['x-amz-sns-message-id'], message['MessageId']);
    assert.equal(headers['x-amz-sns-topic-arn'], message['TopicArn']);
    assert.equal(headers['x-amz-sns-subscription-arn'] === undefined, message['Type'] === 'SubscriptionConfirmation');
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(headers['user-agent'], 'Amazon Simple Notification Service Agent');
    assert.equal(headers['connection']?.toLowerCase(), 'keep-alive');
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
    assert.ok(body.startsWith(`{\n  "Type" : "${message['Type']}",\n  "MessageId" : "`));
    assert.equal(new URL(message['SigningCertURL'] ?? '').host, snsHost);
  }
});

test('CF-04 a page confirms by its button only; SDKs confirm by POST; what is wrong gets the errors of SNS', async () => {
  const tenant = await server.tenant('pages');
  await using receiver = await startRecorder();
  const id = await subscribe(tenant, receiver.url);
  await eventually('a message', () => Promise.resolve(receiver.arrivals.length === 1));
  const { Token = '', TopicArn = '' } = receiver.arrivals[0]?.message ?? {};
  const base = `${server.url}/bynder/sns`;
  const query = `TopicArn=${TopicArn}&Token=${Token}`;
  const page = await fetch(`${base}/confirmation.html?${query}`);
  assert.match(await page.text(), /<form method="post">.*Confirm subscription<\/button>/s);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-[^,]*$/);
  assert.equal((await shown(tenant, id))['confirmed'], false, 'looking at the page confirmed it');
  for (const [search, status, code] of [
    ['', 400, 'MissingAction'],
    ['?Action=Publish', 400, 'InvalidAction'],
    [`?Action=ConfirmSubscription&TopicArn=${TopicArn}&Token=0${Token}`, 400, 'InvalidParameter'],
    [`?Action=ConfirmSubscription&TopicArn=${TopicArn}x&Token=${Token}`, 404, 'NotFound'],
    ['?Action=Unsubscribe&SubscriptionArn=x', 400, 'InvalidParameter'],
    ['/SimpleNotificationService-0.pem', 404, 'NotFound'],
  ] as const) {
    const answer = await fetch(`${base}${search}`);
    assert.equal(answer.status, status, search);
    assert.equal(answer.headers.get('content-type'), 'text/xml; charset=utf-8');
    assert.match(await answer.text(), new RegExp(`<Code>${code}</Code>`), search);
  }
  for (const method of ['PUT', 'PATCH', 'DELETE'])
    for (const path of ['', '/', '?Action=Unsubscribe', '/SimpleNotificationService-0.pem']) {
      const answer = await fetch(`${base}${path}`, { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.match(answer.headers.get('allow') ?? '', /^HEAD, GET/);
      assert.equal(answer.headers.get('content-type'), 'text/xml; charset=utf-8');
      assert.match(await answer.text(), /<Type>Sender<\/Type>\s*<Code>InvalidAction<\/Code>/);
    }
  assert.match(await (await fetch(`${base}/confirmation.html`, { method: 'PUT' })).text(), /^<!doctype html>/);
  assert.match(await (await fetch(`${base}/a/b`)).text(), /<Code>NotFound<\/Code>/);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = `Action=ConfirmSubscription&Version=2010-03-31&${query}`;
  const posted = await fetch(`${base}/`, { method: 'POST', headers, body: form });
  assert.match(await posted.text(), /<ConfirmSubscriptionResponse/);
  assert.equal((await shown(tenant, id))['confirmed'], true);
  const arn = `${TopicArn}:${id}`;
  const oneClick = `${base}/unsubscribe.html?SubscriptionArn=${arn}&Endpoint=x`;
  assert.match(await (await fetch(oneClick)).text(), /Unsubscribe<\/button>/);
  assert.equal((await shown(tenant, id))['confirmed'], true);
  const ended = await fetch(oneClick, { method: 'POST', headers, body: 'List-Unsubscribe=One-Click' });
  assert.match(await ended.text(), /Subscription ended/);
  assert.equal((await shown(tenant, id))['confirmed'], false);
});

test('The configuration that is one too many is refused in the vendor’s words, and made once there may be more', async () => {
  const tenant = await server.tenant('many');
  const body = (n: number) => ({
    name: `Shop ${n}`,
    protocol: 'sqs',
    endpoint: `arn:aws:sqs:eu-central-1:123456789012:shop-${n}`,
    events: ['asset_bank.media.create'],
  });
  for (let n = 1; n <= 10; n += 1) expectStatus(await tenant.call(api, { body: body(n) }), 201);
  const refused = await tenant.call(api, { body: body(11) });
  assert.equal(refused.status, 400);
  assert.match(
    text(refused.json['message']),
    /^Keep at most 10 configurations: there are 10\. Delete one \(DELETE \/v7\//,
  );
  assert.match(text(refused.json['message']), /--set webhookConfigurationsMax=20$/);
  const values = { webhookConfigurationsMax: 11 };
  expectStatus(await tenant.call('/v1/dialects/bynder/properties', { method: 'PATCH', body: { values } }), 200);
  expectStatus(await tenant.call(api, { body: body(11) }), 201);
  // Nothing lies beside the configurations; whoever asks there is told where they are.
  const beside = await tenant.call('/bynder/v7/webhooks/public/api/configurations');
  assert.deepEqual(
    [beside.status, text(beside.json['message']).slice(0, 31)],
    [404, 'There is nothing at this path: '],
  );
  const wrong = await tenant.call(api, { method: 'PUT', body: {} });
  assert.deepEqual([wrong.status, wrong.json], [405, { message: 'Use HEAD, POST, GET here: PUT' }]);
});

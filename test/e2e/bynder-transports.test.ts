/**
 * Bynder's protocols beside HTTP, whole: a queue that checks signatures and its policy, a real mail server, a real mail
 * parser. What a receiver does by hand (visiting links, pressing the button) is done here.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import PostalMime, { type Email } from 'postal-mime';
import sharp from 'sharp';
import type { JsonObject } from '../../src/core/json.ts';
import type { PeerQueue, SqsPeer } from '../../src/transports/testing/sqs-peer.ts';
import { startSqsPeer } from '../../src/transports/testing/sqs-peer.ts';
import { type SmtpPeer, startSmtpPeer } from '../../src/transports/testing/smtp-peer.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const api = '/bynder/v7/webhooks/public/api/subscriptions';
const keys = { accessKeyId: 'AKIAASSETWIRETEST001', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const principal = 'arn:aws:iam::999988887777:user/assetwire';
const lent = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };

let sqs: SqsPeer;
/** What the mail server says to a mailbox it does not have any more. */
const gone = new Set<string>();
let smtp: SmtpPeer;
let server: RealServer;

before(async () => {
  // The chain of providers of the AWS SDK finds the server's own keys here.
  Object.assign(process.env, lent);
  sqs = await startSqsPeer();
  sqs.addAccount({ ...keys, arn: principal, account: '999988887777' });
  smtp = await startSmtpPeer({
    login: { user: 'dam', pass: 'mail-s3cret' },
    answer: (command, about) =>
      command === 'RCPT' && gone.has(about) ? { code: 550, text: '5.1.1 No such user here' } : null,
  });
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { sqsEndpoint: sqs.url, sqsPrincipal: principal, smtpUrl: smtp.url, mailFrom: 'dam@assetwire.example' },
  });
});
after(async () => {
  for (const name of Object.keys(lent)) delete process.env[name];
  await server[Symbol.asyncDispose]();
  await Promise.all([sqs.close(), smtp.close()]);
});

async function subscribe(tenant: Tenant, protocol: string, endpoint: string): Promise<string> {
  const body = {
    name: 'Product pages',
    protocol,
    endpoint,
    events: ['asset_bank.media.create', 'asset_bank.media.deleted'],
  };
  return text(expectStatus(await tenant.call(api, { body }), 201).json['id']);
}

const confirmed = async (tenant: Tenant, id: string) => (await tenant.ask(`${api}/${id}`))['confirmed'] === true;

async function picture(): Promise<Buffer> {
  return sharp({ create: { width: 1_200, height: 800, channels: 3, background: '#1f6feb' } })
    .jpeg()
    .toBuffer();
}

/** Visits a link of a message, as a browser without an account does. */
async function visit(link: string, method = 'GET'): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(link, { method, redirect: 'manual' });
  return { status: response.status, body: await response.text() };
}

type Listed = { readonly id: string; readonly event: string; readonly state: string; readonly attempts: number };
type Deliveries = readonly Listed[];

/** One that was tried at least once. */
async function deliveryOf(tenant: Tenant, event: string, state: string) {
  const isIt = (one: Listed): boolean => one.event === event && one.state === state && one.attempts > 0;
  const found = await eventually(
    async () => rows(await tenant.ask('/v1/deliveries')) as unknown as Deliveries,
    (list) => list.some(isIt),
    `${event} ${state}`,
  );
  const id = found.find(isIt)?.id ?? '';
  return tenant.ask(`/v1/deliveries/${id}`);
}

test('a queue gets the question, is asked nothing more until its link is visited, then envelopes; a log of it all', async () => {
  const tenant = await server.tenant('queue');
  const arn = 'arn:aws:sqs:eu-central-1:111122223333:bynder';
  const queue: PeerQueue = sqs.addQueue(arn);
  const setup = await tenant.ask(`/v1/dialects/bynder/setup?target=${encodeURIComponent(arn)}`);
  const [step] = setup['steps'] as { document: PeerQueue['policy']; notes: { at: string; text: string }[] }[];
  assert.deepEqual(step?.document?.Statement[0]?.Principal, { AWS: principal });
  assert.deepEqual(
    step?.notes.map(({ at }) => at),
    ['/Statement/0/Principal/AWS', '/Statement/0/Resource'],
  );

  const id = await subscribe(tenant, 'sqs', arn);
  const refused = await deliveryOf(tenant, 'SubscriptionConfirmation', 'pending');
  const [attempt] = refused['attemptRecords'] as { outcome: string; code: string; detail: string }[];
  assert.deepEqual([attempt?.outcome, attempt?.code], ['not-accepted', 'access-denied']);
  assert.match(attempt?.detail ?? '', /security policy/);
  // The policy that was shown is what the queue's owner adds; the question is tried again by itself.
  queue.policy = step?.document ?? null;
  const question = await eventually(
    () => Promise.resolve(queue.messages[0]),
    (message) => message !== undefined,
    'the question',
  );
  const asked = JSON.parse(question?.body ?? '') as Record<string, string>;
  assert.equal(asked['Type'], 'SubscriptionConfirmation');
  await tenant.ask('/v1/assets/external:early', { method: 'PUT', body: { name: 'early.jpg' } });
  assert.equal((await visit(asked['SubscribeURL'] ?? '')).status, 200);
  assert.ok(await confirmed(tenant, id));

  expectStatus(await tenant.upload('Größe.jpg', await picture(), { info: { title: 'Größe' } }), 201);
  await eventually(
    () => Promise.resolve(queue.messages.length),
    (count) => count === 2,
    'the notification',
  );
  const envelope = JSON.parse(queue.messages[1]?.body ?? '') as Record<string, string>;
  const message = JSON.parse(envelope['Message'] ?? '') as { media_id: string; media: { name: string } };
  assert.equal(envelope['Subject'], 'asset_bank.media.create');
  assert.equal(message.media.name, 'Größe');
  assert.match(envelope['UnsubscribeURL'] ?? '', /Action=Unsubscribe/);
  const delivered = await deliveryOf(tenant, 'asset_bank.media.create', 'delivered');
  const [record] = delivered['attemptRecords'] as {
    request: { method: string; url: string };
    response: { status: number; bodyBase64: string };
    address: string;
  }[];
  assert.deepEqual(
    [record?.request.method, record?.request.url, record?.response.status, record?.address],
    ['SendMessage', arn, 200, '127.0.0.1'],
  );
  assert.match(Buffer.from(record?.response.bodyBase64 ?? '', 'base64').toString(), /MessageId/);
  assert.match(text(delivered['curl']), /^aws sqs send-message --region eu-central-1/);
  assert.ok(!server.log.join('').includes(keys.secretAccessKey));
});

test('a queue is sent to with the webhook’s own keys where it brings some; they are sealed and never shown', async () => {
  const tenant = await server.tenant('own-keys');
  const arn = 'arn:aws:sqs:us-east-1:444455556666:own';
  const own = { accessKeyId: 'AKIAOWNKEYS000000001', secretAccessKey: 'own-secret-access-key-of-this-webhook-00' };
  sqs.addAccount({ ...own, arn: 'arn:aws:iam::444455556666:user/own', account: '444455556666' });
  const queue = sqs.addQueue(arn);
  const input = {
    name: 'Own',
    dialect: 'bynder',
    target: { transport: 'sqs', queue: arn },
    events: ['*'],
    credentials: { kind: 'aws', ...own },
  };
  const made = expectStatus(await tenant.call('/v1/webhooks', { body: input }), 201);
  assert.ok(!made.text.includes(own.secretAccessKey));
  assert.equal((made.json['credentials'] as { accessKeyId: string }).accessKeyId, own.accessKeyId);
  await eventually(
    () => Promise.resolve(queue.messages.length),
    (count) => count === 1,
    'the question',
  );
  assert.equal(queue.messages[0]?.sender, 'arn:aws:iam::444455556666:user/own');
  assert.ok(!server.log.join('').includes(own.secretAccessKey));
});

test('SQ-03 what is no standard queue, and no plain address, is refused with the reason', async () => {
  const tenant = await server.tenant('refusals');
  const cases = [
    ['sqs', 'arn:aws:sqs:eu-central-1:111122223333:orders.fifo', /FIFO/],
    ['sqs', 'https://sqs.eu-central-1.amazonaws.com/111122223333/orders', /ARN/],
    ['sqs', 'arn:aws:sqs:eu-central-1.evil.example:111122223333:orders', /region/],
    ['sqs', 'arn:aws:sqs:eu-central-1:1111:orders', /twelve digits/],
    ['sqs', 'arn:aws:sqs:eu-central-1:111122223333:../../x', /name of the queue/],
    ['email', 'Ada <ada@receiver.example>', /address/],
    ['email', 'ada@receiver.example,bob@receiver.example', /address/],
  ] as const;
  for (const [protocol, endpoint, why] of cases) {
    const answer = await tenant.call(api, {
      body: { name: 'x', protocol, endpoint, events: ['asset_bank.media.create'] },
    });
    assert.equal(answer.status, 400, endpoint);
    assert.match(text(answer.json['message']), why);
    assert.match(text(answer.json['message']), /^endpoint wants /);
    const native = await tenant.call('/v1/webhooks', {
      body: {
        name: 'x',
        dialect: 'bynder',
        target: protocol === 'sqs' ? { transport: 'sqs', queue: endpoint } : { transport: 'email', address: endpoint },
        events: ['*'],
      },
    });
    assert.equal(native.status, 422, `${endpoint}: ${native.text}`);
    assert.match(native.text, why);
  }
});

test('what the vendor’s API refuses behind its door is worded with the vendor’s fields, not with ours', async () => {
  const tenant = await server.tenant('vendor-words');
  const good = { name: 'x', protocol: 'http', endpoint: 'http://127.0.0.1:9099/', events: ['asset_bank.media.create'] };
  const refusal = async (change: JsonObject, path = api, method = 'POST'): Promise<string> => {
    const answer = await tenant.call(path, { method, body: { ...(method === 'POST' ? good : {}), ...change } });
    assert.ok(answer.status === 400 || answer.status === 404, answer.text);
    const message = text(answer.json['message']);
    assert.doesNotMatch(message, /\/(?:target|settings|patch|name|events)|webhook|openapi/i);
    return message;
  };
  assert.match(await refusal({ endpoint: 'http://' }), /^endpoint must be a usable URL: it names no host/);
  assert.match(await refusal({ endpoint: 'http://10.0.0.1/' }), /^endpoint must lie at a public address/);
  assert.match(await refusal({ endpoint: 'http://u@127.0.0.1:9099/' }), /^endpoint wants user:password/);
  assert.match(await refusal({ name: 'a\u0000b' }), /^name wants text without line breaks/);
  assert.match(await refusal({ name: 'x'.repeat(201) }), /^name must have 1 to 200 characters: got 201/);
  assert.match(await refusal({ preArchivedNotificationDays: 0 }), /^preArchivedNotificationDays wants .*1.*, found/);
  assert.match(await refusal({ name: 'x', preArchivedNotificationDays: 366 }), /^preArchivedNotificationDays wants/);
  const id = text(expectStatus(await tenant.call(api, { body: good }), 201).json['id']);
  assert.match(await refusal({ preArchivedNotificationDays: 0 }, `${api}/${id}`, 'PUT'), /^preArchivedNotif/);
  assert.match(await refusal({ name: 'x'.repeat(201) }, `${api}/${id}`, 'PATCH'), /^name must have/);
  await tenant.ask('/v1/dialects/bynder/properties', { method: 'PATCH', body: { values: { workflowEnabled: false } } });
  assert.match(
    await refusal({ events: ['workflow.job.create'] }),
    /workflow\.job\.create belongs to a module .* switched off/,
  );
  assert.match(
    await refusal({ name: 'y' }, `${api}/00000000-0000-4000-8000-000000000000`, 'PATCH'),
    /no configuration/,
  );
});

async function mailTo(address: string, nth: number): Promise<Email> {
  const mails = await eventually(
    () => Promise.resolve(smtp.received.filter(({ to }) => to.includes(address))),
    (found) => found.length > nth,
    `mail ${nth} to ${address}`,
  );
  return PostalMime.parse(mails[nth]?.raw ?? '');
}

test('EM-05 a mail is confirmed by a button, told of media in words and a picture, and ended by one click', async () => {
  const tenant = await server.tenant('mail');
  const address = 'ada@receiver.example';
  const id = await subscribe(tenant, 'email', address);
  const question = await mailTo(address, 0);
  assert.equal(question.subject, 'AWS Notification - Subscription Confirmation');
  const page = /http:\/\/\S+confirmation\.html\S+/.exec(question.text ?? '')?.[0] ?? assert.fail('no link');
  assert.ok(question.html?.includes(page.replaceAll('&', '&amp;')));
  // A scanner visits every link: that must not confirm.
  const shown = await visit(page);
  assert.equal(shown.status, 200);
  assert.match(shown.body, /<button/);
  assert.equal(await confirmed(tenant, id), false);
  // "Never again", taken back before it is confirmed after all.
  const press = async (ask: string) => {
    const body = new URLSearchParams({ Ask: ask });
    return (await fetch(page, { method: 'POST', body })).text();
  };
  assert.match(await press('never'), /You are not asked again/);
  assert.match((await visit(page)).body, /You are not asked again/);
  assert.match((await visit(page, 'POST')).body, /You are not asked again/);
  assert.equal(await confirmed(tenant, id), false);
  const second = { name: 'Again', protocol: 'email', endpoint: address, events: ['asset_bank.media.create'] };
  const turnedAway = await tenant.call(api, { body: second });
  assert.equal(turnedAway.status, 400);
  assert.match(turnedAway.text, /wants no questions/);
  assert.match(await press('again'), /Confirm the subscription\?/);
  assert.ok((await visit(page, 'POST')).status < 400);
  assert.ok(await confirmed(tenant, id));

  const evil = '<img src=x onerror=alert(1)> & "quoted" {{constructor}}';
  const made = expectStatus(
    await tenant.upload('lamp.jpg', await picture(), { info: { title: evil }, metadata: {} }),
    201,
  );
  const mail = await mailTo(address, 1);
  assert.equal(mail.subject, 'asset_bank.media.create');
  assert.match(mail.text ?? '', /^New media: <img src=x/);
  assert.match(mail.text ?? '', /Width: 1200/);
  assert.ok(
    !mail.html?.includes('<img src=x') &&
      mail.html?.includes('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quoted&quot; {{constructor}}'),
  );
  const pictureUrl =
    /<img src="([^"]+)"/.exec(mail.html ?? '')?.[1]?.replaceAll('&amp;', '&') ?? assert.fail('no picture');
  const preview = await eventually(
    () => fetch(pictureUrl),
    ({ status }) => status === 200,
    'the picture',
  );
  assert.match(preview.headers.get('content-type') ?? '', /^image\//);
  const file = /^File:\s+(\S+)$/m.exec(mail.text ?? '')?.[1] ?? assert.fail('no file');
  assert.equal((await fetch(file)).status, 200);

  const delivered = await deliveryOf(tenant, 'asset_bank.media.create', 'delivered');
  const [record] = delivered['attemptRecords'] as {
    request: { method: string; url: string; headers: [string, string][] };
    response: { status: number };
  }[];
  assert.deepEqual([record?.request.method, record?.request.url, record?.response.status], ['MAIL', address, 250]);
  assert.deepEqual(record?.request.headers[0], ['subject', 'asset_bank.media.create']);
  assert.equal(delivered['curl'], null);

  // Once it is gone there is neither a picture nor a file to show.
  await tenant.call(`/v1/assets/${text(made.json['id'])}`, { method: 'DELETE' });
  const unsubscribe = mail.headers.find(({ key }) => key === 'list-unsubscribe')?.value.replace(/^<|>$/g, '') ?? '';
  assert.equal(mail.headers.find(({ key }) => key === 'list-unsubscribe-post')?.value, 'List-Unsubscribe=One-Click');
  const ended = await fetch(unsubscribe, {
    method: 'POST',
    body: 'List-Unsubscribe=One-Click',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.ok(ended.status < 400, `${ended.status}`);
  assert.equal(await confirmed(tenant, id), false);
});

test('a mail of Email-JSON holds the signed document before SNS’s separator', async () => {
  const tenant = await server.tenant('mail-json');
  const address = 'robot@receiver.example';
  await subscribe(tenant, 'email-json', address);
  const question = JSON.parse((await mailTo(address, 0)).text ?? '') as Record<string, string>;
  assert.equal(question['Type'], 'SubscriptionConfirmation');
  assert.equal((await visit(question['SubscribeURL'] ?? '')).status, 200);
  expectStatus(await tenant.upload('lamp.jpg', await picture()), 201);
  const mail = await mailTo(address, 1);
  const [document = '', footer = ''] = (mail.text ?? '').replaceAll('\r\n', '\n').split('\n\n--\n');
  const notification = JSON.parse(document) as Record<string, string>;
  assert.deepEqual(Object.keys(notification), [
    'Type',
    'MessageId',
    'TopicArn',
    'Subject',
    'Message',
    'Timestamp',
    'SignatureVersion',
    'Signature',
    'SigningCertURL',
    'UnsubscribeURL',
  ]);
  assert.match(
    footer,
    /^If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\nhttp/,
  );
  assert.equal(mail.html, undefined);
});

test('EM-10 a mailbox that is gone is told nothing twice, and after three refusals nothing at all until somebody looks', async () => {
  const tenant = await server.tenant('gone-mailbox');
  const address = 'gone@receiver.example';
  await subscribe(tenant, 'email-json', address);
  const question = await mailTo(address, 0);
  const [document = ''] = (question.text ?? '').split('\n\n--\n');
  const { SubscribeURL: link } = JSON.parse(document) as { SubscribeURL: string };
  assert.equal((await visit(link)).status, 200);
  const webhook = async () => rows(await tenant.ask('/v1/webhooks'))[0] ?? {};
  const health = async () => (await webhook())['health'] as { refusedInARow?: number };
  const push = (nth: number) =>
    tenant.ask(`/v1/assets/external:${nth}`, { method: 'PUT', body: { name: `${nth}.jpg` } });
  gone.add(address);
  for (let nth = 1; nth <= 2; nth += 1) {
    await push(nth);
    await eventually(health, ({ refusedInARow }) => refusedInARow === nth, `refusal ${nth} is counted`);
  }
  const refused = await deliveryOf(tenant, 'asset_bank.media.create', 'rejected');
  assert.equal(refused['attempts'], 1, 'it is not tried again');
  // It comes back in time: the count is gone.
  gone.delete(address);
  await push(3);
  await eventually(health, ({ refusedInARow }) => refusedInARow === undefined, 'a mail that was taken ends the count');
  gone.add(address);
  for (let nth = 4; nth <= 6; nth += 1) await push(nth);
  const off = await eventually(webhook, ({ state }) => state === 'disabled', 'the webhook is switched off');
  assert.equal(off['stateReason'], 'refused-for-good');
  const mails = smtp.received.length;
  await push(7);
  gone.delete(address);
  await tenant.ask(`/v1/webhooks/${text(off['id'])}/enable`, { method: 'POST', body: {} });
  await push(8);
  await eventually(
    () => Promise.resolve(smtp.received.length),
    (count) => count > mails,
    'enabled, it is told again',
  );
  assert.equal((await webhook())['state'], 'enabled');
});

test('an inbox that several configurations point at names the one whose message it is', async () => {
  const tenant = await server.tenant('one-inbox');
  const inbox = await tenant.ask('/v1/inboxes', { body: {} });
  const ids: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    const target = { transport: 'http', url: text(inbox['url']) };
    const made = expectStatus(
      await tenant.call('/v1/webhooks', { body: { name, dialect: 'bynder', target, events: ['*'] } }),
      201,
    );
    ids.push(text(made.json['id']));
  }
  const arrived = await eventually(
    async () => rows(await tenant.ask(`/v1/inboxes/${text(inbox['id'])}/requests`)),
    (found) => found.length === 3,
    'three questions',
  );
  const named = arrived.map((request) => (request['verification'] as { webhookId?: string }).webhookId ?? '');
  assert.deepEqual(named.toSorted(), ids.toSorted());
});

test('SG-19 what is owed when its key is withdrawn leaves with the signature of the present one', async () => {
  const tenant = await server.tenant('withdrawn');
  const inbox = await tenant.ask('/v1/inboxes', { body: {} });
  const place = `/v1/inboxes/${text(inbox['id'])}`;
  const healthyRetryPolicy = { minDelayTarget: 1, maxDelayTarget: 1, numRetries: 20 };
  const input = {
    name: 'owed',
    dialect: 'bynder',
    target: { transport: 'http', url: text(inbox['url']) },
    events: ['asset_bank.media.create'],
    settings: { deliveryPolicy: { healthyRetryPolicy } },
  };
  expectStatus(await tenant.call('/v1/webhooks', { body: input }), 201);
  const last = async () => {
    const [request] = rows(await tenant.ask(`${place}/requests`));
    const body = Buffer.from(text(request?.['bodyBase64'] ?? ''), 'base64').toString() || '{}';
    const { result } = (request?.['verification'] ?? {}) as { result?: string };
    return { ...(JSON.parse(body) as Record<string, string>), result };
  };
  const asked: Record<string, unknown> = await eventually(last, (found) => 'SubscribeURL' in found, 'the question');
  assert.equal((await visit(text(asked['SubscribeURL']))).status, 200);
  await tenant.ask(place, { method: 'PATCH', body: { status: 503 } });
  await tenant.ask('/v1/assets/external:owed', { method: 'PUT', body: { name: 'owed.jpg' } });
  const before: Record<string, unknown> = await eventually(last, (found) => 'Subject' in found, 'the first attempt');
  await tenant.ask('/v1/signing-keys', { body: { name: 'sns', withdrawFormer: true } });
  await tenant.ask(place, { method: 'PATCH', body: { status: 200 } });
  await deliveryOf(tenant, 'asset_bank.media.create', 'delivered');
  const after: Record<string, unknown> = await last();
  assert.equal(after['result'], 'verified');
  assert.notEqual(after['SigningCertURL'], before['SigningCertURL']);
  assert.deepEqual([after['MessageId'], after['Timestamp']], [before['MessageId'], before['Timestamp']]);
});

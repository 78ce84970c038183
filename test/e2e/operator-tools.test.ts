/** What the operator has: test buttons for mail server and queues, against servers that speak SMTP and Amazon SQS; and what the database takes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TransportCheck } from '../../src/app/transport-checks.ts';
import { findingOf } from '../../src/app/transport-findings.ts';
import { inProcess, type InProcess } from '../../src/cli/testing/in-process.ts';
import { limits } from '../../src/core/limits.ts';
import { type SmtpAnswer, type SmtpPeer, startSmtpPeer } from '../../src/transports/testing/smtp-peer.ts';
import { type SqsPeer, startSqsPeer } from '../../src/transports/testing/sqs-peer.ts';
import { adminKey, eventually, expectStatus, type RealServer, rows, startRealServer, text } from './real-server.ts';

const keys = { accessKeyId: 'AKIAASSETWIRETEST002', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const lent = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };
const queue = 'arn:aws:sqs:eu-central-1:999988887777:dam-events';

let sqs: SqsPeer;
let smtp: SmtpPeer;
let refusal: SmtpAnswer | null = null;
let server: RealServer;
let cli: InProcess;

before(async () => {
  // The chain of providers of the AWS SDK finds the server's own keys here.
  Object.assign(process.env, lent);
  sqs = await startSqsPeer();
  sqs.addAccount({ ...keys, arn: 'arn:aws:iam::999988887777:user/assetwire', account: '999988887777' });
  smtp = await startSmtpPeer({
    login: { user: 'dam', pass: 'mail-s3cret' },
    answer: (command) => (command === 'RCPT' ? refusal : null),
  });
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { sqsEndpoint: sqs.url, smtpUrl: smtp.url, mailFrom: 'dam@assetwire.example' },
  });
  cli = inProcess({ ASSETWIRE_URL: server.url, ASSETWIRE_KEY: adminKey });
});
after(async () => {
  for (const name of Object.keys(lent)) delete process.env[name];
  await server[Symbol.asyncDispose]();
  await Promise.all([sqs.close(), smtp.close()]);
});

async function check(transport: 'email' | 'sqs', body: object): Promise<TransportCheck> {
  const answer = await server.call(`/v1/transports/${transport}/check`, { token: adminKey, body });
  return expectStatus(answer, 200).json as unknown as TransportCheck;
}

test('a test mail arrives, says where from, and the answer says what the server said; the audit log has it', async () => {
  const found = await check('email', { to: 'ops@example.com' });
  assert.deepEqual([found.ok, found.outcome, found.server], [true, 'response', `127.0.0.1:${smtp.port}`], found.found);
  assert.match(found.found, /^it was taken: 250/);
  assert.match(found.mend, /spam/);
  const mail = smtp.received.at(-1);
  assert.deepEqual(mail?.to, ['ops@example.com']);
  assert.match(mail?.raw ?? '', /Subject: Test of Assetwire/);
  const [entry] = rows(
    expectStatus(await server.call('/v1/audit?action=transport.checked', { token: adminKey }), 200).json,
  );
  assert.deepEqual([entry?.['target'], entry?.['after']], ['transport:email', { target: 'ops@example.com' }]);
  assert.ok(!JSON.stringify(found).includes('mail-s3cret'));
});

test('a mailbox that does not exist, and a text that is no address, are told apart and told how to mend', async () => {
  refusal = { code: 550, text: '5.1.1 No such user' };
  const found = await check('email', { to: 'nobody@example.com' });
  refusal = null;
  assert.deepEqual([found.ok, found.outcome, found.code], [false, 'not-accepted', 'no-such-target']);
  assert.match(found.mend, /Check the address.*No such user/);
  const refused = await server.call('/v1/transports/email/check', { token: adminKey, body: { to: 'not an address' } });
  assert.equal(expectStatus(refused, 422).json['code'], 'invalid_request');
  assert.match(String(refused.json['detail']), /\/to wants .*found/);
});

test('from the command line a message lies in the queue; one that the queue does not let in ends with exit code 1', async () => {
  const there = sqs.addQueue(queue);
  const sent = await cli.run('transports', 'check-sqs', queue);
  assert.equal(sent.code, 0, sent.err);
  assert.match(sent.out, /✓ http:\/\/127\.0\.0\.1:\d+, \d+ ms: it was taken/);
  assert.equal((JSON.parse(there.messages[0]?.body ?? '{}') as { test?: string }).test, 'assetwire');
  const foreign = queue.replace('999988887777', '111122223333');
  sqs.addQueue(foreign);
  const refused = await cli.run('transports', 'check-sqs', foreign);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /does not let this one send/);
  assert.match(refused.err, /security policy/);
});

test('AK-18 whoever is no admin of the installation may not have messages sent by it', async () => {
  const tenant = await server.tenant('no-admin');
  for (const transport of ['email', 'sqs']) {
    const answer = await tenant.call(`/v1/transports/${transport}/check`, { body: { to: 'a@example.com', queue } });
    assert.equal(answer.status, 403, transport);
  }
});

test('an admin of the installation sees what the database takes by kind, over the API and on the command line; nobody else', async () => {
  const tenant = await server.tenant('space');
  await tenant.ask('/v1/changes', {
    body: { kind: 'asset.created', subject: { type: 'asset', externalId: 's-1' }, after: { name: 'a' } },
  });
  assert.equal((await tenant.call('/v1/space')).status, 403);
  const { json } = await server.call('/v1/space', { token: adminKey });
  assert.equal(json['keptForDays'], 30);
  const kinds = json['kinds'] as { kind: string; rows: number; bytes: number }[];
  const changes = kinds.find(({ kind }) => kind === 'changes');
  assert.ok(changes !== undefined && changes.rows >= 1 && changes.bytes > 0, JSON.stringify(kinds));
  const shown = await cli.run('settings', 'space');
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /^changes +[1-9]/m);
  assert.match(shown.out, /kept +30 days once ended/);
});

test('a webhook whose attempts all fail says since when, how many, and when it will be disabled; one success ends it', async () => {
  const tenant = await server.tenant('failing');
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  const answering = (status: number) =>
    tenant.ask(`/v1/inboxes/${text(inbox['id'])}`, { method: 'PATCH', body: { status } });
  await answering(500);
  const forMs = 4 * 24 * 3_600_000;
  const made = await tenant.ask('/v1/webhooks', {
    body: {
      name: 'Shop',
      dialect: 'standard',
      events: ['*'],
      target: { transport: 'http', url: text(inbox['url']) },
      policy: {
        schedule: { delaysMs: Array.from({ length: 60 }, () => 1_000), jitter: 0, ageMaxMs: 600_000 },
        disable: [{ kind: 'continued', forMs, attemptsMin: 3 }],
      },
    },
  });
  type Health = {
    readonly failing?: { readonly sinceMs: number; readonly failures: number; readonly disablesAtMs: number };
  };
  const health = async () => (await tenant.ask(`/v1/webhooks/${text(made['id'])}`))['health'] as Health;
  assert.equal((await health()).failing, undefined);
  await tenant.ask('/v1/changes', {
    body: { kind: 'asset.created', subject: { type: 'asset', externalId: 'f-1' }, after: { name: 'a' } },
  });
  const { failing } = await eventually(health, (now) => now.failing !== undefined, 'it is failing');
  assert.ok(failing !== undefined && failing.failures >= 1);
  assert.equal(failing.disablesAtMs, failing.sinceMs + forMs);
  await answering(200);
  await eventually(health, (now) => now.failing === undefined, 'it is well again');
});

test('a button that is pressed again and again floods no mailbox', async () => {
  const before = smtp.received.length;
  const statuses: number[] = [];
  // Where each takes its time, there is room for a few more meanwhile.
  for (let count = 0; count <= 5 * limits.transportChecksPerMinuteMax && statuses.at(-1) !== 429; count += 1) {
    const answer = await server.call('/v1/transports/email/check', {
      token: adminKey,
      body: { to: 'ops@example.com' },
    });
    statuses.push(answer.status);
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  assert.equal(statuses.at(-1), 429);
  assert.equal(smtp.received.length - before, statuses.length - 1);
});

test('whatever a check meets is told in words of its own, with the setting that mends it', () => {
  const timing = { startedAtMs: 0, totalMs: 12.4 };
  const asked = { server: 'mail.example.com:587', timeoutMs: 20_000 };
  const of = (outcome: Parameters<typeof findingOf>[1]) => findingOf('email', outcome, asked);
  const told = [
    of({ kind: 'timeout', phase: 'connect', timing }),
    of({ kind: 'dns-failed', code: 'not-found', timing }),
    of({ kind: 'connect-failed', code: 'ECONNREFUSED', timing }),
    of({ kind: 'tls-failed', code: 'self-signed', detail: 'its certificate is its own', timing }),
    of({ kind: 'broken', code: 'reset', timing }),
    of({ kind: 'blocked-address', reason: 'forbidden-address', timing }),
    findingOf(
      'email',
      { kind: 'not-accepted', code: 'unavailable', again: true, detail: '', timing },
      { ...asked, server: null },
    ),
  ];
  assert.equal(new Set(told.map(({ found }) => found)).size, told.length);
  for (const { ok, mend, tookMs } of told) {
    assert.equal(ok, false);
    assert.match(mend, /ASSETWIRE_|certificate/);
    assert.equal(tookMs, 12);
  }
});

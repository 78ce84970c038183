import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { run, serve, temporaryDirectory } from './testing/spawned.ts';

const media = join(import.meta.dirname, '..', '..', 'media');

test('a new user: serve, look, upload, see the webhook arrive signed, replay it, stop; start again', async (t) => {
  const dataDir = join(temporaryDirectory(t), 'data');
  const environment = { ASSETWIRE_DATA_DIR: dataDir };
  const first = await serve(environment);
  t.after(() => first.child.kill('SIGKILL'));
  assert.match(first.err(), /ready at http:\/\/127\.0\.0\.1:\d+\n[\s\S]*\/#sign-in=[0-9a-z]{20,}/);
  const adminKey = /Admin key {2}(\S+)/.exec(first.err())?.[1] ?? '';
  assert.match(adminKey, /^aw_/);
  assert.equal(
    first.out().includes(adminKey) || first.out().includes('sign-in'),
    false,
    'LG-01 neither key nor link is in the log',
  );

  const ask = async <Answer>(...args: string[]): Promise<Answer> => {
    const { code, out, err } = await run([...args, '--json'], environment);
    assert.equal(code, exitCodes.done, err);
    return JSON.parse(out) as Answer;
  };
  const inbox = await ask<{ id: string; url: string }>('inbox', 'create');
  const webhook = await ask<{ id: string; secret: string }>('webhooks', 'create', inbox.url);
  assert.match(webhook.secret, /^whsec_/);
  const { data: uploaded } = await ask<{ data: { asset: { id: string } }[] }>(
    'upload',
    join(media, 'wine.jpg'),
    '--tag',
    'red',
  );
  const subject = `asset:${uploaded[0]?.asset.id}`;

  type Listed = { data: { id: string; state: string; subject: string; event: string }[] };
  let delivered: Listed['data'] = [];
  // What inspection and renditions add is told as well, sooner or later; here it is about what the upload itself tells.
  const uploads = ['--event', 'asset.created'];
  while (delivered.length === 0)
    delivered = (await ask<Listed>('deliveries', 'list', '--state', 'delivered', ...uploads)).data;
  assert.equal(delivered[0]?.subject, subject);
  const shown = await ask<{ attemptRecords: unknown[]; body: { source: string } }>(
    'deliveries',
    'show',
    delivered[0]?.id ?? '',
  );
  assert.equal(shown.attemptRecords.length, 1);
  const seen = await ask<{ requests: { verification: { result: string } }[] }>('inbox', 'show', inbox.id);
  assert.deepEqual([...new Set(seen.requests.map(({ verification }) => verification.result))], ['verified']);

  const report = join(dataDir, '..', 'report.json');
  writeFileSync(
    report,
    JSON.stringify({ kind: 'folder.created', subject: { type: 'folder', externalId: 'f1' }, after: { name: 'f' } }),
  );
  const { results } = await ask<{ results: { status: string }[] }>('changes', 'report', report);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['applied'],
  );
  const selected = ['replay', '--since', '1h', '--subject', subject, ...uploads];
  const estimate = await ask<{ state: string; count: number }>(...selected);
  assert.deepEqual([estimate.state, estimate.count], ['estimated', 1]);
  const replayed = await ask<{ state: string; done: number }>(...selected, '--yes');
  assert.deepEqual([replayed.state, replayed.done], ['done', 1]);

  const made = await ask<{ id: string; key: string }>('keys', 'create', 'reader', '--scope', 'assets:read');
  const asReader = { ASSETWIRE_URL: first.url, ASSETWIRE_KEY: made.key };
  assert.equal((await run(['keys', 'list'], asReader)).code, exitCodes.forbidden);
  await ask('keys', 'revoke', made.id);
  assert.equal((await run(['deliveries', 'list'], asReader)).code, exitCodes.forbidden);
  assert.equal(
    (await run(['deliveries', 'show', 'dlv_00000000000000000000000000'], environment)).code,
    exitCodes.notFound,
  );
  const doctor = await ask<{ data: { name: string; result: string }[] }>('doctor');
  assert.equal(doctor.data.find(({ name }) => name === 'Database')?.result, 'ok');
  assert.equal(await first.end(), 0);

  const second = await serve(environment);
  t.after(() => second.child.kill('SIGKILL'));
  assert.equal(second.err().includes('Admin key'), false, 'the key is shown once');
  assert.equal(
    (await ask<Listed>('deliveries', 'list', ...uploads)).data.length,
    2,
    'what was delivered is still known',
  );
  assert.equal(await second.end('SIGINT'), 0);
});

test('the demo sees every photograph delivered and verified, and leaves nothing', async (t) => {
  const temporary = temporaryDirectory(t);
  const { code, out, err } = await run(['demo', '--json'], { TMPDIR: temporary });
  assert.equal(code, exitCodes.done, err);
  const result = JSON.parse(out) as {
    files: number;
    dialects: number;
    rows: { verified: boolean; status: number; dialect: string; over: string }[];
    consents: { dialect: string; over: string; by: string; tookMs: number }[];
    allVerified: boolean;
  };
  assert.ok(result.files >= 8 && result.dialects >= 2);
  // A dialect may be shown over several protocols; a live broadcast is told of by those that know such a thing.
  const ways = new Set(result.rows.map(({ dialect, over }) => `${dialect} ${over}`));
  assert.ok(ways.size >= result.dialects);
  assert.ok(result.rows.length >= result.files * ways.size, `${result.rows.length} of ${ways.size} ways`);
  assert.equal(new Set(result.rows.map(({ dialect }) => dialect)).size, result.dialects);
  assert.ok(result.rows.every(({ verified, status }) => verified && status >= 200 && status < 300));
  assert.equal(result.allVerified, true);
  // Every endpoint that is asked first is shown with how it said yes.
  assert.deepEqual(
    result.consents.filter(({ dialect }) => dialect === 'bynder').map(({ over, by }) => `${over} by ${by}`),
    [
      'http by the SubscribeURL in the message',
      'https by the SubscribeURL in the message',
      'sqs by the SubscribeURL in the queue',
      'email-json by the SubscribeURL in the mail',
      'email by the button behind the link in the mail',
    ],
  );
  assert.ok(result.consents.every(({ tookMs }) => tookMs > 0));
  // Node keeps its compile cache there; the demo's own directory is gone.
  assert.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith('assetwire')),
    [],
  );
});

test('FX-05 a log that nobody reads any more neither stops nor ends the server', async (t) => {
  const dataDir = temporaryDirectory(t);
  const server = await serve({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_LOG_LEVEL: 'debug' });
  t.after(() => server.child.kill('SIGKILL'));
  const closed = server.child.stdout === null ? Promise.resolve() : once(server.child.stdout, 'close');
  server.child.stdout?.destroy();
  server.child.stderr?.destroy();
  await closed;
  for (let round = 0; round < 3; round += 1) {
    const { code, err } = await run(['inbox', 'create'], { ASSETWIRE_DATA_DIR: dataDir });
    assert.equal(code, exitCodes.done, err);
  }
  assert.equal(await server.end(), 0);
});

test('LG-01 SG-13 no secret is in the log or, in any spelling, in the data directory, failures at debug level included', async (t) => {
  const dataDir = temporaryDirectory(t);
  const canaries = {
    adminKey: 'canary-admin-key-5b1f0c7d9e2a4c86b3',
    encryptionKey: Buffer.from('canary-encryption-key-of-32-byte').toString('base64'),
    password: 'canary-basic-password-71c0',
    bearer: 'canary-bearer-token-82d1',
    secret: `whsec_${Buffer.from('canary-signing-secret-of-32-byte').toString('base64')}`,
  };
  const environment = {
    ASSETWIRE_DATA_DIR: dataDir,
    ASSETWIRE_ADMIN_KEY: canaries.adminKey,
    ASSETWIRE_ENCRYPTION_KEY: canaries.encryptionKey,
    ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8',
    ASSETWIRE_LOG_LEVEL: 'trace',
  };
  const server = await serve(environment);
  t.after(() => server.child.kill('SIGKILL'));
  const headers = { authorization: `Bearer ${canaries.adminKey}`, 'content-type': 'application/json' };
  const post = async (path: string, body: unknown): Promise<{ id: string }> => {
    const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(response.status < 300, `${path} ${response.status} ${await response.clone().text()}`);
    return (await response.json()) as { id: string };
  };
  const inbox = (await post('/v1/inboxes', {})) as { id: string; url: string };
  const webhook = { dialect: 'standard', events: ['*'], secret: canaries.secret };
  const basic = { kind: 'basic', username: 'user', password: canaries.password };
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const targets = [inbox.url, `http://127.0.0.1:${port}/closed`];
  for (const url of targets) {
    await post('/v1/webhooks', {
      ...webhook,
      name: 'control-name',
      target: { transport: 'http', url },
      credentials: basic,
    });
    await post('/v1/webhooks', {
      ...webhook,
      name: 'bearer',
      target: { transport: 'http', url },
      credentials: { kind: 'bearer', token: canaries.bearer },
    });
  }
  const { key } = (await post('/v1/keys', { name: 'canary', scopes: ['assets:read'] })) as { id: string; key: string };
  await post('/v1/changes', {
    kind: 'folder.created',
    subject: { type: 'folder', externalId: 'f' },
    after: { name: 'f' },
  });
  // Bad requests carry secrets too, where people put them by mistake.
  await fetch(`${server.url}/v1/assets?token=${canaries.bearer}`, {
    headers: { authorization: `Bearer ${canaries.secret}` },
  });
  await fetch(`${server.url}/v1/webhooks`, { method: 'POST', headers, body: `{"secret":"${canaries.secret}"` });
  await run(['webhooks', 'list'], { ...environment, ASSETWIRE_KEY: canaries.adminKey, ASSETWIRE_URL: server.url });
  type Attempted = { data: { attempts: number }[] };
  for (let tried = 0; tried < 4; ) {
    const response = await fetch(`${server.url}/v1/deliveries`, { headers });
    tried = ((await response.json()) as Attempted).data.filter(({ attempts }) => attempts > 0).length;
  }
  assert.equal(await server.end(), 0);

  const log = server.out() + server.err();
  const needles = [...Object.values(canaries), key, 'canary-signing-secret', 'canary-encryption-key'];
  for (const needle of needles) assert.equal(log.includes(needle), false, `the log holds ${needle}`);
  // What arrived at the inbox is kept as it arrived; its Authorization header is the receiver's to see, and is sealed or masked at rest.
  const kept = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
  assert.ok(
    kept.some(({ bytes }) => bytes.includes('control-name')),
    'what is no secret is found, so the search searches',
  );
  for (const { name, bytes } of kept) {
    for (const needle of needles) {
      for (const spelling of [
        needle,
        Buffer.from(needle).toString('base64').replace(/=+$/, ''),
        Buffer.from(needle).toString('hex'),
      ]) {
        assert.equal(bytes.includes(spelling), false, `${name} holds ${needle} as ${spelling}`);
      }
    }
  }
});

test('SC-07 FO-05 what cannot start says why in a paragraph and ends with the documented code', async (t) => {
  const dataDir = temporaryDirectory(t);
  const wrong = await run(['serve'], {
    ASSETWIRE_DATA_DIR: dataDir,
    ASSETWIRE_PRT: '1',
    ASSETWIRE_PORT: 'many',
  });
  assert.equal(wrong.code, exitCodes.configuration);
  assert.match(wrong.err, /ASSETWIRE_PRT[\s\S]*ASSETWIRE_PORT: wanted[\s\S]*mend:/);
  const server = await serve({ ASSETWIRE_DATA_DIR: dataDir });
  t.after(() => server.child.kill('SIGKILL'));
  const second = await run(['serve'], { ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_PORT: '0' });
  assert.equal(second.code, exitCodes.store);
  assert.match(second.err, /one process[\s\S]*mend:/);
  const port = new URL(server.url).port;
  const taken = await run(['serve'], { ASSETWIRE_DATA_DIR: join(dataDir, 'other'), ASSETWIRE_PORT: port });
  assert.equal(taken.code, exitCodes.port);
  assert.match(taken.err, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 must be free[\\s\\S]*ASSETWIRE_PORT`));
  const dialectAt = (own: number, shared: string) => ({
    ASSETWIRE_DATA_DIR: join(dataDir, 'other'),
    ASSETWIRE_PORT: String(own),
    ASSETWIRE_DIALECT_LISTEN: `bambuser=127.0.0.1:${shared}`,
  });
  const elsewhere = await run(['serve'], dialectAt(0, port));
  assert.match(elsewhere.err, /must be free[\s\S]*with ASSETWIRE_DIALECT_LISTEN/);
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const own = (probe.address() as AddressInfo).port;
  await once(probe.close(), 'close');
  const twice = await run(['serve'], dialectAt(own, String(own + 1)));
  assert.equal(twice.code, exitCodes.port);
  assert.match(twice.err, /given once: ASSETWIRE_INBOX_TLS_PORT and ASSETWIRE_DIALECT_LISTEN mean it[\s\S]*mend:/);
  assert.equal(await server.end(), 0);
  const wrongKey = await run(['serve'], {
    ASSETWIRE_DATA_DIR: dataDir,
    ASSETWIRE_PORT: '0',
    ASSETWIRE_ENCRYPTION_KEY: 'a'.repeat(64),
  });
  assert.equal(wrongKey.code, exitCodes.store);
  for (const { err } of [wrong, second, taken, wrongKey]) assert.equal(/\n\s+at /.test(err), false, 'no stack');
});

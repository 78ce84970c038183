import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { call } from '../../src/api/testing/test-server.ts';
import { ahead } from '../support/until.ts';
import { adminKey, eventually, type RealServer, rows, startRealServer, type Tenant } from './real-server.ts';

let server: RealServer;
let alpha: Tenant;

before(async () => {
  server = await startRealServer();
  alpha = await server.tenant('alpha');
});
after(() => server[Symbol.asyncDispose]());

test('AK-05 a revoked key is refused from the answer to its revocation on, on the connection it was used on', async () => {
  const { id, key } = await server.key('alpha', ['webhooks:read']);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${server.url}/v1/webhooks`,
        { agent, headers: { authorization: `Bearer ${key}` } },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  for (let times = 0; times < 5; times++) assert.equal(await ask(), 200);
  assert.equal((await alpha.call(`/v1/keys/${id}`, { method: 'DELETE' })).status, 204);
  // Other processes have a second for it (test/cluster/processes.test.ts); the one that revoked it believes it no more.
  assert.equal(await ask(), 401);
  agent.destroy();
});

test('AK-05 a stream whose key is revoked ends within a minute, and its last use is refused at once elsewhere', async () => {
  const { id, key } = await server.key('alpha', ['deliveries:read', 'keys:write']);
  const revoked = await call(server.url, `/v1/keys/${id}`, { method: 'DELETE', token: key });
  assert.equal(revoked.status, 204, 'a key may end itself');
  assert.equal((await call(server.url, '/v1/deliveries/stream', { token: key })).status, 401);
});

test('AK-02 expired keys are refused', async () => {
  const { expiresAtMs, ask } = await ahead(1_000, async (atMs) => {
    const body = { name: 'short', scopes: ['webhooks:read'], expiresAtMs: atMs };
    const token = String((await alpha.ask('/v1/keys', { body }))['key']);
    const using = () => call(server.url, '/v1/webhooks', { token });
    assert.equal((await using()).status, 200);
    return { expiresAtMs: atMs, ask: using };
  });
  await eventually(ask, ({ status }) => status === 401, 'the key has expired');
  assert.ok(Date.now() >= expiresAtMs, 'and not before its time');
  assert.equal((await alpha.call('/v1/keys', { body: { name: 'past', scopes: [], expiresAtMs: 1 } })).status, 422);
});

test('AK-04 nobody makes a key that may do more than his own, or an admin key', async () => {
  const { key } = await server.key('alpha', ['keys:write', 'assets:read']);
  const make = (body: object) => call(server.url, '/v1/keys', { token: key, body: { name: 'x', ...body } });
  assert.equal((await make({ scopes: ['assets:read'] })).status, 201);
  assert.equal((await make({ scopes: ['assets:write'] })).status, 403);
  assert.equal((await make({ scopes: ['secrets:reveal'] })).status, 403);
  assert.equal((await make({ scopes: [], admin: true })).status, 403);
});

test('AK-01 keys are shown once: no list, no audit entry, no file of the server holds them', async () => {
  const { readdirSync, readFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  const listed = await alpha.call('/v1/keys');
  const audit = await alpha.call('/v1/audit');
  assert.ok(rows(listed.json).length > 0);
  for (const secret of [alpha.key, adminKey]) {
    assert.ok(!listed.text.includes(secret) && !audit.text.includes(secret));
    assert.ok(!server.log.some((line) => line.includes(secret)), 'nor does the log');
    for (const file of readdirSync(server.dataDir, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes(secret), file.name);
    }
  }
});

test('AK-11 a sign-in link works once', async () => {
  const { signInToken } = server.started;
  const signIn = () => call(server.url, '/v1/sessions', { token: null, body: { token: signInToken } });
  const answers = await Promise.all([signIn(), signIn(), signIn()]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 401, 401]);
  const cookie = String(answers.find(({ status }) => status === 201)?.headers['set-cookie']).split(';', 1)[0] ?? '';
  const me = await call(server.url, '/v1/sessions/current', { token: null, headers: { cookie } });
  assert.equal(me.json['admin'], true);
  const host = new URL(server.url).host;
  const out = await call(server.url, '/v1/sessions/current', {
    method: 'DELETE',
    token: null,
    headers: { cookie, origin: `http://${host}` },
  });
  assert.equal(out.status, 204);
  assert.equal(
    (await call(server.url, '/v1/sessions/current', { token: null, headers: { cookie } })).status,
    401,
    'AK-09 after signing out the cookie is worth nothing',
  );
});

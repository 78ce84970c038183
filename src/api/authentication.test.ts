import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Scope, scopes } from '../app/app.ts';
import { bucketName, createFailedAuthentications } from './failed-authentications.ts';
import { type Route, route } from './route.ts';
import { assertSound } from './routes/all.ts';
import { adminToken, callerOf, createFakeApp, type FakeApp } from './testing/fake-app.ts';
import { createHeldClock } from './testing/held-clock.ts';
import { allRoutes, call, samplePath, startTestServer, talk, type TestServer } from './testing/test-server.ts';

let app: FakeApp;
let server: TestServer;

before(async () => {
  app = createFakeApp();
  server = await startTestServer(app);
});
after(() => server.stop());

const unauthenticated = { type: 'urn:assetwire:error:unauthenticated', status: 401 };

test('AK-02 every way of being wrong about the key gets one and the same 401', async () => {
  await using fresh = await startTestServer(createFakeApp());
  const shapes = new Set<string>();
  const wrong: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: adminToken },
    { authorization: `Basic ${Buffer.from(`x:${adminToken}`).toString('base64')}` },
    { authorization: `Bearer ${adminToken}x` },
    { authorization: `Bearer ${adminToken} x` },
    { authorization: `Bearer  ${adminToken}` },
    { authorization: `Bearer ${adminToken},Bearer ${adminToken}` },
    { authorization: `Bearer ${'a'.repeat(5_000)}` },
    { authorization: `Bearer ${adminToken}\u00e4` },
    { cookie: 'assetwire-session=nonsense' },
    { 'x-api-key': adminToken },
  ];
  for (const headers of wrong) {
    const answer = await call(fresh.url, '/v1/webhooks', { token: null, headers });
    assert.equal(answer.status, 401, JSON.stringify(headers).slice(0, 80));
    const { requestId: _, ...shape } = answer.json;
    shapes.add(JSON.stringify([shape, answer.headers['www-authenticate']]));
  }
  assert.equal(shapes.size, 1, [...shapes].join('\n'));
  for (const path of [
    `/v1/webhooks?key=${adminToken}`,
    `/v1/webhooks?access_token=${adminToken}`,
    `/v1/webhooks?authorization=Bearer%20${adminToken}`,
  ]) {
    assert.equal((await call(fresh.url, path, { token: null })).status, 401, 'a key in the query is no key');
  }
});

test('AK-02 two Authorization headers are refused even where the first is good', async () => {
  const answer = await talk(
    server.port,
    `GET /v1/webhooks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${adminToken}\r\nauthorization: Bearer ${adminToken}\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 401 /);
});

test('AK-02 the scheme is read in any case, and spaces at the end belong to HTTP', async () => {
  for (const value of [`bearer ${adminToken}`, `BEARER ${adminToken}`, `Bearer ${adminToken}  `]) {
    assert.equal(
      (await call(server.url, '/v1/webhooks', { token: null, headers: { authorization: value } })).status,
      200,
      value,
    );
  }
});

test('AK-02 a header of a megabyte is answered 431, a NUL 400, never 500', async () => {
  const huge = await talk(
    server.port,
    `GET /v1/webhooks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(1_000_000)}\r\n\r\n`,
  );
  assert.match(huge, /^HTTP\/1\.1 431 .*headers_too_large/s);
  const nul = await talk(server.port, `GET /v1/webhooks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\0b\r\n\r\n`);
  assert.match(nul, /^HTTP\/1\.1 400 /);
});

test('AK-03 of all routes and all scopes exactly the declared pairs pass', async () => {
  let tried = 0;
  for (const each of allRoutes()) {
    if (each.scope === 'open' || each.streaming === true) continue;
    for (const scope of scopes) {
      const token = `awk_scope_${scope.replace(':', '_')}_0123456789abcdef`;
      app.callers.set(token, callerOf('default', 'key_scoped', [scope]));
      const answer = await call(server.url, samplePath(each), { method: each.method, token });
      tried++;
      const allowed: boolean = each.scope === 'signed-in' || each.scope === scope || each.orScope === scope;
      assert.equal(
        answer.json['code'] === 'forbidden',
        !allowed,
        `${each.method} ${each.path} with ${scope}: ${answer.status}`,
      );
    }
    const all = `awk_all_but_admin_0123456789abcdef`;
    app.callers.set(all, callerOf('default', 'key_all', scopes));
    const answer = await call(server.url, samplePath(each), { method: each.method, token: all });
    tried++;
    assert.equal(
      answer.json['code'] === 'forbidden',
      each.scope === 'admin',
      `${each.method} ${each.path} with all scopes but no admin key`,
    );
    const none = 'awk_no_scope_0123456789abcdefgh';
    app.callers.set(none, callerOf('default', 'key_none', []));
    assert.equal(
      (await call(server.url, samplePath(each), { method: each.method, token: none })).status === 403,
      each.scope !== 'signed-in',
    );
    tried++;
  }
  console.log(`AK-03 expanded: ${tried} pairs of route and key tried`);
  assert.ok(tried > 400);
});

test('AK-03 streams ask for their scope too', async () => {
  const token = 'awk_stream_0123456789abcdefghijk';
  app.callers.set(token, callerOf('default', 'key_stream', ['keys:read']));
  for (const each of allRoutes().filter(({ streaming }) => streaming === true)) {
    assert.equal((await call(server.url, samplePath(each), { token })).status, 403, each.path);
  }
});

test('AK-03 a route that does not say who may call it, or takes the place of another, cannot be served', () => {
  const sound: Route = route({
    method: 'GET',
    path: '/x',
    operation: 'x',
    area: 'x',
    summary: 'x',
    scope: 'open',
    answers: {},
    handle: () => ({ status: 200, json: {} }),
  });
  assert.doesNotThrow(() => assertSound([sound]));
  const { scope: _, ...undeclared } = sound;
  assert.throws(() => assertSound([undeclared as Route]), /Declare a known scope for GET \/x/);
  assert.throws(() => assertSound([{ ...sound, scope: 'everything' as Scope }]), /Declare a known scope/);
  assert.throws(() => assertSound([sound, { ...sound, operation: 'y' }]), /Mount GET \/x once/);
  assert.throws(() => assertSound([sound, { ...sound, path: '/y' }]), /Name one operation x/);
});

test('AK-03 what is open to anybody is this short list', () => {
  const open = allRoutes()
    .filter(({ scope }) => scope === 'open')
    .map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(open.sort(), [
    'GET /content/{token}',
    'GET /livez',
    'GET /openapi.json',
    'GET /readyz',
    'GET /share/{token}',
    'GET /share/{token}/content',
    'GET /share/{token}/files/{asset}/{name}',
    'GET /v1/dialects/{id}/schemas/{event}',
    'POST /share/{token}',
    'POST /v1/passwords',
    'POST /v1/sessions',
  ]);
});

test('AK-06 guessing is slowed down by the address of the peer, whatever headers say', async () => {
  const guarded = createFakeApp();
  await using throttled = await startTestServer(guarded);
  const statuses: number[] = [];
  for (let index = 0; index < 60; index++) {
    const headers = {
      'x-forwarded-for': `10.0.0.${index}`,
      'x-real-ip': `10.1.0.${index}`,
      forwarded: `for=10.2.0.${index}`,
    };
    const answer = await call(throttled.url, '/v1/webhooks', { token: `awk_guess_${index}_0123456789abcdef`, headers });
    statuses.push(answer.status);
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  assert.ok(statuses.filter((status) => status === 401).length <= 31, 'about thirty guesses are looked at');
  assert.equal(statuses.at(-1), 429);
  const session = await call(throttled.url, '/v1/sessions', { token: null, body: { token: 'guess' } });
  assert.equal(session.status, 429, 'sign-in counts with the rest');
});

test('AK-06 a client whose key has been good from there is not locked out by a neighbour who guesses', async () => {
  await using shared = await startTestServer(createFakeApp());
  const guess = (index: number) => call(shared.url, '/v1/webhooks', { token: `awk_guess_${index}_0123456789abcdef` });
  // It need not come by while somebody guesses: once before is enough.
  assert.equal((await call(shared.url, '/v1/webhooks')).status, 200);
  let last = 0;
  for (let index = 0; index < 60; index++) last = (await guess(index)).status;
  assert.equal(last, 429);
  assert.equal((await call(shared.url, '/v1/webhooks')).status, 200);
});

test('AK-06 behind a trusted proxy the forwarded address counts, and only there', async () => {
  await using proxied = await startTestServer(createFakeApp(), { trustedProxies: ['127.0.0.0/8'] });
  const guess = (address: string) =>
    call(proxied.url, '/v1/webhooks', {
      token: 'awk_guess_0123456789abcdefghijk',
      headers: { 'x-forwarded-for': `9.9.9.9, ${address}, 127.0.0.2` },
    });
  let last = 0;
  for (let index = 0; index < 60; index++) last = (await guess('203.0.113.7')).status;
  assert.equal(last, 429);
  assert.equal((await guess('203.0.113.8')).status, 401, 'another client is looked at');
});

test('AK-06 memory of failures is bounded and fades', () => {
  const clock = createHeldClock();
  const failures = createFailedAuthentications({ clock });
  const told: boolean[] = [];
  for (let index = 0; index < 40; index++) told.push(failures.failed(() => '198.51.100.1'));
  assert.deepEqual([told.indexOf(true), told.lastIndexOf(true)], [29, 29], 'worth one line in the log');
  assert.ok(failures.waitSeconds(() => '198.51.100.1', 'x') > 0);
  for (let index = 0; index < 30_000; index++)
    failures.failed(() => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  clock.advance(120_000);
  assert.equal(
    failures.waitSeconds(() => '198.51.100.1', 'x'),
    0,
  );
});

test('AK-06 memory of good keys is bounded and fades, and is worth nothing at another address', () => {
  const clock = createHeldClock();
  const failures = createFailedAuthentications({ clock });
  const waits = (address: string, key: string): boolean => failures.waitSeconds(() => address, key) > 0;
  const exhaust = (address: string): void => {
    for (let index = 0; index < 40; index++) failures.failed(() => address);
  };
  failures.succeeded(() => '198.51.100.1', 'good');
  exhaust('198.51.100.1');
  exhaust('198.51.100.2');
  assert.deepEqual([waits('198.51.100.1', 'good'), waits('198.51.100.1', 'other')], [false, true]);
  assert.equal(waits('198.51.100.2', 'good'), true);
  for (let index = 0; index < 10_000; index++) failures.succeeded(() => '198.51.100.3', `key ${index}`);
  assert.equal(waits('198.51.100.1', 'good'), true, 'the oldest goes first');
  failures.succeeded(() => '198.51.100.1', 'good');
  clock.advance(86_400_001);
  exhaust('198.51.100.1');
  assert.equal(waits('198.51.100.1', 'good'), true, 'a day later');
});

test('AK-06 an IPv6 network is one guesser', () => {
  assert.equal(bucketName('2001:db8:1:2::1'), bucketName('2001:db8:1:2:ffff:1:2:3'));
  assert.notEqual(bucketName('2001:db8:1:2::1'), bucketName('2001:db8:1:3::1'));
  assert.equal(bucketName('::1'), '0:0:0:0');
  assert.equal(bucketName('203.0.113.7'), '203.0.113.7');
});

test('AK-12 the key is in no answer, header or log line, whatever goes wrong', async () => {
  const canary = 'awk_canary_0123456789abcdefghijklmn';
  const failing = createFakeApp({ webhooks: { list: () => Promise.reject(new Error('broken')) } });
  failing.callers.set(canary, callerOf('default', 'key_canary', ['webhooks:read']));
  await using leaky = await startTestServer(failing);
  const seen: string[] = [];
  for (const [path, options] of [
    ['/v1/webhooks', {}],
    ['/v1/webhooks', { method: 'POST', body: 'x' }],
    [`/v1/webhooks?key=${canary}`, {}],
    [`/v1/${canary}`, {}],
    ['/v1/sessions', { body: { key: canary, extra: canary } }],
    ['/v1/sessions', { body: { key: [canary] } }],
    ['/v1/webhooks', { method: 'DELETE' }],
  ] as const) {
    const answer = await call(leaky.url, path, { ...options, token: canary });
    if (!path.includes(canary)) seen.push(answer.text, JSON.stringify(answer.headers));
    else seen.push(JSON.stringify(answer.headers));
  }
  assert.ok(leaky.log.length > 0, 'the fault is in the log');
  const everything = seen.join('\n') + JSON.stringify(leaky.log);
  assert.ok(
    !everything.includes(canary),
    everything.slice(Math.max(0, everything.indexOf(canary) - 200), everything.indexOf(canary) + 50),
  );
});

test('AK-16 no spelling of a path gets around the key', async () => {
  const spellings = [
    '//v1//webhooks',
    '/v1//webhooks',
    '/v1/webhooks/',
    '/v1/webhooks/.',
    '/v1/./webhooks',
    '/v1/x/../webhooks',
    '/v1/%2e/webhooks',
    '/v1/%2e%2e/v1/webhooks',
    '/V1/webhooks',
    '/v1/WEBHOOKS',
    '/v1/webhooks;a=b',
    '/v1/webhooks%20',
    '/v1/webhooks%00',
    '/v1\\webhooks',
    '/inbox/../v1/webhooks',
    '/livez/../v1/webhooks',
    '/v1/webhook%73',
    '/%76%31/webhooks',
    '/v1/webhooks?',
    '/v1/webhooks#x',
  ];
  for (const path of spellings) {
    const { status } = await call(server.url, path, { token: null });
    assert.ok(status === 401 || status === 404, `${path}: ${status}`);
  }
  for (const target of ['http://x/v1/webhooks', 'x:80', '*']) {
    const answer = await talk(server.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 (400|401|404) /, target);
  }
});

test('AK-16 other methods and method overrides do nothing', async () => {
  for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'PUT']) {
    const answer = await call(server.url, '/v1/webhooks', { method, token: null });
    assert.equal(answer.status, 405, method);
    assert.ok(answer.headers.allow?.includes('GET'));
  }
  const overridden = await call(server.url, '/v1/webhooks', {
    headers: { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
  });
  assert.equal(overridden.status, 200, 'still the list');
  assert.equal(
    (await call(server.url, '/v1/webhooks', { method: 'HEAD', token: null })).status,
    401,
    'HEAD asks for the key too',
  );
});

test('AK-18 a workspace is named by admin keys in the header; the key decides whether it may be', async () => {
  const seen: (string | undefined)[] = [];
  const spying = createFakeApp({
    keys: {
      authenticate: (_token, workspace) => {
        seen.push(workspace);
        return Promise.resolve(callerOf(workspace ?? 'default', 'key_admin', scopes, true));
      },
    },
  });
  await using named = await startTestServer(spying);
  await call(named.url, '/v1/webhooks', { headers: { 'assetwire-workspace': 'other' } });
  await call(named.url, '/v1/webhooks');
  assert.deepEqual(seen, ['other', undefined]);
});

test('the 401 says what it is', async () => {
  const answer = await call(server.url, '/v1/webhooks', { token: null });
  assert.deepEqual({ type: answer.json['type'], status: answer.json['status'] }, unauthenticated);
  assert.equal(answer.headers['www-authenticate'], 'Bearer');
});

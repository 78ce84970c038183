import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { AssetwireError, errorTable } from '../core/errors.ts';
import { pagePaths } from './page-files.ts';
import { adminToken, createFakeApp, sessionCookieValue } from './testing/fake-app.ts';
import {
  allRoutes,
  call,
  type Called,
  samplePath,
  startTestServer,
  talk,
  type TestServer,
} from './testing/test-server.ts';

let server: TestServer;
const inboxId = 'inb_0123456789abcdefghjkmnpqrs';

before(async () => {
  server = await startTestServer(
    createFakeApp({
      inboxes: {
        receive: (id) =>
          Promise.resolve(id === inboxId ? { status: 200, delayMs: 0, body: '<script>alert(1)</script>' } : null),
      },
      webhooks: { list: () => Promise.reject(new Error('at /srv/secret/path.ts:1 SELECT * FROM keys')) },
      assets: {
        content: () =>
          Promise.resolve({
            stream: Readable.from([Buffer.from('<svg/>')]),
            bytes: 6,
            mimeType: 'image/svg+xml',
            name: 'x.svg',
            sha256: 'ab',
          }),
      },
    }),
  );
});
after(() => server.stop());

const cookie = { cookie: `assetwire-session=${sessionCookieValue}` };

test('UI-05 a write with the session cookie must come from our own pages', async () => {
  const host = new URL(server.url).host;
  const write = (headers: Record<string, string>) =>
    call(server.url, '/v1/changes', {
      token: null,
      body: { kind: 'asset.created', subject: { type: 'asset', externalId: 'x' } },
      headers: { ...cookie, ...headers },
    });
  const refused: Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `https://${host}.evil.example` },
    { origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
    { origin: `http://${host}`, 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    { referer: `http://${host}/` },
  ];
  for (const headers of refused) {
    const answer = await write(headers);
    assert.equal(answer.json['code'], 'cross_site_request', JSON.stringify(headers));
    assert.equal(answer.status, 403);
  }
  assert.equal((await write({ origin: `http://${host}` })).status, 202);
  assert.equal((await write({ 'sec-fetch-site': 'same-origin' })).status, 202);
});

test('UI-05 forms of other sites are refused by their type as well', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
    const answer = await call(server.url, '/v1/changes', {
      token: null,
      body: '{}',
      headers: { ...cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' },
    });
    assert.equal(answer.status, 415, type);
  }
});

test('UI-05 nobody is signed in by another site', async () => {
  const answer = await call(server.url, '/v1/sessions', {
    token: null,
    body: { token: 'good-token' },
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(answer.json['code'], 'cross_site_request');
  assert.equal(answer.headers['set-cookie'], undefined);
});

/** Of the whole installation, so for administrators alone; they read. */
const readByAdmins: ReadonlySet<string> = new Set(['/v1/space', '/v1/never-asked', '/v1/never-asked/{address}']);

test('UI-05 no GET changes anything: none of them is given more than reading needs', () => {
  for (const { method, scope, path } of allRoutes()) {
    if (method === 'GET' && !readByAdmins.has(path))
      assert.ok(scope === 'open' || scope === 'signed-in' || scope.endsWith(':read'), `${path} ${scope}`);
  }
});

test('AK-09 the session cookie is HttpOnly, SameSite=Strict, and by https bound to the host', async () => {
  const signIn = (base: string) => call(base, '/v1/sessions', { token: null, body: { token: 'good-token' } });
  const plain = String((await signIn(server.url)).headers['set-cookie']);
  assert.match(plain, /^assetwire-session=[\w.~-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  await using secure = await startTestServer(createFakeApp(), { publicUrl: 'https://assets.example' });
  const answer = await signIn(secure.url);
  assert.match(
    String(answer.headers['set-cookie']),
    /^__Host-assetwire-session=[\w.~-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
  );
  assert.match(String(answer.headers['strict-transport-security']), /max-age=\d{7,}/);
});

test('UI-06 there are no CORS headers for anybody, preflight or not', async () => {
  for (const origin of ['null', 'https://evil.example', 'https://console.evil.example', server.url]) {
    for (const method of ['GET', 'OPTIONS', 'POST', 'DELETE']) {
      const answer = await call(server.url, '/v1/deliveries', {
        method,
        headers: {
          origin,
          'access-control-request-method': 'DELETE',
          'access-control-request-headers': 'authorization',
        },
      });
      const cors = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'));
      assert.deepEqual(cors, [], `${method} from ${origin}`);
    }
  }
});

function assertInert(answer: Called, what: string): void {
  const policy = String(answer.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/, what);
  assert.match(policy, /frame-ancestors 'none'/, what);
  assert.equal(answer.headers['x-frame-options'], 'DENY', what);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/, what);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff', what);
  assert.equal(answer.headers['referrer-policy'], 'no-referrer', what);
  assert.match(String(answer.headers['cache-control']), /^(no-store|private, no-cache)$/, what);
}

test('UI-07 UI-08 every answer carries the whole set of security headers: routes, pages, errors', async () => {
  let tried = 0;
  const check = async (path: string, method: string, token: string | null) => {
    const answer = await call(server.url, path, { method, token });
    assertInert(answer, `${method} ${path}: ${answer.status}`);
    tried++;
    return answer;
  };
  for (const route of allRoutes()) {
    if (route.streaming === true) continue;
    for (const token of [adminToken, null]) {
      const answer = await check(samplePath(route), route.method, token);
      if (!route.path.endsWith('/content')) {
        assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin', route.path);
        assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin', route.path);
      }
    }
  }
  for (const path of [...pagePaths, '/nothing', '/v1', '/v1/webhooks/%E0%A4%A', `/inbox/${inboxId}`, '/inbox/none'])
    await check(path, 'GET', null);
  await check('/v1/webhooks', 'DELETE', null);
  console.log(`UI-08 expanded: ${tried} answers looked at`);
});

test('UI-07 the answer to what is no request has them too', async () => {
  const answer = await talk(server.port, 'NONSENSE\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /content-security-policy: default-src 'none'; frame-ancestors 'none'/);
  assert.match(answer, /"code":"malformed_request"/);
});

test('UI-07 the pages run without anything inline: no script, style or handler', async () => {
  for (const file of ['password.html', 'api.html']) {
    const html = await readFile(new URL(`./page/${file}`, import.meta.url), 'utf8');
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=")/);
    assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/i);
    for (const [, target = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g))
      assert.match(target, /^\/(?!\/)/, 'only our own files');
  }
  for (const file of ['password.js', 'api.js', 'documents.js', 'document-search.js', 'server.js', 'elements.js']) {
    const script = await readFile(new URL(`./page/${file}`, import.meta.url), 'utf8');
    assert.doesNotMatch(
      script,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|sessionStorage/,
      file,
    );
  }
});

test('UI-08 the inbox answers inert text, whatever it was told to answer', async () => {
  const answer = await call(server.url, `/inbox/${inboxId}`, { method: 'POST', body: 'x', token: null });
  assert.equal(answer.text, '<script>alert(1)</script>');
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(String(answer.headers['content-security-policy']), /^sandbox;/);
});

test('UI-08 uploaded content that a browser would run is an attachment in a sandbox', async () => {
  const answer = await call(server.url, '/v1/assets/ast_0123456789abcdefghjkmnpqrs/content');
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers['content-disposition']), /^attachment;/);
  assert.match(String(answer.headers['content-security-policy']), /^sandbox;/);
});

test('LG-03 every error is a problem document with a known code, and tells nothing of the inside', async () => {
  const answers = [
    await call(server.url, '/v1/webhooks'),
    await call(server.url, '/v1/webhooks', { body: '{' }),
    await call(server.url, '/v1/webhooks', { body: {} }),
    await call(server.url, '/v1/webhooks', { method: 'DELETE' }),
    await call(server.url, '/v1/webhooks', { body: 'x', headers: { 'content-type': 'text/plain' } }),
    await call(server.url, '/nothing'),
    await call(server.url, '/v1/changes', { token: null }),
    await call(server.url, '/inbox/none'),
    await call(server.url, '/v1/dialects/none'),
  ];
  for (const answer of answers) {
    assert.equal(answer.headers['content-type'], 'application/problem+json', answer.text);
    const { code, status, title, detail, requestId, type } = answer.json;
    assert.ok(typeof code === 'string' && Object.hasOwn(errorTable, code), answer.text);
    assert.equal(status, answer.status);
    assert.equal(type, `urn:assetwire:error:${code}`);
    assert.ok(typeof title === 'string' && typeof detail === 'string');
    assert.match(String(requestId), /^rq_[0-9a-z]{26}$/);
    assert.doesNotMatch(answer.text, /\.ts\b|node_modules|at \/|SELECT|stack|find-my-way|127\.0\.0\.1|0\.0\.0-test/i);
  }
  const reference = answers[0]?.json['requestId'];
  const fault = server.log.find(({ fields }) => Reflect.get(fields ?? {}, 'requestId') === reference);
  assert.equal(fault?.event, 'api.request_failed', 'the log names the fault under the id the caller was given');
  assert.match(JSON.stringify(fault), /SELECT/);
});

test('LG-03 an error that says when to come back sets Retry-After', async () => {
  const busy = createFakeApp({
    changes: {
      report: () =>
        Promise.reject(
          new AssetwireError('storage_busy', { detail: 'Store it: too much is waiting', retryAfterSeconds: 2 }),
        ),
    },
  });
  await using loaded = await startTestServer(busy);
  const answer = await call(loaded.url, '/v1/changes', {
    body: { kind: 'asset.created', subject: { type: 'asset', id: 'x' } },
  });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '2');
  assert.equal(answer.json['code'], 'storage_busy');
});

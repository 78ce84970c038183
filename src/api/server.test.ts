import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import type { InboxRequest } from '../app/app.ts';
import { createInboxCertificate } from '../egress/self-signed.ts';
import { createFakeApp } from './testing/fake-app.ts';
import { createHeldClock } from './testing/held-clock.ts';
import { call, startTestServer, talk } from './testing/test-server.ts';

const inboxId = 'inb_0123456789abcdefghjkmnpqrs';
type Received = Omit<InboxRequest, 'id' | 'atMs' | 'verification'>;

function inboxApp(answer = { status: 202, delayMs: 0, body: 'thanks' }) {
  const received: Received[] = [];
  const app = createFakeApp({
    inboxes: {
      receive: (id, request) => {
        if (id !== inboxId) return Promise.resolve(null);
        received.push(request);
        return Promise.resolve(answer);
      },
    },
  });
  return { app, received };
}

test('the inbox takes any method, type and path below it, and answers what it was told to', async () => {
  const { app, received } = inboxApp();
  await using server = await startTestServer(app);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE']) {
    const answer = await call(server.url, `/inbox/${inboxId}`, { method, token: null });
    assert.equal(answer.status, 202, method);
    assert.equal(answer.text, 'thanks');
  }
  await call(server.url, `/inbox/${inboxId}/deeper?a=1`, {
    method: 'POST',
    body: Buffer.from([0, 255, 1]),
    headers: { 'content-type': 'te xt', 'x-a': ['1', '2'] },
    token: null,
  });
  const last = received.at(-1);
  assert.equal(last?.path, `/inbox/${inboxId}/deeper?a=1`);
  assert.equal(last.bodyBase64, Buffer.from([0, 255, 1]).toString('base64'));
  assert.deepEqual(
    last.headers.filter(([name]) => name === 'x-a'),
    [
      ['x-a', '1'],
      ['x-a', '2'],
    ],
  );
  assert.equal((await call(server.url, '/inbox/inb_none', { method: 'POST', token: null })).status, 404);
});

test('the inbox keeps 256 KiB of a body, says how long it was, and cuts off what is far beyond', async () => {
  const { app, received } = inboxApp();
  await using server = await startTestServer(app);
  await call(server.url, `/inbox/${inboxId}`, { body: Buffer.alloc(300 * 1024, 'x'), token: null });
  assert.deepEqual(
    received.map(({ bodyBytes, bodyCut, bodyBase64 }) => ({
      bodyBytes,
      bodyCut,
      kept: Buffer.from(bodyBase64, 'base64').length,
    })),
    [{ bodyBytes: 300 * 1024, bodyCut: true, kept: 256 * 1024 }],
  );
  const answer = await talk(
    server.port,
    `POST /inbox/${inboxId} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nx`,
  );
  assert.match(answer, /^HTTP\/1\.1 413 .*connection: close/is);
  assert.equal(received.length, 1);
});

test('the inbox waits before it answers where it was told to', async () => {
  const clock = createHeldClock();
  const { app, received } = inboxApp({ status: 500, delayMs: 5_000, body: '' });
  await using server = await startTestServer(app, {}, clock);
  let answeredAtMs = -1;
  const answered = call(server.url, `/inbox/${inboxId}`, { method: 'POST', token: null }).then((answer) => {
    answeredAtMs = clock.monotonicMs();
    return answer;
  });
  await until(() => received.length === 1, 'the request');
  for (let steps = 0; answeredAtMs < 0 && steps < 10_000; steps++) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(answeredAtMs >= 5_000, String(answeredAtMs));
  assert.equal((await answered).status, 500);
});

test('the inbox listens by TLS too, and nothing else does', async () => {
  const { app, received } = inboxApp();
  const { certPem, keyPem } = createInboxCertificate({ hosts: ['127.0.0.1'], nowMs: Date.now() });
  await using server = await startTestServer(app, { inboxTls: { certificatePem: certPem, keyPem } });
  assert.ok(server.tlsUrl);
  const ask = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = tlsRequest(
        `${server.tlsUrl}${path}`,
        { method: 'POST', ca: certPem, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      request.end('x');
    });
  assert.equal(await ask(`/inbox/${inboxId}`), 202);
  assert.equal(await ask('/v1/changes'), 404);
  assert.equal(await ask('/livez'), 404);
  assert.equal(received.length, 1);
});

test('start and stop may be called twice and in any order', async () => {
  const server = await startTestServer(createFakeApp());
  await server.stop();
  await server.stop();
  await assert.rejects(call(server.url, '/livez'));
});

test('a start that fails leaves nothing open, and stopping afterwards is harmless', async () => {
  await using first = await startTestServer(createFakeApp());
  await assert.rejects(startTestServer(createFakeApp(), { port: first.port }), /EADDRINUSE/);
  const { certPem, keyPem } = createInboxCertificate({ hosts: ['127.0.0.1'], nowMs: Date.now() });
  // The plain listener opens, the one by TLS cannot: the first is closed again, or this test would not end.
  await assert.rejects(
    startTestServer(createFakeApp(), { inboxTls: { certificatePem: certPem, keyPem, port: first.port } }),
    /EADDRINUSE/,
  );
});

test('localhost is listened at by both of its addresses, and neither is left open', async () => {
  await using server = await startTestServer(createFakeApp(), { host: 'localhost' });
  const six = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  const hosts = ['127.0.0.1', ...(six ? ['::1'] : [])];
  const ask = async (host: string): Promise<string> => {
    const socket = connect({ host, port: server.port });
    socket.end('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return (await text(socket)).slice(0, 12);
  };
  for (const host of hosts) assert.equal(await ask(host), 'HTTP/1.1 200', host);
  await server.stop();
  for (const host of hosts) await assert.rejects(ask(host), /ECONNREFUSED/, host);
});

test('a path that cannot be read, or is too long in one part, is told how to write it', async () => {
  await using server = await startTestServer(createFakeApp());
  for (const part of ['%', '%zz', 'x'.repeat(1_025)]) {
    const answer = await call(server.url, `/v1/webhooks/${part}`);
    assert.equal(answer.status, 404, part.slice(0, 10));
    assert.match(answer.text, /encodeURIComponent/, part.slice(0, 10));
  }
});

test('stopping lets a request in flight end and closes its connection', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked: () => void = () => undefined;
  const inFlight = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const app = createFakeApp({
    webhooks: {
      list: async () => {
        asked();
        await held;
        return { items: [], nextCursor: null };
      },
    },
  });
  const server = await startTestServer(app, { stopGraceMs: 60_000 });
  const answered = call(server.url, '/v1/webhooks');
  await inFlight;
  const stopped = server.stop();
  release();
  const answer = await answered;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.connection, 'close');
  await stopped;
});

test('stopping cuts what does not end within its grace', async () => {
  const clock = createHeldClock();
  let asked: () => void = () => undefined;
  const inFlight = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const app = createFakeApp({
    webhooks: {
      list: () => {
        asked();
        return new Promise(() => undefined);
      },
    },
  });
  const server = await startTestServer(app, { stopGraceMs: 10_000 }, clock);
  const answered = assert.rejects(call(server.url, '/v1/webhooks'));
  await inFlight;
  const stopped = server.stop();
  await clock.waitForTimer();
  clock.advance(10_000);
  await Promise.all([stopped, answered]);
});

test('readiness says which check fails, and keeps its details to itself', async () => {
  const app = createFakeApp({
    operation: {
      readiness: () =>
        Promise.resolve({
          ready: false,
          checks: [{ name: 'store', ok: false, needed: true, detail: '/srv/data is full' }],
        }),
    },
  });
  await using server = await startTestServer(app);
  const answer = await call(server.url, '/readyz', { token: null });
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.json, { ready: false, checks: [{ name: 'store', ok: false, needed: true }] });
});

test('UI-21 metrics need settings:read unless the operator opens them', async () => {
  await using closed = await startTestServer(createFakeApp());
  assert.equal((await call(closed.url, '/metrics', { token: null })).status, 401);
  assert.equal((await call(closed.url, '/metrics')).text, '# metrics\n');
  await using open = await startTestServer(createFakeApp(), { metricsOpen: true });
  assert.equal((await call(open.url, '/metrics', { token: null })).status, 200);
});

test('HEAD is answered like GET, without the body', async () => {
  await using server = await startTestServer(createFakeApp());
  for (const path of ['/livez', '/', '/v1/webhooks']) {
    const answer = await call(server.url, path, { method: 'HEAD' });
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, '');
    assert.ok(Number(answer.headers['content-length']) > 0);
  }
});

test('pages are served with an entity tag and not sent again to who has them', async () => {
  await using server = await startTestServer(createFakeApp());
  const first = await call(server.url, '/page/password.js', { token: null });
  assert.equal(first.status, 200);
  const again = await call(server.url, '/page/password.js', {
    token: null,
    headers: { 'if-none-match': String(first.headers.etag) },
  });
  assert.equal(again.status, 304);
});

test('a vendor API is mounted from its route table, with its own words for results and errors', async () => {
  const app = createFakeApp();
  const { createApiServer } = await import('./server.ts');
  const { createIdSource } = await import('../core/id-source.ts');
  const server = createApiServer({
    app,
    clock: createHeldClock(),
    ids: createIdSource({ nowMs: () => 1, randomBytes: (count) => new Uint8Array(count) }),
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
      enabled: () => false,
    },
    metrics: {
      text: () => Promise.resolve(''),
      contentType: 'text/plain',
      apiRequest: () => undefined,
      refused: () => undefined,
    },
    settings: { host: '127.0.0.1', port: 0, version: '1', uploadBytesMax: 1 },
    vendorRoutes: [
      {
        dialect: 'sample',
        presentError: ({ code, status }) => ({ status, body: { oops: code } }),
        routes: [
          {
            method: 'GET',
            path: '/hooks',
            scope: 'webhooks:read',
            parse: () => ({ command: 'webhooks.list', input: {} }),
            present: (result, { headers }) => ({
              status: 200,
              body: { hooks: result['items'] ?? null, sawKey: 'authorization' in headers },
            }),
          },
          {
            method: 'GET',
            path: '/hooks/:id',
            scope: 'webhooks:read',
            parse: ({ parameters }) => ({ command: 'webhooks.get', input: { id: parameters['id'] ?? '' } }),
            present: (result) => ({ status: 200, body: result }),
          },
          {
            method: 'GET',
            path: '/about',
            scope: 'public',
            parse: () => ({ status: 200, body: 'hello' }),
            present: () => ({ status: 500, body: null }),
          },
        ],
      },
    ],
  });
  const { url } = await server.start();
  assert.deepEqual((await call(url, '/sample/hooks')).json, { hooks: [], sawKey: false });
  assert.equal((await call(url, '/sample/hooks', { token: null })).status, 401);
  const missing = await call(url, '/sample/hooks/wh_1');
  assert.deepEqual([missing.status, missing.json], [404, { oops: 'not_found' }]);
  const wrongMethod = await call(url, '/sample/hooks', { method: 'DELETE' });
  assert.deepEqual([wrongMethod.status, wrongMethod.json], [405, { oops: 'method_not_allowed' }]);
  assert.equal(wrongMethod.headers.allow, 'HEAD, GET');
  const nowhere = await call(url, '/sample/nowhere');
  assert.deepEqual([nowhere.status, nowhere.json], [404, { oops: 'not_found' }]);
  for (const path of ['/samples/hooks', '/nowhere'])
    assert.equal((await call(url, path)).headers['content-type'], 'application/problem+json');
  assert.equal((await call(url, '/sample/about', { token: null })).text, 'hello');
  await server.stop();
});

test('a large upload does not need its connection again: what was not read is not waited for', async () => {
  await using server = await startTestServer(createFakeApp());
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(`${server.url}/v1/assets`, {
      method: 'POST',
      agent: false,
      headers: { 'content-length': 10_000_000, 'content-type': 'multipart/form-data; boundary=x' },
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    request.write('--x');
  });
  assert.equal(status, 401, 'refused before the body came');
});

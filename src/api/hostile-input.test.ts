import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cpuMsSince } from '../../test/support/cpu-time.ts';
import { createHttpServer } from './listeners.ts';
import { adminToken, createFakeApp, type FakeApp } from './testing/fake-app.ts';
import { call, startTestServer, talk, type TestServer } from './testing/test-server.ts';

let app: FakeApp;
let server: TestServer;

before(async () => {
  app = createFakeApp();
  server = await startTestServer(app);
});
after(() => server.stop());

const change = { kind: 'asset.created', subject: { type: 'asset', externalId: 'x' }, after: { name: 'a' } };
const withMetadata = (metadata: string): string =>
  `{"kind":"asset.created","subject":{"type":"asset","externalId":"x"},"after":{"metadata":${metadata}}}`;

async function refused(body: string | Buffer, code: string, status: number, headers = {}): Promise<void> {
  const before_ = app.reported.length;
  const began = process.threadCpuUsage();
  const answer = await call(server.url, '/v1/changes', { body, headers });
  assert.equal(answer.json['code'], code, `${answer.status} ${answer.text.slice(0, 200)}`);
  assert.equal(answer.status, status);
  assert.equal(app.reported.length, before_, 'nothing reaches the app');
  // The server is in this thread, and so is whoever asks it.
  const spentMs = cpuMsSince(began);
  assert.ok(spentMs < 8_000, `refused quickly: ${spentMs} ms`);
}

test('IN-01 JSON nested 10,000 deep is refused before it is parsed, as arrays and as objects', async () => {
  await refused(`${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'json_too_deep', 422);
  await refused('{"a":'.repeat(200_000), 'json_too_deep', 422);
  await refused(withMetadata(`${'['.repeat(70)}${']'.repeat(70)}`), 'json_too_deep', 422);
  const answer = await call(server.url, '/v1/changes', { body: withMetadata(`${'['.repeat(40)}${']'.repeat(40)}`) });
  assert.equal(answer.status, 202, 'a depth within the limit passes');
});

test('IN-02 hundreds of thousands of keys or elements are refused', async () => {
  const keys = Array.from({ length: 250_000 }, (_, index) => `"k${index}":1`).join(',');
  await refused(withMetadata(`{${keys}}`), 'json_too_many_keys', 422);
  await refused(withMetadata(`[${'1,'.repeat(1_000_000)}1]`), 'json_too_many_keys', 422);
});

test('IN-02 on other routes 20,000 keys are already too many', async () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',');
  const answer = await call(server.url, '/v1/webhooks', { body: `{"settings":{${keys}}}` });
  assert.equal(answer.json['code'], 'json_too_many_keys');
});

test('IN-03 __proto__ is refused at every level and spelling, and never reaches a prototype', async () => {
  const own = '{"__proto__":{"polluted":1}}';
  for (const body of [
    own,
    withMetadata(own),
    withMetadata('{"\\u005f_proto__":{"polluted":1}}'),
    withMetadata(`[[${own}]]`),
  ]) {
    await refused(body, 'invalid_request', 422);
  }
  const answer = await call(server.url, '/v1/assets?__proto__=1&constructor=2&a[__proto__][x]=1');
  assert.equal(answer.status, 422);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  const allowed = await call(server.url, '/v1/changes', {
    body: withMetadata('{"constructor":{"prototype":1},"note":"__proto__"}'),
  });
  assert.equal(allowed.status, 202, 'other names, and __proto__ as text, are only data');
});

test('IN-04 what JSON.parse would change or does not know is refused', async () => {
  for (const body of ['{"a":1,}', '{/* */}', 'NaN', '\ufeff{}', '', '{"a":01}'])
    await refused(body, 'invalid_json', 400);
  await refused(Buffer.from(JSON.stringify(change), 'utf16le'), 'invalid_json', 400);
  await refused(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_json', 400);
  await refused(withMetadata('{"n":1e400}'), 'invalid_request', 422);
  await refused(withMetadata(`{"n":${'9'.repeat(400)}}`), 'invalid_request', 422);
  await refused(withMetadata('{"t":"\\ud800"}'), 'invalid_request', 422);
  const answer = await call(server.url, '/v1/changes', { body: withMetadata('{"t":"\\ud83d\\ude00 e100","n":1e100}') });
  assert.equal(answer.status, 202, 'pairs and large numbers pass');
});

test('IN-05 any type but JSON in UTF-8 is refused, also where a browser could send it across sites', async () => {
  const body = JSON.stringify(change);
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/vnd.api+json',
    'application/jsonp',
    'application/json, text/plain',
    'nonsense',
  ]) {
    await refused(body, 'unsupported_media_type', 415, { 'content-type': type });
  }
  for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'APPLICATION/JSON']) {
    assert.equal(
      (await call(server.url, '/v1/changes', { body, headers: { 'content-type': type } })).status,
      202,
      type,
    );
  }
  const other = await call(server.url, '/v1/webhooks', { body, headers: { 'content-type': 'te xt' } });
  assert.equal(other.json['code'], 'unsupported_media_type');
});

test('IN-06 a body beyond the limit is refused early and the connection closed, announced or not', async () => {
  const head = `POST /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: application/json\r\n`;
  const announced = await talk(server.port, `${head}Content-Length: 104857600\r\n\r\n{`);
  assert.match(announced, /^HTTP\/1\.1 413 /);
  assert.match(announced, /connection: close/i);
  const chunk = `${(512 * 1024).toString(16)}\r\n${' '.repeat(512 * 1024)}\r\n`;
  const chunked = await talk(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}`);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
});

test('IN-06 a compressed body is refused instead of inflated', async () => {
  await refused(gzipSync(Buffer.alloc(10 * 1024 * 1024, 0x20)), 'unsupported_media_type', 415, {
    'content-encoding': 'gzip',
  });
});

test('IN-08 requests that can be read in two ways are refused and the connection closed', async () => {
  const auth = `Host: x\r\nAuthorization: Bearer ${adminToken}\r\n`;
  const hostile = [
    `POST /v1/changes HTTP/1.1\r\n${auth}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n`,
    `POST /v1/changes HTTP/1.1\r\n${auth}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `POST /v1/changes HTTP/1.1\r\n${auth}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    `GET /livez HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n folded\r\n\r\n`,
    `GET /livez HTTP/1.1\nHost: x\n\n`,
    `GET /livez HTTP/1.1\r\nHost : x\r\n\r\n`,
    `GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n`,
  ];
  for (const bytes of hostile) {
    const answer = await talk(server.port, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(bytes.slice(0, 120)));
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, 'one answer, and nothing smuggled behind it');
  }
});

test('IN-08 a body that was not read is never taken for the next request', async () => {
  const smuggled = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const answer = await talk(
    server.port,
    `POST /v1/webhooks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n${smuggled}`,
  );
  assert.match(answer, /^HTTP\/1\.1 401 /);
  assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1);
});

test('IN-09 queries outside their bounds are refused', async () => {
  const queries = [
    'limit=-1',
    'limit=0',
    'limit=1001',
    'limit=1000000000',
    'limit=abc',
    'limit=1e3',
    'limit=1.5',
    'limit=%2B5',
    'limit=5&limit=6',
    'limit[]=5',
    'offset=1000000000000000',
    'sort=%3Bdrop',
    'cursor=',
    `cursor=${'a'.repeat(2_000)}`,
    `x=${'a'.repeat(5_000)}`,
    Array.from({ length: 200 }, (_, index) => `p${index}=1`).join('&'),
  ];
  for (const query of queries) {
    const answer = await call(server.url, `/v1/webhooks?${query}`);
    assert.equal(answer.status, 422, `${query.slice(0, 60)}: ${answer.status}`);
    assert.equal(answer.json['code'], 'invalid_request');
  }
  assert.equal(
    (await call(server.url, `/v1/webhooks?x=${'a'.repeat(100_000)}`)).status,
    431,
    'a query beyond the header limit',
  );
  assert.equal((await call(server.url, '/v1/webhooks?limit=1000')).status, 200);
});

test('IN-09 a route without a query takes none', async () => {
  assert.equal((await call(server.url, '/livez?a=1')).status, 422);
});

test('IN-13 times that are no whole milliseconds within the years 1970 to 9999 are refused', async () => {
  for (const time of [
    '"2026-02-30"',
    '"2026-11-22T00:00:60Z"',
    '-1',
    '1.5',
    '1e300',
    '253402300800000',
    'null',
    '"0"',
  ]) {
    await refused(
      `{"kind":"asset.created","subject":{"type":"asset","id":"x"},"occurredAtMs":${time}}`,
      'invalid_request',
      422,
    );
  }
});

test('IN-14 numbers are taken as they are meant: nothing is coerced', async () => {
  for (const part of [
    '"causationDepth":-1',
    '"causationDepth":1.5',
    '"causationDepth":"1"',
    '"changed":"name"',
    '"sourceVersion":true',
    '"after":[]',
    '"after":"{}"',
  ]) {
    await refused(`{"kind":"asset.created","subject":{"type":"asset","id":"x"},${part}}`, 'invalid_request', 422);
  }
});

test('IN-23 ids that are none of ours are not found, whatever they hold', async () => {
  const ids = [
    '..%2f',
    '%00',
    'wh_%0a',
    `wh_${'a'.repeat(10_000)}`,
    '00000000-0000-4000-8000-000000000000',
    'wh_01234567890123456789012345%20',
    '%E0%A4%A',
    '%252e',
  ];
  for (const id of ids) {
    const answer = await call(server.url, `/v1/webhooks/${id}`);
    assert.equal(answer.status, 404, `${id.slice(0, 40)}: ${answer.status}`);
    assert.equal(answer.json['code'], 'not_found');
  }
  for (const reference of ['external:a%0ab', 'external:', 'external:%7f', 'external']) {
    assert.equal((await call(server.url, `/v1/assets/${reference}`)).status, 404, reference);
  }
});

test('IN-06 a body that does not come is given up, and so is the connection', async (context) => {
  // The limit is half a minute: the clock is the test's.
  const { createHeldClock } = await import('./testing/held-clock.ts');
  const clock = createHeldClock();
  await using slow = await startTestServer(createFakeApp(), {}, clock);
  const socket = connect(slow.port, '127.0.0.1');
  context.after(() => socket.destroy());
  const closed = new Promise<string>((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  socket.write(
    `POST /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  );
  await clock.waitForTimer();
  clock.advance(31_000);
  assert.match(await closed, /^HTTP\/1\.1 408 .*connection: close.*request_timeout/is);
});

test('IN-07 six hundred idle connections and six hundred half-sent headers keep nobody else waiting', async (context) => {
  const sockets: Socket[] = [];
  context.after(() => sockets.forEach((socket) => socket.destroy()));
  const open = (bytes: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes, () => resolve()));
      socket.on('error', reject);
      socket.resume();
      sockets.push(socket);
    });
  const idle = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const halfSent = 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ';
  for (let n = 0; n < 10; n += 1)
    await Promise.all(Array.from({ length: 120 }, (_, at) => open(at % 2 === 0 ? idle : halfSent)));
  assert.equal(sockets.length, 1_200);
  for (let n = 0; n < 20; n += 1) assert.equal((await call(server.url, '/livez')).status, 200);
  assert.equal(sockets.filter(({ destroyed }) => destroyed).length, 0, 'they were there meanwhile');
  // How long they may stay is Node's to keep: these are what it is told.
  const listener = createHttpServer(() => undefined);
  assert.deepEqual(
    [listener.headersTimeout, listener.keepAliveTimeout, listener.maxConnections],
    [15_000, 65_000, 10_000],
  );
});

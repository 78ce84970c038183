import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { standardDialect } from '../dialects/standard/index.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { readRequest } from './stored-request.ts';
import { inProcess } from './testing/in-process.ts';

const key = Buffer.from('a signing key of thirty-two bytes');
const body = '{"type":"asset.created","data":{"name":"flower-ü.jpg"}}';
const seconds = 1_795_000_000;
const signature = createHmac('sha256', key).update(`dlv_1.${seconds}.${body}`).digest('base64');
const headers = { 'webhook-id': 'dlv_1', 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
const at = new Date(seconds * 1_000).toISOString();

const server: CliContext['server'] = {
  start: () => Promise.reject(new Error('not in this test')),
  checkStore: () => Promise.resolve(null),
  verify: async (id, { secrets, ...request }) =>
    id === 'standard'
      ? (standardDialect.verify?.({ ...request, keys: secrets.map((value) => ({ kind: 'secret', value })) }) ?? null)
      : null,
};

function files(t: TestContext, contents: Readonly<Record<string, string>>): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-verify-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
  return (name) => join(directory, name);
}

const lines = Object.entries(headers).map(([name, value]) => `${name.toUpperCase()}: ${value}`);

test('a stored request verifies as HTTP message, as JSON, with or without its first line, and with one of several secrets', async (t) => {
  const path = files(t, {
    'message.http': `POST /hooks?a=b:c HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`,
    'headers.http': `${lines.join('\n')}\n\n${body}`,
    'inbox.json': JSON.stringify({
      headers: Object.entries(headers),
      bodyBase64: Buffer.from(body).toString('base64'),
    }),
    'object.json': JSON.stringify({ headers, body }),
    'secret.txt': `whsec_${Buffer.from('some other key of thirty-two byte').toString('base64')}\nwhsec_${key.toString('base64')}\n`,
  });
  for (const name of ['message.http', 'headers.http', 'inbox.json', 'object.json']) {
    const { code, err, out } = await inProcess({}, { server }).run(
      'verify',
      path(name),
      '--secret-file',
      path('secret.txt'),
      '--at',
      at,
    );
    assert.equal(code, exitCodes.done, `${name}: ${err}`);
    assert.match(out, /✓ verified/);
  }
});

test('another body, another secret or another time does not verify, and the code is one', async (t) => {
  const path = files(t, {
    'a.json': JSON.stringify({ headers, body: `${body} ` }),
    'b.json': JSON.stringify({ headers, body }),
  });
  const secret = `whsec_${key.toString('base64')}`;
  const wrong = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  for (const [name, environment, when] of [
    ['a.json', { ASSETWIRE_SECRET: secret }, at],
    ['b.json', { ASSETWIRE_SECRET: wrong }, at],
    ['b.json', { ASSETWIRE_SECRET: secret }, new Date(seconds * 1_000 + 3_600_000).toISOString()],
  ] as const) {
    const { code, out, err } = await inProcess(environment, { server }).run(
      'verify',
      path(name),
      '--at',
      when,
      '--json',
    );
    assert.equal(code, exitCodes.failed, err);
    assert.equal((JSON.parse(out) as { result: string }).result, 'failed');
    assert.equal(out.includes(secret) || err.includes(secret), false);
  }
});

test('what is missing is said: the secret, the dialect, a request that can be read', async (t) => {
  const path = files(t, {
    'a.json': JSON.stringify({ headers, body }),
    'b.txt': 'no header at all',
    'c.json': '{"headers":1}',
    'd.json': '{"headers":{}}',
  });
  const secret = { ASSETWIRE_SECRET: `whsec_${key.toString('base64')}` };
  for (const [environment, args, said] of [
    [{}, [path('a.json')], /Secret must be given/],
    [secret, [path('a.json'), '--dialect', 'klingon'], /Dialect must be one that is known/],
    [secret, [path('b.txt')], /no empty line/],
    [secret, [path('c.json')], /neither bodyBase64 nor body/],
    [secret, [path('d.json')], /neither bodyBase64 nor body/],
    [secret, [path('absent')], /must be readable/],
  ] as const) {
    const { code, err } = await inProcess(environment, { server }).run('verify', ...args);
    assert.equal(code, exitCodes.usage, err);
    assert.match(err, said);
  }
});

test('a request is read byte for byte: bodies that are no text, headers that come twice', () => {
  const bytes = Buffer.concat([
    Buffer.from('A: 1\r\na: \u00fc\r\n\r\n'),
    Buffer.from([0xff, 0x0d, 0x0a, 0x0d, 0x0a, 0x00]),
  ]);
  const { headers: read, body: raw } = readRequest(bytes);
  assert.deepEqual(
    read.map(([name]) => name),
    ['a', 'a'],
  );
  assert.deepEqual([...raw], [0xff, 0x0d, 0x0a, 0x0d, 0x0a, 0x00]);
  assert.deepEqual(readRequest(Buffer.from('{"headers":{"A":["1","2"]},"body":""}')).headers, [
    ['a', '1'],
    ['a', '2'],
  ]);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { contentDisposition, fileNameOf, isShowable } from './content-disposition.ts';
import { adminToken, createFakeApp } from './testing/fake-app.ts';
import { call, startTestServer, talk, type TestServer } from './testing/test-server.ts';

type Stored = { readonly name: string; readonly sha256: string; readonly bytes: number; readonly input: object };

let server: TestServer;
let stored: Stored[] = [];
let failed = 0;

before(async () => {
  server = await startTestServer(
    createFakeApp({
      assets: {
        async upload(_caller, { file, ...input }) {
          const hash = createHash('sha256');
          let bytes = 0;
          try {
            for await (const chunk of file.content) {
              hash.update(chunk);
              bytes += chunk.length;
            }
          } catch (error) {
            failed++;
            throw error;
          }
          stored.push({ name: file.name, sha256: hash.digest('hex'), bytes, input });
          return {
            status: 201,
            body: {
              id: 'ast_0123456789abcdefghjkmnpqrs',
              version: 1,
              state: emptyState,
              createdAtMs: 0,
              updatedAtMs: 0,
            },
          };
        },
      },
    }),
  );
});
after(() => server.stop());

const emptyState = {
  kind: 'image',
  name: 'x',
  path: '/',
  versions: [],
  renditions: [],
  info: {},
  metadata: {},
  embedded: {},
  tags: [],
  labels: [],
  collections: [],
  archived: false,
  inspection: { state: 'pending' },
  createdAtMs: 0,
  modifiedAtMs: 0,
  aliases: {},
} as const;

const boundary = 'x-boundary';
type Part = {
  readonly name: string;
  readonly fileName?: string;
  readonly content: string | Buffer;
  readonly headers?: string;
};

function form(parts: readonly Part[], end = `--${boundary}--\r\n`): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name, fileName, content, headers = '' }) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n${headers}\r\n`,
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ]);
}

function upload(body: Buffer, headers: Record<string, string> = {}) {
  return call(server.url, '/v1/assets', {
    body,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
  });
}

async function nothingStored(
  body: Buffer,
  code: string,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const before_ = stored.length;
  const answer = await upload(body, headers);
  assert.equal(answer.json['code'], code, answer.text);
  assert.equal(answer.status, status);
  assert.equal(stored.length, before_, 'nothing is stored of it');
}

test('a file is streamed through byte by byte, with what the asset part says of it', async () => {
  stored = [];
  const content = Buffer.alloc(700_000, 'picture');
  const answer = await upload(
    form([
      { name: 'asset', content: '{"tags":["a"]}' },
      { name: 'file', fileName: 'a.jpg', content },
    ]),
  );
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.headers['location'], '/v1/assets/ast_0123456789abcdefghjkmnpqrs');
  assert.deepEqual(stored, [
    {
      name: 'a.jpg',
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
      input: { tags: ['a'] },
    },
  ]);
});

test('UP-14 five hundred uploads that have stopped half way leave others as fast as they were', async (t) => {
  const { port } = new URL(server.url);
  const half = form([{ name: 'file', fileName: 'slow.bin', content: 'x' }]).subarray(0, -20);
  const head =
    `POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Length: 1000000\r\n` +
    `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`;
  const slow = await Promise.all(
    Array.from({ length: 500 }, async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.write(head);
      socket.write(half);
      return socket;
    }),
  );
  t.after(() => {
    for (const socket of slow) socket.destroy();
  });
  const answer = await upload(form([{ name: 'file', fileName: 'quick.jpg', content: 'x'.repeat(100_000) }]));
  assert.equal(answer.status, 201, answer.text);
  const waiting = slow.filter((socket) => !socket.destroyed && socket.bytesRead === 0);
  assert.equal(waiting.length, slow.length, 'it was stored while all of the others still wait for more');
});

test('UP-15 parts of a file, whoever claims to send them, are refused and never put together', async () => {
  const body = form([{ name: 'file', fileName: 'a.jpg', content: 'the first half' }]);
  for (const headers of [
    { 'content-range': 'bytes 0-13/28' },
    { 'content-range': 'bytes 14-27/28' },
    { 'tus-resumable': '1.0.0', 'upload-length': '28' },
    { 'upload-offset': '14' },
  ]) {
    await nothingStored(body, 'upload_malformed', 422, headers);
  }
  for (const method of ['PATCH', 'HEAD', 'OPTIONS'])
    assert.ok(
      (await call(server.url, '/v1/uploads/another', { method })).status >= 404,
      'nothing to resume is offered',
    );
});

test('UP-12 forms that are not one asset part and one file part behind it are refused', async () => {
  const file: Part = { name: 'file', fileName: 'a.jpg', content: 'x' };
  const asset: Part = { name: 'asset', content: '{}' };
  for (const parts of [
    [],
    [asset],
    [file, asset],
    [file, file],
    [asset, asset, file],
    [{ name: 'other', content: 'x' }, file],
    [{ name: 'other', fileName: 'x', content: 'x' }],
    [{ name: '__proto__', content: 'x' }, file],
    [{ name: 'constructor', fileName: 'x', content: 'x' }, file],
    Array.from({ length: 10_000 }, (_, index) => ({ name: `f${index}`, content: 'x' })),
    [{ ...asset, content: 'x'.repeat(300_000) }, file],
  ] satisfies readonly Part[][]) {
    await nothingStored(form(parts), 'upload_malformed', 422);
  }
});

test('UP-12 a part header of 100 KB is cut off, not kept', async () => {
  const answer = await upload(
    form([{ name: 'file', fileName: 'a.jpg', content: 'x', headers: `X-A: ${'a'.repeat(100_000)}\r\n` }]),
  );
  assert.equal(answer.status, 201);
});

test('UP-13 a form cut anywhere is told from one that never was: it may be sent again', async () => {
  const whole = form([
    { name: 'asset', content: '{"tags":["a"]}' },
    { name: 'file', fileName: 'a.jpg', content: 'x'.repeat(2_000) },
  ]);
  // Behind the closing boundary's dashes nothing is missing but a line break.
  for (let length = 40; length < whole.length - 4; length += 97)
    await nothingStored(whole.subarray(0, length), 'upload_incomplete', 400);
});

test('UP-12 an asset part that is no JSON, or does not fit, is refused before the file is taken', async () => {
  const file: Part = { name: 'file', fileName: 'a.jpg', content: 'x'.repeat(500_000) };
  await nothingStored(form([{ name: 'asset', content: '{' }, file]), 'invalid_json', 400);
  await nothingStored(form([{ name: 'asset', content: '{"id":"mine"}' }, file]), 'invalid_request', 422);
  await nothingStored(form([{ name: 'asset', content: '['.repeat(1_000) }, file]), 'json_too_deep', 422);
});

test('UP-12 no boundary, an endless one, a missing end: refused', async () => {
  const body = form([{ name: 'file', fileName: 'a.jpg', content: 'x' }]);
  await nothingStored(body, 'upload_malformed', 422, { 'content-type': 'multipart/form-data' });
  await nothingStored(body, 'unsupported_media_type', 415, { 'content-type': 'multipart/mixed; boundary=x' });
  await nothingStored(body, 'upload_malformed', 422, { 'content-type': 'multipart/form-data; charset=utf-8' });
  await nothingStored(body, 'upload_malformed', 422, {
    'content-type': `multipart/form-data; boundary=${'b'.repeat(10_000)}`,
  });
  await nothingStored(form([{ name: 'file', fileName: 'a.jpg', content: 'x' }], ''), 'upload_incomplete', 400);
  await nothingStored(form([{ name: 'file', fileName: 'a.jpg', content: 'x' }], '--x-bound'), 'upload_incomplete', 400);
  await nothingStored(form([{ name: 'asset', content: '{}' }], ''), 'upload_incomplete', 400);
  await nothingStored(Buffer.from('no form at all'), 'upload_malformed', 422);
});

test('UP-13 a file beyond the limit is refused, announced or not, and nothing of it stays', async () => {
  const content = Buffer.alloc(2 * 1024 * 1024);
  await nothingStored(form([{ name: 'file', fileName: 'a.jpg', content }]), 'upload_too_large', 413);
  const failedBefore = failed;
  const body = form([{ name: 'file', fileName: 'a.jpg', content }]);
  const head = `POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunked = Buffer.concat([
    Buffer.from(`${head}${body.length.toString(16)}\r\n`),
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  const answer = await talk(server.port, chunked);
  assert.match(answer, /^HTTP\/1\.1 413 .*upload_too_large/s);
  assert.equal(failed, failedBefore + 1, 'whoever took the stream was told');
});

test('UP-13 an upload that breaks off leaves nothing and tells whoever was storing it', async () => {
  const before_ = stored.length;
  const failedBefore = failed;
  const body = form([{ name: 'file', fileName: 'a.jpg', content: Buffer.alloc(200_000) }]);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(
        `POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      socket.write(body.subarray(0, 150_000), () => socket.destroy());
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
  await until(() => failed === failedBefore + 1, 'the upload fails');
  assert.equal(stored.length, before_);
});

test('UP-13 a body longer than announced is no part of the upload', async () => {
  const before_ = stored.length;
  const body = form([{ name: 'file', fileName: 'a.jpg', content: 'x' }]);
  const answer = await talk(
    server.port,
    Buffer.concat([
      Buffer.from(
        `POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length - 10}\r\n\r\n`,
      ),
      body,
    ]),
  );
  // What lies behind the announced length is no request either; which of the two is answered first is chance.
  assert.match(answer, /^HTTP\/1\.1 (400 .*upload_incomplete|400 .*malformed_request)/s);
  assert.equal(stored.length, before_);
});

test('UP-11 what is sent as a file name ends up as a plain last part', () => {
  const names: readonly (readonly [string, string])[] = [
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\win.ini', 'win.ini'],
    ['C:\\temp\\x.jpg', 'x.jpg'],
    ['/absolute', 'absolute'],
    ['.htaccess', 'htaccess'],
    ['..', 'file'],
    ['', 'file'],
    ['a\0b\r\nc.jpg', 'abc.jpg'],
    ['gpj.\u202eexe', 'gpj.exe'],
    ['\u200bx', 'x'],
    ['\ud800x', '\ufffdx'],
    ['é ü 漢字.jpg', 'é ü 漢字.jpg'],
  ];
  for (const [sent, wanted] of names) assert.equal(fileNameOf(sent), wanted, JSON.stringify(sent));
  assert.equal([...fileNameOf('x'.repeat(5_000))].length, 200);
});

test('UP-11 no file name gets out of Content-Disposition', () => {
  for (const name of [
    'a"; filename="b',
    "a'b",
    'a\r\nSet-Cookie: x=1',
    'a;b',
    'a\\"b',
    '-rf',
    'CON',
    '漢字"\u202e.svg',
    'x'.repeat(999),
    '%22.jpg',
  ]) {
    const value = contentDisposition('attachment', name);
    assert.match(
      value,
      /^attachment; filename="[^"\\\r\n;%]*"(; filename\*=UTF-8''[A-Za-z0-9%._~!#$&+^`|{}-]*)?$/,
      value,
    );
    const extended = /filename\*=UTF-8''(.*)$/.exec(value)?.[1];
    if (extended !== undefined) assert.equal(decodeURIComponent(extended), fileNameOf(name));
  }
  assert.equal(contentDisposition('inline', 'a b.jpg'), 'inline; filename="a b.jpg"; filename*=UTF-8\'\'a%20b.jpg');
});

test('UP-11 only plain pictures, video and sound are shown; whatever may run is downloaded', () => {
  for (const type of [
    'image/svg+xml',
    'text/html',
    'application/xhtml+xml',
    'application/pdf',
    'text/xml',
    'image/x-icon',
    '',
    'IMAGE/SVG+XML; charset=x',
  ]) {
    assert.equal(isShowable(type), false, type);
  }
  for (const type of ['image/png', 'IMAGE/JPEG', 'video/mp4', 'audio/mpeg']) assert.equal(isShowable(type), true, type);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { WantedBytes } from '../app/asset-cases.ts';
import { servedContent } from './content-answer.ts';

const bytes = Buffer.from('abcdefghij');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const tag = `"${sha256}"`;

type Asked = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mimeType?: string;
};

/** What is served of ten letters, and what of them was opened. */
async function serve({ method = 'GET', headers = {}, mimeType = 'text/html' }: Asked) {
  const opened: unknown[] = [];
  let begun = 0;
  const open = async (wanted: WantedBytes) => {
    const range = typeof wanted === 'function' ? wanted({ bytes: bytes.length, sha256 }) : wanted;
    opened.push(range ?? 'all');
    const part = range === 'nothing' ? [] : [bytes.subarray(range?.from ?? 0, (range?.to ?? 9) + 1)];
    return { stream: Readable.from(part), bytes: bytes.length, mimeType, name: 'ü.html', sha256 };
  };
  const request = { method, headers } as unknown as IncomingMessage;
  const answer = await servedContent(request, open, { onBegin: () => (begun += 1) });
  const body = 'stream' in answer ? await text(answer.stream) : null;
  return { answer, body, opened, begun, headers: answer.headers ?? {} };
}

test('UP-19 one range is answered in part, from either end; several, and what is none, are answered whole', async () => {
  const part = async (range: string) => {
    const { answer, body, headers } = await serve({ headers: { range } });
    return [answer.status, body, headers['content-range']];
  };
  assert.deepEqual(await part('bytes=2-4'), [206, 'cde', 'bytes 2-4/10']);
  assert.deepEqual(await part('bytes=8-'), [206, 'ij', 'bytes 8-9/10']);
  assert.deepEqual(await part('bytes=-3'), [206, 'hij', 'bytes 7-9/10']);
  assert.deepEqual(await part('bytes=-99'), [206, 'abcdefghij', 'bytes 0-9/10']);
  assert.deepEqual(await part('bytes=5-99'), [206, 'fghij', 'bytes 5-9/10']);
  for (const whole of [`bytes=${'0-,'.repeat(1_000)}0-`, 'bytes=4-2', 'bytes=-', 'bytes=a-b', 'lines=1-2'])
    assert.deepEqual(await part(whole), [200, 'abcdefghij', undefined], whole.slice(0, 20));
  for (const outside of ['bytes=10-', 'bytes=99-100', 'bytes=-0'])
    await assert.rejects(serve({ headers: { range: outside } }), { code: 'range_not_satisfiable' }, outside);
});

test('UP-19 a range goes on only with the very bytes that If-Range names', async () => {
  const status = async (ifRange: string) =>
    (await serve({ headers: { range: 'bytes=0-1', 'if-range': ifRange } })).answer.status;
  assert.equal(await status(tag), 206);
  for (const other of ['"another"', `W/${tag}`, 'Sun, 22 Nov 2026 12:00:00 GMT', '*'])
    assert.equal(await status(other), 200, other);
});

test('UP-19 who has the bytes is told so without any of them being opened, and HEAD opens none either', async () => {
  for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
    const { answer, opened, begun } = await serve({ headers: { 'if-none-match': known } });
    assert.deepEqual([answer.status, opened, begun], [304, ['nothing'], 0], known);
  }
  assert.equal((await serve({ headers: { 'if-none-match': '"another"' } })).answer.status, 200);
  const head = await serve({ method: 'HEAD', headers: { range: 'bytes=99-' } });
  assert.deepEqual([head.answer.status, head.opened, head.begun], [200, ['nothing'], 0]);
  assert.equal('bytes' in head.answer ? head.answer.bytes : null, 10);
});

test('UP-03 UP-04 what could run is an attachment in a sandbox, and may be kept by nobody in between', async () => {
  const page = await serve({});
  assert.match(page.headers['content-disposition'] ?? '', /^attachment; filename="_\.html"; filename\*=UTF-8''/);
  assert.equal(page.headers['cache-control'], 'private, no-cache');
  assert.equal(page.answer.style, 'foreign');
  for (const mimeType of ['image/svg+xml', 'application/pdf', 'text/xml', 'x', 'text/html; charset=utf-8\r\nx: y'])
    assert.match((await serve({ mimeType })).headers['content-disposition'] ?? '', /^attachment/, mimeType);
  assert.match((await serve({ mimeType: 'image/png' })).headers['content-disposition'] ?? '', /^inline/);
});

test('a download begins with its first byte, not with every range that follows', async () => {
  assert.equal((await serve({})).begun, 1);
  assert.equal((await serve({ headers: { range: 'bytes=0-1' } })).begun, 1);
  assert.equal((await serve({ headers: { range: 'bytes=2-' } })).begun, 0);
});

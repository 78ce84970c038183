import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { liveBody } from './live-body.ts';

type Late = (reason: 'silent' | 'slow' | 'long') => void;

function incoming(type?: string) {
  const request = Object.assign(new PassThrough(), {
    headers: type === undefined ? {} : { 'content-type': type },
    complete: false,
  });
  const seen: { late: Late | null; bytes: number; done: boolean } = { late: null, bytes: 0, done: false };
  const watch = (late: Late) => {
    seen.late = late;
    return { touch: (bytes: number) => void (seen.bytes += bytes), done: () => void (seen.done = true) };
  };
  return { request, seen, body: () => liveBody(request as unknown as IncomingMessage, { watch }) };
}

/** What came, and how it ended. */
async function ending(content: Readable): Promise<{ text: string; error: string | null }> {
  let text = '';
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) text += chunk.toString();
    return { text, error: null };
  } catch (error) {
    return { text, error: error instanceof Error ? error.message : 'something' };
  }
}

test('bytes come as they are sent, to their end, to a break, or until too little comes', async () => {
  const whole = incoming('video/mp4');
  const ended = ending(whole.body());
  whole.request.write('one');
  whole.request.complete = true;
  whole.request.end('two');
  assert.deepEqual(await ended, { text: 'onetwo', error: null });
  assert.deepEqual([whole.seen.bytes, whole.seen.done], [6, true]);

  const broken = incoming();
  const cut = ending(broken.body());
  broken.request.write('one');
  setImmediate(() => broken.request.destroy());
  assert.deepEqual(await cut, { text: 'one', error: 'The connection broke off' });

  const silent = incoming('application/octet-stream');
  const quiet = ending(silent.body());
  silent.request.write('one');
  setImmediate(() => silent.seen.late?.('silent'));
  assert.deepEqual(await quiet, { text: 'one', error: 'The bytes stopped coming: silent' });
  assert.equal(silent.seen.done, true);
});

test('forms, JSON and text are no film', () => {
  for (const type of [
    'multipart/form-data; boundary=x',
    'application/json',
    'application/x-www-form-urlencoded',
    'Text/Plain',
  ])
    assert.throws(
      () => incoming(type).body(),
      (error) =>
        error instanceof AssetwireError && error.code === 'unsupported_media_type' && /curl/.test(error.mend ?? ''),
      type,
    );
});

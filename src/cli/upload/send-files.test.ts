import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../client.ts';
import { graceMs, sendFiles } from './send-files.ts';

/** Two at a time of three files; `answer` ends the first, the signal that its upload was given ends the second. */
function begin() {
  const ends: (() => void)[] = [];
  const timers: { readonly delayMs: number; readonly fire: () => void }[] = [];
  const run = new AbortController();
  const client = {
    upload: (_file: unknown, _asset: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        ends.push(() => resolve({ id: 'ast_1' }));
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
  };
  const files = ['a', 'b', 'c'].map((name) => ({ path: import.meta.filename, name, folder: '/', bytes: 1 }));
  const done = sendFiles(files, {
    client: client as unknown as Client,
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      timer(delayMs, fire) {
        timers.push({ delayMs, fire });
        return { cancel: () => undefined };
      },
    },
    atOnce: 2,
    asset: {},
    signal: run.signal,
    draw: () => 'k',
    onBytes: () => undefined,
    onDone: () => undefined,
  });
  return { ends, timers, run, done };
}

test('an end lets what is under way end, and begins nothing new', async () => {
  const { ends, run, done } = begin();
  run.abort();
  for (const end of ends) end();
  assert.deepEqual(
    (await done).map(({ status }) => status),
    ['uploaded', 'uploaded', 'left'],
  );
  assert.equal(ends.length, 2);
});

test('what does not end in time is cut off, and told from what was never tried', async () => {
  const { ends, timers, run, done } = begin();
  run.abort();
  ends[0]?.();
  const [grace] = timers;
  assert.equal(grace?.delayMs, graceMs);
  await Promise.resolve();
  grace?.fire();
  const path = import.meta.filename;
  const [first, ...rest] = await done;
  assert.equal(first?.status, 'uploaded');
  assert.deepEqual(rest, [
    { file: path, status: 'left', cutOff: true },
    { file: path, status: 'left' },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { type Client, RefusedError } from './client.ts';
import { pushRecords } from './import/push-records.ts';
import { sendFiles } from './upload/send-files.ts';

/** More than any other refusal is tried. */
const refusals = 20;

/** Time that passes at once; `delays` in milliseconds. */
function hurried(): { readonly clock: Clock; readonly delays: number[] } {
  const delays: number[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    timer(delayMs, fire) {
      delays.push(delayMs);
      queueMicrotask(fire);
      return { cancel: () => undefined };
    },
  };
  return { clock, delays };
}

/** Refuses as a quota of changes does, then takes what comes. */
function reluctant(taken: unknown): { readonly client: Client; readonly calls: () => number } {
  let calls = 0;
  const answer = (): Promise<unknown> => {
    calls += 1;
    if (calls > refusals) return Promise.resolve(taken);
    return Promise.reject(new RefusedError(429, { code: 'too_many_requests' }, '12'));
  };
  return { client: { send: answer, upload: answer } as unknown as Client, calls: () => calls };
}

test('TN-17 an import waits as long as it is told, however often, and loses no record', async () => {
  const { clock, delays } = hurried();
  const { client, calls } = reluctant({ results: [{ status: 'created' }] });
  const answered: unknown[] = [];
  async function* records() {
    await Promise.resolve();
    yield { line: 1, bytes: 10, state: { externalId: 'a' } };
  }
  await pushRecords(records(), {
    ...{ client, clock, atOnce: 1, dryRun: false, sync: null, signal: new AbortController().signal },
    onAnswered: (pushed) => answered.push(...pushed.map(({ result }) => result)),
  });
  assert.deepEqual(answered, [{ status: 'created' }]);
  assert.equal(calls(), refusals + 1);
  assert.deepEqual(new Set(delays), new Set([12_000]));
});

test('TN-17 an upload waits as long as it is told, however often', async () => {
  const { clock, delays } = hurried();
  const { client, calls } = reluctant({ id: 'ast_1' });
  const [done] = await sendFiles([{ path: import.meta.filename, name: 'a', folder: '/', bytes: 1 }], {
    ...{ client, clock, atOnce: 1, asset: {}, signal: new AbortController().signal, draw: () => 'k' },
    onBytes: () => undefined,
    onDone: () => undefined,
  });
  assert.equal(done?.status, 'uploaded');
  assert.equal(calls(), refusals + 1);
  assert.deepEqual(new Set(delays), new Set([12_000]));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { UnreachableError } from './client.ts';
import { askSteadily } from './steady-ask.ts';

const clockOf = (waited: number[]) => ({
  ...systemClock,
  timer(delayMs: number, done: () => void) {
    waited.push(delayMs);
    queueMicrotask(done);
    return { cancel: () => undefined };
  },
});
const away = () => new UnreachableError('http://127.0.0.1:1', new Error('ECONNRESET'));

test('What is followed is asked again while the server is away, ever later, and then given up', async () => {
  const waited: number[] = [];
  let asked = 0;
  const answer = await askSteadily(
    async () => {
      asked += 1;
      if (asked < 3) throw away();
      return 'done';
    },
    { clock: clockOf(waited) },
  );
  assert.deepEqual([answer, waited], ['done', [500, 1_000]]);
  await assert.rejects(
    askSteadily(() => Promise.reject(away()), { clock: clockOf(waited) }),
    UnreachableError,
  );
  assert.deepEqual(waited.slice(2), [500, 1_000, 2_000, 4_000, 8_000, 10_000]);
});

test('An answer that is an error is not asked for again', async () => {
  let asked = 0;
  const refused = new Error('forbidden');
  const ask = () => {
    asked += 1;
    return Promise.reject(refused);
  };
  await assert.rejects(askSteadily(ask, { clock: clockOf([]) }), refused);
  assert.equal(asked, 1);
});

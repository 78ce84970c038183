import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { createSystemRandom } from './random.ts';

test('a delay beyond 32 bits does not fire at once, and a cancelled one never', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let fired = 0;
  systemClock.timer(2 ** 31 + 1_000, () => {
    fired += 1;
  });
  const cancelled = systemClock.timer(10, () => {
    fired += 100;
  });
  cancelled.cancel();
  t.mock.timers.tick(2 ** 31 - 1);
  assert.equal(fired, 0);
  t.mock.timers.tick(1_001);
  assert.equal(fired, 1);
});

test('a long timer that is cancelled after its first step stays cancelled', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let fired = 0;
  const timer = systemClock.timer(2 ** 31 + 1_000, () => {
    fired += 1;
  });
  t.mock.timers.tick(2 ** 31 - 1);
  timer.cancel();
  t.mock.timers.tick(5_000);
  assert.equal(fired, 0);
});

test('random bytes are fresh, of the length asked for, and fractions lie in [0, 1)', () => {
  const random = createSystemRandom();
  const drawn = new Set(Array.from({ length: 5_000 }, () => Buffer.from(random.bytes(16)).toString('hex')));
  assert.equal(drawn.size, 5_000);
  assert.equal(random.bytes(10_000).length, 10_000);
  for (let count = 0; count < 1_000; count += 1) {
    const fraction = random.fraction();
    assert.ok(fraction >= 0 && fraction < 1);
  }
});

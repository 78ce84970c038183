import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createLookupRate } from './lookup-rate.ts';

test('an address may ask so often a second, and goes on when time has passed; its neighbours are not asked to wait', () => {
  let nowMs = 0;
  const rate = createLookupRate({ clock: { monotonicMs: () => nowMs } });
  const taken = (address: string, tries: number): number => {
    let count = 0;
    for (let n = 0; n < tries; n += 1) {
      try {
        rate.take(address);
        count += 1;
      } catch (error) {
        assert.ok(
          error instanceof AssetwireError && error.code === 'too_many_requests' && error.retryAfterSeconds === 1,
        );
      }
    }
    return count;
  };
  const perSecond = limits.openLookupsPerSecondMax;
  assert.equal(taken('a', perSecond + 50), perSecond);
  assert.equal(taken('b', 10), 10);
  nowMs += 500;
  assert.equal(taken('a', perSecond), perSecond / 2);
  nowMs += 3_600_000;
  assert.equal(taken('a', perSecond * 2), perSecond);
});

test('what is not there counts for more, and holds nobody up for longer than a second, whatever the address is written as', () => {
  let nowMs = 0;
  const rate = createLookupRate({ clock: { monotonicMs: () => nowMs } });
  const { openLookupsPerSecondMax: perSecond, openLookupMissCost: cost } = limits;
  // Forged ones at half the rate that is allowed, for a minute: every true one in between is answered.
  for (let n = 0; n < (60 * perSecond) / cost; n += 1) {
    nowMs += (2 * 1_000 * cost) / perSecond;
    rate.take('receiver');
    rate.missed('receiver');
    rate.take('receiver');
  }
  let misses = 0;
  const ask = (): void => {
    rate.take(`2001:db8:1:2::${misses.toString(16)}`);
    rate.missed('2001:db8:1:2::1');
    misses += 1;
  };
  assert.throws(() => {
    for (;;) ask();
  }, AssetwireError);
  assert.equal(misses, perSecond / cost);
  nowMs += 1_000;
  rate.take('2001:db8:1:2::1');
});

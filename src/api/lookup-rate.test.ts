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

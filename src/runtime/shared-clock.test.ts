import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createSharedClock } from './shared-clock.ts';

it('FC-03 the shared clock is the database’s, however far off the machine’s own is', async () => {
  const own = createVirtualClock({ startMs: 1_000_000_000 });
  const shared = createSharedClock(own);
  assert.equal(shared.nowMs(), own.nowMs());
  shared.learn(1_000_300_000, 0, 0);
  assert.equal(shared.nowMs(), 1_000_300_000);
  await own.advance(60_000);
  own.jumpWall(-3_600_000);
  assert.equal(shared.nowMs(), 1_000_360_000, 'a jump of its own clock is not noticed');
});

it('the time that a question took moves nothing, and a real difference is followed', async () => {
  const own = createVirtualClock({ startMs: 1_000_000_000 });
  const shared = createSharedClock(own);
  shared.learn(1_000_000_000, 0, 0);
  await own.advance(10_000);
  shared.learn(1_000_010_040, 9_900, 10_000);
  assert.equal(shared.nowMs(), 1_000_010_000);
  shared.learn(1_000_030_000, 10_000, 10_000);
  assert.equal(shared.nowMs(), 1_000_030_000);
});

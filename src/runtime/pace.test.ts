import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace, shareMin } from './pace.ts';

/** Works through `forMs` with pieces of `costMs`, one at a time, under the load of each moment; answers how many were done. */
function work(loadAt: (nowMs: number) => number, forMs: number, costMs: number): number {
  let nowMs = 1_000;
  const startedMs = nowMs;
  const pace = createPace(() => loadAt(nowMs - startedMs), nowMs);
  let done = 0;
  while (nowMs < startedMs + forMs) {
    const waitMs = pace.waitMs(nowMs);
    if (waitMs > 0) {
      // The grain of a timer.
      nowMs += Math.ceil(waitMs);
      continue;
    }
    pace.began();
    nowMs += costMs;
    pace.ended(costMs);
    done += 1;
  }
  return done;
}

test('beside a busy loop a tenth of a core is worked, whatever a piece costs', () => {
  for (const costMs of [0.3, 2, 40]) {
    const share = (work(() => 0.95, 60_000, costMs) * costMs) / 60_000;
    assert.ok(Math.abs(share - shareMin) < 0.02, `pieces of ${costMs} ms took ${share}`);
  }
});

test('beside a loop with time to spare it comes to a whole core within half a second', () => {
  const done = work(() => 0.2, 5_000, 0.5);
  assert.ok(done > 9_000, `${done} of 10,000`);
});

test('when the loop gets busy the pace falls within a moment', () => {
  const before = work(() => 0.2, 2_000, 0.5);
  const done = work((nowMs) => (nowMs < 2_000 ? 0.2 : 0.9), 4_000, 0.5) - before;
  assert.ok(done < 800, `${done} in the two busy seconds, where a whole core would do 4,000`);
});

test('nothing is saved up for a burst while there is nothing to do', () => {
  const pace = createPace(() => 0.9, 0);
  let nowMs = 3_600_000;
  let atOnce = 0;
  while (atOnce < 1_000 && pace.waitMs(nowMs) === 0) {
    pace.began();
    pace.ended(0.5);
    atOnce += 1;
    nowMs += 0.001;
  }
  assert.ok(atOnce < 10, `${atOnce} at once`);
});

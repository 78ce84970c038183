import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { createBodyReader, type LateReason } from './request-body.ts';

/** A clock that stands still between its steps; a timer fires with the step that reaches it. */
function steppedClock(): Clock & { step(ms: number): void } {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer(delayMs, fire) {
      const entry = { atMs: nowMs + delayMs, fire };
      timers.add(entry);
      return { cancel: () => void timers.delete(entry) };
    },
    step(ms) {
      nowMs += ms;
      for (const entry of [...timers]) {
        if (entry.atMs > nowMs || !timers.delete(entry)) continue;
        entry.fire();
      }
    },
  };
}

/** An upload that sends so many bytes each second, until it is told that it is late or so many seconds have passed. */
function trickle(
  bytesPerSecond: number,
  seconds: number,
): { readonly reason: LateReason | null; readonly afterS: number } {
  const clock = steppedClock();
  const bodies = createBodyReader({ clock });
  let reason: LateReason | null = null;
  const watch = bodies.watch((given) => {
    reason = given;
  });
  let second = 0;
  for (; second < seconds && reason === null; second += 1) {
    if (bytesPerSecond > 0) watch.touch(bytesPerSecond);
    clock.step(1_000);
  }
  watch.done();
  bodies.stop();
  return { reason, afterS: second };
}

test('UP-14 an upload of one byte a second is ended within a minute, however long it would go on', () => {
  const { reason, afterS } = trickle(1, 3_600);
  assert.equal(reason, 'slow');
  assert.ok(afterS <= 60, `${afterS} s`);
  assert.equal(trickle(limits.uploadBytesPerSecondMin - 10, 3_600).reason, 'slow');
});

test('UP-14 an upload that says nothing is ended, one over a slow line is not, and none lasts for ever', () => {
  assert.equal(trickle(0, 3_600).reason, 'silent');
  assert.equal(trickle(limits.uploadBytesPerSecondMin + 10, 3_600).reason, null);
  const day = trickle(100_000, 86_400);
  assert.equal(day.reason, 'long');
  assert.ok(Math.abs(day.afterS - limits.uploadMsMax / 1_000) <= 2, `${day.afterS} s`);
});

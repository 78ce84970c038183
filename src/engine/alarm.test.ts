import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { createAlarm } from './alarm.ts';
import type { Lane } from './lane.ts';

/** A clock whose timers are fired by hand and which moves only when told. */
type HeldClock = { readonly clock: Clock; nowMs: number; readonly timers: (() => void)[]; ring(): void };

function heldClock(): HeldClock {
  const timers: (() => void)[] = [];
  const held: HeldClock = {
    nowMs: 0,
    timers,
    ring: () => timers.pop()?.(),
    clock: {
      nowMs: () => held.nowMs,
      monotonicMs: () => held.nowMs,
      timer: (_delayMs: number, fire: () => void) => {
        timers.push(fire);
        return { cancel: () => void timers.splice(timers.indexOf(fire), 1) };
      },
    },
  };
  return held;
}

const lane = (): Lane => ({ wakeAtMs: Number.POSITIVE_INFINITY }) as Lane;

it('FK-15 a lane that is woken and asks for a time already past waits for the next ring: the loop is never held', () => {
  const held = heldClock();
  let woken = 0;
  const one = lane();
  const alarm = createAlarm(held.clock, (late) => {
    woken += 1;
    assert.ok(woken < 100, 'one ring woke the same lane again and again');
    // The lane reckons with the time of its turn, which began before the ring.
    alarm.wakeAt(late, held.nowMs - 1);
  });
  alarm.wakeAt(one, 5);
  held.nowMs = 8;
  held.ring();
  assert.equal(woken, 1);
  assert.equal(held.timers.length, 1);
  held.ring();
  assert.equal(woken, 2);
});

it('every lane that is due is woken by one ring, in order of time, and one that is not due is not', () => {
  const held = heldClock();
  const woken: Lane[] = [];
  const alarm = createAlarm(held.clock, (due) => woken.push(due));
  const [first, second, later] = [lane(), lane(), lane()];
  alarm.wakeAt(later, 50);
  alarm.wakeAt(second, 20);
  alarm.wakeAt(first, 10);
  held.nowMs = 20;
  held.ring();
  assert.deepEqual(
    woken.map((due) => [first, second, later].indexOf(due)),
    [0, 1],
  );
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../runtime/clock.ts';
import { createDeadlineWheel, type Deadline } from './deadline-wheel.ts';

/** Time that stands still until it is moved; at most one timer, as the wheel promises. */
function createHeldClock(): Clock & { advance(ms: number): void; standStill(ms: number): void; timers(): number } {
  let nowMs = 5;
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer(delayMs, fire) {
      const timer = { atMs: nowMs + delayMs, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [due] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (due === undefined) break;
        timers.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.fire();
      }
      nowMs = endMs;
    },
    standStill(ms) {
      nowMs += ms;
    },
    timers: () => timers.size,
  };
}

function createDeadline(expire: () => void): Deadline {
  return { next: null, previous: null, dueMs: 0, expire };
}

it('deadlines strike within one tick, never early, whatever their length', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 120_000 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 500 }),
      (delays, stepMs) => {
        const clock = createHeldClock();
        const wheel = createDeadlineWheel(clock);
        const startMs = clock.monotonicMs();
        const struck = new Map<number, number>();
        for (const [index, delayMs] of delays.entries())
          wheel.add(
            createDeadline(() => struck.set(index, clock.monotonicMs() - startMs)),
            delayMs,
          );
        for (let gone = 0; gone <= 121_000; gone += stepMs) clock.advance(stepMs);
        for (const [index, delayMs] of delays.entries()) {
          const atMs = struck.get(index) ?? -1;
          assert.ok(atMs >= delayMs && atMs <= delayMs + 40, `${delayMs} struck at ${atMs}`);
        }
        assert.ok(clock.timers() <= 1);
      },
    ),
    { numRuns: 30, verbose: true },
  );
});

it('a removed deadline does not strike, and an empty wheel sets no timer', () => {
  const clock = createHeldClock();
  const wheel = createDeadlineWheel(clock);
  let struck = 0;
  const deadline = createDeadline(() => struck++);
  wheel.add(deadline, 100);
  assert.equal(wheel.waiting().length, 1);
  wheel.remove(deadline);
  wheel.remove(deadline);
  clock.advance(1_000);
  assert.deepEqual([struck, clock.timers(), wheel.waiting().length], [0, 0, 0]);
  wheel.add(deadline, 100);
  clock.advance(90);
  assert.equal(struck, 0);
  clock.advance(50);
  assert.equal(struck, 1);
});

it('one that strikes may end others and add new ones', () => {
  const clock = createHeldClock();
  const wheel = createDeadlineWheel(clock);
  const struck: string[] = [];
  const victim = createDeadline(() => struck.push('victim'));
  const heir = createDeadline(() => struck.push('heir'));
  wheel.add(
    createDeadline(() => {
      struck.push('first');
      wheel.remove(victim);
      wheel.add(heir, 10);
    }),
    100,
  );
  wheel.add(victim, 100);
  clock.advance(500);
  assert.deepEqual(struck, ['first', 'heir']);
});

it('after a long sleep everything due strikes once', () => {
  const clock = createHeldClock();
  const wheel = createDeadlineWheel(clock);
  let struck = 0;
  for (let delayMs = 10; delayMs <= 60_000; delayMs += 500)
    wheel.add(
      createDeadline(() => struck++),
      delayMs,
    );
  // The timer fires late, as after a suspended laptop.
  const late: Clock = { ...clock };
  assert.ok(late.monotonicMs() < 100);
  clock.advance(300_000);
  assert.equal(struck, 120);
  assert.equal(clock.timers(), 0);
});

it('FO-03 after the process stood still, what came in meanwhile is read before anything is called late', () => {
  const clock = createHeldClock();
  const wheel = createDeadlineWheel(clock);
  const struck: string[] = [];
  const answered = createDeadline(() => struck.push('answered'));
  const silent = createDeadline(() => struck.push('silent'));
  wheel.add(answered, 200);
  wheel.add(silent, 200);
  clock.advance(100);
  clock.standStill(5_000);
  // The timer that is long due fires; sockets are read between this turn of the loop and the next.
  clock.advance(0);
  assert.equal(struck.length, 0);
  wheel.remove(answered);
  clock.advance(1);
  assert.equal(struck.join(), 'silent');
  assert.equal(clock.timers(), 0);
  // A loop that is late again and again is late by one turn each time, no more.
  const always = createDeadline(() => struck.push('always'));
  wheel.add(always, 1_000);
  for (let round = 0; round < 6; round += 1) {
    clock.standStill(300);
    clock.advance(1);
    clock.advance(1);
  }
  assert.equal(struck.join(), 'silent,always');
});

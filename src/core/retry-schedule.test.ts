import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RetryAfterRule, RetrySchedule } from './policy.ts';
import { askedWaitMs, nextAttempt, parseHttpDate, parseRetryAfter, scheduledWaitMs } from './retry-schedule.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const schedule: RetrySchedule = { delaysMs: [5_000, 300_000, dayMs], jitter: 0.2, ageMaxMs: 5 * dayMs };
const rule: RetryAfterRule = { statuses: [429, 503], capMs: dayMs, throttlesLane: true };

test('A wait lies within its jitter and the schedule ends', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      const waitMs = scheduledWaitMs(schedule, 2, chance) ?? -1;
      assert.ok(waitMs >= 240_000 && waitMs <= 360_000);
      assert.ok(Number.isInteger(waitMs));
    }),
  );
  assert.equal(scheduledWaitMs(schedule, 1, 0.5), 5_000);
  assert.equal(scheduledWaitMs(schedule, 4, 0.5), null);
});

test('A delivery dies by attempts and by age', () => {
  const base = { schedule, createdAtMs: nowMs, nowMs, chance: 0.5 };
  assert.deepEqual(nextAttempt({ ...base, attempt: 3 }), { kind: 'retry', atMs: nowMs + dayMs });
  assert.deepEqual(nextAttempt({ ...base, attempt: 4 }), { kind: 'dead', reason: 'attempts-exhausted' });
  const old = { ...base, createdAtMs: nowMs - 5 * dayMs };
  assert.deepEqual(nextAttempt({ ...old, attempt: 1 }), { kind: 'dead', reason: 'age-exceeded' });
  assert.equal(nextAttempt({ ...base, createdAtMs: nowMs - 4 * dayMs, attempt: 3 }).kind, 'retry');
});

test('RX-14 the longer of schedule and Retry-After counts', () => {
  const base = { schedule, createdAtMs: nowMs, nowMs, chance: 0.5 };
  assert.deepEqual(nextAttempt({ ...base, attempt: 1, askedMs: 120_000 }), { kind: 'retry', atMs: nowMs + 120_000 });
  assert.deepEqual(nextAttempt({ ...base, attempt: 2, askedMs: 120_000 }), { kind: 'retry', atMs: nowMs + 300_000 });
});

test('RX-14 Retry-After is understood as seconds and as any of the three HTTP dates', () => {
  assert.equal(parseRetryAfter('120', nowMs), 120_000);
  assert.equal(parseRetryAfter(' 120 ', nowMs), 120_000);
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 12:02:00 GMT', nowMs), 120_000);
  assert.equal(parseRetryAfter('Sunday, 22-Nov-26 12:02:00 GMT', nowMs), 120_000);
  assert.equal(parseRetryAfter('Sun Nov 22 12:02:00 2026', nowMs), 120_000);
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), 784_111_777_000);
});

test('RX-15 garbage in Retry-After is no wish, and the past is no wait', () => {
  const nothing = [
    '',
    ' ',
    '-5',
    '1e308',
    'NaN',
    'Infinity',
    '0x10',
    '1.5',
    '5 s',
    '٣',
    'x'.repeat(10_000),
    '9'.repeat(10_000),
  ];
  for (const value of [
    ...nothing,
    'Mon, 30 Feb 2026 12:00:00 GMT',
    'Sun, 22 Nov 2026 25:00:00 GMT',
    'Sun, 22 Foo 2026 12:00:00 GMT',
  ]) {
    assert.equal(parseRetryAfter(value, nowMs), null, value.slice(0, 40));
  }
  assert.equal(parseRetryAfter('0', nowMs), 0);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', nowMs), 0);
});

test('RX-15 whatever the header says, the wait is a number between the schedule and the cap', () => {
  const value = fc.oneof(
    fc.string(),
    fc.double().map(String),
    fc.constantFrom('999999999', '9'.repeat(39), 'Fri, 31 Dec 9999 23:59:59 GMT'),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3 }), (values) => {
      const asked = askedWaitMs(
        rule,
        { status: 429, headers: values.map((one) => ['retry-after', one] as const) },
        nowMs,
      );
      assert.ok(asked === null || (asked >= 0 && asked <= rule.capMs && Number.isFinite(asked)));
      const next = nextAttempt({ schedule, attempt: 1, createdAtMs: nowMs, nowMs, chance: 0, askedMs: asked ?? 0 });
      assert.ok(next.kind === 'retry' && next.atMs >= nowMs + 4_000 && next.atMs <= nowMs + dayMs);
    }),
  );
});

test('RX-15 of two Retry-After headers the longer wait counts, and only for the statuses of the rule', () => {
  const headers = [
    ['retry-after', '10'],
    ['retry-after', '60'],
    ['retry-after', 'soon'],
    ['x-other', '3600'],
  ] as const;
  assert.equal(askedWaitMs(rule, { status: 503, headers }, nowMs), 60_000);
  assert.equal(askedWaitMs(rule, { status: 500, headers }, nowMs), null);
  assert.equal(askedWaitMs(null, { status: 503, headers }, nowMs), null);
  assert.equal(askedWaitMs(rule, { status: 503, headers: [['retry-after', '999999999']] }, nowMs), dayMs);
});

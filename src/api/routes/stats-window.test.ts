import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statsWindow } from './stats-window.ts';

const minute = 60_000;
const hour = 60 * minute;

test('a window that cannot be answered is refused and says what to ask instead', () => {
  const nowMs = Date.UTC(2026, 10, 22, 12);
  const refused = (query: Parameters<typeof statsWindow>[0], wanted: RegExp): void => {
    assert.throws(
      () => statsWindow(query, nowMs),
      (error: unknown) => {
        const problems = typeof error === 'object' && error !== null ? Reflect.get(error, 'problems') : undefined;
        assert.match(JSON.stringify(problems), wanted);
        return true;
      },
    );
  };
  refused({ fromMs: nowMs, toMs: nowMs - 1 }, /before toMs/);
  refused({ bucketMs: 90_000 }, /whole minutes/);
  refused({ bucketMs: 90 * minute }, /whole hours/);
  refused({ bucketMs: minute, fromMs: nowMs - 49 * hour, toMs: nowMs - 48 * hour }, /kept by hour/);
  refused({ fromMs: nowMs - 2_001 * hour }, /at most 2000 points/);
  assert.deepEqual(statsWindow({}, nowMs), { fromMs: nowMs - 24 * hour, toMs: nowMs, bucketMs: hour });
  assert.deepEqual(statsWindow({ bucketMs: minute, fromMs: nowMs - hour }, nowMs).bucketMs, minute);
});

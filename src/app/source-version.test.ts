import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOlderSource } from './source-version.ts';

test('Of two versions of a source the older one is told by number, by time and digit by digit', () => {
  const older: readonly (readonly [number | string, number | string])[] = [
    [1, 2],
    [-1, 0],
    ['2', '10'],
    ['1.4.2', '1.10.0'],
    ['2026-11-22T13:00:00+02:00', '2026-11-22T12:00:00Z'],
    ['2026-11-22', '2026-11-22T00:00:01Z'],
    ['9007199254740992', '9007199254740993'],
  ];
  for (const [one, other] of older) {
    assert.equal(isOlderSource(one, other), true, `${one} < ${other}`);
    assert.equal(isOlderSource(other, one), false, `${other} > ${one}`);
    assert.equal(isOlderSource(one, one), false, `${one} = ${one}`);
  }
});

test('A number that one call writes as a text and the next one does not is the same number', () => {
  assert.equal(isOlderSource(9, '10'), true);
  assert.equal(isOlderSource('9', 10), true);
  assert.equal(isOlderSource('10', 9), false);
  assert.equal(isOlderSource(10, '10'), false);
  assert.equal(isOlderSource('1.5', 2), true);
});

test('What cannot be compared is news', () => {
  for (const [given, known] of [
    [1, '2026-11-22T12:00:00Z'],
    ['2026-11-22T12:00:00Z', 1_900_000_000_000],
    [1, '1.4.2'],
    ['v1', 2],
  ] as const) {
    assert.equal(isOlderSource(given, known), false, `${given} after ${known}`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composed, isBlank, members } from './spelling.ts';

test('A text has one spelling, and a set each member once', () => {
  assert.equal(composed('Cafe\u0301'), 'Caf\u00e9');
  assert.deepEqual(members(['e\u0301', '\u00e9', 'b', 'b', 'a']), ['\u00e9', 'b', 'a']);
  assert.deepEqual(members(undefined), []);
});

test('What nobody can see is blank', () => {
  for (const text of ['', ' ', '\u200b', '\u202e \u2060', '\ufeff']) assert.ok(isBlank(text), JSON.stringify(text));
  for (const text of ['a', '\u200ba', '👩‍👩‍👧', '.']) assert.ok(!isBlank(text), JSON.stringify(text));
});

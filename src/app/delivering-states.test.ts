import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryStates } from '../core/delivery.ts';
import { outcomeKinds } from '../core/outcome.ts';
import { withStatesOf } from './delivering-states.ts';

test('a list of what got no answer leaves out what was delivered; one with answers is asked as it stands', () => {
  const failed = deliveryStates.filter((state) => state !== 'delivered');
  assert.deepEqual(withStatesOf({ outcomes: ['timeout'] }), { outcomes: ['timeout'], states: failed });
  assert.deepEqual(withStatesOf({ outcomes: ['broken'], states: ['dead', 'delivered'] }).states, ['dead']);
  assert.deepEqual(withStatesOf({ outcomes: ['broken'], states: ['delivered'] }).states, []);
  for (const query of [{}, { states: ['delivered'] as const }, { outcomes: outcomeKinds }]) {
    assert.equal(withStatesOf(query), query);
  }
});

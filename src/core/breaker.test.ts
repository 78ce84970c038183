import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askBreaker,
  breakerAfterFailure,
  breakerAfterNothing,
  breakerAfterSuccess,
  breakerOpensAtMs,
  type BreakerState,
  closedBreaker,
} from './breaker.ts';

const rule = { failuresToOpen: 3, openMs: 1_000, openMsMax: 3_000 };

function failed(times: number, atMs: number, from: BreakerState = closedBreaker): BreakerState {
  let state = from;
  for (let count = 0; count < times; count += 1) state = breakerAfterFailure(state, rule, atMs);
  return state;
}

test('A breaker opens after failures in a row, and a success in between starts the count anew', () => {
  assert.equal(failed(2, 0).kind, 'closed');
  assert.equal(failed(3, 0).kind, 'open');
  assert.equal(failed(2, 0, breakerAfterSuccess(failed(2, 0))).kind, 'closed');
});

test('An open breaker allows no attempt, then exactly one probe', () => {
  const open = failed(3, 0);
  assert.equal(askBreaker(open, 999).allowed, false);
  assert.equal(breakerOpensAtMs(open), 1_000);
  const probe = askBreaker(open, 1_000);
  assert.equal(probe.allowed, true);
  assert.equal(askBreaker(probe.state, 1_001).allowed, false);
  assert.equal(breakerOpensAtMs(probe.state), Number.POSITIVE_INFINITY);
});

test('A failed probe opens it for twice as long, up to the limit; a successful one closes it', () => {
  let state = askBreaker(failed(3, 0), 1_000).state;
  state = breakerAfterFailure(state, rule, 1_100);
  assert.deepEqual(state, { kind: 'open', untilMs: 3_100, openMs: 2_000 });
  state = breakerAfterFailure(askBreaker(state, 3_100).state, rule, 3_200);
  assert.deepEqual(state, { kind: 'open', untilMs: 6_200, openMs: 3_000 });
  assert.equal(breakerAfterSuccess(askBreaker(state, 6_200).state), closedBreaker);
});

test('An attempt from before the opening that fails late changes nothing, one that succeeds closes', () => {
  const open = failed(3, 0);
  assert.equal(breakerAfterFailure(open, rule, 500), open);
  assert.equal(breakerAfterSuccess(open), closedBreaker);
});

test('A probe that told nothing gives its turn back', () => {
  const probe = askBreaker(failed(3, 0), 1_000).state;
  assert.equal(askBreaker(breakerAfterNothing(probe, 1_200), 1_200).allowed, true);
});

test('A healthy breaker costs nothing', () => {
  assert.equal(breakerAfterSuccess(closedBreaker), closedBreaker);
  assert.equal(askBreaker(closedBreaker, 5).state, closedBreaker);
});

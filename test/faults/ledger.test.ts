import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, judgeLedgers } from './ledger.ts';
import type { Arrived, Published } from './ledger.ts';

const published: readonly Published[] = [
  { event: 1, result: 'ok' },
  { event: 2, result: 'ok' },
  { event: 3, result: 'refused' },
  { event: 4, result: 'unknown' },
  { event: 5, result: 'unknown' },
];
const arrival = (event: number, change: Partial<Arrived> = {}): Arrived => ({
  event,
  lane: '/a',
  messageId: `m${event}`,
  bodySha256: `h${event}`,
  ...change,
});
const sound = [arrival(1), arrival(2), arrival(4)];

test('Ledgers that agree have nothing to complain about, and every unknown is resolved to none or one', () => {
  const sets = judgeLedgers(published, sound, []);
  assert.deepEqual(complaints(sets), []);
  assert.deepEqual(sets.unknown, { arrived: [4], absent: [5] });
  assert.deepEqual([sets.duplicated, sets.extraArrivals], [[], 0]);
});

test('An accepted event that never arrived is lost', () => {
  const sets = judgeLedgers(published, sound.slice(1), []);
  assert.deepEqual(sets.lost, [1]);
  assert.match(complaints(sets).join(), /accepted and lost: 1/);
});

test('An arrival that was refused or never sent is a phantom', () => {
  assert.deepEqual(judgeLedgers(published, [...sound, arrival(3), arrival(9)], []).phantom, [3, 9]);
});

test('A second arrival is a duplicate; an interrupted attempt explains one, and no more', () => {
  const once = [{ messageId: 'm1', attempts: 2, interrupted: 1 }];
  const twice = judgeLedgers(published, [...sound, arrival(1)], once);
  assert.deepEqual([twice.duplicated, twice.unexplained, complaints(twice)], [[1], [], []]);
  const thrice = judgeLedgers(published, [...sound, arrival(1), arrival(1)], once);
  assert.deepEqual([thrice.unexplained, thrice.extraArrivals], [['m1'], 2]);
  assert.deepEqual(judgeLedgers(published, [...sound, arrival(1)], []).unexplained, ['m1']);
});

test('An arrival after an answer that asked for another try is no duplicate', () => {
  const sets = judgeLedgers(published, [...sound, arrival(1)], [], { failedAnswers: new Map([['m1', 1]]) });
  assert.deepEqual([sets.duplicated, complaints(sets)], [[], []]);
});

test('One event under two message ids was accepted twice, also where its publish is unknown', () => {
  assert.deepEqual(judgeLedgers(published, [...sound, arrival(4, { messageId: 'other' })], []).doubled, [4]);
});

test('A message that comes with other bytes is reported', () => {
  const sets = judgeLedgers(
    published,
    [...sound, arrival(2, { bodySha256: 'x' })],
    [{ messageId: 'm2', attempts: 2, interrupted: 1 }],
  );
  assert.deepEqual(sets.altered, ['m2']);
});

test('An event that came to one webhook and not to the other is partial', () => {
  const both = sound.flatMap((one) => [one, { ...one, lane: '/b', messageId: `${one.messageId}b` }]);
  assert.deepEqual(complaints(judgeLedgers(published, both, [])), []);
  const sets = judgeLedgers(published, both.slice(0, -1), []);
  assert.deepEqual(sets.partial, [4]);
  assert.match(complaints(sets).join(), /some webhooks and not to others: 4/);
});

test('A delivery that ended dead, and says so, may be missing in its lane; one that says nothing may not', () => {
  const twoLanes = [...sound, arrival(1, { lane: '/b', messageId: 'n1' }), arrival(4, { lane: '/b', messageId: 'n4' })];
  assert.deepEqual(judgeLedgers(published, twoLanes, []).partial, [2]);
  const visiblyDead = [{ event: 2, reason: 'quarantined_after_crashes' }];
  assert.deepEqual(judgeLedgers(published, twoLanes, [], { visiblyDead }).partial, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './turns.ts';

test('whoever has a thousand waits behind its own: another is next but one', () => {
  const turns = createTurns<string>();
  for (let index = 0; index < 1_000; index += 1) turns.join('much', `much ${index}`);
  turns.join('one', 'one');
  assert.deepEqual([turns.next(), turns.next(), turns.next()], ['much 0', 'one', 'much 1']);
});

test('each owner’s items come in their order, all of them, and then none', () => {
  const turns = createTurns<number>();
  const taken: number[][] = Array.from({ length: 7 }, () => []);
  const take = (): boolean => {
    const item = turns.next();
    if (item !== undefined) taken[item % 7]?.push(item);
    return item !== undefined;
  };
  for (let item = 0; item < 3_000; item += 1) {
    turns.join(String(item % 7), item);
    // Taken in between, so that lines are emptied and begun anew.
    if (item % 3 === 0) take();
  }
  while (take());
  for (const items of taken)
    assert.deepEqual(
      items,
      [...items].sort((a, b) => a - b),
    );
  assert.equal(taken.flat().length, 3_000);
  assert.equal(turns.length, 0);
  assert.equal(turns.next(), undefined);
});

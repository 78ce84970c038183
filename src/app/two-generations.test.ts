import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTwoGenerations } from './two-generations.ts';

test('a cache of two generations never answers with anything but the last value set', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom('get', 'set', 'delete'),
          fc.integer({ min: 0, max: 12 }),
          fc.integer({ min: 1, max: 9 }),
        ),
      ),
      (steps) => {
        const cache = createTwoGenerations<number>({ entriesMax: 8, weightMax: 30 });
        const truth = new Map<string, number>();
        for (const [step, name, weight] of steps) {
          const key = `k${name}`;
          if (step === 'set') {
            cache.set(key, weight, weight);
            truth.set(key, weight);
          } else if (step === 'delete') {
            cache.delete(key);
            truth.delete(key);
          } else {
            const found = cache.get(key);
            if (found !== undefined) assert.equal(found, truth.get(key));
          }
        }
      },
    ),
  );
});

test('a cache of two generations is bounded in entries and weight, and keeps what is used', () => {
  const cache = createTwoGenerations<number>({ entriesMax: 100, weightMax: 1_000 });
  for (let index = 0; index < 10_000; index += 1) {
    cache.set(`k${index}`, index, 1);
    assert.equal(cache.get('k0'), 0, `k0 is used all the time and gone at ${index}`);
  }
  let kept = 0;
  for (let index = 0; index < 10_000; index += 1) if (cache.get(`k${index}`) !== undefined) kept += 1;
  assert.ok(kept <= 100, `${kept} entries kept`);
  const heavy = createTwoGenerations<number>({ entriesMax: 100, weightMax: 1_000 });
  heavy.set('huge', 1, 600);
  assert.equal(heavy.get('huge'), undefined);
  for (let index = 0; index < 50; index += 1) heavy.set(`h${index}`, index, 100);
  assert.ok([...Array(50).keys()].filter((index) => heavy.get(`h${index}`) !== undefined).length <= 10);
});

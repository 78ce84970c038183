import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchOf } from './fuzzy.ts';

const bestOf = (typed: string, names: readonly string[]) =>
  names
    .flatMap((name) => {
      const match = matchOf(name, typed);
      return match === null ? [] : [{ name, ...match }];
    })
    .toSorted((one, other) => other.score - one.score);

test('beginnings of words find a name, and say at which letters', () => {
  const [first] = bestOf('nwh', ['Unknown which', 'New webhook']);
  assert.equal(first?.name, 'New webhook');
  assert.deepEqual(first?.marks.map((at) => 'New webhook'[at]?.toLowerCase()).join(''), 'nwh');
});

test('what stands in a name as it was typed comes before letters that are strewn over one', () => {
  assert.deepEqual(
    bestOf('del', ['Delete', 'Model', 'Deliveries', 'Dialect properties']).map(({ name }) => name),
    ['Delete', 'Deliveries', 'Model'],
  );
});

test('letters that merely occur in order find nothing', () => {
  assert.equal(matchOf('Metadata fields', 'eais'), null);
  assert.equal(matchOf('Assets', 'zz'), null);
});

test('nothing typed fits everything, and a long text is looked for in no time', () => {
  assert.deepEqual(matchOf('Assets', ''), { score: 0, marks: [] });
  assert.equal(matchOf('a'.repeat(200), 'ab'.repeat(12)), null);
});

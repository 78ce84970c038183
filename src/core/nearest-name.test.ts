import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearestName } from './nearest-name.ts';

const known = ['url', 'target', 'events', 'dialect', 'asset.created', 'asset.deleted', 'webhookId'];

test('a slip of the pen finds the name that was meant', () => {
  for (const [slip, meant] of [
    ['ulr', 'url'],
    ['URL', 'url'],
    ['targets', 'target'],
    ['event', 'events'],
    ['dailect', 'dialect'],
    ['asset.creatd', 'asset.created'],
    ['webhook_id', 'webhookId'],
  ] as const)
    assert.equal(nearestName(slip, known), meant, slip);
});

test('what is no slip finds nothing', () => {
  for (const other of ['', 'x', 'workspace', 'constructor', 'asset.renamed.twice', 'x'.repeat(100_000)])
    assert.equal(nearestName(other, known), undefined, other.slice(0, 30));
  assert.equal(nearestName('a', ['b']), undefined);
  assert.equal(nearestName('bad', ['pending', 'dead']), undefined, 'two slips in three characters');
  assert.equal(nearestName('stepMs', ['fromMs', 'toMs', 'bucketMs']), undefined, 'three slips in six characters');
  assert.equal(nearestName('anything', []), undefined);
});

test('a name is nearest to itself, and whatever is found is one of the known', () => {
  const names = fc.array(fc.string({ maxLength: 12 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), names, (name, others) => {
      const found = nearestName(name, others);
      assert.ok(found === undefined || others.includes(found));
      if (name !== '') assert.equal(nearestName(name, [...others, name])?.toLowerCase(), name.toLowerCase());
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import { compileCondition, hasValue, type MetaCondition } from './change-meta.ts';

function fires(
  condition: MetaCondition,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  field = 'status',
): boolean {
  const metadata = (value: JsonValue | undefined) => ({ metadata: value === undefined ? {} : { [field]: value } });
  const test = compileCondition(condition);
  return (
    test === null || test(sampleChange('asset.metadata_changed', { before: metadata(before), after: metadata(after) }))
  );
}

const to = (value: string): MetaCondition => ({ field: 'status', value });

test('a field is modified to a value when it has it now and did not have it before', () => {
  assert.ok(fires(to('Final'), 'Draft', 'Final'));
  assert.ok(fires(to('Final'), undefined, 'Final'));
  assert.ok(!fires(to('Final'), 'Final', 'Final'));
  assert.ok(!fires(to('Final'), 'Final', 'Draft'));
  assert.ok(!fires(to('Final'), 'Draft', 'final'), 'letter case counts');
  assert.ok(!fires(to('Final'), 'Draft', 'Final', 'other'), 'another field');
});

test('of a list counts what came in, of a number its value, of a date its moment, of languages any', () => {
  assert.ok(fires(to('print'), ['web'], ['web', 'print']));
  assert.ok(!fires(to('print'), ['print'], ['web', 'print']));
  assert.ok(!fires(to('print'), ['web', 'print'], ['web']));
  assert.ok(fires(to('4'), 3, 4));
  assert.ok(fires(to('4.0'), '3', 4));
  assert.ok(!fires(to('4'), 4, 4));
  assert.ok(fires(to('0.5'), 1, 0.5));
  assert.ok(!fires(to(''), 1, 0), 'no number');
  assert.ok(!fires(to(' '), 1, 0), 'no number');
  assert.ok(!fires(to('0x4'), 3, 4), 'no number either');
  assert.ok(fires(to('true'), false, true));
  assert.ok(fires(to('2026-11-22'), '2026-11-21', '2026-11-22T00:00:00Z'));
  assert.ok(!fires(to('2026-11-22T01:00:00+01:00'), '2026-11-22', '2026-11-22T00:00:00Z'), 'the same moment before');
  assert.ok(!fires(to('2026-13-45'), '2026-11-21', '2026-11-22'));
  assert.ok(fires(to('Boot'), { en: 'boat' }, { en: 'boat', de: 'Boot' }));
});

test('any field and any value are what changed; a field that was emptied is modified to any value and to none', () => {
  const any = { field: null, value: null };
  assert.equal(compileCondition(any), null);
  const anyValue = { field: 'status', value: null };
  assert.ok(fires(anyValue, 'Draft', 'Final') && fires(anyValue, 'Draft', undefined) && fires(anyValue, undefined, 0));
  assert.ok(!fires(anyValue, ['a'], ['a']));
  assert.ok(!fires(anyValue, 'Draft', 'Final', 'other'));
  const anyField = { field: null, value: 'Final' };
  assert.ok(fires(anyField, 'Draft', 'Final', 'whatever') && !fires(anyField, 'Final', 'Draft', 'whatever'));
});

const value = fc.oneof(
  fc.constantFrom<JsonValue>('a', 'b', '', '4', '2026-11-22', 'true', null, 4, 4.5, true, false),
  fc.array(fc.constantFrom<JsonValue>('a', 'b', 4, true, null), { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('en', 'de', '__proto__'), fc.constantFrom('a', 'b')),
);
const wanted = fc.constantFrom('a', 'b', '4', '4.5', '2026-11-22', 'true');

test('never where the value was there before, always where it came, whatever the values are', () => {
  fc.assert(
    fc.property(value, value, wanted, (before, after, text) => {
      const fired = fires(to(text), before, after);
      assert.equal(fired, hasValue(after, text) && !hasValue(before, text));
      assert.ok(!(fired && fires(to(text), after, before)), 'there and back');
      assert.ok(!fires(to(text), after, after));
      if (fired)
        assert.ok(
          fires({ field: null, value: text }, before, after) && fires({ field: 'status', value: null }, before, after),
        );
    }),
    { numRuns: 500, verbose: true },
  );
});

test('any text as a condition and any value as metadata are answered, hostile names too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.jsonValue(), (field, text, json) => {
      const after = JSON.parse(JSON.stringify({ metadata: { [field]: json, __proto__: 1, constructor: json } }));
      const change = sampleChange('asset.metadata_changed', { before: { metadata: {} }, after });
      for (const condition of [
        { field, value: text },
        { field: null, value: text },
        { field: 'toString', value: null },
      ]) {
        const answer = compileCondition(condition)?.(change);
        assert.ok(typeof answer === 'boolean');
        if (condition.value === null) assert.equal(answer, field === 'toString' && json !== null);
      }
    }),
    { numRuns: 300, verbose: true },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuMsOf } from '../../test/support/cpu-time.ts';
import { AssetwireError } from './errors.ts';
import { guardJson, parseJson } from './json-guard.ts';

const bounds = { jsonDepthMax: 5, jsonKeysMax: 20, jsonElementsMax: 50 };

function code(text: string, limits = bounds): string {
  try {
    parseJson(text, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof AssetwireError) return error.code;
    throw error;
  }
}

function measure(value: unknown): { depth: number; keys: number; commas: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, keys: 0, commas: 0 };
  const children = Object.values(value).map(measure);
  const count = Object.keys(value).length;
  return {
    depth: 1 + Math.max(0, ...children.map((child) => child.depth)),
    keys: (Array.isArray(value) ? 0 : count) + children.reduce((sum, child) => sum + child.keys, 0),
    commas: Math.max(0, count - 1) + children.reduce((sum, child) => sum + child.commas, 0),
  };
}

test('Text is counted exactly as its parsed value would be', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 7 }), fc.boolean(), (text, pretty) => {
      const value: unknown = JSON.parse(text);
      const { depth, keys, commas } = measure(value);
      const expected = depth > 5 ? 'json_too_deep' : keys > 20 || commas > 50 ? 'json_too_many_keys' : 'accepted';
      assert.equal(code(pretty ? JSON.stringify(value, null, 2) : text), expected);
    }),
    { numRuns: 500 },
  );
});

test('IN-01 a megabyte of brackets is refused at once and without recursion', () => {
  const brackets = '['.repeat(1_000_000);
  const braces = '{"a":'.repeat(200_000);
  const spentMs = cpuMsOf(() => {
    assert.equal(code(brackets), 'json_too_deep');
    assert.equal(code(braces), 'json_too_deep');
  });
  assert.ok(spentMs < 5_000, `${spentMs} ms`);
  assert.equal(code(`${'['.repeat(5)}${']'.repeat(5)}`), 'accepted');
  assert.equal(code(`${'['.repeat(6)}${']'.repeat(6)}`), 'json_too_deep');
});

test('IN-02 exactly as many levels, keys and elements as are allowed pass, one more of any does not', () => {
  const bounds = { jsonDepthMax: 3, jsonKeysMax: 4, jsonElementsMax: 5 };
  const judge = (text: string): string => {
    try {
      parseJson(text, bounds);
      return 'accepted';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assert.deepEqual(['[[[]]]', '[[[[]]]]'].map(judge), ['accepted', 'json_too_deep']);
  assert.deepEqual(['{"a":1,"b":2,"c":3,"d":4}', '{"a":1,"b":2,"c":3,"d":4,"e":5}'].map(judge), [
    'accepted',
    'json_too_many_keys',
  ]);
  // The first element has no comma before it and is not counted.
  assert.deepEqual(['[0,1,2,3,4,5]', '[0,1,2,3,4,5,6]'].map(judge), ['accepted', 'json_too_many_keys']);
});

test('IN-02 too many keys or elements are refused in about the time that their length takes', () => {
  const keys = `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":0`).join(',')}}`;
  const elements = `[${'0,'.repeat(1_000_000)}0]`;
  const spentMs = cpuMsOf(() => {
    assert.equal(code(keys), 'json_too_many_keys');
    assert.equal(code(elements), 'json_too_many_keys');
  });
  assert.ok(spentMs < 5_000, `${spentMs} ms`);
});

test('What stands in strings is not counted, however it is escaped', () => {
  for (const text of ['[[[[[[[[', '{"a":{', '\\', '\\"', '"', ':::,,,', '\\\\"[', '\u2028']) {
    assert.equal(code(JSON.stringify({ [text]: text })), 'accepted', text);
  }
  assert.equal(code('["\\\\",[[[[[]]]]]]'), 'json_too_deep');
});

test('IN-04 what is no JSON is refused as such', () => {
  for (const text of [
    '',
    '{',
    '{"a":1,}',
    '[1,]',
    '// x\n{}',
    '\ufeff{}',
    'NaN',
    '{"a":NaN}',
    "{'a':1}",
    '"abc',
    '{"a":1}x',
  ]) {
    assert.equal(code(text), 'invalid_json', text);
  }
});

test('IN-03 __proto__ is carried as a key and reaches no prototype', () => {
  const value = parseJson('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  assert.equal(JSON.stringify(value), '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('A string of a million escapes is walked once', () => {
  const quotes = JSON.stringify('\\"'.repeat(300_000));
  const slashes = JSON.stringify('\\'.repeat(600_000));
  const spentMs = cpuMsOf(() => {
    guardJson(quotes);
    guardJson(slashes);
  });
  assert.ok(spentMs < 5_000, `${spentMs} ms`);
});

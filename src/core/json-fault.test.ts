import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from './errors.ts';
import { jsonFault } from './json-fault.ts';
import { parseJson } from './json-guard.ts';

test('the place, what was wanted and the mend are those of the slip', () => {
  for (const [text, place, wanted, mend] of [
    ['{"a":1,}', '1:8', 'a name in double quotes', /comma before/],
    ['[1,]', '1:4', 'a JSON value', /comma before/],
    ["{'a':1}", '1:2', 'a name in double quotes', /straight double quotes/],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3', 'a comma or }', /comma between/],
    ['{"a":1', '1:7', 'a comma or }', /ends too early/],
    ['{"a":"b', '1:8', 'a closing double quote', /ends too early/],
    ['{a:1}', '1:2', 'a name in double quotes', /names into double quotes/],
    ['{"a" 1}', '1:6', 'a colon', /colon/],
    ['{"a":True}', '1:6', 'a JSON value', /small letters/],
    ['{"a":NaN}', '1:6', 'a JSON value', /null/],
    ['{"a":01}', '1:7', 'the end of a number', /leading zeros/],
    ['{"a":1.}', '1:7', 'the end of a number', /digit/],
    ['{"a":-}', '1:7', 'a digit', /digit/],
    ['{/* x */}', '1:2', 'a name in double quotes', /comments/],
    ['{"a":"x\ny"}', '1:8', 'no control character within a text', /\\n/],
    ['{"a":"\\x"}', '1:8', 'an escape that JSON has', /backslash/],
    ['{"a":"\\u12"}', '1:8', 'four hexadecimal digits', /backslash/],
    ['{} {}', '1:4', 'the end of the text', /one JSON value/],
    ['', '1:1', 'a JSON value', /JSON body/],
    ['  \n', '1:1', 'a JSON value', /JSON body/],
    ['\ufeff{}', '1:1', 'a JSON value', /byte order mark/],
    ['hello', '1:1', 'a JSON value', /double quotes/],
  ] as const) {
    const fault = jsonFault(text);
    assert.ok(fault, text);
    assert.equal(`${fault.line}:${fault.column}`, place, text);
    assert.equal(fault.wanted, wanted, text);
    assert.match(fault.mend, mend, text);
  }
});

test('of what was found never more is told than one sign', () => {
  assert.equal(jsonFault('{"secret": hunter2}')?.found, 'a letter');
  for (const text of ['{"secret": whsec_topsecret}', "{'key': 'awk_topsecret'}", '{"a":"topsecret'])
    assert.doesNotMatch(JSON.stringify(jsonFault(text)), /topsecret|awk|whsec/);
});

test('it finds a fault exactly where JSON.parse does', () => {
  const slips = fc
    .tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom('', ',', '"', '{', ']', '\\', '1', '.', 'e', ' ', 'x', '\n'),
    )
    .map(([text, at, slip]) => {
      const where = at % (text.length + 1);
      return text.slice(0, where) + slip + text.slice(where + 1);
    });
  fc.assert(
    fc.property(fc.oneof(slips, fc.json(), fc.string()), (text) => {
      let sound = true;
      try {
        JSON.parse(text);
      } catch {
        sound = false;
      }
      assert.equal(jsonFault(text) === undefined, sound, JSON.stringify(text));
    }),
    { numRuns: 2_000 },
  );
});

test('parseJson says where and how to mend it; of a text of megabytes only that it is none', () => {
  const errorOf = (text: string): AssetwireError => {
    try {
      parseJson(text);
    } catch (error) {
      if (error instanceof AssetwireError) return error;
    }
    throw new Error('It was taken');
  };
  const error = errorOf('{\n "a": 1,\n}');
  assert.equal(error.message, 'Send JSON as in RFC 8259, wanted a name in double quotes at line 3, column 1: got "}"');
  assert.equal(error.mend, 'Take away the comma before it');
  assert.equal(errorOf(`"${'a'.repeat(600_000)}`).code, 'invalid_json');
});

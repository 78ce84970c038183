import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../core/json.ts';
import { mayExceed } from './rough-bytes.ts';

/** As it lies in a request that was read: no undefined, no -0. */
const json = fc
  .oneof(
    fc.jsonValue(),
    fc.array(fc.constantFrom('\u0001\u0002', '\ud800', '"\\', '€', -1.2345678901234567e-300, {}, [], false)),
    fc.dictionary(
      fc.constantFrom('\u0000'.repeat(300), 'k'.repeat(3_000), ''),
      fc.constantFrom(1, {}, '\u001f'.repeat(500)),
    ),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

test('P-17, HX-11 what takes more bytes than the limit is always weighed, whatever it is made of: keys, control characters, numbers', () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      const bytes = Buffer.byteLength(JSON.stringify(one)) + Buffer.byteLength(JSON.stringify(other));
      assert.ok(mayExceed(bytes - 1, one, other));
    }),
    { numRuns: 500, verbose: true },
  );
  assert.ok(!mayExceed(256 * 1024, { name: 'x'.repeat(20_000) }), 'what is far below is not written out');
});

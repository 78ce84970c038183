import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import { array, integer, named, object, oneOf, optional, string } from '../../src/api/schema.ts';
import { drawOperation } from './api-operation.ts';
import { compactJson } from './compact-json.ts';
import { describeSchema } from './schema-words.ts';

test('compact JSON says the same as JSON, and keeps to lines that can be read', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = compactJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  const long = compactJson({ words: Array.from({ length: 60 }, () => 'word'), other: { a: 1 } });
  assert.ok(long.split('\n').every((line) => line.length <= 115));
  assert.match(long, /"other": \{ "a": 1 \}/);
});

test('a schema is told in a few words', () => {
  assert.deepEqual(describeSchema(string({ maxLength: 20, description: 'A name.' })), {
    type: 'string',
    what: 'A name; at most 20 characters',
  });
  assert.equal(describeSchema(oneOf(['a', 'b'])).type, '`a`, `b`');
  assert.equal(describeSchema(array(integer({ minimum: 1, maximum: 9 }))).type, 'list of integer');
  assert.equal(describeSchema(object({ a: string(), b: optional(integer()) })).type, '{ a: string; b?: integer }');
  assert.equal(describeSchema(named('Thing', object({}))).type, '[Thing](#thing)');
});

test('every operation is drawn with its route, its needs, and examples of what goes in and comes out', () => {
  const routes = allRoutes();
  const headings = routes.map(({ summary }) => summary);
  assert.equal(new Set(headings).size, headings.length, 'headings are anchors: each once');
  for (const route of routes) {
    const drawn = drawOperation(route);
    assert.match(drawn, /^### [A-Z`]/, route.operation);
    assert.ok(drawn.includes(`\`${route.method} ${route.path}\``), route.operation);
    if (route.body !== undefined) assert.match(drawn, /\*\*Request[^*]*\*\*[^]*```json/, route.operation);
    if (route.upload !== undefined) assert.match(drawn, /```bash\ncurl /, route.operation);
    assert.doesNotMatch(drawn, /undefined|\[object Object\]/, route.operation);
  }
});

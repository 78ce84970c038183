import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import { changeBody, parseChange } from './change-body.ts';

function changeOf(before: JsonObject | null, after: JsonObject | null): Change {
  return {
    id: 'chg_1',
    workspaceId: 'default',
    kind: 'asset.metadata_changed',
    subject: { type: 'asset', id: 'ast_1' },
    subjectVersion: 2,
    occurredAtMs: 1,
    acceptedAtMs: 1,
    actor: { type: 'key', id: 'key_1' },
    before,
    after,
    changed: ['metadata.note'],
    causationDepth: 0,
  };
}

/** As text, so that the order of keys counts. */
const text = (value: unknown): string => JSON.stringify(value);
const object = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '1', 'name', 'constructor', 'toString', '__proto__'), fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

describe('the text of a change', () => {
  it('gives back before and after as they were, to the order of keys, whatever they hold', () => {
    fc.assert(
      fc.property(fc.option(object), fc.option(object), (before, after) => {
        const back = parseChange(changeBody(changeOf(before, after)));
        assert.equal(text(back), text(changeOf(before, after)));
      }),
      { numRuns: 500 },
    );
  });

  it('gives back a state of which one nested value, the order of two keys or the length of a list differs', () => {
    const after = { name: 'a', metadata: { note: 'x', list: [1, { b: 1, c: 2 }] }, tags: ['a', 'b'] };
    const others: JsonObject[] = [
      after,
      { ...after, metadata: { note: 'y', list: [1, { b: 1, c: 2 }] } },
      { ...after, metadata: { list: [1, { b: 1, c: 2 }], note: 'x' } },
      { ...after, metadata: { note: 'x', list: [1, { c: 2, b: 1 }] } },
      { ...after, metadata: { note: null, list: [] } },
      { ...after, tags: ['a'] },
      { metadata: after.metadata, tags: after.tags, name: 'a' },
      {},
    ];
    for (const before of others) {
      for (const change of [changeOf(before, after), changeOf(after, before)]) {
        assert.equal(text(parseChange(changeBody(change))), text(change));
      }
    }
  });

  it('gives back what JSON says of a state in which a value is undefined', () => {
    const hole = (value: unknown): JsonObject => ({ name: 'a', note: value }) as JsonObject;
    for (const change of [changeOf(hole(undefined), hole(2)), changeOf(hole(2), hole(undefined))]) {
      assert.equal(text(parseChange(changeBody(change))), text(change));
    }
  });

  it('writes a state once where a field of it changed', () => {
    const state = { name: 'a', metadata: { note: 'x', text: 'long '.repeat(200) } };
    const body = changeBody(changeOf({ ...state, metadata: { ...state.metadata, note: 'y' } }, state));
    assert.ok(body.length < 1.5 * text(state).length, `${body.length} characters`);
  });

  it('reads a text that was written whole', () => {
    const change = changeOf({ a: 1 }, { a: 2 });
    assert.deepEqual(parseChange(JSON.stringify(change)), change);
  });
});

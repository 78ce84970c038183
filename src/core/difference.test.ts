import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeKindsFor } from './asset-changes.ts';
import { changedFields } from './difference.ts';
import type { JsonObject } from './json.ts';
import { compileProjection, project } from './projection.ts';

const state: JsonObject = {
  kind: 'image',
  name: 'a.jpg',
  path: '/a',
  file: { name: 'a.jpg', bytes: 1 },
  versions: [{ number: 1, active: true, file: { bytes: 1 } }],
  renditions: [],
  info: { title: 'A', 'credit.line': 'x' },
  metadata: { status: 'Draft', deep: { x: [1, { y: 2 }] } },
  embedded: {},
  tags: ['one', 'two'],
  labels: [],
  collections: ['c'],
  archived: false,
  inspection: { state: 'done' },
  createdAtMs: 1,
  modifiedAtMs: 1,
  aliases: {},
};

function kinds(after: JsonObject, before: JsonObject = state): readonly string[] {
  return changeKindsFor(before, after).map(({ kind }) => kind);
}

test('Changed fields are top-level names, and below metadata and info the field', () => {
  const after = {
    ...state,
    name: 'b.jpg',
    metadata: { status: 'Final', deep: { x: [1, { y: 2 }] }, extra: 1 },
    info: { title: 'A' },
  };
  assert.deepEqual(changedFields(state, after), ['info.credit.line', 'metadata.extra', 'metadata.status', 'name']);
});

test('The order of tags, labels and collections means nothing, and bookkeeping is no change', () => {
  assert.deepEqual(changedFields(state, { ...state, tags: ['two', 'one'], modifiedAtMs: 99, sourceVersion: 5 }), []);
  assert.deepEqual(changedFields(state, { ...state, tags: ['two'] }), ['tags']);
  assert.deepEqual(changedFields({ tags: ['a', 'b'] }, { tags: ['a', 'a', 'b'] }), []);
});

test('Renditions are known by their titles: their order means nothing, what they are does', () => {
  const of = (title: string, bytes: number): JsonObject => ({ title, bytes, url: `https://dam.example.com/${title}` });
  const renditions = [of('web', 1), of('thumb', 2), of('web', 3)];
  const reordered = [of('thumb', 2), of('web', 3), of('web', 1)];
  assert.deepEqual(kinds({ ...state, renditions: reordered }, { ...state, renditions }), []);
  for (const other of [
    [of('web', 1), of('thumb', 2), of('web', 4)],
    [of('web', 1), of('web', 1), of('thumb', 2)],
    [of('web', 1), of('thumb', 2)],
  ]) {
    assert.deepEqual(kinds({ ...state, renditions: other }, { ...state, renditions }), ['asset.renditions_made']);
  }
});

test('A copy differs in nothing, and a change is seen from both sides', () => {
  const object = fc.dictionary(fc.constantFrom('name', 'tags', 'metadata', 'info', '__proto__', 'x'), fc.jsonValue(), {
    maxKeys: 5,
  });
  fc.assert(
    fc.property(object, object, (left, right) => {
      const [one, two] = [left as JsonObject, right as JsonObject];
      assert.deepEqual(changedFields(one, JSON.parse(JSON.stringify(one))), []);
      assert.deepEqual(changedFields(one, two), changedFields(two, one));
    }),
  );
});

test('IN-03 __proto__ as a field is compared like any other', () => {
  const left = JSON.parse('{"metadata": {"__proto__": 1}}');
  const right = JSON.parse('{"metadata": {"__proto__": 2}}');
  assert.deepEqual(changedFields(left, right), ['metadata.__proto__']);
  assert.deepEqual(changedFields({ metadata: {} }, right), ['metadata.__proto__']);
});

test('A new state is created and ready, a missing one deleted, an equal one nothing', () => {
  assert.deepEqual(kinds(state, null as unknown as JsonObject), ['asset.created', 'asset.ready']);
  assert.deepEqual(
    changeKindsFor(state, null).map(({ kind }) => kind),
    ['asset.deleted'],
  );
  assert.deepEqual(changeKindsFor(state, { ...state, modifiedAtMs: 2 }), []);
  assert.deepEqual(kinds({ ...state, aliases: { other: 'X' }, inspection: { state: 'pending' }, createdBy: 'b' }), []);
  assert.deepEqual(changeKindsFor(null, null), []);
});

test('Each field yields its kind with its own fields, in a fixed order', () => {
  const after: JsonObject = {
    ...state,
    name: 'b.jpg',
    path: '/b',
    tags: [],
    labels: ['l'],
    collections: [],
    archived: true,
    info: { title: 'B', 'credit.line': 'x', approval: 'approved', expiration: 1, comments: [] },
    metadata: { status: 'Final' },
    checkedOutBy: 'ada',
    renditions: [{ title: 'small' }],
  };
  assert.deepEqual(changeKindsFor(state, after), [
    { kind: 'asset.renamed', changed: ['name'] },
    { kind: 'asset.moved', changed: ['path'] },
    { kind: 'asset.info_changed', changed: ['info.title'] },
    { kind: 'asset.metadata_changed', changed: ['metadata.deep', 'metadata.status'] },
    { kind: 'asset.tags_changed', changed: ['tags'] },
    { kind: 'asset.labels_changed', changed: ['labels'] },
    { kind: 'asset.collections_changed', changed: ['collections'] },
    { kind: 'asset.approval_changed', changed: ['info.approval'] },
    { kind: 'asset.expiration_changed', changed: ['info.expiration'] },
    { kind: 'asset.comments_changed', changed: ['info.comments'] },
    { kind: 'asset.checked_out', changed: ['checkedOutBy'] },
    { kind: 'asset.renditions_made', changed: ['renditions'] },
    { kind: 'asset.archived', changed: ['archived'] },
  ]);
  assert.deepEqual(kinds(state, { ...state, archived: true, checkedOutBy: 'ada' }), [
    'asset.checked_in',
    'asset.unarchived',
  ]);
});

test('A further version is added, another active one activated, a file described anew is information', () => {
  const one = { number: 1, active: true, file: { bytes: 1 } };
  const two = { number: 2, active: true, file: { bytes: 2 } };
  assert.deepEqual(kinds({ ...state, file: { bytes: 2 }, versions: [{ ...one, active: false }, two] }), [
    'asset.version_added',
    'asset.version_ready',
  ]);
  const both = { ...state, versions: [{ ...one, active: false }, two] };
  assert.deepEqual(kinds({ ...both, versions: [one, { ...two, active: false }] }, both), ['asset.version_activated']);
  assert.deepEqual(kinds({ ...state, file: { bytes: 1, widthPx: 5 } }), ['asset.info_changed']);
  assert.deepEqual(kinds({ ...state, versions: [], file: { bytes: 7 } }, { ...state, versions: [] }), [
    'asset.version_added',
    'asset.version_ready',
  ]);
  assert.deepEqual(kinds({ ...state, focusPoint: { x: 0.5, y: 0.5 } }), ['asset.info_changed']);
});

test('A projection keeps what its paths name, in the order of the snapshot', () => {
  assert.deepEqual(project(state, ['metadata.status', 'name', 'file', 'none', 'metadata.deep.x', 'info.credit.line']), {
    name: 'a.jpg',
    file: { name: 'a.jpg', bytes: 1 },
    info: { 'credit.line': 'x' },
    metadata: { status: 'Draft', deep: { x: [1, { y: 2 }] } },
  });
  assert.equal(JSON.stringify(project(state, ['path', 'name'])), JSON.stringify(project(state, ['name', 'path'])));
  assert.deepEqual(project(state, []), {});
  assert.deepEqual(project(state, ['metadata', 'metadata.status']), { metadata: state['metadata'] });
});

test('IN-03 a projection of __proto__ makes an own key and touches no prototype', () => {
  const kept = compileProjection(['__proto__', 'metadata.__proto__'])(
    JSON.parse('{"__proto__": {"x": 1}, "metadata": {"__proto__": 2}}'),
  );
  assert.equal(JSON.stringify(kept), '{"__proto__":{"x":1},"metadata":{"__proto__":2}}');
  assert.equal(Object.getPrototypeOf(kept), Object.prototype);
  assert.equal(({} as { x?: number }).x, undefined);
});

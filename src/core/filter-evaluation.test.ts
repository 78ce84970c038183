import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuMsOf } from '../../test/support/cpu-time.ts';
import { AssetwireError } from './errors.ts';
import { compileFilter, type FilterSubject } from './filter-evaluation.ts';
import { liesIn } from './folder-path.ts';
import type { Filter } from './filter.ts';
import { sameJson } from './json-equality.ts';
import type { JsonObject } from './json.ts';

const after: JsonObject = {
  kind: 'image',
  name: 'flower.jpg',
  path: '/campaigns/spring',
  file: { mimeType: 'image/jpeg', bytes: 2_048 },
  info: { title: 'A flower', 'credit.line': 'Ada' },
  metadata: { status: 'Final', rating: 5, channels: ['web', 'print'], 'a.b': 1 },
  tags: ['flower', 'red'],
  archived: false,
  note: null,
};
const before: JsonObject = { ...after, metadata: { status: 'Draft', rating: 4 } };
const updated: FilterSubject = { before, after, changed: ['metadata.rating', 'metadata.status', 'tags'] };
const deleted: FilterSubject = { before: after, after: null, changed: ['name'] };

function holds(filter: Filter, change: FilterSubject = updated): boolean {
  return compileFilter(filter)(change);
}

test('Field conditions ask the snapshot after the change', () => {
  const yes: readonly Filter[] = [
    { field: 'name', equals: 'flower.jpg' },
    { field: 'metadata.status', in: ['Final', 'Approved'] },
    { field: 'metadata.channels', equals: ['web', 'print'] },
    { field: 'metadata.channels', contains: 'print' },
    { field: 'name', contains: 'ower' },
    { field: 'name', startsWith: 'flow' },
    { field: 'file.bytes', atLeast: 2_048 },
    { field: 'metadata.rating', atMost: 5 },
    { field: 'metadata.a.b', equals: 1 },
    { field: 'info.credit.line', exists: true },
    { field: 'metadata.none', exists: false },
    { field: 'note', exists: false },
    { field: 'note', equals: null },
    { field: 'metadata.channels', in: [['web'], ['web', 'print']] },
  ];
  for (const filter of yes) assert.equal(holds(filter), true, JSON.stringify(filter));
  for (const filter of yes) assert.equal(holds({ not: filter }), false, JSON.stringify(filter));
});

test('A condition that becomes true asks both sides', () => {
  assert.equal(holds({ field: 'metadata.status', of: 'becomes', equals: 'Final' }), true);
  assert.equal(holds({ field: 'name', of: 'becomes', equals: 'flower.jpg' }), false);
  assert.equal(holds({ field: 'metadata.status', of: 'before', equals: 'Draft' }), true);
  const created: FilterSubject = { before: null, after, changed: [] };
  assert.equal(holds({ field: 'metadata.status', of: 'becomes', equals: 'Final' }, created), true);
  assert.equal(holds({ field: 'metadata.status', of: 'before', exists: false }, created), false);
  assert.equal(holds({ field: 'metadata.status', of: 'becomes', equals: 'Final' }, deleted), false);
});

test('Of a deletion the snapshot before is asked', () => {
  assert.equal(holds({ field: 'name', equals: 'flower.jpg' }, deleted), true);
  assert.equal(holds({ folder: ['/campaigns'] }, deleted), true);
  assert.equal(holds({ assetKind: ['image'] }, deleted), true);
});

test('A folder holds what lies in it and below it, unless exact', () => {
  for (const folder of ['/', '/campaigns', '/campaigns/', '/campaigns/spring'])
    assert.equal(holds({ folder: [folder] }), true, folder);
  for (const folder of ['/campaign', '/campaigns/spring/may', '/other'])
    assert.equal(holds({ folder: [folder] }), false, folder);
  assert.equal(holds({ folder: ['/campaigns'], exact: true }), false);
  assert.equal(holds({ folder: ['/x', '/campaigns/spring/'], exact: true }), true);
  assert.equal(liesIn('/a', '/'), true);
});

test('A changed name covers what lies below it', () => {
  assert.equal(holds({ changed: ['metadata'] }), true);
  assert.equal(holds({ changed: ['metadata.status'] }), true);
  assert.equal(holds({ changed: ['meta', 'metadata.stat', 'name'] }), false);
});

test('all, any and not combine; an empty all holds, an empty any does not', () => {
  const yes: Filter = { assetKind: ['image'] };
  const no: Filter = { assetKind: ['video'] };
  assert.equal(holds({ all: [yes, { not: no }] }), true);
  assert.equal(holds({ all: [yes, no] }), false);
  assert.equal(holds({ any: [no, yes] }), true);
  assert.equal(holds({ all: [] }), true);
  assert.equal(holds({ any: [] }), false);
});

test('IN-03 IN-16 names of the prototype are fields like any other', () => {
  for (const field of [
    'constructor',
    '__proto__',
    'toString',
    'metadata.constructor',
    'metadata.__proto__.x',
    'hasOwnProperty.call',
  ]) {
    assert.equal(holds({ field, exists: true }), false, field);
  }
  const sent: FilterSubject = {
    before: null,
    after: JSON.parse('{"__proto__": {"x": 1}, "constructor": "c"}'),
    changed: [],
  };
  assert.equal(holds({ field: '__proto__.x', equals: 1 }, sent), true);
  assert.equal(holds({ field: 'constructor', equals: 'c' }, sent), true);
  assert.equal(({} as { x?: number }).x, undefined);
});

test('What is not a filter is refused with its place', () => {
  const wrong: readonly (readonly [filter: unknown, at: string])[] = [
    [null, 'filter'],
    [[], 'filter'],
    ['x', 'filter'],
    [{}, 'filter'],
    [{ $where: 'x' }, 'filter'],
    [{ constructor: [] }, 'filter'],
    [JSON.parse('{"__proto__": []}'), 'filter'],
    [{ all: [{ any: 5 }] }, 'filter.all.0.any'],
    [{ all: [], any: [] }, 'filter'],
    [{ not: [] }, 'filter.not'],
    [{ folder: ['spring'] }, 'filter.folder.0'],
    [{ folder: [] }, 'filter.folder'],
    [{ folder: ['/a'], exact: 1 }, 'filter.exact'],
    [{ assetKind: ['picture'] }, 'filter.assetKind.0'],
    [{ changed: ['a..b'] }, 'filter.changed.0'],
    [{ field: 'name' }, 'filter'],
    [{ field: 'name', equals: 1, in: [1] }, 'filter'],
    [{ field: 'name', matches: '(a+)+$' }, 'filter'],
    [{ field: '', equals: 1 }, 'filter.field'],
    [{ field: 7, equals: 1 }, 'filter.field'],
    [{ field: 'name', of: 'later', equals: 1 }, 'filter.of'],
    [{ field: 'name', in: 'x' }, 'filter.in'],
    [{ field: 'name', atLeast: '5' }, 'filter.atLeast'],
    [{ field: 'name', startsWith: 5 }, 'filter.startsWith'],
    [{ field: 'name', exists: 'yes' }, 'filter.exists'],
  ];
  for (const [filter, at] of wrong) {
    assert.throws(
      () => compileFilter(filter as Filter),
      (error: unknown) =>
        error instanceof AssetwireError && error.code === 'invalid_filter' && error.problems[0]?.at === at,
      JSON.stringify(filter),
    );
  }
});

test('IN-16 wide and deep filters are refused without being walked', () => {
  let deep: unknown = { assetKind: ['image'] };
  for (let level = 0; level < 100_000; level += 1) deep = { not: deep };
  assert.throws(() => compileFilter(deep as Filter), /nested at most 10 deep/);
  const wide = { any: Array.from({ length: 10_000 }, () => ({ assetKind: ['image'] })) };
  assert.throws(() => compileFilter(wide as Filter), /at most 200 conditions/);
  assert.throws(() => compileFilter({ field: 'name', in: Array.from({ length: 10_000 }, String) }), /at most 200/);
});

test('Any filter of the grammar compiles, and evaluates to the same as its definition', () => {
  const path = fc.constantFrom('name', 'metadata.status', 'metadata.rating', 'tags', 'none', 'file.bytes');
  const value = fc.constantFrom('Final', 'Draft', 5, null, 'flower.jpg', ['flower', 'red']);
  const { tree } = fc.letrec<{ tree: Filter }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.record({ field: path, equals: value }),
      fc.record({ field: path, exists: fc.boolean() }),
      fc.record({ not: tie('tree') }),
      fc.record({ all: fc.array(tie('tree'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('tree'), { maxLength: 3 }) }),
    ),
  }));
  const naive = (filter: Filter, snapshot: JsonObject): boolean => {
    if ('all' in filter) return filter.all.every((part) => naive(part, snapshot));
    if ('any' in filter) return filter.any.some((part) => naive(part, snapshot));
    if ('not' in filter) return !naive(filter.not, snapshot);
    if (!('field' in filter)) return false;
    const found = filter.field
      .split('.')
      .reduce<unknown>((part, key) => (part as JsonObject | undefined)?.[key], snapshot);
    if ('exists' in filter) return (found !== undefined && found !== null) === filter.exists;
    return 'equals' in filter && sameJson(found as JsonObject | undefined, filter.equals);
  };
  fc.assert(
    fc.property(tree, (filter) => {
      assert.equal(holds(filter), naive(filter, after));
      assert.equal(holds({ not: filter }), !naive(filter, after));
    }),
  );
});

test('IN-15 what would be a pattern elsewhere is plain text here, and costs what its length costs', () => {
  const patterns = ['(a+)+$', '(.*a){25}', '^', '.*', '\\p{L}+', '[a-z]*', '%', '_', '*', 'a'.repeat(10_000)];
  const subject = (note: string): FilterSubject => ({ before: null, after: { note }, changed: [] });
  for (const pattern of patterns) {
    const filter: Filter = { field: 'note', contains: pattern };
    assert.equal(holds(filter, subject(`before ${pattern} behind`)), true, pattern);
    assert.equal(holds(filter, subject('bbbb')), false, pattern);
    assert.equal(holds({ field: 'note', startsWith: pattern }, subject(`${pattern}b`)), true, pattern);
  }
  // A megabyte on which an engine that goes back would not end in a lifetime.
  const megabyte = subject(`${'a'.repeat(1_000_000)}!`);
  const spentMs = cpuMsOf(() => {
    for (const pattern of patterns) holds({ field: 'note', contains: `${pattern}?` }, megabyte);
  });
  assert.ok(spentMs < 20_000, `ten looks at a megabyte took ${spentMs} ms`);
});

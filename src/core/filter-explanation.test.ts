import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileFilter, type FilterSubject } from './filter-evaluation.ts';
import { explainFilter } from './filter-explanation.ts';
import type { Filter } from './filter.ts';

const change: FilterSubject = {
  before: { kind: 'image', path: '/old', metadata: { status: 'draft' } },
  after: { kind: 'image', path: '/press/2026', metadata: { status: 'approved' }, size: 12 },
  changed: ['path', 'metadata.status'],
};

function miss(filter: Filter): readonly [string, string, string] | null {
  const found = explainFilter(filter, change);
  return found === null ? null : [found.at, found.wanted, found.found];
}

describe('why a filter does not hold', () => {
  it('names the first condition that decides it and what was found there', () => {
    const published: Filter = { field: 'metadata.status', equals: 'published' };
    assert.deepEqual(miss({ all: [{ folder: ['/press'] }, published] }), [
      'filter.all.1',
      'metadata.status: equals "published"',
      '"approved"',
    ]);
    assert.deepEqual(miss({ all: [{ any: [published, { assetKind: ['video'] }] }] })?.[0], 'filter.all.0.any');
    assert.deepEqual(miss({ any: [published] })?.[0], 'filter.any.0');
    assert.deepEqual(miss({ not: { folder: ['/press'] } })?.slice(0, 2), ['filter.not', 'this condition not to hold']);
    assert.deepEqual(miss({ folder: ['/press'], exact: true }), ['filter', 'the folder to be /press', '"/press/2026"']);
    assert.deepEqual(miss({ assetKind: ['video'] }), ['filter', 'the asset to be video', '"image"']);
    assert.deepEqual(miss({ changed: ['name'] }), ['filter', 'a change of name', '["path","metadata.status"]']);
    assert.deepEqual(miss({ ...published, of: 'becomes' })?.[2], '"draft" before, "approved" after');
    assert.deepEqual(miss({ field: 'nowhere', exists: true })?.[2], 'nothing');
    assert.equal(miss({ folder: ['/press'] }), null);
  });

  it('is there exactly where the filter does not hold', () => {
    const leaf: fc.Arbitrary<Filter> = fc.oneof(
      fc.constantFrom<Filter[]>(
        { folder: ['/press'] },
        { assetKind: ['video', 'audio'] },
        { changed: ['metadata'] },
        { field: 'size', atLeast: 13 },
        { field: 'metadata.status', of: 'becomes', equals: 'approved' },
        { field: 'metadata.status', of: 'before', equals: 'approved' },
      ),
    );
    const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('filter'), { maxLength: 3 }).map((all) => ({ all })),
        fc.array(tie('filter'), { maxLength: 3 }).map((any) => ({ any })),
        tie('filter').map((not) => ({ not })),
      ),
    }));
    fc.assert(
      fc.property(filter, (made) => {
        const found = explainFilter(made, change);
        assert.equal(found === null, compileFilter(made)(change));
        if (found === null) return;
        // The place is one of the filter's own.
        let node: unknown = made;
        for (const key of found.at.split('.').slice(1)) {
          node = typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined;
        }
        assert.notEqual(node, undefined);
      }),
    );
  });
});

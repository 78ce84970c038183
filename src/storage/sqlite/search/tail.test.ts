/** What was written behind the index, by workspace: read once, told at once, bounded, never less than there is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Feed } from './feed.ts';
import type { Written } from './feed-page.ts';
import { createTail } from './tail.ts';

const pageRows = 10;

/** A feed over changes in a list: their number is their place in it. */
function createList() {
  const written: Written[] = [];
  const counts = { pages: 0 };
  let first = 0;
  const read: Feed['read'] = ({ seq }) => {
    counts.pages += 1;
    const from = Math.max(seq + 1, first);
    const rows = written.slice(from, from + pageRows);
    return { written: rows, place: at(from + rows.length - 1), more: rows.length > 0, gap: seq + 1 < first };
  };
  return {
    counts,
    read,
    write: (workspace: number, id: string) => void written.push({ workspace, id }),
    head: () => at(written.length - 1),
    /** Of one workspace behind a place. */
    between: (workspace: number, after: number) =>
      new Set(written.slice(after + 1).flatMap((one) => (one.workspace === workspace ? [one.id] : []))),
    dropBefore: (seq: number) => {
      first = seq;
    },
  };
}

const at = (seq: number): { readonly seq: number; readonly touch: number } => ({ seq, touch: 0 });

describe('what was written behind the index', () => {
  it('is known for each workspace, whatever the others wrote, in any order of writes, searches and steps of the index', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('write' as const), workspace: fc.nat(3), id: fc.nat(20), times: fc.nat(30) }),
      fc.record({ do: fc.constant('follow' as const), by: fc.nat(60) }),
      fc.record({ do: fc.constant('ask' as const), workspace: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 5, max: 200 }), (steps, kept) => {
        const list = createList();
        const tail = createTail(list.read, kept);
        let place = -1;
        for (const one of steps) {
          if (one.do === 'write') for (let n = 0; n <= one.times; n += 1) list.write(one.workspace, `${one.id + n}`);
          else if (one.do === 'follow') place = Math.min(list.head().seq, place + one.by);
          else {
            const told = tail.writtenIn(one.workspace, at(place), list.head());
            if (told === null) continue;
            for (const id of list.between(one.workspace, place)) assert.ok(told.includes(id), `${id} is missing`);
            assert.equal(new Set(told).size, told.length, 'each once');
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is read once: a thousand searches behind the same writes read their pages one time', () => {
    const list = createList();
    const tail = createTail(list.read);
    for (let n = 0; n < 25; n += 1) list.write(1, `a${n}`);
    list.write(2, 'mine');
    for (let n = 0; n < 1_000; n += 1) assert.deepEqual(tail.writtenIn(2, at(-1), list.head()), ['mine']);
    assert.equal(list.counts.pages, 3);
  });

  it('is told after some calls where much was written before the first', () => {
    const list = createList();
    const tail = createTail(list.read);
    for (let n = 0; n < 95; n += 1) list.write(1, `a${n}`);
    list.write(2, 'mine');
    const told = [1, 2, 3, 4].map(() => tail.writtenIn(2, at(-1), list.head()));
    assert.deepEqual(told, [null, null, null, ['mine']]);
  });

  it('forgets what the index has by now', () => {
    const list = createList();
    const tail = createTail(list.read);
    for (let n = 0; n < 12; n += 1) list.write(1, `a${n}`);
    assert.equal(tail.writtenIn(1, at(-1), list.head())?.length, 12);
    assert.deepEqual(tail.writtenIn(1, list.head(), list.head()), []);
  });

  it('is not known while more was written than is kept, and is again once the index has come so far', () => {
    const list = createList();
    const tail = createTail(list.read, 2_500);
    for (let n = 0; n < 6_000; n += 1) list.write(1, `a${n}`);
    for (let n = 0; n < 300; n += 1) tail.writtenIn(2, at(-1), list.head());
    assert.equal(tail.writtenIn(2, at(-1), list.head()), null);
    list.write(2, 'mine');
    assert.deepEqual(tail.writtenIn(2, at(5_999), list.head()), ['mine']);
  });

  it('is not known behind a gap, until the index is past it', () => {
    const list = createList();
    const tail = createTail(list.read);
    for (let n = 0; n < 30; n += 1) list.write(1, `a${n}`);
    list.dropBefore(15);
    assert.equal(tail.writtenIn(1, at(-1), list.head()), null);
    assert.equal(tail.writtenIn(1, at(-1), list.head()), null);
    assert.equal(tail.writtenIn(1, at(24), list.head())?.includes('a29'), true);
  });
});

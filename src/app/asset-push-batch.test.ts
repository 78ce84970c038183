import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from '../core/errors.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import type { PushBatch, PushedState, PushResult, StatePush } from './app.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
/** Commits that the store was asked for. */
let commits: (readonly CommitItem[])[] = [];
let lookUps = 0;

const counting = (storage: Storage): Storage => ({
  ...storage,
  read: storage.read,
  commit: (items) => {
    commits.push(items);
    return storage.commit(items);
  },
  findByAliases: (query) => {
    lookUps += 1;
    return storage.findByAliases(query);
  },
});

beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true, wrap: counting });
  commits = [];
  lookUps = 0;
});
afterEach(() => fixture.stop());

const of = (externalId: string, push: StatePush = {}): PushedState => ({
  externalId,
  push: { name: `${externalId}.jpg`, ...push },
});
const pushMany = async (states: readonly PushedState[], more: Partial<PushBatch> = {}, to = fixture) =>
  (await to.app.assets.pushMany(caller, { states, ...more })).results;
const said = (results: readonly PushResult[]) => results.map(({ status }) => status);
const kinds = (result: PushResult | undefined) =>
  result !== undefined && 'changes' in result ? result.changes.map(({ kind }) => kind) : [];

test('a batch answers for each state in order: made, changed, as it was, older, refused', async () => {
  await pushMany([
    of('a', { tags: ['x', 'y'], sourceVersion: 5 }),
    of('b', { sourceVersion: 5 }),
    of('c', { metadata: { season: 'spring' } }),
  ]);
  const results = await pushMany([
    of('a', { tags: ['y', 'x', 'y'], sourceVersion: 5 }),
    of('b', { sourceVersion: 4, tags: ['new'] }),
    of('c', { metadata: { season: 'autumn' }, path: '/moved' }),
    of('d'),
    of('e', { path: 'no/../folder' }),
    { externalId: 'f', problems: [{ at: '/name', wanted: 'a text', found: '1' }] },
    { push: {} },
    { id: 'ast_00000000000000000000000000', push: {} },
  ]);
  assert.deepEqual(said(results), [
    'unchanged',
    'stale',
    'updated',
    'created',
    'rejected',
    'rejected',
    'rejected',
    'rejected',
  ]);
  assert.deepEqual(kinds(results[2]), ['asset.moved', 'asset.metadata_changed']);
  assert.deepEqual(kinds(results[3]), ['asset.created', 'asset.ready']);
  assert.deepEqual(
    results.slice(4).map((result) => ('code' in result ? [result.code, result.problems?.[0]?.at] : null)),
    [
      ['invalid_request', '/path'],
      ['invalid_request', '/name'],
      ['invalid_request', '/externalId'],
      ['not_found', undefined],
    ],
  );
  const whole = await pushMany([{ problems: [{ at: '', wanted: 'object', found: 'the number 5' }] }]);
  assert.deepEqual(
    [results[5], whole[0]].map((result) => (result !== undefined && 'detail' in result ? result.detail : null)),
    ['Check the state: /name wants a text, found 1', 'Check the state: it wants object, found the number 5'],
  );
});

test('an asset of ours that was deleted is gone, and one that never was is not found', async () => {
  const [made] = await pushMany([of('a')]);
  const id = made?.id ?? '';
  await fixture.app.assets.remove(caller, id);
  const states = [
    { id, push: {} },
    { id: 'ast_00000000000000000000000000', push: {} },
  ];
  for (const dryRun of [true, false]) {
    const results = await pushMany(states, { dryRun });
    assert.deepEqual(
      results.map((result) => (result.status === 'rejected' ? result.code : result.status)),
      ['gone', 'not_found'],
    );
  }
  assert.deepEqual(said(await pushMany([of('a')])), ['created'], 'its external id is free again');
});

test('states that change nothing cost no write, and a thousand are looked up in runs', async () => {
  const states = Array.from({ length: 200 }, (_, n) => of(`n-${n}`, { tags: ['a', 'b'], metadata: { n } }));
  assert.ok(said(await pushMany(states)).every((status) => status === 'created'));
  commits = [];
  const other = await createFixture({ soleWriter: true, storage: fixture.storage });
  lookUps = 0;
  assert.ok(said(await pushMany(states.toReversed(), {}, other)).every((status) => status === 'unchanged'));
  assert.equal(commits.length, 0);
  assert.equal(lookUps, 4);
});

test('a newer source version is remembered without anybody being told', async () => {
  await pushMany([of('a', { sourceVersion: 1 })]);
  const before = (await allChanges(fixture)).length;
  assert.deepEqual(said(await pushMany([of('a', { sourceVersion: 3 })])), ['unchanged']);
  assert.deepEqual(said(await pushMany([of('a', { sourceVersion: 2, tags: ['old'] })])), ['stale']);
  assert.equal((await allChanges(fixture)).length, before);
});

test('a dry run tells what would come of it and writes nothing', async () => {
  await pushMany([of('a', { tags: ['x'] })]);
  const before = (await allChanges(fixture)).length;
  commits = [];
  const results = await pushMany([of('a', { tags: ['y'] }), of('b'), of('b', { path: '/..' })], { dryRun: true });
  assert.deepEqual(
    results.map((result) => [result.status, kinds(result), result.id === undefined]),
    [
      ['updated', ['asset.tags_changed'], false],
      ['created', ['asset.created', 'asset.ready'], true],
      ['rejected', [], true],
    ],
  );
  assert.deepEqual([commits.length, (await allChanges(fixture)).length], [0, before]);
  assert.deepEqual(said(await pushMany([of('b')])), ['created']);
});

test('ID-01 a batch repeated with its key is answered as then, also where part of it was cut off', async () => {
  const states = [of('a', { tags: ['1'] }), of('b')];
  const idempotency = { key: 'batch-1', fingerprint: 'f' };
  const first = await pushMany(states, { idempotency });
  const again = await pushMany(states, { idempotency });
  assert.deepEqual(again, first);
  assert.deepEqual(said(await pushMany(states, { idempotency: { ...idempotency, key: 'batch-2' } })), [
    'unchanged',
    'unchanged',
  ]);
});

test('ID-03 a key that served another batch refuses all of this one, also where that shows before the last was looked up', async () => {
  const idempotency = { key: 'k', fingerprint: 'first' };
  const first = Array.from({ length: 120 }, (_, n) => of(`n-${n}`));
  const unfit: PushedState = { externalId: 'n-0', problems: [{ at: '/name', wanted: 'a text', found: '1' }] };
  await pushMany([unfit, ...first.slice(1)], { idempotency });
  let refused: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => (refused = resolve));
  let runs = 0;
  const other = await createFixture({
    storage: fixture.storage,
    wrap: (storage) => ({
      ...storage,
      read: storage.read,
      commit: async (items) => {
        const results = await storage.commit(items);
        setImmediate(refused);
        return results;
      },
      findByAliases: async (query) => {
        runs += 1;
        if (runs > 1) await shown;
        return storage.findByAliases(query);
      },
    }),
  });
  const again = pushMany(first, { idempotency: { ...idempotency, fingerprint: 'second' } }, other);
  await assert.rejects(again, { code: 'idempotency_mismatch' });
  assert.equal(runs, 3);
});

test('an asset that another process made or changed meanwhile is seen', async () => {
  const two = await createFixture();
  const other = await two.another();
  await pushMany([of('a', { tags: ['1'] })], {}, two);
  assert.deepEqual(said(await pushMany([of('a', { tags: ['2'] })], {}, other)), ['updated']);
  // What this process remembers is the state before: pushing that again is news.
  assert.deepEqual(said(await pushMany([of('a', { tags: ['1'] })], {}, two)), ['updated']);
  // One by one as well.
  const alone = async (tag: string, to: Fixture) =>
    (await to.app.assets.push(caller, 'external:a', { name: 'a.jpg', tags: [tag] })).body.result;
  assert.equal(await alone('3', two), 'changed');
  assert.equal(await alone('4', other), 'changed');
  assert.equal(await alone('3', two), 'changed');
  assert.equal(await alone('3', two), 'unchanged');
  // A refusal is not told on what is remembered either: the tag of the present version is taken.
  const { version } = await other.app.assets.get(caller, 'external:a');
  await other.app.assets.patch(caller, 'external:a', { tags: ['5'], expected: version });
  await two.app.assets.patch(caller, 'external:a', { tags: ['6'], expected: version + 1 });
  const both = await Promise.all([pushMany([of('z')], {}, two), pushMany([of('z')], {}, other)]);
  assert.deepEqual(both.flatMap(said).sort(), ['created', 'unchanged']);
  await two.stop();
});

test('TN-01 external ids of another workspace are not those of this one', async () => {
  await pushMany([of('a', { tags: ['mine'] })]);
  const theirs = await fixture.app.assets.pushMany(callerIn('other'), { states: [of('a', { tags: ['mine'] })] });
  assert.deepEqual(said(theirs.results), ['created']);
});

const seed = Number(process.env['SEED'] ?? 817);

test(`a batch does what the same states would do one by one (seed ${seed})`, async () => {
  const words = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
  const state = fc.record(
    {
      externalId: fc.constantFrom('1', '2', '3'),
      push: fc.record(
        {
          name: fc.constantFrom('x.jpg', 'y.jpg', 'bad/name'),
          path: fc.constantFrom('/', '/p'),
          tags: words,
          metadata: fc.dictionary(fc.constantFrom('m', 'n'), fc.constantFrom('u', 'v')),
          archived: fc.boolean(),
          file: fc.record({ url: fc.constantFrom('https://e/1', 'https://e/2'), bytes: fc.constantFrom(1, 2) }),
          sourceVersion: fc.integer({ min: 1, max: 4 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['externalId', 'push'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(state, { minLength: 1, maxLength: 8 }), { maxLength: 3 }), async (batches) => {
      const batched = await createFixture({ soleWriter: true });
      const singly = await createFixture({ soleWriter: true });
      try {
        for (const states of batches as (readonly PushedState[])[]) {
          const together = await pushMany(states, {}, batched);
          const alone: string[] = [];
          for (const one of states) alone.push(await pushAlone(one, singly));
          assert.deepEqual(said(together), alone);
        }
        assert.deepEqual(await told(batched), await told(singly));
      } finally {
        await batched.stop();
        await singly.stop();
      }
    }),
    { numRuns: 30, seed },
  );
});

/** By `PUT /v1/assets/external:ID`, in the words of a batch. */
async function pushAlone({ externalId = '', push = {} }: PushedState, to: Fixture): Promise<string> {
  try {
    const { body } = await to.app.assets.push(caller, `external:${externalId}`, push);
    return body.result === 'changed' ? 'updated' : body.result;
  } catch (error) {
    assert.ok(error instanceof AssetwireError);
    return 'rejected';
  }
}

/** Per asset what was told of it, in order, without what differs from run to run. */
async function told(of: Fixture): Promise<ReadonlyMap<string, unknown>> {
  const by = new Map<string, unknown[]>();
  for (const { kind, subject, subjectVersion, changed, after } of await allChanges(of)) {
    const list = by.get(subject.externalId ?? '') ?? [];
    const { createdAtMs: _c, modifiedAtMs: _m, ...state } = after ?? {};
    list.push({ kind, subjectVersion, changed, state });
    by.set(subject.externalId ?? '', list);
  }
  return by;
}

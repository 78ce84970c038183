import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { createIdSource } from '../core/id-source.ts';
import { createSeenSet } from '../core/seen-set.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import type { PushedState, SyncView } from './app.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
let written: CommitItem[] = [];
/** What the store's commits wait for. */
let held: Promise<void> | null = null;

const counting = (storage: Storage): Storage => ({
  ...storage,
  read: storage.read,
  commit: async (items) => {
    written.push(...items);
    await held;
    return storage.commit(items);
  },
});

beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true, wrap: counting });
  written = [];
});
afterEach(() => fixture.stop());

const states = (names: readonly string[]): readonly PushedState[] =>
  names.map((externalId) => ({ externalId, push: { name: `${externalId}.jpg` } }));
const names = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, n) => `a-${from + n}`);
const begin = async (source = 'dam') => (await fixture.app.syncs.create(caller, { source })).sync;
const push = (sync: SyncView, of: readonly string[], to = fixture) =>
  to.app.assets.pushMany(caller, { states: states(of), sync: sync.id });
const complete = async (
  sync: SyncView,
  input: Parameters<Fixture['app']['syncs']['complete']>[2],
  on = fixture,
): Promise<SyncView> => {
  await on.app.syncs.complete(caller, sync.id, input);
  await on.doDuties();
  return on.app.syncs.get(caller, sync.id);
};
/** Names of the assets there are. */
const there = async (): Promise<readonly string[]> => {
  const { items } = await fixture.storage.read.resources({ workspaceId: 'default', type: 'asset', limit: 1_000 });
  return items.filter(({ state }) => state['archived'] !== true).map(({ alias = '' }) => alias);
};

async function first(count: number): Promise<void> {
  const sync = await begin();
  await push(sync, names(0, count));
  assert.equal((await complete(sync, { vanished: 'delete' })).state, 'done');
}

test('what a full sync does not name has vanished: deleted, each told as a change; others stay', async () => {
  await first(20);
  await fixture.app.assets.push(caller, 'external:mine', { name: 'mine.jpg' });
  await fixture.app.assets.push(caller, 'external:theirs', { name: 'theirs.jpg', source: 'another' });
  const before = (await allChanges(fixture)).length;
  const sync = await begin();
  await push(sync, names(0, 10));
  await push(sync, [...names(10, 18), 'a-30']);
  const done = await complete(sync, { vanished: 'delete' });
  assert.deepEqual(
    [done.state, done.pushed.unchanged, done.pushed.created, done.compared, done.vanished, done.applied, done.kept],
    ['done', 18, 1, 21, 2, 2, 0],
  );
  assert.deepEqual((await there()).toSorted(), [...names(0, 18), 'a-30', 'mine', 'theirs'].toSorted());
  const after = (await allChanges(fixture)).slice(before);
  const deleted = after.filter(({ kind }) => kind !== 'asset.created' && kind !== 'asset.ready');
  assert.deepEqual(deleted.map(({ subject }) => subject.externalId).sort(), ['a-18', 'a-19']);
  const { items } = await fixture.app.syncs.vanished(caller, sync.id, { limit: 100 });
  assert.deepEqual(items.map(({ externalId }) => externalId).sort(), ['a-18', 'a-19']);
});

test('an unchanged asset costs a full sync no write', async () => {
  await first(50);
  const sync = await begin();
  written = [];
  await push(sync, names(0, 50));
  assert.equal(written.length, 1, 'one row for the batch');
  assert.deepEqual(
    written[0]?.resources?.map(({ type }) => type),
    ['sync', 'sync_part'],
  );
});

test('where more than a fifth has vanished nothing is done until that is confirmed', async () => {
  await first(10);
  const sync = await begin();
  await push(sync, names(0, 7));
  const waiting = await complete(sync, { vanished: 'delete' });
  assert.deepEqual([waiting.state, waiting.vanished], ['waiting', 3]);
  assert.match(waiting.waitingFor ?? '', /3 of 10 .*30 %.*"confirm": true/);
  assert.equal((await there()).length, 10);
  const done = await complete(sync, { vanished: 'delete', confirm: true });
  assert.deepEqual([done.state, done.applied, done.waitingFor], ['done', 3, undefined]);
  assert.equal((await there()).length, 7);
});

test('a dry run only finds, and a push behind it opens the sync again', async () => {
  await first(10);
  const sync = await begin();
  await push(sync, names(0, 9));
  const dry = await complete(sync, { vanished: 'archive', dryRun: true });
  assert.deepEqual([dry.state, dry.vanished, dry.applied], ['waiting', 1, 0]);
  await push(sync, ['a-9']);
  assert.equal((await fixture.app.syncs.get(caller, sync.id)).state, 'open');
  const done = await complete(sync, { vanished: 'archive' });
  assert.deepEqual([done.state, done.vanished], ['done', 0]);
});

test('archiving leaves the asset, and what is archived already does not vanish again', async () => {
  await first(10);
  for (const round of [1, 0]) {
    const sync = await begin();
    await push(sync, names(1, 10));
    const done = await complete(sync, { vanished: 'archive' });
    assert.deepEqual([done.state, done.vanished, done.applied], ['done', round, round]);
  }
  assert.equal((await there()).length, 9);
});

test('an asset whose state is refused is there all the same, and one that nobody can read stops the sync', async () => {
  await first(10);
  const sync = await begin();
  await push(sync, names(0, 8));
  const problems = [{ at: '/name', wanted: 'a text', found: '1' }];
  await fixture.app.assets.pushMany(caller, {
    states: [{ externalId: 'a-8', problems }, { problems }],
    sync: sync.id,
  });
  const waiting = await complete(sync, { vanished: 'delete' });
  assert.deepEqual([waiting.state, waiting.vanished, waiting.pushed.unnamed], ['waiting', 1, 1]);
  assert.match(waiting.waitingFor ?? '', /could not be read/);
});

test('one sync of a source runs at a time; it can be found again, cancelled, and then begun anew', async () => {
  const sync = await begin();
  await assert.rejects(begin(), { code: 'already_exists' });
  await begin('another');
  const again = await fixture.app.syncs.create(caller, { source: 'dam', resume: true });
  assert.deepEqual([again.sync.id, again.made], [sync.id, false]);
  assert.equal((await fixture.app.syncs.cancel(caller, sync.id)).state, 'cancelled');
  await fixture.doDuties();
  await assert.rejects(push(sync, ['a-1']), { code: 'conflict' });
  await assert.rejects(fixture.app.syncs.complete(caller, sync.id, { vanished: 'report' }), { code: 'conflict' });
  assert.notEqual((await begin()).id, sync.id);
  const parts = await fixture.storage.read.resources({ workspaceId: 'default', type: 'sync_part', limit: 10 });
  assert.equal(parts.items.length, 0);
});

test('of two processes that begin a sync of one source, one does', async () => {
  const one = await createFixture();
  const two = await one.another();
  const outcomes = await Promise.allSettled(
    [one, two].map((process) => process.app.syncs.create(caller, { source: 'dam' })),
  );
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await one.stop();
});

test('a sync is not completed while a batch of it is under way', async () => {
  const sync = await begin();
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  held = promise;
  const under = push(sync, names(0, 5));
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(fixture.app.syncs.complete(caller, sync.id, { vanished: 'report' }), { code: 'conflict' });
  held = null;
  goOn();
  await under;
  assert.equal((await complete(sync, { vanished: 'report' })).state, 'done');
});

test('an asset that changes between being found and being deleted is left as it is', async () => {
  await first(10);
  const sync = await begin();
  await push(sync, names(0, 8));
  await fixture.app.syncs.complete(caller, sync.id, { vanished: 'delete' });
  const [compare] = await fixture.pendingDuties();
  assert.ok(compare);
  await fixture.doDuty(compare);
  assert.equal((await fixture.app.syncs.get(caller, sync.id)).state, 'applying');
  await fixture.app.assets.push(caller, 'external:a-8', { name: 'back.jpg' });
  await fixture.doDuties();
  const done = await fixture.app.syncs.get(caller, sync.id);
  assert.deepEqual([done.state, done.applied, done.kept], ['done', 1, 1]);
  assert.ok((await there()).includes('a-8'));
});

test('an asset that somebody has checked out is kept, and the sync ends all the same', async () => {
  await first(10);
  const ada = callerIn('default', { actor: { type: 'user', id: 'usr_ada', name: 'Ada' } });
  await fixture.app.assets.checkOut(ada, 'external:a-8');
  const sync = await begin();
  await push(sync, names(0, 8));
  const done = await complete(sync, { vanished: 'delete' });
  assert.deepEqual([done.state, done.vanished, done.applied, done.kept], ['done', 2, 1, 1]);
  assert.deepEqual((await there()).toSorted(), names(0, 9));
});

test('a comparison and a deletion that a crash cut off are done again by the next process, with the same end', async () => {
  const one = await createFixture();
  const sync = (await one.app.syncs.create(caller, { source: 'dam' })).sync;
  await push(sync, names(0, 700), one);
  await complete(sync, { vanished: 'delete' }, one);
  const next = (await one.app.syncs.create(caller, { source: 'dam' })).sync;
  await push(next, names(0, 600), one);
  await one.app.syncs.complete(caller, next.id, { vanished: 'delete' });
  const [duty] = await one.pendingDuties();
  assert.ok(duty);
  await one.doDuty(duty);
  // Another process goes on where the row says; a slice done twice changes nothing.
  const two = await one.another();
  for (let again = 0; again < 3; again += 1) {
    const [due] = await two.pendingDuties();
    if (due === undefined) break;
    await two.doDuty(due);
    await one.doDuty(due);
  }
  await two.doDuties();
  const done = await two.app.syncs.get(caller, next.id);
  assert.deepEqual([done.state, done.compared, done.vanished, done.applied + done.kept], ['done', 700, 100, 100]);
  const shown = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof two.app.syncs.vanished>> = await two.app.syncs.vanished(caller, next.id, {
      limit: 7,
      ...(cursor === null ? {} : { cursor }),
    });
    assert.ok(page.items.length <= 7);
    for (const { externalId = '' } of page.items) shown.add(externalId);
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual([...shown].toSorted(), names(600, 700).toSorted());
  const { items } = await two.storage.read.resources({ workspaceId: 'default', type: 'asset', limit: 1_000 });
  assert.equal(items.length, 600);
  await one.stop();
});

test('a set of what was seen knows what was put in and nothing else', () => {
  const ids = createIdSource({
    nowMs: () => 1_795_000_000_000,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  });
  fc.assert(
    fc.property(fc.nat(3_000), fc.nat(100), (count, strangers) => {
      const set = createSeenSet();
      const all = Array.from({ length: count }, () => ids.next('asset'));
      set.add(all.map((id) => id.slice(4)).join(''));
      const others = Array.from({ length: strangers }, () => ids.next('asset'));
      return all.every((id) => set.has(id)) && others.every((id) => !set.has(id)) && set.size === count;
    }),
    { numRuns: 20 },
  );
});

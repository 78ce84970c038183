import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { Storage } from '../storage/storage.ts';
import type { ReportedChange } from './app.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

test('a reported change is applied to the registry, told to the webhook and offered to the engine with its change', async () => {
  const { body: webhook } = await fixture.app.webhooks.create(caller, webhookInput());
  const result = await report(fixture, metadataChange('a', 'approved'));
  assert.equal(result.status, 'applied');
  assert.ok(result.status === 'applied');
  assert.equal(result.deliveries, 1);
  const asset = await fixture.app.assets.get(caller, 'external:a');
  assert.deepEqual(asset.state.metadata, { status: 'approved' });
  assert.equal(asset.id, result.subject.id);
  const [delivery] = await allDeliveries(fixture);
  assert.equal(delivery?.webhookId, webhook.id);
  assert.equal(fixture.offered.length, 1);
  assert.equal(fixture.offered[0]?.delivery.id, delivery?.id);
  assert.equal(fixture.offered[0]?.change.id, result.changes[0]?.id);
});

test('one external id is one subject, also when a hundred reports of it arrive at once', async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) => report(fixture, metadataChange('same', `s${index}`))),
  );
  const ids = new Set(results.map((result) => (result.status === 'applied' ? result.subject.id : 'none')));
  assert.equal(ids.size, 1);
  const versions = (await allChanges(fixture)).map(({ subjectVersion }) => subjectVersion);
  assert.deepEqual(
    versions,
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
});

test('before and after of successive changes join without a gap, whoever reports', async () => {
  const other = await fixture.another();
  await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      report(index % 2 === 0 ? fixture : other, metadataChange('joined', `s${index}`)),
    ),
  );
  const changes = await allChanges(fixture);
  assert.equal(changes.length, 60);
  for (const [index, change] of changes.entries()) {
    assert.equal(change.subjectVersion, index + 1);
    if (index > 0) assert.deepEqual(change.before, changes[index - 1]?.after);
  }
});

test('where no other process writes, writes to one subject join in one order without waiting for each other', async () => {
  let waiting = 0;
  let most = 0;
  const sole = await createFixture({
    soleWriter: true,
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      commit: async (items) => {
        waiting += 1;
        most = Math.max(most, waiting);
        const results = await storage.commit(items);
        waiting -= 1;
        return results;
      },
    }),
  });
  await report(sole, metadataChange('one', 'first'));
  await Promise.all(Array.from({ length: 50 }, (_, index) => report(sole, metadataChange('one', `s${index}`))));
  const changes = await allChanges(sole);
  assert.ok(most > 10, `at most ${most} commits were on their way together`);
  for (const [index, change] of changes.entries()) {
    assert.equal(change.subjectVersion, index + 1);
    if (index > 0) assert.deepEqual(change.before, changes[index - 1]?.after);
  }
  await sole.stop();
});

test('a created asset is created and ready at once', async () => {
  const result = await report(fixture, {
    kind: 'asset.created',
    subject: { type: 'asset', externalId: 'n' },
    after: { name: 'n.jpg' },
  });
  assert.ok(result.status === 'applied');
  assert.deepEqual(
    result.changes.map(({ kind }) => kind),
    ['asset.created', 'asset.ready'],
  );
  const again = await report(fixture, { kind: 'asset.ready', subject: { type: 'asset', externalId: 'n' } });
  assert.equal(again.status, 'unchanged');
});

test('fields that are not reported are those the registry holds, and changed is computed', async () => {
  await report(fixture, {
    kind: 'asset.created',
    subject: { type: 'asset', externalId: 'p' },
    after: { name: 'p.jpg', tags: ['x'] },
  });
  await report(fixture, {
    kind: 'asset.renamed',
    subject: { type: 'asset', externalId: 'p' },
    after: { name: 'q.jpg' },
  });
  const change = (await allChanges(fixture)).at(-1);
  assert.deepEqual(change?.changed, ['name']);
  assert.deepEqual(change?.after?.['tags'], ['x']);
  assert.equal(change?.before?.['name'], 'p.jpg');
  assert.equal(change?.beforeDiffers, undefined);
});

test('a reported before that differs from what the registry holds is kept and marked', async () => {
  await report(fixture, metadataChange('d', 'draft'));
  await report(fixture, metadataChange('d', 'approved', { before: { metadata: { status: 'review' } } }));
  const change = (await allChanges(fixture)).at(-1);
  assert.equal(change?.beforeDiffers, true);
  assert.deepEqual(change?.before?.['metadata'], { status: 'review' });
});

test('a reported before in another order of what is a set does not differ', async () => {
  const tagged = (after: readonly string[], before?: readonly string[]): ReportedChange => ({
    kind: 'asset.tags_changed',
    subject: { type: 'asset', externalId: 'sets' },
    ...(before === undefined ? {} : { before: { tags: before, library: 'default', focusPoint: null } }),
    after: { tags: after },
  });
  await report(fixture, tagged(['b', 'a\u0301']));
  await report(fixture, tagged(['c'], ['\u00e1', 'b']));
  await report(fixture, tagged(['d'], ['e']));
  const told = (await allChanges(fixture)).slice(-2).map((change) => change.beforeDiffers);
  assert.deepEqual(told, [undefined, true]);
});

test('an older source version is stale and changes nothing; the same one is another change of that version', async () => {
  await report(fixture, metadataChange('v', 'two', { sourceVersion: 2 }));
  assert.equal((await report(fixture, metadataChange('v', 'one', { sourceVersion: 1 }))).status, 'stale');
  assert.equal((await report(fixture, metadataChange('v', 'two again', { sourceVersion: 2 }))).status, 'applied');
  assert.equal((await allChanges(fixture)).length, 2);
});

test('a deletion takes the asset out of the registry, and its external id is free for another one', async () => {
  const created = await report(fixture, metadataChange('gone', 'x'));
  const deleted = await report(fixture, { kind: 'asset.deleted', subject: { type: 'asset', externalId: 'gone' } });
  assert.ok(created.status === 'applied' && deleted.status === 'applied');
  assert.equal(deleted.subject.id, created.subject.id);
  await assert.rejects(fixture.app.assets.get(caller, 'external:gone'), { code: 'not_found' });
  const change = (await allChanges(fixture)).at(-1);
  assert.equal(change?.after, null);
  assert.deepEqual(change?.before?.['metadata'], { status: 'x' });
  const again = await report(fixture, metadataChange('gone', 'y'));
  assert.ok(again.status === 'applied');
  assert.notEqual(again.subject.id, created.subject.id);
});

test('what cannot be is refused item by item, and the others are applied', async () => {
  const { body } = await fixture.app.changes.report(caller, [
    metadataChange('ok', 'x'),
    { kind: 'folder.created', subject: { type: 'asset', externalId: 'ok' }, after: {} },
    { kind: 'webhook.disabled', subject: { type: 'webhook', id: 'wh_x' }, after: {} },
    metadataChange('deep', 'x', { causationDepth: 9 }),
    { kind: 'asset.moved', subject: { type: 'asset', id: 'ast_unknown' }, after: { path: '/x' } },
    { kind: 'asset.moved', subject: { type: 'asset', externalId: 'm' }, after: { path: 7 } },
    { kind: 'asset.moved', subject: { type: 'asset', externalId: 'nothing-known' } },
    { kind: 'folder.removed', subject: { type: 'folder', externalId: 'f' }, after: { name: 'still here' } },
  ]);
  const codes = body.results.map((result) => (result.status === 'rejected' ? result.code : result.status));
  assert.deepEqual(codes, [
    'applied',
    'invalid_request',
    'invalid_request',
    'causation_too_deep',
    'not_found',
    'invalid_request',
    'invalid_request',
    'invalid_request',
  ]);
  assert.equal((await allChanges(fixture)).length, 1);
});

test('P-17 a change of 256 KiB is taken and one byte more is refused, also in a batch and in wide characters', async () => {
  const sized = (bytes: number): Parameters<typeof report>[1] => {
    const change = metadataChange('large', '');
    const left = bytes - Buffer.byteLength(JSON.stringify(change));
    return metadataChange('large', `${'ü'.repeat(Math.floor(left / 2))}${'x'.repeat(left % 2)}`);
  };
  const max = 256 * 1024;
  assert.equal(Buffer.byteLength(JSON.stringify(sized(max))), max);
  const { body } = await fixture.app.changes.report(caller, [sized(max), sized(max + 1), metadataChange('s', 'x')]);
  const codes = body.results.map((result) => (result.status === 'rejected' ? result.code : result.status));
  assert.deepEqual(codes, ['applied', 'body_too_large', 'applied']);
});

test('HX-11 bytes count wherever they are: in the names of fields, in characters that JSON writes as six, in the list of what changed', async () => {
  const long = 'k'.repeat(60_000);
  const hidden: readonly ReportedChange[] = [
    metadataChange('key', '', { after: { name: 'n', metadata: { [long.repeat(5)]: 1 } } }),
    metadataChange('keys', '', {
      after: { name: 'n', metadata: { [long]: { [long]: { [long]: { [long]: { [long]: 1 } } } } } },
    }),
    metadataChange('control', '\u0001'.repeat(44_000)),
    metadataChange('before', '', { before: { name: 'n', metadata: { [long]: '\u0001'.repeat(40_000) } } }),
    metadataChange('changed', '', { changed: Array.from({ length: 1_000 }, () => 'ü'.repeat(150)) }),
  ];
  for (const change of hidden) {
    const bytes = Buffer.byteLength(JSON.stringify(change));
    const { body } = await fixture.app.changes.report(caller, [change]);
    const [result] = body.results;
    assert.ok(result?.status === 'rejected', change.subject.externalId);
    assert.equal(result.detail, `Report a change of at most 262144 bytes: got ${bytes}`);
  }
  assert.equal((await allChanges(fixture)).length, 0, 'nothing is stored');
});

test('ID-01 fifty parallel calls with one key make one change, and all get the same answer', async () => {
  const key = { key: 'k-1', fingerprint: 'f' };
  const other = await fixture.another();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? fixture : other).app.changes.report(caller, [metadataChange('i', 'once')], key),
    ),
  );
  assert.equal((await allChanges(fixture)).length, 1);
  for (const answer of answers) assert.deepEqual(answer.body, answers[0]?.body);
  assert.equal(answers.filter((answer) => answer.replayed !== true).length, 1);
});

test('ID-02 the same key with another body is a mismatch, in another workspace it is independent', async () => {
  await fixture.app.changes.report(caller, [metadataChange('a', 'x')], { key: 'k', fingerprint: 'one' });
  await assert.rejects(
    fixture.app.changes.report(caller, [metadataChange('a', 'y')], { key: 'k', fingerprint: 'two' }),
    {
      code: 'idempotency_mismatch',
    },
  );
  const foreign = await fixture.app.changes.report(callerIn('other'), [metadataChange('a', 'y')], {
    key: 'k',
    fingerprint: 'two',
  });
  assert.equal(foreign.replayed, undefined);
});

test('ID-03 a batch that was cut off goes on where it stopped: no item twice, none lost', async () => {
  let left = Number.POSITIVE_INFINITY;
  const cut = await createFixture({
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      commit: async (items) => {
        if (items.some((item) => item.changes !== undefined) && left-- <= 0) {
          throw new AssetwireError('storage_unavailable', { detail: 'Write: the store is gone' });
        }
        return storage.commit(items);
      },
    }),
  });
  // What was written when it started (a key of the workspace) has made what was known of its webhooks old.
  await report(cut, metadataChange('first', 'x'));
  left = 3;
  const batch = Array.from({ length: 8 }, (_, index) => metadataChange(`b${index}`, 'x'));
  const key = { key: 'batch', fingerprint: 'f' };
  const first = await cut.app.changes.report(caller, batch, key);
  assert.equal(first.body.results.filter(({ status }) => status === 'applied').length, 3);
  left = Number.POSITIVE_INFINITY;
  const second = await cut.app.changes.report(caller, batch, key);
  assert.ok(second.body.results.every(({ status }) => status === 'applied'));
  assert.equal((await allChanges(cut)).length, 9);
  const third = await cut.app.changes.report(caller, batch, key);
  assert.equal(third.replayed, true);
  assert.deepEqual(third.body, second.body);
  await cut.stop();
});

test('ID-05 an idempotency key is 1 to 255 visible ASCII characters', async () => {
  for (const key of ['', 'a b', 'ü', 'x'.repeat(256), 'a\n']) {
    await assert.rejects(fixture.app.changes.report(caller, [metadataChange('a', 'x')], { key, fingerprint: 'f' }), {
      code: 'invalid_idempotency_key',
    });
  }
});

test('nobody is told "unchanged" or "stale" about a state that then fails to be stored', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let hold = false;
  const failing = await createFixture({
    soleWriter: true,
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      commit: async (items) => {
        if (!hold) return storage.commit(items);
        hold = false;
        await held;
        throw new AssetwireError('storage_full', { detail: 'Write: the disk is full' });
      },
    }),
  });
  await report(failing, metadataChange('h', 'one', { sourceVersion: 1 }));
  hold = true;
  const doomed = failing.app.changes.report(caller, [metadataChange('h', 'three', { sourceVersion: 3 })]);
  const behind = failing.app.changes.report(caller, [metadataChange('h', 'two', { sourceVersion: 2 })]);
  release();
  await assert.rejects(doomed, { code: 'storage_full' });
  assert.equal((await behind).body.results[0]?.status, 'applied');
  assert.equal((await allChanges(failing)).length, 2);
  await failing.stop();
});

test('matching is never stale: a webhook made in another process gets the very next change', async () => {
  await report(fixture, metadataChange('m', 'warm the index'));
  const other = await fixture.another();
  const { body } = await other.app.webhooks.create(caller, webhookInput());
  const result = await report(fixture, metadataChange('m', 'told'));
  assert.ok(result.status === 'applied' && result.deliveries === 1);
  await other.app.webhooks.disable(caller, body.id);
  const missed = await report(fixture, metadataChange('m', 'missed'));
  assert.ok(missed.status === 'applied' && missed.deliveries === 0);
  assert.equal((await fixture.app.webhooks.get(caller, body.id)).missed, 1);
});

test('TN-01 TN-10 another workspace sees nothing of it and may use the same external ids', async () => {
  const mine = await report(fixture, metadataChange('shared', 'mine'));
  assert.ok(mine.status === 'applied');
  const foreign = callerIn('other');
  const theirs = await report(fixture, metadataChange('shared', 'theirs'), foreign);
  assert.ok(theirs.status === 'applied');
  assert.notEqual(theirs.subject.id, mine.subject.id);
  await assert.rejects(fixture.app.assets.get(foreign, mine.subject.id), { code: 'not_found' });
  await assert.rejects(fixture.app.changes.get(foreign, mine.changes[0]?.id ?? ''), { code: 'not_found' });
  const byId = await report(
    fixture,
    { kind: 'asset.moved', subject: { type: 'asset', id: mine.subject.id }, after: { path: '/x' } },
    foreign,
  );
  assert.ok(byId.status === 'rejected' && byId.code === 'not_found');
  assert.equal((await fixture.app.assets.get(caller, mine.subject.id)).state.path, '/');
});

test('ID-04 a key counts for a whole day and not longer: a second later it is another request', async () => {
  const one = await createFixture();
  const key = { key: 'daily', fingerprint: 'f' };
  const change = [metadataChange('a', 'x')];
  const first = await one.app.changes.report(caller, change, key);
  one.clock.advance(24 * 3_600_000 - 1_000);
  await one.storage.maintain(one.clock.nowMs());
  const repeated = await one.app.changes.report(caller, change, key);
  assert.deepEqual([repeated.replayed, repeated.body], [true, first.body]);
  one.clock.advance(2_000);
  const later = await one.app.changes.report(caller, change, key);
  assert.equal(later.replayed, undefined);
  assert.equal((await allChanges(one)).filter(({ kind }) => kind === 'asset.metadata_changed').length, 2);
  await one.stop();
});

test('A report whose metadata is a part of what is known replaces it, and its result names what that took away', async () => {
  const said = async (given: Partial<ReportedChange>) => {
    const result = await report(fixture, {
      kind: 'asset.metadata_changed',
      subject: { type: 'asset', externalId: 'part' },
      ...given,
    });
    return result.status === 'applied' ? result.dropped : result;
  };
  const whole = { metadata: { season: 'spring', rating: 4 }, info: { title: 'Harbour' }, aliases: { bynder: 'B1' } };
  assert.equal(await said({ after: whole }), undefined, 'nothing was known of it');
  assert.deepEqual(await said({ after: { metadata: { season: 'summer' } } }), ['metadata.rating']);
  const changes = await allChanges(fixture);
  assert.deepEqual(changes.at(-1)?.changed.includes('metadata.rating'), true, 'receivers are told of it as well');
  const after = { metadata: { season: 'autumn' }, info: {}, aliases: {} };
  assert.equal(await said({ after: whole }), undefined);
  assert.deepEqual(await said({ after }), ['info.title', 'metadata.rating', 'aliases.bynder']);
  await said({ after: whole });
  assert.deepEqual(
    await said({ before: { metadata: whole.metadata }, changed: ['info.title', 'aliases'], after }),
    undefined,
    'what the report speaks of is meant',
  );
  await said({ after: whole });
  assert.deepEqual(await said({ changed: ['metadata.season'], after: { metadata: { season: 'winter' } } }), [
    'metadata.rating',
  ]);
  assert.equal(await said({ after: { tags: ['a'] } }), undefined, 'nothing is said of metadata');
});

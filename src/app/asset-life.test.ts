import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { AssetwireError } from '../core/errors.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture, report } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const ada = callerIn('default', {
  actor: { type: 'user', id: 'usr_ada', name: 'Ada' },
  scopes: new Set(['assets:write']),
});
const ben = callerIn('default', {
  actor: { type: 'user', id: 'usr_ben', name: 'Ben' },
  scopes: new Set(['assets:write']),
});

const file = (text = 'x', name = 'a.jpg') => ({ name, content: Readable.from([Buffer.from(text)]) });
const upload = async (given: object = {}, text = 'x') =>
  (await fixture.app.assets.upload(caller, { ...given, file: file(text) })).body;
const code = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    return (error as AssetwireError).code;
  }
};
const since = async (known: number) => (await allChanges(fixture)).slice(known);
const count = async () => (await allChanges(fixture)).length;

test('A copy is a new asset with the same bytes, told as copied and as nothing else', async () => {
  const original = await upload({
    externalId: 'o',
    path: '/a',
    tags: ['t'],
    info: { title: 'T' },
    aliases: { bynder: 'B' },
    focusPoint: { x: 0.2, y: 0.8 },
    expiresAtMs: fixture.clock.nowMs() + 1_000,
  });
  await fixture.doDuties();
  const before = await fixture.app.assets.get(caller, original.id);
  const known = await count();
  const { body, status } = await fixture.app.assets.copy(ada, 'external:o', { path: '/b/' });
  assert.equal(status, 201);
  const { copiedFrom, createdBy, createdByName, ...state } = body.state;
  assert.deepEqual([copiedFrom, createdBy, createdByName], [{ assetId: original.id, version: 1 }, 'usr_ada', 'Ada']);
  const now = fixture.clock.nowMs();
  const { createdBy: _, createdByName: _name, ...expected } = before.state;
  assert.deepEqual(state, {
    ...expected,
    path: '/b',
    aliases: {},
    createdAtMs: now,
    modifiedAtMs: now,
    versions: [{ number: 1, active: true, createdAtMs: now, file: before.state.file }],
  });
  assert.equal(body.externalId, undefined);
  await fixture.doDuties();
  const made = await since(known);
  assert.deepEqual(
    made.map(({ kind, subject, before: was, after }) => [kind, subject.id, was, after]),
    [['asset.copied', body.id, null, body.state]],
  );
  await fixture.app.assets.remove(caller, original.id, { permanently: true });
  await fixture.doDuties();
  const { stream } = await fixture.app.assets.content(caller, body.id);
  assert.equal(await stream.toArray().then((chunks) => Buffer.concat(chunks as Buffer[]).toString()), 'x');
});

test('A copy of an older version, without what was said, beside the original', async () => {
  const { id } = await upload({ tags: ['t'], metadata: { status: 'x' } }, 'one');
  await fixture.app.assets.addVersion(caller, id, { file: file('two', 'b.png') });
  await fixture.doDuties();
  const { body } = await fixture.app.assets.copy(caller, id, { fromVersion: 1, metadata: false, externalId: 'copy' });
  assert.deepEqual(
    [body.state.name, body.state.path, body.externalId, body.state.tags, body.state.metadata],
    ['a copy.jpg', '/', 'copy', [], {}],
  );
  assert.equal(body.state.file?.bytes, 3);
  assert.deepEqual(body.state.copiedFrom, { assetId: id, version: 1 });
  const known = await count();
  await fixture.doDuties();
  assert.equal((await fixture.app.assets.get(caller, body.id)).state.inspection.state === 'pending', false);
  assert.ok(
    (await since(known)).every(({ kind }) => kind !== 'asset.ready'),
    'never a second asset.ready',
  );
  assert.equal(await code(fixture.app.assets.copy(caller, id, { externalId: 'copy' })), 'already_exists');
  assert.equal(await code(fixture.app.assets.copy(caller, id, { fromVersion: 9 })), 'not_found');
  assert.equal(await code(fixture.app.assets.copy(caller, id, { expected: 99 })), 'conflict');
});

test('A promoted version is a further one with the file of the older, told as promoted; activating is another thing', async () => {
  const { id } = await upload({}, 'one');
  await fixture.app.assets.addVersion(caller, id, { file: file('second') });
  await fixture.doDuties();
  let known = await count();
  const { body } = await fixture.app.assets.promoteVersion(caller, { reference: id, number: 1 });
  assert.deepEqual(
    body.state.versions.map(({ number, active, promotedFrom }) => [number, active, promotedFrom]),
    [
      [1, false, undefined],
      [2, false, undefined],
      [3, true, 1],
    ],
  );
  assert.equal(body.state.file?.bytes, 3);
  assert.deepEqual(
    (await since(known)).map(({ kind }) => kind),
    ['asset.promoted'],
  );
  await fixture.doDuties();
  known = await count();
  const again = await fixture.app.assets.promoteVersion(caller, { reference: id, number: 3 });
  assert.equal(again.body.state.versions.length, 3);
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 2 });
  assert.deepEqual(
    (await since(known)).map(({ kind }) => kind),
    ['asset.version_activated'],
  );
});

test('Who has checked an asset out keeps others from its file, and from nothing else', async () => {
  const { id } = await upload({}, 'one');
  await fixture.app.assets.addVersion(caller, id, { file: file('two'), activate: false });
  const out = await fixture.app.assets.checkOut(ada, id);
  const { checkedOutBy, checkedOutByName, checkedOutAtMs } = out.body.state;
  assert.deepEqual([checkedOutBy, checkedOutByName, checkedOutAtMs], ['usr_ada', 'Ada', fixture.clock.nowMs()]);
  assert.deepEqual((await fixture.app.assets.checkOut(ada, id)).body.version, out.body.version, 'twice is once');
  const second = { reference: id, number: 2 };
  const { assets } = fixture.app;
  for (const [wish, call] of [
    ['check out', () => assets.checkOut(ben, id)],
    ['version', () => assets.addVersion(ben, id, { file: file('3') })],
    ['activate', () => assets.activateVersion(ben, second)],
    ['promote', () => assets.promoteVersion(ben, second)],
    ['remove version', () => assets.removeVersion(ben, second)],
    ['rename', () => assets.patch(ben, id, { name: 'b.jpg' })],
    ['move', () => assets.patch(ben, id, { path: '/b' })],
    ['delete', () => assets.remove(ben, id)],
    ['check in', () => assets.checkIn(ben, id, {})],
    ['check in a file', () => assets.checkIn(ben, id, { file: file('3') })],
    ['undo', () => assets.undoCheckOut(ben, id)],
  ] as const) {
    await assert.rejects(call, (error: AssetwireError) => {
      assert.equal(error.code, 'checked_out', wish);
      assert.match(error.message, /Ada \(usr_ada\)/, wish);
      return true;
    });
  }
  await assets.patch(ben, id, { tags: ['t'], info: { title: 'T' }, metadata: { a: 1 }, archived: true });
  await assets.copy(ben, id, { path: '/copies' });
  await report(fixture, { kind: 'asset.moved', subject: { type: 'asset', id }, after: { path: '/elsewhere' } }, ben);
  assert.equal((await assets.get(caller, id)).state.path, '/elsewhere', 'what has happened has happened');
  await assets.patch(ada, id, { name: 'mine.jpg', path: '/mine' });
  await assets.activateVersion(ada, second);
});

test('A check-in ends it, with a further version in the same write or without; an undo is told apart', async () => {
  const { id } = await upload({}, 'one');
  await fixture.doDuties();
  const { assets } = fixture.app;
  assert.equal(await code(assets.checkIn(ada, id, {})), 'not_checked_out');
  assert.equal(await code(assets.undoCheckOut(ada, id)), 'not_checked_out');
  let known = await count();
  await assets.checkOut(ada, id);
  const { body } = await assets.checkIn(ada, id, { file: file('second'), name: 'v2.jpg' });
  assert.equal(body.state.checkedOutBy, undefined);
  assert.equal(body.state.checkedOutAtMs, undefined);
  assert.equal(body.state.file?.name, 'v2.jpg');
  const [out, added, checkedIn] = await since(known);
  assert.deepEqual(
    [out, added, checkedIn].map((change) => [change?.kind, change?.changed]),
    [
      ['asset.checked_out', ['checkedOutBy']],
      ['asset.version_added', ['file', 'versions']],
      ['asset.checked_in', ['checkedOutBy']],
    ],
  );
  assert.equal(added?.subjectVersion, checkedIn?.subjectVersion);
  await assets.checkOut(ada, id);
  await assets.checkIn(ada, id, {});
  await assets.checkOut(ada, id);
  await assets.undoCheckOut(ada, id);
  await assets.checkOut(ada, id);
  known = await count();
  await assets.undoCheckOut(caller, id);
  const [undone] = await since(known);
  assert.deepEqual([undone?.kind, undone?.actor.id], ['asset.checkout_undone', 'key_test']);
});

test('A check-out outlives pushed states, and what they say of dates and archive is theirs', async () => {
  const { body } = await fixture.app.assets.push(caller, 'external:p', { name: 'a.jpg', archived: true });
  assert.deepEqual([body.state.archivedBy, body.state.archivedAtMs], ['key_test', fixture.clock.nowMs()]);
  await fixture.app.assets.checkOut(ada, body.id);
  await fixture.app.assets.patch(caller, body.id, { focusPoint: { x: 0, y: 1 } });
  const dated = await fixture.app.assets.push(caller, 'external:p', { name: 'b.jpg', expiresAtMs: 5 });
  const { state } = dated.body;
  assert.deepEqual(
    [
      state.checkedOutBy,
      state.checkedOutByName,
      state.archived,
      state.archivedBy,
      state.expiresAtMs,
      state.availability,
    ],
    ['usr_ada', 'Ada', false, undefined, 5, 'expired'],
  );
  assert.deepEqual(state.focusPoint, { x: 0, y: 1 });
  const same = await fixture.app.assets.push(caller, 'external:p', { name: 'b.jpg', expiresAtMs: 5 });
  assert.equal(same.body.result, 'unchanged');
  const without = await fixture.app.assets.push(caller, 'external:p', { name: 'b.jpg', focusPoint: null });
  assert.deepEqual([without.body.state.expiresAtMs, without.body.state.focusPoint], [5, undefined]);
  const cleared = await fixture.app.assets.push(caller, 'external:p', { name: 'b.jpg', expiresAtMs: null });
  assert.deepEqual([cleared.body.state.expiresAtMs, cleared.body.state.availability], [undefined, undefined]);
});

test('An alias belongs to one asset: whoever comes second is told who has it, by every way in', async () => {
  const first = await upload({ aliases: { bynder: 'B1', woodwing: 'W1' } });
  const second = await upload({}, 'y');
  const { assets } = fixture.app;
  const refused = async (call: () => Promise<unknown>) =>
    assert.rejects(call, (error: AssetwireError) => {
      assert.equal(error.code, 'alias_taken');
      assert.match(`${error.message} ${error.mend}`, new RegExp(`bynder "B1" belongs to ${first.id}.*PATCH`));
      return true;
    });
  await refused(() => upload({ aliases: { bynder: 'B1' } }, 'z'));
  await refused(() => assets.patch(caller, second.id, { aliases: { bynder: 'B1' } }));
  await refused(() => assets.push(caller, 'external:p', { name: 'p', aliases: { bynder: 'B1' } }));
  const reported = await report(fixture, {
    kind: 'asset.created',
    subject: { type: 'asset', externalId: 'r' },
    after: { name: 'r', aliases: { bynder: 'B1' } },
  });
  assert.equal(reported.status === 'rejected' ? reported.code : reported.status, 'alias_taken');
  assert.equal(await code(assets.get(caller, 'external:p')), 'not_found', 'nothing of the refused is there');
  await assets.patch(caller, second.id, { aliases: { scaleflex: 'B1' } });
  assert.equal((await assets.get(caller, 'alias:scaleflex:B1')).id, second.id);
  assert.equal(
    (await assets.push(caller, 'alias:woodwing:W1', { name: 'pushed', aliases: first.state.aliases })).body.id,
    first.id,
  );
  await assets.patch(caller, first.id, { aliases: { bynder: null } });
  assert.deepEqual((await assets.get(caller, first.id)).state.aliases, { woodwing: 'W1' });
  await assets.patch(caller, second.id, { aliases: { bynder: 'B1' } });
  assert.equal((await assets.get(caller, 'alias:bynder:B1')).id, second.id);
  assert.equal(await code(assets.get(callerIn('other'), 'alias:bynder:B1')), 'not_found');
  await assets.remove(caller, second.id);
  await assets.patch(caller, first.id, { aliases: { bynder: 'B1', woodwing: 'W2' } });
  assert.equal((await assets.get(caller, 'alias:woodwing:W2')).id, first.id);
  assert.equal(await code(assets.get(caller, 'alias:woodwing:W1')), 'not_found');
});

test('Of many who want one alias at the same time exactly one gets it, also over several processes', async () => {
  const shared = await createFixture();
  try {
    const other = await shared.another();
    const assets = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const { body } = await shared.app.assets.push(caller, `external:${n}`, { name: `${n}` });
        return body.id;
      }),
    );
    const codes = await Promise.all(
      assets.map((id, n) =>
        code((n % 2 === 0 ? shared : other).app.assets.patch(caller, id, { aliases: { bynder: 'B' } })),
      ),
    );
    assert.deepEqual(codes.sort(), [
      'alias_taken',
      'alias_taken',
      'alias_taken',
      'alias_taken',
      'alias_taken',
      'alias_taken',
      'alias_taken',
      'none',
    ]);
  } finally {
    await shared.stop();
  }
});

test('What another DAM reports of dates and archive has its consequences, and a focus point lies within the picture', async () => {
  const subject = { type: 'asset', externalId: 'r' } as const;
  const tell = (after: object, kind: 'asset.created' | 'asset.info_changed' = 'asset.info_changed') =>
    report(fixture, { kind, subject, after: { ...after }, actor: { id: 'them' } });
  const state = async () => (await fixture.app.assets.get(caller, 'external:r')).state;
  const now = fixture.clock.nowMs();
  await tell({ name: 'r', publishAtMs: now + 10, archived: true }, 'asset.created');
  assert.deepEqual(
    [(await state()).availability, (await state()).archivedBy, (await state()).archivedAtMs],
    ['upcoming', 'them', now],
  );
  await tell({ archived: false, archiveAtMs: now + 10 * 24 * 3_600_000, publishAtMs: null });
  assert.deepEqual(
    [(await state()).availability, (await state()).archivedBy, (await state()).archiveNoticeAtMs],
    [undefined, undefined, now + 3 * 24 * 3_600_000],
  );
  const bad = await tell({ focusPoint: { x: 2, y: 0 } });
  assert.equal(bad.status === 'rejected' ? bad.problems?.[0]?.at : bad.status, '/after/focusPoint');
  const worse = await tell({ expiresAtMs: 'soon' });
  assert.equal(worse.status === 'rejected' ? worse.problems?.[0]?.at : worse.status, '/after/expiresAtMs');
});

test('An original that is deleted for good while it is copied takes no bytes away from a copy', async () => {
  let meanwhile: (() => Promise<unknown>) | null = null;
  const one = await createFixture({
    wrap: (storage) => ({
      ...storage,
      async commit(items) {
        const first = meanwhile;
        meanwhile = null;
        if (first !== null) await first();
        return storage.commit(items);
      },
    }),
  });
  try {
    const other = await one.another();
    const { body } = await one.app.assets.upload(caller, { file: file('only') });
    // The original has been read, and goes before the commit that rests on it.
    meanwhile = async () => {
      await other.app.assets.remove(caller, body.id, { permanently: true });
      await other.doDuties();
    };
    assert.equal(await code(one.app.assets.copy(caller, body.id, { path: '/copy' })), 'gone');
    assert.deepEqual((await one.app.assets.list(caller, { limit: 9 })).items, []);
  } finally {
    await one.stop();
  }
});

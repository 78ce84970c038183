/** Erasing one asset and one person: everywhere, over restarts, with a record that says nothing of either. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { ResourceType } from '../storage/contract/resources.ts';
import { resourceTypes } from '../storage/contract/resources.ts';
import { settleMs } from './duty-erase-workspace.ts';
import { tellSecondsDefault } from './erasures.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  webhookInput,
  report,
} from './testing/app-fixture.ts';

const secret = 'Portrait of Rosa Beispiel';

async function upload(fixture: Fixture, name: string, given: object = {}) {
  const file = { name, content: Readable.from([`content of ${name}`]) };
  const { body } = await fixture.app.assets.upload(caller, { ...given, file });
  return body.id;
}

/**
 * Does duties, each step by another process over the same store, as after a kill; `waits` lets the time pass that a step
 * asks for. Answers how many steps the erasure took.
 */
async function run(fixture: Fixture, advanceMs: readonly number[] = [settleMs]): Promise<number> {
  let steps = 0;
  const waits = [...advanceMs];
  for (let round = 0; round < 400; round += 1) {
    const due = await fixture.pendingDuties();
    if (due.length === 0) {
      const wait = waits.shift();
      if (wait === undefined) return steps;
      fixture.clock.advance(wait);
      continue;
    }
    for (const duty of due) {
      const next = await fixture.another();
      await next.doDuty(duty);
      if (duty.kind === 'erasure') steps += 1;
    }
    fixture.clock.advance(20);
  }
  throw new Error('The erasure does not end');
}

/** Everything that the store says, as text, but for what is sealed. */
async function everything({ storage }: Fixture): Promise<string> {
  const workspaceId = 'default';
  const all: unknown[] = [];
  for (const type of resourceTypes as readonly ResourceType[])
    all.push((await storage.read.resources({ workspaceId, type, limit: 1_000 })).items);
  const deliveries = await storage.read.deliveries({ workspaceId, limit: 1_000 });
  for (const { id } of deliveries.items) {
    all.push(await storage.read.delivery(workspaceId, id));
    all.push(String(Buffer.from((await storage.storedBody(id)) ?? [])));
  }
  all.push((await storage.read.feed({ workspaceId, cursor: null, limit: 1_000 })).changes);
  all.push(await storage.idempotency(workspaceId, 'patch-1'));
  return JSON.stringify(all);
}

test('LG-10 an asset goes out of everything: states, changes, deliveries, answers, links, bytes; another one stays whole', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput());
  const id = await upload(fixture, 'rosa.jpg', { externalId: 'HR-4711', info: { title: secret } });
  const kept = await upload(fixture, 'other.jpg', { info: { title: 'Harbour' } });
  await fixture.doDuties();
  const idempotency = { key: 'patch-1', fingerprint: 'f' };
  await fixture.app.assets.patch(caller, id, { info: { credit: secret }, idempotency });
  const single = (await fixture.app.shareLinks.create(caller, { assets: [id], name: 'One' })).body;
  const both = (await fixture.app.shareLinks.create(caller, { assets: [id, kept], name: 'Both' })).body;
  const exported = (await fixture.app.exports.create(caller, { of: 'changes', format: 'ndjson' })).body;
  await fixture.doDuties();
  assert.match(await everything(fixture), /Rosa Beispiel/);
  const ofKept = (await allChanges(fixture)).filter(({ subject }) => subject.id === kept);

  const estimate = await fixture.app.erasures.estimate(caller, { asset: 'external:HR-4711' });
  assert.deepEqual([estimate.assetId, estimate.rows, estimate.complete], [id, 2, true]);
  assert.ok(estimate.changes >= 2 && estimate.pending >= 2, JSON.stringify(estimate));
  assert.match(await everything(fixture), /Rosa Beispiel/, 'a dry run erases nothing');

  const begun = await fixture.app.erasures.begin(caller, { asset: id });
  await run(fixture, [tellSecondsDefault * 1_000, settleMs]);
  const done = await fixture.app.erasures.get(caller, begun.id);
  assert.deepEqual([done.state, done.phase, done.of, done.assetId], ['done', 'done', 'asset', id]);
  assert.ok(done.cancelled >= 2 && done.past > 0);

  const left = await everything(fixture);
  for (const text of ['Rosa', 'HR-4711', 'rosa.jpg']) assert.ok(!left.includes(text), text);
  const changes = (await allChanges(fixture)).filter(({ subject }) => subject.id === id);
  assert.ok(
    changes.some(({ kind }) => kind === 'asset.deleted'),
    'receivers were told',
  );
  assert.ok(changes.every(({ before, after, erased }) => before === null && after === null && erased === true));
  assert.deepEqual(
    (await allChanges(fixture)).filter(({ subject }) => subject.id === kept),
    ofKept,
  );
  assert.ok(
    (await allDeliveries(fixture)).every(({ subject, state }) => subject !== `asset:${id}` || state === 'cancelled'),
  );
  await assert.rejects(fixture.app.assets.get(caller, id), { code: 'gone' });
  await assert.rejects(fixture.app.shareLinks.get(caller, single.id), { code: 'not_found' });
  assert.deepEqual((await fixture.app.shareLinks.get(caller, both.id)).assets, [kept]);
  await assert.rejects(fixture.app.exports.get(caller, exported.id), { code: 'not_found' });
  const { stream } = await fixture.app.assets.content(caller, kept);
  assert.equal(String(await buffer(stream)), 'content of other.jpg');
  await fixture.stop();
});

test('LG-10 an asset goes out of every link that shares it, however many there are, and out of what is remembered of ended ones', async () => {
  const fixture = await createFixture();
  const id = await upload(fixture, 'rosa.jpg');
  const kept = await upload(fixture, 'other.jpg');
  const { storage } = fixture;
  const [, shared] = [
    (await fixture.app.shareLinks.create(caller, { assets: [id], name: 'Rosa' })).body,
    (await fixture.app.shareLinks.create(caller, { assets: [id, kept], name: 'Both' })).body,
  ];
  // Many more, as they are stored: making each as people do would take this test a minute.
  const [link] = await storage.resources([{ workspaceId: 'default', type: 'share_link', id: shared.id }]);
  const atMs = fixture.clock.nowMs();
  for (const type of ['share_link', 'share_access'] as const)
    for (let n = 0; n < 150; n += 1) {
      const resource = { type, id: `shl_${n}`, expectedVersion: 'any', state: link?.state ?? {} } as const;
      await storage.commit([{ workspaceId: 'default', atMs, resources: [resource] }]);
    }
  const naming = async (type: ResourceType, asset: string): Promise<number> => {
    const found = await storage.read.resources({
      workspaceId: 'default',
      type,
      contains: { assets: asset },
      limit: 500,
    });
    return found.items.length;
  };
  const { rows, complete } = await fixture.app.erasures.estimate(caller, { asset: id });
  assert.deepEqual([rows, complete], [100, false]);
  assert.deepEqual([await naming('share_link', id), await naming('share_access', id)], [152, 150]);

  const begun = await fixture.app.erasures.begin(caller, { asset: id, tellSeconds: 0 });
  await run(fixture);
  assert.equal((await fixture.app.erasures.get(caller, begun.id)).state, 'done');
  assert.deepEqual([await naming('share_link', id), await naming('share_access', id)], [0, 0]);
  assert.equal(await naming('share_link', kept), 151, 'what they share besides it stays shared');
  await fixture.stop();
});

test('receivers are told of the deletion before anything of it is cancelled, for as long as was asked', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.deleted'] }));
  const id = await upload(fixture, 'x.jpg');
  await fixture.doDuties();
  const begun = await fixture.app.erasures.begin(caller, { asset: id, tellSeconds: 600 });
  await run(fixture, []);
  assert.equal((await fixture.app.erasures.get(caller, begun.id)).phase, 'telling');
  const [owed] = await allDeliveries(fixture);
  assert.deepEqual([owed?.event, owed?.state], ['asset.deleted', 'pending']);
  await run(fixture, [600_000, settleMs]);
  const done = await fixture.app.erasures.get(caller, begun.id);
  assert.deepEqual([done.phase, done.cancelled], ['done', 1]);
  await fixture.stop();
});

test('LG-10 an asset in the trash, and one that was deleted long ago, are erased too', async () => {
  const fixture = await createFixture();
  const trashed = await upload(fixture, 'trashed Rosa.jpg');
  await fixture.app.assets.remove(caller, trashed);
  const gone = await upload(fixture, 'gone Rosa.jpg');
  await fixture.app.assets.remove(caller, gone, { permanently: true });
  for (const asset of [trashed, gone]) {
    const { id } = await fixture.app.erasures.begin(caller, { asset });
    await run(fixture);
    assert.equal((await fixture.app.erasures.get(caller, id)).state, 'done');
  }
  assert.ok(!(await everything(fixture)).includes('Rosa'));
  const never = fixture.deps.ids.next('asset');
  await assert.rejects(fixture.app.erasures.begin(caller, { asset: never }), { code: 'not_found' });
  await fixture.stop();
});

test('LG-10 a person goes out of everything he was named in, his user with it; others stay as they were', async () => {
  const fixture = await createFixture();
  const user = await fixture.app.users.create(caller, {
    name: 'Rosa Beispiel',
    email: 'rosa@beispiel.example',
    roles: ['viewer'],
  });
  await fixture.app.users.create(caller, { name: 'Ada', email: 'ada@beispiel.example', roles: ['viewer'] });
  const rosa = callerIn('default', {
    actor: { type: 'user', id: user.id, name: user.name },
    keyId: user.id,
    from: { address: '203.0.113.9', userAgent: 'hers' },
  });
  const file = { name: 'a.jpg', content: Readable.from(['a']) };
  const { body: asset } = await fixture.app.assets.upload(rosa, {
    file,
    info: { contact: 'Write to ROSA@beispiel.example or Rosa Beispiel', credit: 'Ada' },
    tags: ['Rosa'],
  });
  const hook = await fixture.app.webhooks.create(
    rosa,
    webhookInput({ contacts: ['rosa@beispiel.example', 'ada@beispiel.example'] }),
  );
  // Its author is whoever calls, where nobody is named.
  const show = await fixture.app.broadcasts.create(rosa, { type: 'live', title: 'With Rosa Beispiel' });
  assert.equal(show.body.state.author, 'Rosa Beispiel');
  await fixture.doDuties();
  const estimate = await fixture.app.erasures.estimate(caller, { person: { email: 'rosa@beispiel.example' } });
  assert.deepEqual([estimate.userId, estimate.complete], [user.id, true]);
  assert.ok(estimate.changes >= 2 && estimate.rows >= 3, JSON.stringify(estimate));

  const begun = await fixture.app.erasures.begin(caller, { person: { email: 'rosa@beispiel.example' } });
  assert.ok(!JSON.stringify(begun).includes('osa'));
  const steps = await run(fixture);
  assert.ok(steps > 10, 'in many small steps');
  assert.equal((await fixture.app.erasures.get(caller, begun.id)).state, 'done');
  const left = (await everything(fixture)).toLowerCase();
  for (const text of ['rosa beispiel', 'rosa@beispiel', user.id, '203.0.113.9']) assert.ok(!left.includes(text), text);
  const { state } = await fixture.app.assets.get(caller, asset.id);
  assert.deepEqual(state.info, { contact: 'Write to erased or erased', credit: 'Ada' });
  assert.deepEqual(state.tags, ['Rosa'], 'a word that is not among what was given stays');
  const { author, title, type } = (await fixture.app.broadcasts.get(caller, show.body.id)).state;
  assert.deepEqual([author, title, type], ['erased', 'With erased', 'live']);
  assert.deepEqual((await fixture.app.webhooks.get(caller, hook.body.id)).contacts, ['ada@beispiel.example']);
  assert.equal((await fixture.app.users.list(caller, { limit: 10 })).items.length, 1);
  await fixture.app.assets.patch(caller, asset.id, { info: { credit: 'Bea' } });
  await fixture.stop();
});

test('places keep their names: an asset is found where it lay, though its folder is called after the person', async () => {
  const fixture = await createFixture();
  const id = await upload(fixture, 'by Rosa Beispiel.jpg', { path: '/Rosa Beispiel', collections: ['Rosa Beispiel'] });
  await fixture.app.erasures.begin(caller, { person: { name: 'Rosa Beispiel' } });
  await run(fixture);
  const { state } = await fixture.app.assets.get(caller, id);
  assert.deepEqual([state.name, state.path, state.collections], ['by erased.jpg', '/Rosa Beispiel', ['Rosa Beispiel']]);
  const found = await fixture.app.assets.list(caller, { folder: '/Rosa Beispiel', limit: 10 });
  assert.deepEqual(
    found.items.map((one) => one.id),
    [id],
  );
  await fixture.app.assets.patch(caller, id, { path: '/elsewhere' });
  await fixture.stop();
});

test('TN-01 what another workspace holds is not touched, and the record of an erasure is its own', async () => {
  const fixture = await createFixture();
  const foreign = callerIn('other');
  const info = { title: 'Rosa Beispiel' };
  const file = () => ({ name: 'a.jpg', content: Readable.from(['a']) });
  const theirs = (await fixture.app.assets.upload(foreign, { file: file(), info })).body;
  const ours = (await fixture.app.assets.upload(caller, { file: file(), info })).body;
  await assert.rejects(fixture.app.erasures.begin(caller, { asset: theirs.id }), { code: 'not_found' });
  const begun = await fixture.app.erasures.begin(caller, { person: { name: 'Rosa Beispiel' } });
  await run(fixture);
  assert.deepEqual((await fixture.app.assets.get(foreign, theirs.id)).state.info, info);
  assert.deepEqual((await fixture.app.assets.get(caller, ours.id)).state.info, { title: 'erased' });
  assert.ok(JSON.stringify(await allChanges(fixture, 'other')).includes('Rosa Beispiel'));
  await assert.rejects(fixture.app.erasures.get(foreign, begun.id), { code: 'not_found' });
  await fixture.stop();
});

test('AK-04 who may not write assets, or not manage people, does not erase them; nonsense is told', async () => {
  const fixture = await createFixture();
  const id = await upload(fixture, 'x.jpg');
  const few = callerIn('default', { scopes: new Set(['settings:write']) });
  await assert.rejects(fixture.app.erasures.begin(few, { asset: id }), { code: 'forbidden' });
  await assert.rejects(fixture.app.erasures.begin(few, { person: { name: 'Rosa' } }), { code: 'forbidden' });
  for (const input of [
    {},
    { asset: id, person: { name: 'Rosa' } },
    { person: {} },
    { person: { name: 'R' } },
    { person: { email: 'rosa' } },
    { person: { email: '@', name: 'Rosa Beispiel' } },
  ])
    await assert.rejects(fixture.app.erasures.begin(caller, input), { code: 'invalid_request' });
  const audit = await fixture.app.operation.audit(caller, { limit: 100 });
  assert.ok(!JSON.stringify(audit.items).includes('erasure.begun'), 'nothing was begun');
  await fixture.stop();
});

test('What is counted beforehand is what names the person, and not what has these letters in it', async (t) => {
  const fixture = await createFixture({ soleWriter: true });
  t.after(() => fixture.stop());
  const actor = { id: 'ada', name: 'Ada Lovelace' };
  const subject = { type: 'asset', externalId: 'p' } as const;
  for (const season of ['spring', 'summer', 'autumn'])
    await report(fixture, { kind: 'asset.metadata_changed', subject, after: { metadata: { season } } });
  await report(fixture, { kind: 'asset.tags_changed', subject, after: { tags: ['canada'] }, actor });
  const person = { actorId: 'ada', name: 'Ada Lovelace' };
  const estimate = await fixture.app.erasures.estimate(caller, { person });
  const { id } = await fixture.app.erasures.begin(caller, { person });
  await run(fixture);
  const { past, rows } = await fixture.app.erasures.get(caller, id);
  assert.deepEqual([estimate.changes, estimate.rows], [1, rows]);
  assert.equal(past, 1);
});

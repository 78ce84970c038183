import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { AssetVersion } from '../core/asset.ts';
import type { Change } from '../core/change.ts';
import { limits } from '../core/limits.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

const file = (text: string, name = 'a.jpg') => ({ name, content: Readable.from([Buffer.from(text)]) });

async function uploaded(text = 'one'): Promise<string> {
  const { body } = await fixture.app.assets.upload(caller, { file: file(text) });
  await fixture.doDuties();
  return body.id;
}

const add = (id: string, text: string, activate?: boolean) =>
  fixture.app.assets.addVersion(caller, id, {
    ...(activate === undefined ? {} : { activate }),
    file: file(text, `${text}.jpg`),
  });

async function since(count: number): Promise<readonly Change[]> {
  return (await allChanges(fixture)).slice(count);
}

async function read(id: string, number: number): Promise<string> {
  const { stream } = await fixture.app.assets.versionContent(caller, { reference: id, number: number });
  return Buffer.concat(await stream.toArray()).toString();
}

const numbers = (versions: readonly AssetVersion[]) =>
  versions.map(({ number, active }) => (active ? -number : number));

test('A further version becomes the active one, and is told once, when it was looked into', async () => {
  await fixture.app.webhooks.create(caller, webhookInput());
  const id = await uploaded();
  const known = (await allChanges(fixture)).length;
  const { status, body } = await add(id, 'two');
  assert.equal(status, 201);
  assert.deepEqual(numbers(body.state.versions), [1, -2]);
  assert.equal(body.state.file?.name, 'two.jpg');
  assert.equal(body.state.name, 'a.jpg', 'the asset keeps its name');
  assert.equal(body.state.inspection.state, 'pending');
  const [told, ...none] = await since(known);
  assert.deepEqual([told?.kind, none], ['asset.version_added', []]);
  assert.deepEqual(told?.after, body.state);
  await fixture.doDuties();
  const kinds = (await since(known)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['asset.version_added', 'asset.version_ready'], 'never a second asset.ready');
  const { state } = await fixture.app.assets.get(caller, id);
  assert.equal(state.file?.widthPx, 40);
  assert.deepEqual(state.versions[1]?.file, state.file);
  assert.deepEqual([await read(id, 1), await read(id, 2)], ['one', 'two']);
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ event }) => event),
    ['asset.created', 'asset.version_added'],
  );
});

test('A version that is not to be active leaves the asset as it is, and can be activated later', async () => {
  const id = await uploaded();
  const before = await fixture.app.assets.get(caller, id);
  await add(id, 'two', false);
  await fixture.doDuties();
  const waiting = await fixture.app.assets.get(caller, id);
  assert.deepEqual(numbers(waiting.state.versions), [-1, 2]);
  assert.deepEqual(waiting.state.file, before.state.file);
  assert.equal(waiting.state.versions[1]?.file.widthPx, 40, 'it has been looked into');
  const known = (await allChanges(fixture)).length;
  const { body } = await fixture.app.assets.activateVersion(caller, { reference: id, number: 2 });
  assert.deepEqual(numbers(body.state.versions), [1, -2]);
  assert.equal(body.state.file?.name, 'two.jpg');
  await fixture.doDuties();
  const again = await fixture.app.assets.activateVersion(caller, { reference: id, number: 2 });
  assert.deepEqual(
    (await since(known)).map(({ kind }) => kind),
    ['asset.version_activated'],
    'activated twice, told once',
  );
  assert.deepEqual(again.body.state.inspection, { state: 'done' });
});

test('A version uploaded while the first one is still looked into: ready is told once, and by what the asset shows', async () => {
  for (const order of ['first', 'last'] as const) {
    const one = await createFixture();
    await one.app.webhooks.create(caller, webhookInput());
    const { body } = await one.app.assets.upload(caller, { file: file('one') });
    await one.app.assets.addVersion(caller, body.id, { file: file('two', 'two.jpg') });
    const duties = await one.pendingDuties();
    assert.equal(duties.length, 2);
    for (const duty of order === 'first' ? duties : [...duties].reverse()) await one.doDuty(duty);
    await one.doDuties();
    const changes = await allChanges(one);
    assert.deepEqual(
      changes.map(({ kind }) => kind).filter((kind) => kind !== 'asset.info_changed'),
      ['asset.created', 'asset.version_added', 'asset.ready', 'asset.version_ready'],
      order,
    );
    const ready = changes.find(({ kind }) => kind === 'asset.ready');
    assert.deepEqual([ready?.after?.['file'], order], [{ ...body.state.file, ...fileOf(ready), widthPx: 40 }, order]);
    const events = (await allDeliveries(one)).map(({ event }) => event);
    assert.deepEqual(
      events.filter((event) => event !== 'asset.info_changed'),
      ['asset.created', 'asset.version_added'],
    );
    const { state } = await one.app.assets.get(caller, body.id);
    assert.deepEqual(state.inspection, { state: 'done' }, order);
    assert.ok(
      state.versions.every((version) => version.file.widthPx === 40 && version.inspection === undefined),
      order,
    );
    assert.equal(state.file?.name, 'two.jpg');
    await one.stop();
  }
});

const fileOf = (change: Change | undefined) => change?.after?.['file'] as object;

test('A version is told against what was there before it came: the file, its kind and its number', async () => {
  const id = await uploaded();
  await add(id, 'two');
  await fixture.doDuties();
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 1 });
  await fixture.doDuties();
  const { state: before } = await fixture.app.assets.get(caller, id);
  const known = (await allChanges(fixture)).length;
  await add(id, 'three');
  await fixture.doDuties();
  const [, ready] = await since(known);
  assert.equal(ready?.kind, 'asset.version_ready');
  // What was found in the former file is not known any more: it went when the next one came.
  assert.deepEqual(ready.before, {
    ...before,
    embedded: {},
    renditions: [],
    inspection: ready.before?.['inspection'],
    modifiedAtMs: ready.before?.['modifiedAtMs'],
  });
  assert.equal(
    (ready.before?.['file'] as AssetVersion['file']).name,
    'a.jpg',
    'the one that was active, not the last one',
  );
  assert.deepEqual(ready.changed, ['file', 'versions']);
  assert.equal(fileOf(ready)['widthPx' as keyof object], 40);
});

test('A version is told as ready exactly once: not active, looked into in vain, done twice, made active meanwhile', async () => {
  const id = await uploaded();
  const kinds = async (known: number) => (await since(known)).map(({ kind }) => kind);
  let known = (await allChanges(fixture)).length;
  await add(id, 'two', false);
  // Made active before anybody has looked into it: both duties look into the same version.
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 2 });
  const duties = await fixture.pendingDuties();
  assert.equal(duties.length, 2);
  for (const duty of duties) await fixture.doDuty(duty);
  for (const duty of duties) await fixture.doDuty(duty);
  assert.deepEqual(await kinds(known), ['asset.version_added', 'asset.version_activated', 'asset.version_ready']);
  known = (await allChanges(fixture)).length;
  const { media } = fixture.deps;
  const inspect = mock.method(media, 'inspect', async () => ({
    kind: 'failed',
    code: 'unreadable',
    note: 'no picture',
  }));
  await add(id, 'three', false);
  await fixture.doDuties();
  inspect.mock.restore();
  assert.deepEqual(await kinds(known), ['asset.version_added', 'asset.version_ready'], 'whatever came of it');
  const { state } = await fixture.app.assets.get(caller, id);
  assert.deepEqual(
    state.versions.map(({ number, inspection }) => [number, inspection]),
    [
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ],
  );
  known = (await allChanges(fixture)).length;
  await add(id, 'four', false);
  await fixture.app.assets.remove(caller, id);
  await fixture.doDuties();
  await fixture.app.trash.restore(caller, id, {});
  await fixture.doDuties();
  assert.deepEqual(
    await kinds(known),
    ['asset.version_added', 'asset.deleted', 'asset.rescued', 'asset.version_ready'],
    'looked into when it came back',
  );
});

test('A version promoted before it was looked into, and deleted then, is told as ready by the one that was made of it', async () => {
  const id = await uploaded();
  await add(id, 'two', false);
  const known = (await allChanges(fixture)).length;
  await fixture.app.assets.promoteVersion(caller, { reference: id, number: 2 });
  await fixture.app.assets.removeVersion(caller, { reference: id, number: 2 });
  await fixture.doDuties();
  const kinds = (await since(known)).map(({ kind }) => kind);
  assert.deepEqual(
    kinds.filter((kind) => kind !== 'asset.info_changed'),
    ['asset.promoted', 'asset.version_ready'],
  );
  const { state } = await fixture.app.assets.get(caller, id);
  assert.deepEqual(state.versions[1], {
    ...{ number: 3, active: true, promotedFrom: 2, createdAtMs: state.versions[1]?.createdAtMs },
    file: { ...state.file, widthPx: 40 },
  });
  // One that was looked into is owed to nobody.
  await add(id, 'three', false);
  await fixture.doDuties();
  await fixture.app.assets.promoteVersion(caller, { reference: id, number: 4 });
  await fixture.app.assets.removeVersion(caller, { reference: id, number: 4 });
  await fixture.doDuties();
  const ready = (await since(known)).filter(({ kind }) => kind === 'asset.version_ready');
  assert.equal(ready.length, 2);
});

test('What another system says of a version does not say whether anybody was told of it', async () => {
  const { body } = await fixture.app.assets.upload(caller, { externalId: 'e', file: file('one') });
  await fixture.doDuties();
  const { body: waiting } = await add(body.id, 'two');
  const known = (await allChanges(fixture)).length;
  const versions = waiting.state.versions.map(({ inspection: _, ...version }) => ({
    ...version,
    inspection: 'withheld',
  }));
  await report(fixture, {
    kind: 'asset.info_changed',
    subject: { type: 'asset', externalId: 'e' },
    after: { versions, info: { title: 'T' } },
  });
  await fixture.doDuties();
  const { state } = await fixture.app.assets.get(caller, body.id);
  assert.deepEqual(
    state.versions.map(({ inspection }) => inspection),
    [undefined, undefined],
  );
  assert.deepEqual(
    (await since(known)).map(({ kind }) => kind),
    ['asset.info_changed', 'asset.version_ready'],
  );
});

test('The active version cannot be deleted; another one goes with its bytes, and its number is not used again', async () => {
  const id = await uploaded();
  await add(id, 'two');
  await assert.rejects(fixture.app.assets.removeVersion(caller, { reference: id, number: 2 }), {
    code: 'active_version',
  });
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 1 });
  const { body } = await fixture.app.assets.removeVersion(caller, { reference: id, number: 2 });
  assert.deepEqual(numbers(body.state.versions), [-1]);
  await assert.rejects(read(id, 2), { code: 'not_found' });
  await assert.rejects(fixture.app.assets.removeVersion(caller, { reference: id, number: 2 }), { code: 'not_found' });
  const next = await add(id, 'three');
  assert.deepEqual(numbers(next.body.state.versions), [1, -3]);
  // A link to version 2 in a payload of old must never lead to another file.
  const url = fixture.links('default', 'standard').content(id, 2);
  await assert.rejects(fixture.app.assets.linked(url.slice(url.lastIndexOf('/') + 1)), { code: 'content_unavailable' });
});

test('An asset that was reported without a file has one from its first version on', async () => {
  await fixture.app.assets.push(caller, 'external:bare', { name: 'bare.jpg' });
  const { body } = await fixture.app.assets.addVersion(caller, 'external:bare', { activate: false, file: file('one') });
  assert.deepEqual(numbers(body.state.versions), [-1]);
  assert.equal(body.state.file?.bytes, 3);
  await fixture.doDuties();
  const kinds = (await allChanges(fixture)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['asset.created', 'asset.ready', 'asset.version_added', 'asset.version_ready']);
});

test('UP-13 bytes that came in for nothing are removed, unless something else names them', async () => {
  const taken = async function* (text: string, meanwhile: () => Promise<unknown>) {
    yield Buffer.from(text);
    await meanwhile();
  };
  const lateFile = (text: string, meanwhile: () => Promise<unknown>) => ({
    name: 'a.jpg',
    content: Readable.from(taken(text, meanwhile)),
  });
  const isThere = async (text: string) =>
    (await fixture.deps.blobs.stat('default', hash('sha256', text, 'hex'))) !== null;
  const remove = (id: string) => () => fixture.app.assets.remove(caller, id);
  const first = await uploaded('one');
  const add = fixture.app.assets.addVersion(caller, first, { file: lateFile('lost', remove(first)) });
  await assert.rejects(add, { code: 'gone' });
  assert.equal(await isThere('lost'), false, 'the asset went while its version came in');
  const push = () => fixture.app.assets.push(caller, 'external:e', { name: 'e.jpg' });
  const upload = fixture.app.assets.upload(caller, { externalId: 'e', file: lateFile('late', push) });
  await assert.rejects(upload, { code: 'already_exists' });
  assert.equal(await isThere('late'), false, 'the external id was given away meanwhile');
  await uploaded('shared');
  const second = await uploaded('two');
  const shared = fixture.app.assets.addVersion(caller, second, { file: lateFile('shared', remove(second)) });
  await assert.rejects(shared, { code: 'gone' });
  assert.equal(await isThere('shared'), true, 'another asset holds the same');
});

test('Versions are numbered, listed in pages and shown one by one', async () => {
  const id = await uploaded();
  for (const text of ['two', 'three', 'four']) await add(id, text);
  const first = await fixture.app.assets.versions(caller, id, { limit: 3 });
  assert.deepEqual(numbers(first.items), [1, 2, 3]);
  assert.ok(first.nextCursor !== null);
  await fixture.app.assets.removeVersion(caller, { reference: id, number: 3 });
  const rest = await fixture.app.assets.versions(caller, id, { limit: 3, cursor: first.nextCursor });
  assert.deepEqual([numbers(rest.items), rest.nextCursor], [[-4], null]);
  assert.equal((await fixture.app.assets.version(caller, { reference: id, number: 2 })).file.name, 'two.jpg');
  await assert.rejects(fixture.app.assets.version(caller, { reference: id, number: 3 }), { code: 'not_found' });
  for (const cursor of ['x', 'e30', `${first.nextCursor}x`]) {
    await assert.rejects(
      fixture.app.assets.versions(caller, id, { limit: 3, cursor }),
      { code: 'invalid_cursor' },
      cursor,
    );
  }
});

test('An asset keeps a limited number of versions; a DAM that pushes one more displaces the oldest', async () => {
  const push = (n: number) =>
    fixture.app.assets.push(caller, 'external:v', {
      name: 'v.jpg',
      file: { bytes: n, mimeType: 'image/jpeg', url: `https://dam.example/${n}.jpg` },
    });
  for (let n = 1; n <= limits.assetVersionsMax; n += 1) await push(n);
  const full = await fixture.app.assets.get(caller, 'external:v');
  assert.equal(full.state.versions.length, limits.assetVersionsMax);
  const content = file('more');
  await assert.rejects(fixture.app.assets.addVersion(caller, 'external:v', { file: content }), {
    code: 'limit_reached',
    mend: /DELETE \/v1\/assets/,
  });
  const { body } = await push(limits.assetVersionsMax + 1);
  assert.equal(body.result, 'changed');
  assert.deepEqual(
    [body.state.versions.length, body.state.versions[0]?.number, body.state.versions.at(-1)?.number],
    [limits.assetVersionsMax, 2, limits.assetVersionsMax + 1],
  );
  await fixture.app.assets.removeVersion(caller, { reference: 'external:v', number: 2 });
  assert.equal((await fixture.app.assets.addVersion(caller, 'external:v', { file: file('more') })).status, 201);
});

test('ID-01 a version uploaded or activated again with its key is one version, one change', async () => {
  const id = await uploaded();
  const options = { idempotency: { key: 'v', fingerprint: 'f' } };
  const answers = await Promise.all(
    [1, 2, 3].map(() => fixture.app.assets.addVersion(caller, id, { file: file('two'), ...options })),
  );
  assert.deepEqual(new Set(answers.map(({ body }) => body.version)).size, 1);
  assert.deepEqual(numbers((await fixture.app.assets.get(caller, id)).state.versions), [1, -2]);
  const activate = { idempotency: { key: 'a', fingerprint: 'f' } };
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 1 }, activate);
  await fixture.app.assets.activateVersion(caller, { reference: id, number: 2 });
  const replayed = await fixture.app.assets.activateVersion(caller, { reference: id, number: 1 }, activate);
  assert.equal(replayed.replayed, true);
  assert.deepEqual(
    numbers((await fixture.app.assets.get(caller, id)).state.versions),
    [1, -2],
    'a replay does nothing',
  );
});

test('Who decided on another version of the asset, is in another workspace or comes too late is refused', async () => {
  const id = await uploaded();
  const { version } = await fixture.app.assets.get(caller, id);
  const stale = { expected: { ifMatch: [version - 1] } };
  const calls = [
    (by: typeof caller, options: object) => fixture.app.assets.addVersion(by, id, { file: file('x'), ...options }),
    (by: typeof caller, options: object) =>
      fixture.app.assets.activateVersion(by, { reference: id, number: 1 }, options),
    (by: typeof caller, options: object) => fixture.app.assets.removeVersion(by, { reference: id, number: 1 }, options),
  ];
  for (const call of calls) {
    await assert.rejects(call(caller, stale), { code: 'precondition_failed' });
    await assert.rejects(call(callerIn('other'), {}), { code: 'not_found' });
  }
  assert.equal((await fixture.app.assets.get(caller, id)).version, version);
  await fixture.app.assets.remove(caller, id);
  for (const call of calls) await assert.rejects(call(caller, {}), { code: 'gone' });
});

test('A name that is said on purpose is taken as it stands: one with a folder is refused, not cut', async () => {
  const id = await uploaded();
  const wrong = { name: 'final/a.jpg', file: file('two', 'b.jpg') };
  await assert.rejects(fixture.app.assets.addVersion(caller, id, wrong), { code: 'invalid_request' });
  const { body } = await fixture.app.assets.addVersion(caller, id, { file: file('two', 'C:\\scans\\b.jpg') });
  assert.equal(body.state.file?.name, 'b.jpg', 'what a client sends of its own disk is no folder of ours');
});

test('What is missing of a living asset is not found: neither of it nor by copying it is it said to be gone', async () => {
  const { body } = await fixture.app.assets.upload(caller, { file: file('x') });
  const { assets } = fixture.app;
  const missing = [
    () => assets.removeVersion(caller, { reference: body.id, number: 77 }),
    () => assets.copy(caller, body.id, { fromVersion: 77 }),
  ];
  for (const call of missing) await assert.rejects(call(), { code: 'not_found' });
});

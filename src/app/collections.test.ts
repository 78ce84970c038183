import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Caller, ReportedChange } from './app.ts';
import type { Grant } from './people.ts';
import { allChanges, caller, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const code = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof AssetwireError) return error.code;
    throw error;
  }
};
const upload = async (given: object, as = caller) => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  return (await fixture.app.assets.upload(as, { ...given, file })).body;
};
const made = async (input: { readonly name: string; readonly key?: string; readonly description?: string }) =>
  (await fixture.app.collections.create(caller, input)).body;
const collectionsOf = async (id: string) => (await fixture.app.assets.get(caller, id)).state.collections;
const since = async (count: number): Promise<readonly Change[]> => (await allChanges(fixture)).slice(count);
const settle = async (): Promise<void> => {
  for (let calm = 0; calm < 3; ) {
    fixture.clock.advance(1_000);
    calm = (await fixture.doDuties()) === 0 ? calm + 1 : 0;
  }
};
const idsIn = async (reference: string) =>
  (await fixture.app.collections.assets(caller, reference, { limit: 100 })).items.map(({ id }) => id);

test('A collection is what carries its key, whoever wrote that; made, named and described, it is told', async () => {
  const { app } = fixture;
  const first = await upload({ externalId: 'one', collections: ['spring'] });
  await app.assets.push(caller, 'external:two', { collections: ['spring', 'other'] });
  const collection = await made({ name: 'Spring 2027', key: 'spring', description: 'All of it' });
  assert.deepEqual(
    [collection.key, collection.name, collection.version, collection.description],
    ['spring', 'Spring 2027', 1, 'All of it'],
  );
  assert.equal((await app.collections.get(caller, 'key:spring')).assets, 2);
  assert.equal((await idsIn(collection.id))[0], first.id);
  const before = (await allChanges(fixture)).length;
  const { body } = await app.collections.update(caller, collection.id, { name: 'Spring', info: { owner: 'ada' } });
  assert.deepEqual([body.key, body.name, body.version, body.info], ['spring', 'Spring', 2, { owner: 'ada' }]);
  const [changed, ...more] = await since(before);
  assert.deepEqual(more, [], 'no asset changes with the name');
  assert.deepEqual([changed?.kind, changed?.changed], ['collection.changed', ['info.owner', 'name']]);
  assert.deepEqual(changed?.subject, { type: 'collection', id: collection.id, externalId: 'spring' });
  await app.assets.patch(caller, 'external:two', { collections: ['other'] });
  await app.assets.remove(caller, first.id);
  assert.deepEqual(await idsIn('key:spring'), []);
});

test('Keys are unique, names are not; a name is the key where none is given; both in one spelling', async () => {
  const { app } = fixture;
  assert.equal((await made({ name: ' Cafe\u0301 ' })).key, 'Caf\u00e9');
  assert.equal(await code(made({ name: 'Caf\u00e9' })), 'already_exists');
  assert.equal((await made({ name: 'Caf\u00e9', key: 'cafe-2' })).name, 'Caf\u00e9');
  assert.equal((await app.collections.get(caller, 'key:Cafe\u0301')).key, 'Caf\u00e9');
  assert.equal(await code(made({ name: '   ' })), 'invalid_request');
  assert.equal(await code(made({ name: 'a\u0007b' })), 'invalid_request');
  assert.equal(await code(app.collections.get(caller, 'key:none')), 'not_found');
  const found = await app.collections.list(caller, { limit: 10, nameContains: 'caf' });
  assert.equal(found.items.length, 2);
});

test('Assets are put in and taken out in a batch: one change each, one of the collection, a result each', async () => {
  const { app } = fixture;
  const { id } = await made({ name: 'c' });
  const assets = await Promise.all(['a', 'b', 'x'].map((externalId) => upload({ externalId })));
  const [a, b, x] = assets.map((asset) => asset.id);
  await app.collections.change(caller, id, { add: ['external:x'] });
  const before = (await allChanges(fixture)).length;
  const { results } = await app.collections.change(caller, id, {
    add: ['external:a', b ?? '', 'external:never'],
    remove: ['external:x'],
  });
  assert.deepEqual(
    results.map(({ asset, status }) => [asset, status]),
    [
      ['external:a', 'changed'],
      [b, 'changed'],
      ['external:never', 'rejected'],
      ['external:x', 'changed'],
    ],
  );
  const changes = await since(before);
  assert.deepEqual(changes.map(({ kind }) => kind).sort(), [
    'asset.collections_changed',
    'asset.collections_changed',
    'asset.collections_changed',
    'collection.changed',
  ]);
  const told = changes.at(-1);
  assert.deepEqual([told?.kind, told?.changed], ['collection.changed', ['assets']]);
  assert.deepEqual(told?.after, { key: 'c', name: 'c', added: [a, b], removed: [x] });
  assert.deepEqual(await idsIn(id), [a, b]);
  const again = await app.collections.change(caller, id, { add: ['external:a'] });
  assert.deepEqual(again.results, [{ asset: 'external:a', status: 'unchanged' }]);
  assert.equal((await since(before)).length, 4, 'nothing changed is told to nobody');
  assert.equal(
    await code(app.collections.change(caller, id, { add: ['external:a'], remove: ['external:a'] })),
    'invalid_request',
  );
  assert.equal(await code(app.collections.change(caller, id, {})), 'invalid_request');
  const many = Array.from({ length: limits.batchItemsMax + 1 }, (_, n) => `external:${n}`);
  assert.equal(await code(app.collections.change(caller, id, { add: many })), 'invalid_request');
});

test('A collection that is deleted is taken off its assets by a task, one change each; they stay', async () => {
  const { app } = fixture;
  const { id } = await made({ name: 'c' });
  const changes = Array.from(
    { length: 450 },
    (_, n): ReportedChange => ({
      kind: 'asset.created',
      subject: { type: 'asset', externalId: `a${n}` },
      after: { name: 'x', collections: n % 2 === 0 ? ['c', 'kept'] : ['c'] },
    }),
  );
  await app.changes.report(caller, changes);
  const { status, body } = await app.collections.remove(caller, id);
  assert.equal(status, 202);
  assert.equal(await code(app.collections.get(caller, id)), 'not_found');
  await settle();
  const task = await app.tasks.get(caller, body.task?.id ?? '');
  assert.deepEqual([task.state, task.done, task.kind], ['done', 450, 'collection_remove']);
  const page = await app.changes.list(caller, { kinds: ['asset.collections_changed'], limit: 1_000 });
  assert.equal(new Set(page.items.map(({ subject }) => subject.id)).size, 450);
  assert.deepEqual(await collectionsOf('external:a0'), ['kept']);
  assert.equal((await app.collections.remove(caller, (await made({ name: 'empty' })).id)).status, 204);
});

test('Sections are ordered, an asset is in one at most, and what happens is told as its information', async () => {
  const { app } = fixture;
  const create = async (name: string, more: object = {}) => (await app.sections.create(caller, { name, ...more })).body;
  const [photos, films] = [await create('Photographs', { key: 'photos' }), await create('Films')];
  const order = async () => (await app.sections.list(caller, { limit: 10 })).items.map(({ name }) => name);
  assert.deepEqual(await order(), ['Photographs', 'Films']);
  await app.sections.update(caller, films.id, { position: -5 });
  await create('Sounds', { position: 500, collection: 'spring' });
  assert.deepEqual(await order(), ['Films', 'Sounds', 'Photographs']);
  const inSpring = await app.sections.list(caller, { limit: 10, collection: 'spring' });
  assert.deepEqual(
    inSpring.items.map(({ name }) => name),
    ['Sounds'],
  );
  assert.equal(await code(create('x', { key: 'photos' })), 'already_exists');
  const asset = await upload({ externalId: 'a', info: { title: 'T' } });
  const before = (await allChanges(fixture)).length;
  await app.sections.change(caller, photos.id, { add: ['external:a'] });
  await app.sections.change(caller, 'key:Films', { add: ['external:a'] });
  const changes = await since(before);
  assert.deepEqual(
    changes.map(({ kind, changed }) => [kind, changed]),
    [
      ['asset.info_changed', ['info.section']],
      ['asset.info_changed', ['info.section']],
    ],
  );
  assert.deepEqual((await app.assets.get(caller, asset.id)).state.info, { title: 'T', section: 'Films' });
  assert.deepEqual(
    [(await app.sections.get(caller, photos.id)).assets, (await app.sections.get(caller, films.id)).assets],
    [0, 1],
  );
  const { status } = await app.sections.remove(caller, films.id);
  assert.equal(status, 202);
  await settle();
  assert.deepEqual((await app.assets.get(caller, asset.id)).state.info, { title: 'T' });
  assert.deepEqual(await order(), ['Sounds', 'Photographs']);
});

const holding = (...grants: readonly Grant[]): Caller => ({
  workspaceId: 'default',
  actor: { type: 'key', id: 'key_holder' },
  keyId: 'key_holder',
  scopes: new Set(),
  admin: false,
  grants,
});
const both = ['assets:read', 'assets:write'] as const;
const folderGrant = (path: string, scopes: Grant['scopes'] = both): Grant => ({
  resource: { type: 'folder', path },
  scopes,
});

test('TN-20 who holds a grant on a folder sees and changes folders in it, and nothing outside', async () => {
  const { folders, tasks } = fixture.app;
  for (const path of ['/mine/a', '/mine/b', '/other/c']) await folders.create(caller, { path });
  const holder = holding(folderGrant('/mine'));
  const list = async (query: object = {}) =>
    (await folders.list(holder, { limit: 10, ...query })).items.map(({ path }) => path);
  assert.deepEqual(await list(), ['/mine'], 'above what is granted only that is shown');
  assert.deepEqual(await list({ below: true }), ['/mine']);
  assert.deepEqual(await list({ in: 'path:/mine' }), ['/mine/a', '/mine/b']);
  assert.equal(await code(folders.list(holder, { limit: 1, in: 'path:/other' })), 'not_found');
  for (const reference of ['path:/other', 'path:/other/c', 'root', 'path:/none']) {
    assert.equal(await code(folders.get(holder, reference)), 'not_found', reference);
    const refused = reference === 'root' ? ['not_found', 'forbidden'] : ['not_found'];
    assert.ok(refused.includes(await code(folders.update(holder, reference, { name: 'x' }))), reference);
    assert.ok(refused.includes(await code(folders.remove(holder, reference, { contents: 'delete' }))), reference);
  }
  assert.equal(await code(folders.create(holder, { path: '/other/d' })), 'forbidden');
  assert.equal(await code(folders.create(holder, { path: '/mine/../other' })), 'invalid_request');
  assert.equal(await code(folders.update(holder, 'path:/mine/a', { parent: '/other' })), 'forbidden');
  assert.equal(await code(folders.update(holder, 'path:/mine', { name: 'theirs' })), 'forbidden');
  assert.equal(await code(folders.remove(holder, 'path:/mine/a', { contents: 'move', to: '/other' })), 'forbidden');
  assert.equal((await folders.create(holder, { path: '/mine/new' })).status, 201);
  assert.equal(
    (await folders.update(holder, 'path:/mine/new', { name: 'newer', parent: '/mine/a' })).body.path,
    '/mine/a/newer',
  );
  assert.equal((await folders.remove(holder, 'path:/mine/b', {})).status, 204);
  assert.deepEqual((await tasks.list(holder, { limit: 10 })).items, []);
  const reader = holding(folderGrant('/mine', ['assets:read']));
  assert.equal(await code(folders.get(reader, 'path:/mine/a')), 'none');
  for (const call of [
    folders.create(reader, { path: '/mine/x' }),
    folders.update(reader, 'path:/mine/a', { name: 'x' }),
    folders.remove(reader, 'path:/mine/a', { contents: 'delete' }),
  ]) {
    assert.equal(await code(call), 'forbidden');
  }
});

test('TN-20 who holds a grant on a collection sees it with its assets; what he may not write anyway he cannot put in', async () => {
  const { collections, assets } = fixture.app;
  await made({ name: 'mine' });
  await made({ name: 'theirs' });
  await upload({ externalId: 'in', collections: ['mine'] });
  await upload({ externalId: 'out', path: '/elsewhere' });
  const holder = holding({ resource: { type: 'collection', id: 'mine' }, scopes: both }, folderGrant('/home'));
  const { items } = await collections.list(holder, { limit: 10 });
  assert.deepEqual(
    items.map(({ key }) => key),
    ['mine'],
  );
  assert.equal((await collections.assets(holder, 'key:mine', { limit: 10 })).items.length, 1);
  for (const call of [
    collections.get(holder, 'key:theirs'),
    collections.assets(holder, 'key:theirs', { limit: 1 }),
    collections.update(holder, 'key:theirs', { name: 'x' }),
    collections.change(holder, 'key:theirs', { add: ['external:in'] }),
    collections.change(holder, 'key:mine', { add: ['external:out'] }),
  ]) {
    assert.equal(await code(call), 'not_found');
  }
  assert.deepEqual(await collectionsOf('external:out'), []);
  await upload({ externalId: 'own', path: '/home' }, holder);
  await collections.change(holder, 'key:mine', { add: ['external:own'], remove: ['external:in'] });
  assert.deepEqual([await collectionsOf('external:own'), await collectionsOf('external:in')], [['mine'], []]);
  assert.equal(await code(assets.get(holder, 'external:in')), 'not_found', 'taken out it is no longer his to see');
  const reader = holding({ resource: { type: 'collection', id: 'mine' }, scopes: ['assets:read'] });
  assert.equal(await code(collections.update(reader, 'key:mine', { name: 'x' })), 'forbidden');
  assert.equal(await code(collections.change(reader, 'key:mine', { remove: ['external:own'] })), 'forbidden');
});

test('Grants on a folder that is renamed or moved go along, in the rows and for their holders; collections are granted by key or id', async () => {
  const { folders, grants, users, collections } = fixture.app;
  const { id: userId } = await users.create(caller, { name: 'Ada', email: 'ada@example.com', roles: [] });
  const principal = `user:${userId}`;
  await folders.create(caller, { path: '/press/raw' });
  const give = (resource: Grant['resource']) => grants.create(caller, { principal, resource, scopes: ['assets:read'] });
  const [outer, inner] = [
    await give({ type: 'folder', path: '/press' }),
    await give({ type: 'folder', path: '/press/raw/' }),
  ];
  const other = await give({ type: 'folder', path: '/pressed' });
  await folders.update(caller, 'path:/press', { parent: '/archive', name: 'news' });
  const pathOf = async (id: string) => {
    const { resource } = await grants.get(caller, id);
    return resource.type === 'folder' ? resource.path : null;
  };
  assert.deepEqual(
    [await pathOf(outer.id), await pathOf(inner.id), await pathOf(other.id)],
    ['/archive/news', '/archive/news/raw', '/pressed'],
  );
  const [set] = await fixture.storage.resources([{ workspaceId: 'default', type: 'grant_set', id: principal }]);
  assert.match(JSON.stringify(set?.state), /\/archive\/news\/raw/);
  assert.doesNotMatch(JSON.stringify(set?.state), /"\/press(\/raw)?"/);
  const audit = await fixture.app.operation.audit(caller, { limit: 10, action: 'grants.moved' });
  assert.equal(audit.items.length, 1);
  const { body } = await collections.create(caller, { name: 'Spring', key: 'spring' });
  const byId = await give({ type: 'collection', id: body.id });
  assert.deepEqual(byId.resource, { type: 'collection', id: 'spring' });
});

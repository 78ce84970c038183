import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { ReportedChange } from './app.ts';
import type { FolderView } from './folder-cases.ts';
import { allDeliveries, caller, createFixture, type Fixture, webhookInput } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const upload = async (path: string, given: object = {}) => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  return (await fixture.app.assets.upload(caller, { path, ...given, file })).body;
};
const code = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof AssetwireError) return error.code;
    throw error;
  }
};
const create = async (path: string, more: object = {}) =>
  (await fixture.app.folders.create(caller, { path, ...more })).body;
const at = (path: string) => fixture.app.folders.get(caller, `path:${path}`);
const paths = async (query: object = {}) =>
  (await fixture.app.folders.list(caller, { limit: 100, ...query })).items.map(({ path }) => path);
const told = async () => (await everyChange()).filter(({ kind }) => !kind.startsWith('asset.ready'));
const everyChange = async (): Promise<readonly Change[]> => {
  const all: Change[] = [];
  let cursor: string | undefined;
  do {
    const page = await fixture.app.changes.list(caller, {
      order: 'oldest',
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
};
const lines = (changes: readonly Change[]) =>
  changes.map(({ kind, before, after }) => [kind, before?.['path'] ?? null, after?.['path'] ?? null]);
/** Everything that is owed, until nothing is: pages of tasks come due one after the other. */
const settle = async (): Promise<void> => {
  for (let calm = 0; calm < 3; ) {
    fixture.clock.advance(1_000);
    calm = (await fixture.doDuties()) === 0 ? calm + 1 : 0;
  }
};
/** Assets without files, as another system reports them. */
const reported = async (path: string, count: number, from = 0) => {
  for (let done = 0; done < count; done += 500) {
    const changes = Array.from(
      { length: Math.min(500, count - done) },
      (_, n): ReportedChange => ({
        kind: 'asset.created',
        subject: { type: 'asset', externalId: `${path}#${from + done + n}` },
        after: { name: 'x.jpg', path },
      }),
    );
    await fixture.app.changes.report(caller, changes);
  }
};

test('A folder is made with those on the way to it, each told of; another at the same path is refused', async () => {
  const folder = await create('/a/b/c', { description: 'Third', info: { owner: 'ada' } });
  assert.deepEqual(
    { ...folder, id: null },
    {
      id: null,
      version: 1,
      path: '/a/b/c',
      name: 'c',
      parent: '/a/b',
      description: 'Third',
      info: { owner: 'ada' },
      createdAtMs: fixture.clock.nowMs(),
      updatedAtMs: fixture.clock.nowMs(),
    },
  );
  assert.deepEqual(lines(await told()), [
    ['folder.created', null, '/a'],
    ['folder.created', null, '/a/b'],
    ['folder.created', null, '/a/b/c'],
  ]);
  assert.equal(await code(create('/a/b/c')), 'already_exists');
  assert.equal(await code(create('/a/b//c/')), 'already_exists');
  assert.deepEqual(await fixture.app.folders.get(caller, folder.id), { ...folder, counts: { assets: 0, folders: 0 } });
  assert.equal((await at('/a/b/c')).id, folder.id);
});

test('A folder in which an asset comes to lie is there, with those above it, and nobody is told of more than the asset', async () => {
  await upload('/x/y');
  assert.deepEqual(await paths({ below: true }), ['/x', '/x/y']);
  assert.deepEqual(
    (await told()).map(({ kind }) => kind),
    ['asset.created'],
  );
  assert.deepEqual((await at('/x/y')).counts, { assets: 1, folders: 0 });
  assert.deepEqual((await at('/x')).counts, { assets: 0, folders: 1 });
  assert.deepEqual((await fixture.app.folders.get(caller, 'root')).counts, { assets: 0, folders: 1 });
});

test('A known path costs a write no look into the store; fifty uploads into a new one make it once', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => upload('/new/one', { externalId: `n${n}` })));
  assert.deepEqual((await at('/new/one')).counts, { assets: 50, folders: 0 });
  assert.deepEqual(await paths({ below: true }), ['/new', '/new/one']);
  let looked = 0;
  const { storage } = fixture.deps;
  const { resources, findByAlias } = storage;
  storage.resources = (keys) => {
    looked += keys.filter(({ type }) => type.includes('place')).length;
    return resources.call(storage, keys);
  };
  storage.findByAlias = (type, ...rest) => {
    if (type === 'asset_place') looked += 1;
    return findByAlias.call(storage, type, ...rest);
  };
  await reported('/new/one', 20);
  await fixture.app.assets.patch(caller, 'external:n1', { name: 'b.jpg', tags: ['t'] });
  assert.equal(looked, 0);
  await fixture.app.assets.patch(caller, 'external:n1', { path: '/new' });
  await fixture.app.assets.patch(caller, 'external:n1', { path: '/elsewhere' });
  await fixture.app.assets.patch(caller, 'external:n1', { path: '/new/one' });
  assert.deepEqual((await at('/new/one')).counts, { assets: 70, folders: 0 });
  assert.deepEqual((await at('/elsewhere')).counts, { assets: 0, folders: 0 });
});

test('Folders are listed in one folder by name, or all below it, in pages', async () => {
  for (const path of ['/b', '/a/z', '/a/y/deep', '/a-b', '/a.c']) await create(path);
  assert.deepEqual(await paths(), ['/a', '/a-b', '/a.c', '/b']);
  assert.deepEqual(await paths({ in: 'path:/a' }), ['/a/y', '/a/z']);
  assert.deepEqual(await paths({ in: 'path:/a', below: true }), ['/a/y', '/a/z', '/a/y/deep']);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly FolderView[]; nextCursor: string | null } = await fixture.app.folders.list(caller, {
      below: true,
      limit: 2,
      ...(cursor === null ? {} : { cursor }),
    });
    seen.push(...page.items.map(({ path }) => path));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual([...seen].sort(), ['/a', '/a-b', '/a.c', '/a/y', '/a/y/deep', '/a/z', '/b']);
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(await code(fixture.app.folders.list(caller, { in: 'path:/none', limit: 1 })), 'not_found');
});

test('A rename takes along all that lies in the folder, in one commit: one change each, before and after, ids as they were', async () => {
  const folder = await create('/a/b', { description: 'Kept' });
  const inside = await create('/a/b/deep');
  const [first, second] = [await upload('/a/b'), await upload('/a/b/deep')];
  const beside = await upload('/a/bc');
  await fixture.doDuties();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['*'] }));
  const before = (await told()).length;
  const { status, body } = await fixture.app.folders.update(caller, folder.id, { name: 'c' });
  assert.equal(status, 200);
  assert.deepEqual(
    [body.path, body.name, body.version, body.description, body.id],
    ['/a/c', 'c', 2, 'Kept', folder.id],
  );
  const changes = (await told()).slice(before);
  assert.deepEqual(lines(changes), [
    ['folder.renamed', '/a/b', '/a/c'],
    ['folder.moved', '/a/b/deep', '/a/c/deep'],
    ['asset.moved', '/a/b', '/a/c'],
    ['asset.moved', '/a/b/deep', '/a/c/deep'],
  ]);
  assert.deepEqual(
    changes.map(({ changed }) => changed),
    [['name', 'path'], ['path'], ['path'], ['path']],
  );
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ event }) => event),
    ['folder.renamed', 'folder.moved', 'asset.moved', 'asset.moved'],
  );
  assert.equal((await fixture.app.assets.get(caller, first.id)).state.path, '/a/c');
  assert.equal((await fixture.app.assets.get(caller, second.id)).state.path, '/a/c/deep');
  assert.equal((await fixture.app.assets.get(caller, beside.id)).state.path, '/a/bc');
  assert.equal((await at('/a/c/deep')).id, inside.id);
  assert.equal(await code(at('/a/b')), 'not_found');
  assert.deepEqual(await paths({ below: true }), ['/a', '/a/bc', '/a/c', '/a/c/deep']);
  await settle();
  assert.equal((await told()).length, before + 4, 'what looks after a rename finds nothing to do');
});

test('What is uploaded to the old path after a rename lies in a new folder of that name, and stays there', async () => {
  const folder = await create('/a');
  await upload('/a');
  await fixture.app.folders.update(caller, folder.id, { name: 'b' });
  const late = await upload('/a');
  await settle();
  assert.equal((await fixture.app.assets.get(caller, late.id)).state.path, '/a');
  assert.notEqual((await at('/a')).id, folder.id);
  assert.deepEqual(
    [(await at('/a')).counts, (await at('/b')).counts],
    [
      { assets: 1, folders: 0 },
      { assets: 1, folders: 0 },
    ],
  );
});

test('Renamed again at once, what looks after the first rename moves nothing back; what goes to a folder that is gone stays', async () => {
  const folder = await create('/a');
  const asset = await upload('/a');
  await fixture.doDuties();
  const before = (await told()).length;
  for (const name of ['b', 'c', 'd']) await fixture.app.folders.update(caller, folder.id, { name });
  await settle();
  const moves = (await told()).slice(before).filter(({ kind }) => kind === 'asset.moved');
  assert.deepEqual(lines(moves), [
    ['asset.moved', '/a', '/b'],
    ['asset.moved', '/b', '/c'],
    ['asset.moved', '/c', '/d'],
  ]);
  await create('/target');
  await reported('/from', 1_010);
  await fixture.app.folders.remove(caller, 'path:/from', { contents: 'move', to: '/target' });
  // Before the first page is done the target is renamed, where a task does not forbid it, by the DAM that reports it.
  const target = await at('/target');
  await fixture.app.changes.report(caller, [
    { kind: 'folder.renamed', subject: { type: 'folder', id: target.id }, after: { path: '/goal', name: 'goal' } },
  ]);
  await settle();
  assert.equal((await fixture.app.assets.get(caller, 'external:/from#7')).state.path, '/goal');
  assert.equal((await at('/goal')).counts?.assets, 1_010);
  assert.equal((await fixture.app.assets.get(caller, asset.id)).state.path, '/d');
});

test('Share links of a folder go along with it', async () => {
  const { shareLinks, folders } = fixture.app;
  await create('/a/b');
  await create('/ab');
  const share = async (folder: string) => (await shareLinks.create(caller, { folder })).body.id;
  const [own, inner, beside] = [await share('/a'), await share('/a/b'), await share('/ab')];
  await folders.update(caller, 'path:/a', { name: 'z' });
  const found = await Promise.all([own, inner, beside].map(async (id) => (await shareLinks.get(caller, id)).folder));
  assert.deepEqual(found, ['/z', '/z/b', '/ab']);
});

test('A folder is moved below another one, which is made where it is missing; name and place at once are two changes', async () => {
  const folder = await create('/a');
  await upload('/a');
  const before = (await told()).length;
  const { body } = await fixture.app.folders.update(caller, folder.id, { parent: '/archive/old', name: 'b' });
  assert.equal(body.path, '/archive/old/b');
  assert.deepEqual(lines((await told()).slice(before)), [
    ['folder.created', null, '/archive'],
    ['folder.created', null, '/archive/old'],
    ['folder.renamed', '/a', '/archive/old/b'],
    ['folder.moved', '/a', '/archive/old/b'],
    ['asset.moved', '/a', '/archive/old/b'],
  ]);
});

test('What a folder says of itself is changed and told; nothing changed is told to nobody', async () => {
  const folder = await create('/a', { info: { owner: 'ada', since: 2026 } });
  const { body } = await fixture.app.folders.update(caller, folder.id, { description: 'Now', info: { owner: null } });
  assert.deepEqual([body.description, body.info, body.version], ['Now', { since: 2026 }, 2]);
  const change = (await told()).at(-1);
  assert.deepEqual([change?.kind, change?.changed], ['folder.changed', ['description', 'info.owner']]);
  const same = await fixture.app.folders.update(caller, folder.id, { description: 'Now', name: 'a', parent: '/' });
  assert.equal(same.body.version, 2);
  assert.equal((await told()).length, 2);
});

test('Refused by name: the root, a taken path, a folder into itself, names that are none, versions that are old', async () => {
  const a = await create('/a/b');
  await create('/c');
  const update = (reference: string, patch: object) => code(fixture.app.folders.update(caller, reference, patch));
  assert.equal(await update('root', { name: 'x' }), 'forbidden');
  assert.equal(await update('path:/', { name: 'x' }), 'forbidden');
  assert.equal(await code(fixture.app.folders.remove(caller, 'root', {})), 'forbidden');
  assert.equal(await code(create('/')), 'invalid_request');
  assert.equal(await update('path:/a', { name: 'c' }), 'already_exists');
  assert.equal(await update('path:/a', { parent: '/a/b' }), 'folder_into_itself');
  assert.equal(await update('path:/a', { parent: '/a' }), 'folder_into_itself');
  // The place is at fault where only that was said.
  const far = (await fixture.app.folders.create(caller, { path: `/${Array(4).fill('y'.repeat(249)).join('/')}` })).body;
  await assert.rejects(fixture.app.folders.update(caller, 'path:/a', { parent: far.id }), (error: AssetwireError) => {
    assert.equal(error.problems[0]?.at, '/parent');
    return true;
  });
  assert.equal(await update('path:/none', { name: 'x' }), 'not_found');
  assert.equal(await update('path:/a', { parent: 'fld_00000000000000000000000000' }), 'not_found');
  for (const name of ['x/y', '..', '.', '', ' ', 'a\u0000b', 'a\nb', 'a\\b', 'x'.repeat(256), 'ä'.repeat(128)]) {
    assert.equal(await update('path:/a', { name }), 'invalid_request', JSON.stringify(name));
  }
  assert.equal(await update('path:/a', { name: 'ä'.repeat(127) }), 'none');
  assert.equal(await code(fixture.app.folders.update(caller, a.id, { name: 'z', expected: 1 })), 'conflict');
  const deep = Array.from({ length: limits.folderDepthMax - 1 }, (_, n) => `d${n}`).join('/');
  await create(`/${deep}`);
  assert.equal(await update('path:/c', { parent: `/${deep}` }), 'none');
  await create('/e/f');
  assert.equal(await update('path:/e', { parent: `/${deep}` }), 'invalid_request', 'what is in it would lie too deep');
});

test('Names are compared by letters as they are composed, case counts, right-to-left and 255 bytes are names', async () => {
  const folder = await create('/Cafe\u0301');
  assert.equal(folder.path, '/Caf\u00e9');
  assert.equal(await code(create('/Caf\u00e9')), 'already_exists');
  assert.equal((await create('/caf\u00e9')).path, '/caf\u00e9');
  assert.equal((await at('/Cafe\u0301')).id, folder.id);
  assert.equal((await create('/\u05e9\u05dc\u05d5\u05dd')).name, '\u05e9\u05dc\u05d5\u05dd');
  assert.equal((await create(`/${'x'.repeat(255)}`)).name.length, 255);
});

test('A folder that holds something is removed only where the caller says what becomes of it', async () => {
  const folder = await create('/a');
  const asset = await upload('/a/sub');
  await fixture.doDuties();
  assert.equal(await code(fixture.app.folders.remove(caller, folder.id, {})), 'folder_not_empty');
  const before = (await told()).length;
  const { status } = await fixture.app.folders.remove(caller, folder.id, { contents: 'delete' });
  assert.equal(status, 204);
  assert.deepEqual(lines((await told()).slice(before)), [
    ['asset.deleted', '/a/sub', null],
    ['folder.removed', '/a/sub', null],
    ['folder.removed', '/a', null],
  ]);
  assert.equal(await code(fixture.app.assets.get(caller, asset.id)), 'gone');
  assert.deepEqual(await paths({ below: true }), []);
  await settle();
  // Deleted with its folder it lies in the trash like any other, and comes back with its folder.
  await fixture.app.trash.restore(caller, asset.id, {});
  assert.deepEqual(await paths({ below: true }), ['/a', '/a/sub']);
});

test('Removed with its contents moved, everything lies in the other folder as it lay', async () => {
  const folder = await create('/a');
  await upload('/a', { externalId: 'one' });
  await upload('/a/sub', { externalId: 'two' });
  await create('/a/empty');
  const target = await create('/target/sub');
  await fixture.doDuties();
  const before = (await told()).length;
  await fixture.app.folders.remove(caller, folder.id, { contents: 'move', to: '/target' });
  assert.deepEqual(lines((await told()).slice(before)).sort(), [
    ['asset.moved', '/a', '/target'],
    ['asset.moved', '/a/sub', '/target/sub'],
    ['folder.created', null, '/target/empty'],
    ['folder.removed', '/a', null],
    ['folder.removed', '/a/empty', null],
    ['folder.removed', '/a/sub', null],
  ]);
  assert.deepEqual((await at('/target')).counts, { assets: 1, folders: 2 });
  assert.deepEqual(await fixture.app.folders.get(caller, target.id), { ...target, counts: { assets: 1, folders: 0 } });
  assert.equal(
    await code(fixture.app.folders.remove(caller, 'path:/target', { contents: 'move', to: '/target/sub' })),
    'folder_into_itself',
  );
  assert.equal(
    await code(fixture.app.folders.remove(caller, 'path:/target', { contents: 'move', to: '/none' })),
    'not_found',
  );
  assert.equal(await code(fixture.app.folders.remove(caller, 'path:/target', { contents: 'move' })), 'invalid_request');
});

test('With more assets than one commit takes a rename goes on as a task: each asset told of once, progress to be seen', async () => {
  const folder = await create('/big');
  await reported('/big', 700);
  await reported('/big/sub', 500);
  const before = (await told()).length;
  const { status, body } = await fixture.app.folders.update(caller, folder.id, { name: 'bigger' });
  assert.equal(status, 202);
  assert.deepEqual([body.path, body.task?.state, body.task?.total], ['/bigger', 'running', 1_200]);
  assert.equal(await code(fixture.app.folders.update(caller, folder.id, { name: 'again' })), 'folder_busy');
  assert.equal(
    await code(fixture.app.folders.remove(caller, 'path:/bigger/sub', { contents: 'delete' })),
    'folder_busy',
  );
  await fixture.doDuties();
  const under = await fixture.app.tasks.get(caller, body.task?.id ?? '');
  assert.ok(under.done > 0 && under.done < 1_200, String(under.done));
  // Assets on the way are written to meanwhile: they are moved all the same, once.
  await fixture.app.assets.patch(caller, 'external:/big/sub#499', { name: 'y.jpg' });
  await fixture.app.assets.patch(caller, 'external:/big/sub#498', { path: '/away' });
  await settle();
  const done = await fixture.app.tasks.get(caller, body.task?.id ?? '');
  assert.deepEqual([done.state, done.done, done.total], ['done', 1_199, 1_199]);
  const moved = (await told()).slice(before).filter(({ kind }) => kind === 'asset.moved');
  assert.equal(moved.length, 1_200);
  assert.equal(new Set(moved.map(({ subject }) => subject.id)).size, 1_200);
  const { items } = await fixture.app.assets.list(caller, { folder: '/big', limit: 10 });
  assert.deepEqual(items, []);
  assert.deepEqual(
    [(await at('/bigger')).counts, (await at('/bigger/sub')).counts],
    [
      { assets: 700, folders: 1 },
      { assets: 499, folders: 0 },
    ],
  );
  const left = await fixture.storage.read.countResources({ workspaceId: 'default', type: 'task_item', max: 10 });
  assert.equal(left, 0);
});

test('A big folder is removed as a task; what is uploaded to its path from then on is not touched', async () => {
  const folder = await create('/big');
  await reported('/big', 1_100);
  const { status, body } = await fixture.app.folders.remove(caller, folder.id, { contents: 'delete' });
  assert.equal(status, 202);
  fixture.clock.advance(1);
  const late = await upload('/big');
  await settle();
  assert.equal((await fixture.app.tasks.get(caller, body.task?.id ?? '')).done, 1_100);
  assert.equal((await fixture.app.assets.get(caller, late.id)).state.path, '/big');
  assert.deepEqual((await at('/big')).counts, { assets: 1, folders: 0 });
});

test('ID-13 of two renames of one folder, or two that take one name, one is done and one refused', async () => {
  await Promise.all([create('/a'), create('/b')]);
  const results = await Promise.all([
    code(fixture.app.folders.update(caller, 'path:/a', { name: 'c' })),
    code(fixture.app.folders.update(caller, 'path:/b', { name: 'c' })),
  ]);
  assert.deepEqual(results.sort(), ['already_exists', 'none']);
  const left = await create('/x');
  const versions = await Promise.all([
    code(fixture.app.folders.update(caller, left.id, { name: 'y', expected: 1 })),
    code(fixture.app.folders.update(caller, left.id, { name: 'z', expected: 1 })),
  ]);
  assert.deepEqual(versions.sort(), ['conflict', 'none']);
});

test('Two processes: what one renames or removes the other one sees; a late write of the other is put right', async () => {
  await fixture.stop();
  fixture = await createFixture();
  const other = await fixture.another();
  try {
    const folder = await create('/a');
    const file = () => ({ name: 'a.jpg', content: Readable.from([Buffer.from('x')]) });
    // The other process knows the folder from now on.
    await other.app.assets.upload(caller, { path: '/a', externalId: 'first', file: file() });
    await fixture.app.folders.update(caller, folder.id, { name: 'b' });
    // It believes for some seconds that /a is the folder it knew: what it puts there goes along.
    const { body } = await other.app.assets.upload(caller, { path: '/a', externalId: 'late', file: file() });
    for (let n = 0; n < 4; n += 1) {
      fixture.clock.advance(10_000);
      await fixture.doDuties();
    }
    assert.equal((await fixture.app.assets.get(caller, body.id)).state.path, '/b');
    assert.equal((await at('/b')).counts?.assets, 2);
    await other.app.assets.upload(caller, { path: '/b', externalId: 'third', file: file() });
    await fixture.app.folders.remove(caller, folder.id, { contents: 'delete' });
    fixture.clock.advance(1);
    const kept = await other.app.assets.upload(caller, { path: '/b', externalId: 'fourth', file: file() });
    for (let n = 0; n < 4; n += 1) {
      fixture.clock.advance(10_000);
      await fixture.doDuties();
    }
    assert.equal((await fixture.app.assets.get(caller, kept.body.id)).state.path, '/b', 'it came after the removal');
    assert.deepEqual((await at('/b')).counts, { assets: 1, folders: 0 });
  } finally {
    await other.stop();
  }
});

test('A folder that a DAM reports takes its place in the tree, also one that its assets have brought about before', async () => {
  const { app } = fixture;
  await reported('/dam/press', 1);
  const there = await at('/dam/press');
  const tell = (kind: ReportedChange['kind'], after: object | null, externalId = 'F-1') =>
    app.changes.report(caller, [
      { kind, subject: { type: 'folder', externalId }, ...(after === null ? {} : { after: { ...after } }) },
    ]);
  await tell('folder.created', { path: '/dam/press', name: 'press', owner: 'ada' });
  assert.deepEqual([(await at('/dam/press')).id, (await at('/dam/press')).externalId], [there.id, 'F-1']);
  await tell('folder.created', { path: '/dam/film/raw', name: 'raw' }, 'F-2');
  assert.deepEqual(await paths({ below: true }), ['/dam', '/dam/film', '/dam/press', '/dam/film/raw']);
  await tell('folder.renamed', { path: '/dam/news', name: 'news' });
  assert.deepEqual([(await at('/dam/news')).id, await code(at('/dam/press'))], [there.id, 'not_found']);
  await app.changes.report(caller, [
    { kind: 'asset.moved', subject: { type: 'asset', externalId: '/dam/press#0' }, after: { path: '/dam/news' } },
  ]);
  assert.deepEqual((await at('/dam/news')).counts, { assets: 1, folders: 0 });
  await tell('folder.removed', null);
  assert.equal(await code(at('/dam/news')), 'not_found');
  fixture.clock.advance(60_000);
  await settle();
  // The DAM said nothing of the asset in it: that lies in a folder still.
  assert.deepEqual((await at('/dam/news')).counts, { assets: 1, folders: 0 });
  // A folder and what lies in it may come in one batch, in whatever order.
  await reported('/one', 1);
  await app.changes.report(caller, [
    { kind: 'asset.renamed', subject: { type: 'asset', externalId: '/one#0' }, after: { path: '/one/batch' } },
    { kind: 'asset.created', subject: { type: 'asset', externalId: 'x' }, after: { name: 'x', path: '/one/batch' } },
    { kind: 'folder.created', subject: { type: 'folder', externalId: 'F-3' }, after: { path: '/one/batch' } },
  ]);
  assert.equal((await at('/one/batch')).externalId, 'F-3');
  assert.deepEqual((await at('/one/batch')).counts, { assets: 2, folders: 0 });
  // And it can be renamed here, with what lies in it.
  await app.folders.update(caller, 'path:/one/batch', { name: 'lot' });
  assert.equal((await app.assets.get(caller, 'external:x')).state.path, '/one/lot');
});

test('A workspace with many webhooks renames a folder by task: no commit makes too many deliveries', async () => {
  for (let n = 0; n < 15; n += 1) await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.moved'] }));
  const folder = await create('/many');
  await reported('/many', 800);
  const { status, body } = await fixture.app.folders.update(caller, folder.id, { name: 'other' });
  assert.equal(status, 202);
  await settle();
  assert.equal((await fixture.app.tasks.get(caller, body.task?.id ?? '')).done, 800);
  assert.equal(fixture.offered.length, 800 * 15);
});

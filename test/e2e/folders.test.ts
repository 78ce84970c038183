/** Folders, collections and sections over HTTP: every answer held against the document, and who may do what. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allRoutes, type CallOptions } from '../../src/api/testing/test-server.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let tenant: Tenant;

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('tree');
});
after(() => server[Symbol.asyncDispose]());

const at = (path: string): string => `/v1/folders/${encodeURIComponent(`path:${path}`)}`;
const patch = (body: object): CallOptions => ({ method: 'PATCH', body });

test('a folder lives: made, uploaded into, renamed, moved, described, removed; tags, keys and codes as documented', async () => {
  const made = expectStatus(await tenant.call('/v1/folders', { body: { path: '/a/b', description: 'B' } }), 201);
  assert.equal(made.headers['location'], `/v1/folders/${text(made.json['id'])}`);
  assert.equal(made.headers['etag'], '"1"');
  expectStatus(await tenant.upload('x.txt', Buffer.from('x'), { path: '/a/b', externalId: 'x' }), 201);
  const key = { 'idempotency-key': 'once' };
  const renamed = expectStatus(await tenant.call(at('/a/b'), { ...patch({ name: 'c' }), headers: key }), 200);
  const again = expectStatus(await tenant.call(at('/a/b'), { ...patch({ name: 'c' }), headers: key }), 200);
  assert.deepEqual([again.json, again.headers['idempotent-replayed']], [renamed.json, 'true']);
  assert.equal((await tenant.ask('/v1/assets/external:x'))['id'] !== undefined, true);
  const stale = await tenant.call(at('/a/c'), { ...patch({ name: 'd' }), headers: { 'if-match': '"1"' } });
  assert.equal(stale.status, 412);
  const fresh = await tenant.call(at('/a/c'), { ...patch({ name: 'd' }), headers: { 'if-match': '"2"' } });
  assert.equal(fresh.status, 200, fresh.text);
  const codes = async (path: string, options: CallOptions): Promise<unknown> => {
    const { status, json } = await tenant.call(path, options);
    return [status, json['code']];
  };
  assert.deepEqual(await codes('/v1/folders', { body: { path: '/a/d' } }), [409, 'already_exists']);
  assert.deepEqual(await codes(at('/a'), patch({ parent: '/a/d' })), [409, 'folder_into_itself']);
  assert.deepEqual(await codes('/v1/folders/root', patch({ name: 'x' })), [403, 'forbidden']);
  assert.deepEqual(await codes('/v1/folders/fld_00000000000000000000000000', patch({ name: 'x' })), [404, 'not_found']);
  assert.deepEqual(await codes(at('/a/d'), { method: 'DELETE' }), [409, 'folder_not_empty']);
  assert.deepEqual(await codes(`${at('/a/d')}?contents=delete`, { method: 'DELETE' }), [204, undefined]);
  assert.equal((await tenant.call('/v1/assets/external:x')).status, 404);
});

test('IN-10 IN-12 IN-23 hostile names are refused or are names, never anything else', async () => {
  const refused = [
    'a',
    '',
    '/..',
    '/a/../b',
    '/a\\b',
    '/a\u0000b',
    '/a\nb',
    `/${'x'.repeat(256)}`,
    `/${'a/'.repeat(65)}`,
  ];
  for (const path of refused) {
    assert.equal((await tenant.call('/v1/folders', { body: { path } })).status, 422, JSON.stringify(path));
  }
  const names = [
    "'; DROP TABLE resources;--",
    '%',
    '_',
    '%25',
    '\u202eevil',
    'שלום',
    '👩‍👩‍👧',
    'a:b',
    'root',
    '__proto__',
    'x'.repeat(255),
  ];
  for (const name of names) {
    const made = expectStatus(await tenant.call('/v1/folders', { body: { path: `/names/${name}` } }), 201);
    const shown = expectStatus(await tenant.call(at(`/names/${name}`)), 200);
    assert.deepEqual([shown.json['id'], shown.json['name']], [made.json['id'], name]);
  }
  const listed = rows(await tenant.ask(`/v1/folders?in=${encodeURIComponent('path:/names')}`)).map(({ name }) => name);
  assert.deepEqual([...listed].sort(), [...names].sort());
  for (const path of [
    '/v1/folders/path:..%2f..',
    '/v1/folders/fld_x',
    '/v1/folders/path:%00',
    '/v1/folders?in=path:x',
  ]) {
    assert.ok([404, 422].includes((await tenant.call(path)).status), path);
  }
});

test('uploads into a folder while it is renamed lie in it or in a new one of the old name; none is lost', async () => {
  await tenant.ask('/v1/folders', { body: { path: '/busy' } });
  let done = false;
  const uploads = (async () => {
    const ids: string[] = [];
    for (let n = 0; !done || n < 20; n += 1) {
      ids.push(text((await tenant.upload(`${n}.txt`, Buffer.from(String(n)), { path: '/busy' })).json['id']));
    }
    return ids;
  })();
  for (const name of ['busy-2', 'busy-3', 'busy-4']) {
    const from = name === 'busy-2' ? '/busy' : `/busy-${Number(name.at(-1)) - 1}`;
    expectStatus(await tenant.call(at(from), patch({ name })), 200);
  }
  done = true;
  const ids = await uploads;
  // Who was let in just before a rename is moved a moment later.
  await eventually(
    async () => {
      const found = await Promise.all(['/busy', '/busy-2', '/busy-3', '/busy-4'].map((path) => tenant.call(at(path))));
      const counts = found.map(({ status, json }) =>
        status === 200 ? Number((json['counts'] as Record<string, unknown>)['assets']) : 0,
      );
      const listed = await Promise.all(
        ['/busy', '/busy-2', '/busy-3', '/busy-4'].map(
          async (folder) => rows(await tenant.ask(`/v1/assets?folder=${folder}&limit=1000`)).length,
        ),
      );
      return { counts, listed };
    },
    ({ counts, listed }) =>
      counts.reduce((sum, count) => sum + count, 0) === ids.length && JSON.stringify(counts) === JSON.stringify(listed),
    `all ${ids.length} uploads are found where they say they lie`,
  );
});

test('TN-20 AK-03 every new route: with the scope, with a grant that covers it, with one that does not, with nothing', async () => {
  await tenant.ask('/v1/folders', { body: { path: '/granted/in' } });
  await tenant.ask('/v1/folders', { body: { path: '/kept/out' } });
  await tenant.ask('/v1/collections', { body: { name: 'granted' } });
  await tenant.ask('/v1/collections', { body: { name: 'kept' } });
  await tenant.ask('/v1/sections', { body: { name: 'kept' } });
  await tenant.upload('g.txt', Buffer.from('g'), { path: '/granted/in', externalId: 'g', collections: ['kept'] });
  const removed = expectStatus(await tenant.call('/v1/collections/key:kept', { method: 'DELETE' }), 202).json;
  const task = text((removed['task'] as Record<string, unknown>)['id']);
  await tenant.ask('/v1/collections', { body: { name: 'kept' } });
  const [holder, nobody] = [await server.key('tree', []), await server.key('tree', [])];
  const grant = (resource: object) =>
    tenant.ask('/v1/grants', {
      body: { principal: `key:${holder.id}`, resource, scopes: ['assets:read', 'assets:write'] },
    });
  await grant({ type: 'folder', path: '/granted' });
  await grant({ type: 'collection', id: 'granted' });
  type Try = readonly [operation: string, path: string, options: CallOptions, covered: number];
  const tries: readonly Try[] = [
    ['createFolder', '/v1/folders', { body: { path: '/granted/new' } }, 201],
    ['createFolder', '/v1/folders', { body: { path: '/kept/new' } }, 403],
    ['listFolders', '/v1/folders', {}, 200],
    ['listFolders', `/v1/folders?in=${encodeURIComponent('path:/kept')}`, {}, 404],
    ['getFolder', at('/granted/in'), {}, 200],
    ['getFolder', at('/kept/out'), {}, 404],
    ['updateFolder', at('/granted/in'), patch({ description: 'mine' }), 200],
    ['updateFolder', at('/granted/in'), patch({ parent: '/kept' }), 403],
    ['updateFolder', at('/kept/out'), patch({ name: 'taken' }), 404],
    ['deleteFolder', at('/granted/new'), { method: 'DELETE' }, 204],
    ['deleteFolder', at('/kept/out'), { method: 'DELETE' }, 404],
    ['createCollection', '/v1/collections', { body: { name: 'new' } }, 403],
    ['listCollections', '/v1/collections', {}, 200],
    ['getCollection', '/v1/collections/key:granted', {}, 200],
    ['getCollection', '/v1/collections/key:kept', {}, 404],
    ['updateCollection', '/v1/collections/key:granted', patch({ description: 'mine' }), 200],
    ['updateCollection', '/v1/collections/key:kept', patch({ description: 'taken' }), 404],
    ['deleteCollection', '/v1/collections/key:granted', { method: 'DELETE' }, 403],
    ['listCollectionAssets', '/v1/collections/key:granted/assets', {}, 200],
    ['listCollectionAssets', '/v1/collections/key:kept/assets', {}, 404],
    ['changeCollectionAssets', '/v1/collections/key:granted/assets', { body: { add: ['external:g'] } }, 200],
    ['changeCollectionAssets', '/v1/collections/key:kept/assets', { body: { add: ['external:g'] } }, 404],
    ['createSection', '/v1/sections', { body: { name: 'new' } }, 403],
    ['listSections', '/v1/sections', {}, 403],
    ['getSection', '/v1/sections/key:kept', {}, 403],
    ['updateSection', '/v1/sections/key:kept', patch({ name: 'taken' }), 403],
    ['deleteSection', '/v1/sections/key:kept', { method: 'DELETE' }, 403],
    ['listSectionAssets', '/v1/sections/key:kept/assets', {}, 403],
    ['changeSectionAssets', '/v1/sections/key:kept/assets', { body: { add: ['external:g'] } }, 403],
    ['listTasks', '/v1/tasks', {}, 200],
    ['getTask', `/v1/tasks/${task}`, {}, 404],
  ];
  const areas = new Set(['folders', 'collections', 'sections', 'tasks']);
  const operations = allRoutes().flatMap(({ area, operation }) => (areas.has(area) ? [operation] : []));
  assert.deepEqual([...new Set(tries.map(([operation]) => operation))].sort(), [...operations].sort());
  for (const [operation, path, options, covered] of tries) {
    const without = await tenant.call(path, { ...options, token: nobody.key });
    assert.equal(without.status, 403, `${operation} without anything: ${without.text}`);
    const answer = await tenant.call(path, { ...options, token: holder.key });
    assert.equal(answer.status, covered, `${operation} ${path} with grants: ${answer.text}`);
  }
  const tops = rows((await tenant.call('/v1/folders', { token: holder.key })).json).map(({ path }) => path);
  assert.deepEqual(tops, ['/granted']);
  const seen = rows((await tenant.call('/v1/collections', { token: holder.key })).json).map(({ key }) => key);
  assert.deepEqual(seen, ['granted']);
  assert.deepEqual(rows((await tenant.call('/v1/tasks', { token: holder.key })).json), []);
  assert.equal((await tenant.call(at('/kept/out'))).status, 200, 'what is outside is as it was');
});

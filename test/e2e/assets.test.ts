/** The everyday life of an asset over HTTP: what the use cases can do is reachable, and refusals say how to mend them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Called, CallOptions } from '../../src/api/testing/test-server.ts';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import {
  eventually,
  expectStatus,
  type RealServer,
  rows,
  startRealServer,
  type Tenant,
  text,
  uploadOptions,
} from './real-server.ts';

let server: RealServer;
let tenant: Tenant;

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('everyday');
});
after(() => server[Symbol.asyncDispose]());

let count = 0;
/** An asset that is ready. */
async function asset(given: object = {}, content = 'hello'): Promise<Called['json']> {
  count += 1;
  const { json } = expectStatus(await tenant.upload(`file-${count}.txt`, Buffer.from(content), given), 201);
  return eventually(
    () => tenant.ask(`/v1/assets/${text(json['id'])}`),
    ({ state }) => (state as { inspection: { state: string } }).inspection.state !== 'pending',
    'the asset is ready',
  );
}

const put = (path: string, name: string, content: string, part?: object): Promise<Called> =>
  tenant.call(path, uploadOptions(name, Buffer.from(content), part));

test('ID-01 every write to assets and metadata fields takes an Idempotency-Key', () => {
  const writes = allRoutes().filter(
    ({ method, area }) => method !== 'GET' && (area === 'assets' || area === 'metadata-fields'),
  );
  assert.ok(writes.length >= 11);
  for (const { operation, idempotent } of writes) assert.equal(idempotent, true, operation);
});

test('ID-01 each write repeated with its key is done once and answered as then', async () => {
  const { id } = await asset();
  const path = `/v1/assets/${text(id)}`;
  const field = { name: 'once', type: 'text' };
  const calls: readonly (readonly [string, string, CallOptions])[] = [
    ['patch', path, { method: 'PATCH', body: { tags: ['x'] } }],
    ['add', `${path}/versions`, uploadOptions('two.txt', Buffer.from('two'))],
    ['activate', `${path}/versions/1/activate`, { method: 'POST' }],
    ['remove version', `${path}/versions/2`, { method: 'DELETE' }],
    ['delete', path, { method: 'DELETE' }],
    ['define', '/v1/metadata-fields', { body: field }],
    ['change', '/v1/metadata-fields/once', { method: 'PATCH', body: { label: 'Once' } }],
    ['rules', '/v1/metadata-rules', { method: 'PATCH', body: { unknownFields: 'refuse' } }],
    ['undefine', '/v1/metadata-fields/once', { method: 'DELETE' }],
  ];
  for (const [key, where, options] of calls) {
    const keyed = { ...options, headers: { ...options.headers, 'idempotency-key': key.replaceAll(' ', '-') } };
    const first = await tenant.call(where, keyed);
    assert.ok(first.status < 300, `${key}: ${first.status} ${first.text}`);
    const second = await tenant.call(where, keyed);
    assert.deepEqual([second.status, second.text], [first.status, first.text], key);
    assert.equal(second.headers['idempotent-replayed'], 'true', key);
    assert.equal(second.headers['location'], first.headers['location'], key);
  }
  await tenant.ask('/v1/metadata-rules', { method: 'PATCH', body: { unknownFields: 'accept' } });
  // The same key on another thing is another request.
  const { id: other } = await asset();
  const foreign = await tenant.call(`/v1/assets/${text(other)}`, {
    method: 'DELETE',
    headers: { 'idempotency-key': 'delete' },
  });
  assert.equal(foreign.json['code'], 'idempotency_mismatch');
});

test('The ETag of an asset goes into If-Match: the write is done, or refused with 412 and the version there is', async () => {
  const made = await asset();
  const path = `/v1/assets/${text(made['id'])}`;
  const shown = await tenant.call(path);
  assert.equal(shown.headers['etag'], `"${String(shown.json['version'])}"`);
  const etag = text(shown.headers['etag']);
  const write = (ifMatch: string, method = 'PATCH') =>
    tenant.call(path, {
      method,
      headers: { 'if-match': ifMatch },
      ...(method === 'PATCH' ? { body: { tags: [ifMatch.slice(0, 20)] } } : {}),
    });
  const first = await write(etag);
  assert.equal(first.status, 200, first.text);
  assert.notEqual(first.headers['etag'], etag);
  for (const stale of [
    etag,
    '"999"',
    'W/"999"',
    `W/${text(first.headers['etag'])}`,
    '"sha-of-something"',
    '"1", "2"',
  ]) {
    for (const method of ['PATCH', 'DELETE']) {
      const refused = await write(stale, method);
      assert.deepEqual([refused.status, refused.json['code']], [412, 'precondition_failed'], `${method} ${stale}`);
      assert.match(text(refused.json['detail']), /at version \d+$/);
    }
  }
  for (const odd of ['3', 'abc', '""x', "'3'", `"${'x'.repeat(9)}`, Array.from({ length: 30 }, () => '"1"').join()]) {
    const refused = await write(odd);
    assert.deepEqual([refused.status, refused.json['code']], [422, 'invalid_request'], odd);
  }
  assert.equal((await write('*')).status, 200);
  const present = text((await tenant.call(path)).headers['etag']);
  assert.equal((await write(`"7777", ${present}`)).status, 200);
  const version = Number((await tenant.ask(path))['version']);
  const conflict = await tenant.call(path, { method: 'PATCH', body: { tags: [], expectedVersion: version - 1 } });
  assert.deepEqual([conflict.status, conflict.json['code']], [409, 'conflict']);
  const form = uploadOptions('x.txt', Buffer.from('x'));
  const upload = await tenant.call(`${path}/versions`, { ...form, headers: { ...form.headers, 'if-match': '"1"' } });
  assert.equal(upload.status, 412, upload.text);
});

test('Versions are uploaded, shown, fetched in whole and in part, activated and deleted', async () => {
  const made = await asset({}, 'first content');
  const path = `/v1/assets/${text(made['id'])}`;
  const added = await put(`${path}/versions`, 'second.txt', 'second content');
  assert.equal(added.status, 201, added.text);
  assert.equal(added.headers['location'], `${path}/versions/2`);
  const listed = rows(await tenant.ask(`${path}/versions`));
  assert.deepEqual(
    listed.map(({ number, active }) => [number, active]),
    [
      [1, false],
      [2, true],
    ],
  );
  assert.equal((await tenant.call(`${path}/content`)).text, 'second content');
  assert.equal((await tenant.call(`${path}/versions/1/content`)).text, 'first content');
  const part = await tenant.call(`${path}/versions/1/content`, { headers: { range: 'bytes=0-4' } });
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'first', 'bytes 0-4/13']);
  assert.equal((await tenant.ask(`${path}/versions/1`))['number'], 1);
  const waiting = await put(`${path}/versions`, 'third.txt', 'third', { activate: false, name: 'other.txt' });
  assert.equal(waiting.status, 201, waiting.text);
  assert.equal((await tenant.call(`${path}/content`)).text, 'second content');
  assert.equal((await tenant.call(`${path}/versions/3/activate`, { method: 'POST' })).status, 200);
  const content = await tenant.call(`${path}/content`);
  assert.equal(content.text, 'third');
  const active = await tenant.call(`${path}/versions/3`, { method: 'DELETE' });
  assert.deepEqual([active.status, active.json['code']], [409, 'active_version']);
  assert.equal((await tenant.call(`${path}/versions/1`, { method: 'DELETE' })).status, 200);
  for (const number of ['1', '9', '0', '-1', '01', '1e3', 'x', '9999999999']) {
    assert.equal((await tenant.call(`${path}/versions/${number}`)).status, 404, number);
  }
  const kinds = rows(
    await tenant.ask(`${path}/changes?kinds=asset.version_added,asset.version_activated&order=oldest`),
  );
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['asset.version_added', 'asset.version_added', 'asset.version_activated'],
  );
  // Nothing of the wrong shape is taken.
  for (const wrong of [{ unknown: 1 }, { activate: 'yes' }, { name: '' }]) {
    assert.equal((await put(`${path}/versions`, 'x.txt', 'x', wrong)).status, 422, JSON.stringify(wrong));
  }
  assert.equal((await tenant.call(`${path}/versions`, { body: { file: 'x' } })).status, 415);
});

test('A list is filtered by what assets are, and its cursor goes on behind the last one looked at', async () => {
  const folder = '/lists/spring';
  for (const [name, given] of [
    ['one', { path: folder, tags: ['t'] }],
    ['two', { path: `${folder}/below`, tags: ['t', 'u'], externalId: 'list-2' }],
    ['three', { path: '/lists/springtime', labels: ['l'] }],
  ] as const) {
    expectStatus(await tenant.upload(`list-${name}.txt`, Buffer.from(name), given), 201);
  }
  const names = async (query: string) => {
    const page = await eventually(
      () => tenant.ask(`/v1/assets?${query}`),
      ({ complete }) => complete !== false,
      'what was written is seen',
    );
    return rows(page).map(({ state }) => (state as { name: string }).name);
  };
  const encoded = encodeURIComponent(folder);
  assert.deepEqual(await names(`folder=${encoded}`), ['list-two.txt', 'list-one.txt']);
  assert.deepEqual(await names(`folder=${encodeURIComponent('/lists//spring/')}&exact=true`), ['list-one.txt']);
  assert.deepEqual(await names(`folder=${encoded}&tag=u`), ['list-two.txt']);
  assert.deepEqual(await names('label=l&order=oldest'), ['list-three.txt']);
  assert.deepEqual(await names('nameContains=LIST-T'), ['list-three.txt', 'list-two.txt']);
  assert.deepEqual(await names('externalId=list-2'), ['list-two.txt']);
  assert.deepEqual(await names('archived=true&tag=t'), []);
  assert.deepEqual(await names(`tag=t&createdFromMs=0&createdToMs=1`), []);
  const first = await tenant.ask(`/v1/assets?folder=%2Flists&limit=2`);
  const second = await tenant.ask(`/v1/assets?folder=%2Flists&limit=2&cursor=${text(first['nextCursor'])}`);
  assert.deepEqual([rows(first).length, rows(second).length, second['nextCursor']], [2, 1, null]);
  for (const bad of [
    'kind=picture',
    'archived=maybe',
    'folder=relative',
    'folder=%2F..%2Fa',
    'createdFromMs=x',
    'order=random',
  ]) {
    const refused = await tenant.call(`/v1/assets?${bad}`);
    assert.equal(refused.status, 422, `${bad}: ${refused.text}`);
  }
});

test('Metadata fields are defined and held to, by HTTP, with what was wanted and what was found', async () => {
  const other = await server.tenant('fields');
  const define = (body: object) => other.call('/v1/metadata-fields', { body });
  const made = await define({
    name: 'Usage rights (EU)',
    type: 'select',
    options: [{ value: 'free' }, { value: 'paid', label: 'Paid' }],
    required: true,
  });
  assert.equal(made.status, 201, made.text);
  const place = text(made.headers['location']);
  assert.equal(place, '/v1/metadata-fields/Usage%20rights%20(EU)');
  assert.equal((await other.ask(place))['label'], 'Usage rights (EU)');
  assert.equal((await define({ name: 'Usage rights (EU)', type: 'text' })).status, 409);
  const unsound = await define({ name: 'a/b', type: 'text', validation: { minimum: 1 } });
  assert.deepEqual(
    (unsound.json['problems'] as { at: string }[]).map(({ at }) => at),
    ['/name', '/validation/minimum'],
  );
  const refused = await other.upload('a.txt', Buffer.from('a'), { metadata: { 'Usage rights (EU)': 'maybe' } });
  assert.equal(refused.status, 422, refused.text);
  const [problem] = refused.json['problems'] as { at: string; wanted: string; found: string }[];
  assert.deepEqual(problem, { at: '/metadata/Usage rights (EU)', wanted: 'one of "free", "paid"', found: '"maybe"' });
  assert.equal((await other.upload('a.txt', Buffer.from('a'))).status, 422, 'it is required');
  const pushed = await other.call('/v1/assets/external:p', { method: 'PUT', body: { name: 'p.txt' } });
  assert.equal(pushed.status, 201);
  assert.equal((pushed.json['metadataProblems'] as object[]).length, 1);
  const reported = await other.call('/v1/changes', {
    body: {
      kind: 'asset.metadata_changed',
      subject: { type: 'asset', externalId: 'p' },
      after: { metadata: { 'Usage rights (EU)': 7 } },
    },
  });
  assert.equal(reported.status, 202, reported.text);
  assert.match(reported.text, /"metadataProblems":\[\{"at":"\/after\/metadata\/Usage rights \(EU\)"/);
  assert.equal(
    (await other.call('/v1/metadata-rules', { method: 'PATCH', body: { fromElsewhere: 'refuse' } })).status,
    200,
  );
  assert.equal(
    (
      await other.call('/v1/assets/external:p', {
        method: 'PUT',
        body: { name: 'p.txt', metadata: { 'Usage rights (EU)': 8 } },
      })
    ).status,
    422,
  );
  assert.equal((await other.call(place, { method: 'DELETE' })).status, 204);
  assert.equal((await other.call(place)).status, 404);
  const reader = await server.key('fields', ['assets:read', 'assets:write']);
  const asReader = await server.call('/v1/metadata-fields', { token: reader.key, body: { name: 'x', type: 'text' } });
  assert.equal(asReader.status, 403, 'definitions are settings');
});

test('A deleted asset answers 410, its history stays, and a link in a payload that was sent answers 410 too', async () => {
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  await tenant.ask('/v1/webhooks', {
    body: {
      name: 'w',
      dialect: 'standard',
      target: { transport: 'http', url: inbox['url'] },
      events: ['asset.created'],
    },
  });
  const made = await asset({}, 'linked');
  const id = text(made['id']);
  const requests = await eventually(
    () => tenant.ask(`/v1/inboxes/${text(inbox['id'])}/requests`),
    (page) => rows(page).length > 0,
    'a delivery',
  );
  const body = JSON.parse(Buffer.from(text(rows(requests)[0]?.['bodyBase64']), 'base64').toString()) as {
    data: { links: { content: string } };
  };
  const link = new URL(body.data.links.content).pathname;
  assert.equal((await tenant.call(link)).text, 'linked');
  assert.equal((await tenant.call(`/v1/assets/${id}`, { method: 'DELETE' })).status, 204);
  for (const [path, options] of [
    [`/v1/assets/${id}`, {}],
    [`/v1/assets/${id}`, { method: 'DELETE' }],
    [`/v1/assets/${id}`, { method: 'PATCH', body: {} }],
    [`/v1/assets/${id}/content`, {}],
    [`/v1/assets/${id}/versions`, {}],
    [`/v1/assets/${id}/versions/1/content`, {}],
    [`/v1/assets/${id}/versions`, uploadOptions('x.txt', Buffer.from('x'))],
    [link, {}],
  ] as const) {
    const answer = await tenant.call(path, options);
    assert.deepEqual([answer.status, answer.json['code']], [410, 'gone'], `${path} ${answer.text}`);
  }
  const history = rows(await tenant.ask(`/v1/assets/${id}/changes`));
  assert.equal(history[0]?.['kind'], 'asset.deleted');
});

test('UP-18 an operator sets a quota: uploads beyond it are refused, everything else goes on', async () => {
  const small = await server.tenant('quota');
  const place = `/v1/workspaces/${small.name}`;
  const set = (quota: object) => server.call(place, { method: 'PATCH', body: { quota } });
  expectStatus(await set({ bytesMax: 10 }), 200);
  assert.equal((await small.call(place, { method: 'PATCH', body: { quota: { bytesMax: null } } })).status, 403);
  assert.equal((await set({ bytesMax: -1 })).status, 422);
  expectStatus(await small.upload('six.txt', Buffer.from('six by')), 201);
  const refused = await small.upload('five.txt', Buffer.from('five!'));
  assert.deepEqual([refused.status, refused.json['code']], [413, 'quota_exceeded']);
  assert.match(String(refused.json['detail']), /quota of 10 bytes: 6 are used/);
  assert.equal(refused.headers['retry-after'], undefined, 'waiting does not help');
  const shown = expectStatus(await server.call(place), 200).json;
  assert.deepEqual(
    [shown['usage'], shown['quota']],
    [
      { files: 1, bytes: 6 },
      { bytesMax: 10, filesMax: null, changesPerSecondMax: null },
    ],
  );
  const stats = await small.ask('/v1/stats');
  assert.deepEqual(stats['files'], { files: 1, bytes: 6, filesMax: null, bytesMax: 10 });
  expectStatus(await small.call('/v1/assets/external:state', { method: 'PUT', body: { name: 'state.jpg' } }), 201);
});

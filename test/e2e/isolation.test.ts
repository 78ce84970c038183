/** Tenants on one server: whatever is A's is nothing to B, on every route there is. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { allRoutes, type Called, type CallOptions } from '../../src/api/testing/test-server.ts';
import { type Route } from '../../src/api/route.ts';
import { furnish } from './isolation-things.ts';
import {
  expectStatus,
  type RealServer,
  rows,
  startRealServer,
  type Tenant,
  text,
  uploadOptions,
} from './real-server.ts';

let server: RealServer;
let alpha: Tenant;
let beta: Tenant;
/** Alpha's things by the kind of id. */
let things: Readonly<Record<string, string>>;

before(async () => {
  server = await startRealServer();
  alpha = await server.tenant('alpha');
  beta = await server.tenant('beta');
  things = await furnish(alpha);
});
after(() => server[Symbol.asyncDispose]());

/** What alpha sees of its own things, without what its own deliveries and inspections go on doing; beta must not change it. */
async function snapshot(): Promise<string> {
  const ask = async (path: string) => expectStatus(await alpha.call(path), 200).json;
  const { health: _health, ...webhook } = await ask(`/v1/webhooks/${things['wh']}`);
  const { received: _received, ...inbox } = await ask(`/v1/inboxes/${things['inb']}`);
  const seen = {
    asset: await ask(`/v1/assets/${things['ast']}`),
    fields: await ask('/v1/metadata-fields'),
    rules: await ask('/v1/metadata-rules'),
    history: await ask(`/v1/changes?subject=asset:${things['ast']}`),
    webhook,
    inbox,
    webhooks: rows(await ask('/v1/webhooks')).length,
    inboxes: rows(await ask('/v1/inboxes')).length,
    keys: rows(await ask('/v1/keys')).map(({ lastUsedAtMs: _, ...key }) => key),
    users: await ask('/v1/users'),
    roles: await ask('/v1/roles'),
    grants: await ask('/v1/grants'),
    sessions: await ask('/v1/sessions'),
    notices: await ask('/v1/notices'),
    settings: (await ask('/v1/settings'))['workspace'],
    workspace: await ask('/v1/workspaces/alpha'),
    replay: await ask(`/v1/replays/${things['rpl']}`),
    shareLinks: await ask('/v1/share-links'),
    folders: await ask('/v1/folders?below=true'),
    collections: await ask('/v1/collections'),
    sections: await ask('/v1/sections'),
    broadcasts: await ask('/v1/broadcasts'),
    workflowJobs: await ask('/v1/jobs'),
    tasks: await ask('/v1/tasks'),
    trash: await ask('/v1/trash'),
    libraries: await ask('/v1/libraries'),
    syncs: await ask('/v1/syncs'),
    fetches: await ask('/v1/fetches'),
    mappings: await ask('/v1/metadata-mappings'),
    jobs: await ask('/v1/metadata-jobs'),
  };
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex');
}

/** Every path of a route with alpha's things in it; none where nothing of a tenant's is named. */
function pathsTo(route: Route): readonly string[] {
  const group = /^\/v1\/(folders|collections|sections|broadcasts)\//.exec(route.path)?.[1];
  if (route.path.startsWith('/v1/trash/{')) return [route.path.replace('{reference}', things['trashed'] ?? '')];
  if (group !== undefined) return [route.path.replace('{reference}', things[group] ?? '')];
  if (route.path.includes('{reference}'))
    return [things['ast'] ?? ''].map((id) =>
      route.path
        .replace('{reference}', id)
        .replace('{number}', '1')
        .replace('{id}', things['comment'] ?? ''),
    );
  if (route.path.startsWith('/v1/libraries/')) return [route.path.replace('{key}', things['library'] ?? '')];
  if (route.path.startsWith('/v1/metadata-fields/')) return [route.path.replace('{name}', things['field'] ?? '')];
  if (!route.path.includes('{id}')) return [];
  if (route.path.startsWith('/v1/workspaces')) return [route.path.replace('{id}', 'alpha')];
  if (route.path.startsWith('/v1/roles')) return [route.path.replace('{id}', 'alphas')];
  if (route.path.startsWith('/v1/dialects')) return [];
  const prefix = /"\^([a-z]+)_/.exec(JSON.stringify(route.params))?.[1] ?? '';
  const id = things[prefix];
  assert.ok(id, `a thing of alpha's for ${route.path}`);
  return [route.path.replace('{id}', id)];
}

/** A body that would do something if it were allowed to. */
const bodies: Readonly<Record<string, object>> = {
  pushAsset: { name: 'taken over' },
  updateMetadataField: { label: 'taken over' },
  updateLibrary: { name: 'taken over' },
  addComment: { text: 'taken over' },
  updateComment: { text: 'taken over' },
  setApproval: { status: 'rejected' },
  patchAsset: { name: 'taken over', tags: [] },
  updateJob: { name: 'taken over', key: 'm', assets: [] },
  copyAsset: { path: '/taken-over' },
  patchBroadcast: { title: 'taken over' },
  clipBroadcast: { fromMs: 0, toMs: 1_000 },
  clipAsset: { fromMs: 0, toMs: 1_000 },
  restoreAsset: {},
  updateWebhook: { name: 'taken over', target: { transport: 'http', url: 'https://example.com/stolen' } },
  configureInbox: { status: 500 },
  updateShareLink: { name: 'taken over' },
  updateFolder: { name: 'taken-over' },
  updateCollection: { name: 'taken over' },
  changeCollectionAssets: { add: ['external:shared-name'] },
  updateSection: { name: 'taken over' },
  changeSectionAssets: { add: ['external:shared-name'] },
  enableWebhook: { held: 'cancel', missed: 'skip' },
  disableWebhook: { reason: 'because' },
  testWebhook: {},
  dryRunWebhook: {},
  rotateWebhookSecret: { revokeOldNow: true },
  completeSync: { vanished: 'delete', confirm: true },
  updateUser: { name: 'taken over', disabled: true },
  updateRole: { name: 'taken over', scopes: [] },
  rotateKey: {},
  updateWorkspace: { name: 'taken over', disabled: true },
  eraseWorkspace: { confirm: 'alpha' },
};

function withoutId({ status, json }: Called): object {
  const { requestId: _, ...rest } = json;
  return { status, ...rest };
}

test("TN-01 on every route with an id, A's id is to B what an id that never existed is: 404", async () => {
  const before_ = await snapshot();
  const tried: string[] = [];
  for (const route of allRoutes()) {
    for (const path of pathsTo(route)) {
      // What a route takes must fit, or the refusal would be of the shape and prove nothing.
      const body = bodies[route.operation];
      if (route.body !== undefined) assert.ok(body, `a body for ${route.operation}`);
      const options: CallOptions =
        route.upload === undefined
          ? { method: route.method, ...(body === undefined ? {} : { body }) }
          : route.upload.contentType === 'multipart/form-data'
            ? uploadOptions('stolen.txt', Buffer.from('taken over'))
            : {
                method: route.method,
                body: Buffer.from('taken over'),
                headers: { 'content-type': route.upload.contentType },
              };
      const answer = await beta.call(path, options);
      // What only admins of the installation may do is refused before anything is looked for.
      const refusal = route.scope === 'admin' ? 403 : 404;
      assert.equal(answer.status, refusal, `${route.method} ${path}: ${answer.status} ${answer.text}`);
      const never = path.replace(/_[0-9a-z]{26}/, '_01zzzzzzzzzzzzzzzzzzzzzzzz').replace(/\/alphas?(?=$|\/)/, '/never');
      const other = await beta.call(never, options);
      const shape = JSON.stringify(withoutId(answer)).replaceAll(/alphas?/g, 'never');
      assert.equal(shape, JSON.stringify(withoutId(other)), `${route.method} ${path} tells nothing by its words`);
      tried.push(`${route.method} ${route.path}`);
    }
  }
  console.log(`TN-01 expanded: ${tried.length} routes with an id tried`);
  assert.ok(tried.length >= 25, tried.join('\n'));
  assert.equal(await snapshot(), before_, "nothing of alpha's has changed");
});

test("TN-01 the external id of A names nothing, or B's own thing, to B", async () => {
  const before_ = await snapshot();
  assert.equal((await beta.call('/v1/assets/external:shared-name')).status, 404);
  const pushed = await beta.call('/v1/assets/external:shared-name', {
    method: 'PUT',
    body: { name: 'b.txt', externalId: 'shared-name' },
  });
  assert.equal(pushed.status, 201, pushed.text);
  assert.notEqual(pushed.json['id'], things['ast']);
  assert.equal(await snapshot(), before_);
});

test("TN-01 an admin key sees a workspace only by naming it, and a tenant's key can name no other", async () => {
  assert.equal((await server.call(`/v1/webhooks/${things['wh']}`)).status, 404, 'the admin key works in default');
  assert.equal(
    (await server.call(`/v1/webhooks/${things['wh']}`, { headers: { 'assetwire-workspace': 'alpha' } })).status,
    200,
  );
  const answer = await beta.call(`/v1/webhooks/${things['wh']}`, { headers: { 'assetwire-workspace': 'alpha' } });
  assert.equal(answer.status, 403);
  const never = await beta.call('/v1/webhooks', { headers: { 'assetwire-workspace': 'never' } });
  assert.deepEqual(
    [never.status, never.json['detail']],
    [403, answer.json['detail']],
    'whether the workspace exists is not told',
  );
});

test("TN-02 B cannot point anything of its own at A's things", async () => {
  const before_ = await snapshot();
  const webhook = await beta.ask('/v1/webhooks', {
    body: {
      name: 'b',
      dialect: 'standard',
      target: { transport: 'http', url: 'https://example.com/b' },
      events: ['*'],
      enabled: false,
    },
  });
  const tries: readonly (readonly [string, CallOptions])[] = [
    [`/v1/webhooks/${text(webhook['id'])}/test`, { body: { assetId: things['ast'] } }],
    ['/v1/replays', { body: { webhookId: things['wh'], fromMs: 0, toMs: Date.now() } }],
    ['/v1/replays', { body: { webhookId: things['wh'], fromMs: 0, toMs: Date.now(), dryRun: true } }],
  ];
  for (const [path, options] of tries) {
    const answer = await beta.call(path, options);
    assert.ok([404, 409, 422].includes(answer.status), `${path}: ${answer.status} ${answer.text}`);
  }
  assert.equal(await snapshot(), before_);
});

test("TN-03 a batch with A's and B's subjects touches B's only and tells no count", async () => {
  const before_ = await snapshot();
  const mine = { kind: 'asset.tags_changed', subject: { type: 'asset', externalId: 'mine' }, after: { tags: ['b'] } };
  const yours = { kind: 'asset.deleted', subject: { type: 'asset', id: things['ast'] }, after: null };
  const answer = await beta.call('/v1/changes', { body: { changes: [mine, yours] } });
  assert.equal(await snapshot(), before_);
  if (answer.status === 202) {
    const results = answer.json['results'];
    assert.ok(Array.isArray(results));
    assert.notEqual(results[1]?.status, 'stale', 'a version would tell that it exists');
    if (results[1]?.status === 'applied') {
      // Then it is a thing of beta's own that happens to have the same id, and alpha's is untouched: shown above.
      assert.equal((await alpha.call(`/v1/assets/${things['ast']}`)).status, 200);
    }
  } else assert.ok([404, 422].includes(answer.status), answer.text);
});

test('TN-05 lists, filters and sums show own rows only, whatever the filter says', async () => {
  const lists = [
    '/v1/assets',
    '/v1/changes',
    '/v1/deliveries',
    '/v1/webhooks',
    '/v1/inboxes',
    '/v1/keys',
    '/v1/signing-keys',
    '/v1/replays',
    '/v1/audit',
    '/v1/notices',
    '/v1/users',
    '/v1/roles',
    '/v1/grants',
    '/v1/sessions',
    '/v1/metadata-fields',
    '/v1/folders',
    '/v1/collections',
    '/v1/sections',
    '/v1/broadcasts',
    '/v1/jobs',
    '/v1/tasks',
    '/v1/trash',
  ];
  const foreign = Object.values(things);
  let tried = 0;
  for (const path of lists) {
    const answer = await beta.call(path);
    assert.equal(answer.status, 200, `${path} ${answer.text}`);
    for (const id of foreign) assert.ok(!answer.text.includes(id), `${path} shows ${id}`);
    for (const query of [
      'workspaceId=alpha',
      'tenant_id=alpha',
      'owner_id=',
      'workspace=*',
      'workspaceId[]=alpha',
      'workspaceId=null',
    ]) {
      assert.equal((await beta.call(`${path}?${query}`)).status, 422, `${path}?${query}`);
      tried++;
    }
  }
  const filters = [
    `/v1/deliveries?webhookId=${things['wh']}`,
    `/v1/deliveries?changeId=${things['chg']}`,
    `/v1/deliveries?subject=asset:${things['ast']}`,
    `/v1/changes?subject=asset:${things['ast']}`,
    '/v1/assets?tag=x',
    '/v1/assets?nameContains=a.txt&folder=%2F',
  ];
  for (const path of filters) {
    const answer = await beta.call(path);
    assert.ok(answer.status === 404 || rows(answer.json).length === 0, `${path} ${answer.text}`);
    tried++;
  }
  for (const path of [
    '/v1/assets?externalId=',
    '/v1/assets?folder=',
    '/v1/assets?tag=',
    '/v1/assets?nameContains=',
    '/v1/assets?kind=',
    '/v1/deliveries?webhookId=',
    '/v1/deliveries?states=',
    '/v1/changes?kinds=',
    '/v1/deliveries?webhookId=*',
  ]) {
    assert.equal((await beta.call(path)).status, 422, `${path}: an empty filter is not all`);
    tried++;
  }
  const stats = await beta.call(`/v1/stats?webhookId=${things['wh']}`);
  assert.ok(stats.status === 404 || !stats.text.includes(text(things['wh'])), stats.text);
  const workspaces = await beta.call('/v1/workspaces');
  assert.ok(!workspaces.text.includes('alpha'), 'not even the names of others');
  console.log(`TN-05 expanded: ${tried} filters tried`);
});

test("TN-06 A's cursor shows B nothing of A's, and a tampered one is refused", async () => {
  for (let index = 0; index < 3; index++)
    await alpha.ask('/v1/changes', {
      body: { kind: 'asset.created', subject: { type: 'asset', externalId: `page-${index}` }, after: { name: 'x' } },
    });
  for (const path of ['/v1/changes', '/v1/assets', '/v1/deliveries']) {
    const page = await alpha.ask(`${path}?limit=1`);
    const cursor = text(page['nextCursor']);
    const foreign = await beta.call(`${path}?limit=1000&cursor=${encodeURIComponent(cursor)}`);
    if (foreign.status === 200) {
      const own = await beta.call(`${path}?limit=1000`);
      for (const row of rows(foreign.json))
        assert.ok(own.text.includes(text(row['id'])), `${path} shows a row that is not beta's`);
    } else assert.equal(foreign.json['code'], 'invalid_cursor');
    for (const bad of [
      'x',
      `${cursor}x`,
      cursor.slice(1),
      "1'--",
      '%00',
      'AAAA',
      Buffer.from('{"a":1}').toString('base64url'),
      '-1',
      '9'.repeat(40),
    ]) {
      const answer = await alpha.call(`${path}?limit=1&cursor=${encodeURIComponent(bad)}`);
      assert.ok(answer.status === 422 || answer.status === 200, `${path} ${bad}: ${answer.status} ${answer.text}`);
      if (answer.status === 200) assert.notEqual(bad, 'x', `${path}: nonsense is not the beginning`);
    }
  }
  assert.equal((await alpha.call('/v1/changes/stream?cursor=nonsense')).status, 422);
});

test('TN-10 what is unique is unique per tenant: the external id of another one is free', async () => {
  const answer = await beta.upload('b.txt', Buffer.from('b'), { externalId: 'free-for-both' });
  assert.equal(answer.status, 201, answer.text);
  assert.equal((await alpha.upload('a.txt', Buffer.from('a'), { externalId: 'free-for-both' })).status, 201);
});

const protectedFields: readonly (readonly [string, unknown])[] = [
  ['workspaceId', 'beta'],
  ['tenant_id', 'beta'],
  ['id', 'wh_01zzzzzzzzzzzzzzzzzzzzzzzz'],
  ['version', 99],
  ['revision', 99],
  ['createdAtMs', 1],
  ['updatedAtMs', 1],
  ['state', 'enabled'],
  ['stateReason', 'x'],
  ['status_', 'delivered'],
  ['ownerKeyId', 'key_x'],
  ['missed', 0],
  ['health', {}],
  ['secrets', []],
  ['attempts', 0],
  ['is_admin', true],
  ['confirmed', true],
  ['secret_ciphertext', 'x'],
  ['allowPrivate', true],
  ['allow_private', true],
  ['prefix', 'aw_'],
  ['key', 'aw_mine'],
  ['revokedAtMs', null],
  ['lastUsedAtMs', 1],
];

test("TN-13 no body of any route takes a field that is not the caller's to set", async () => {
  const before_ = await snapshot();
  const full: Readonly<Record<string, object>> = {
    ...bodies,
    reportChanges: { kind: 'asset.created', subject: { type: 'asset', externalId: 'm' }, after: { name: 'm' } },
    createWebhook: {
      name: 'm',
      dialect: 'standard',
      target: { transport: 'http', url: 'https://example.com/' },
      events: ['*'],
    },
    createExport: { of: 'changes', format: 'ndjson' },
    createShareLink: { folder: '/m' },
    beginErasure: { asset: 'external:m', dryRun: true },
    dryRunUnsavedWebhook: {
      webhook: {
        name: 'm',
        dialect: 'standard',
        target: { transport: 'http', url: 'https://example.com/' },
        events: ['*'],
      },
    },
    pushAssets: { assets: [{ externalId: 'm', name: 'm' }] },
    fetchAssets: { url: 'https://alpha.example/m.jpg' },
    lookUpContent: { sha256: ['0'.repeat(64)] },
    createSync: { source: 'm' },
    // Its version is what was shown, and refused where that is not so any more.
    setMetadataMappings: { mappings: [], version: 1 },
    applyMetadataMappings: { dryRun: true },
    updateDialectProperties: { values: {} },
    createReplay: { fromMs: 0, toMs: 1, dryRun: true },
    createFolder: { path: '/m' },
    createCollection: { name: 'm', key: 'm' },
    createBroadcast: { title: 'm' },
    createJob: { name: 'm', key: 'm' },
    createSection: { name: 'm', key: 'm' },
    createLibrary: { key: 'm' },
    createMetadataField: { name: 'm', type: 'text' },
    updateMetadataRules: { unknownFields: 'accept' },
    createInbox: {},
    createKey: { name: 'm', scopes: [] },
    rotateSigningKey: { name: 'sns' },
    addNeverAsked: { address: 'm@alpha.example' },
    checkEmail: { to: 'm@alpha.example' },
    checkSqs: { queue: 'arn:aws:sqs:eu-central-1:111122223333:m' },
    createWorkspace: { id: 'm', name: 'm' },
    createUser: { name: 'm', email: 'm@alpha.example', roles: [] },
    createRole: { id: 'm', name: 'm', scopes: [] },
    createGrant: {
      principal: `key:${things['key']}`,
      resource: { type: 'folder', path: '/m' },
      scopes: ['assets:read'],
    },
    setPassword: { token: 'x', password: 'a password of the right length' },
    changePassword: { present: 'x', password: 'a password of the right length' },
    updateSettings: { noticeDays: 30 },
  };
  let tried = 0;
  for (const route of allRoutes()) {
    if (route.body === undefined || route.operation === 'createSession') continue;
    const body = full[route.operation];
    assert.ok(body, `a body for ${route.operation}`);
    const path = pathsTo(route)[0] ?? route.path;
    for (const [name, value] of protectedFields) {
      if (Object.hasOwn(body, name)) continue;
      const caller = route.scope === 'admin' ? server.call : alpha.call;
      const answer = await caller(path, { method: route.method, body: { ...body, [name]: value } });
      assert.equal(answer.status, 422, `${route.operation} takes ${name}: ${answer.status} ${answer.text}`);
      tried++;
    }
    const polluted = `${JSON.stringify(body).slice(0, -1)}${Object.keys(body).length === 0 ? '' : ','}"__proto__":{"admin":true}}`;
    assert.equal(
      (await alpha.call(path, { method: route.method, body: polluted })).status === 422 || route.scope === 'admin',
      true,
      route.operation,
    );
    tried++;
  }
  const nested: readonly object[] = [
    { ...full['createWebhook'], target: { transport: 'http', url: 'https://example.com/', allowPrivate: true } },
    { ...full['createWebhook'], credentials: { kind: 'none', sealed: 'x' } },
    { ...full['createWebhook'], policy: { attempts: 1 } },
    { ...full['createWebhook'], policy: { schedule: { delaysMs: [1], jitter: 0, ageMaxMs: 60_000, never: true } } },
  ];
  for (const body of nested) {
    const answer = await alpha.call('/v1/webhooks', { body });
    assert.equal(answer.status, 422, JSON.stringify(body));
    tried++;
  }
  for (const [path, asset] of [
    ['/v1/assets', {}],
    [`/v1/assets/${things['ast']}/versions`, { activate: false }],
  ] as const) {
    for (const [name, value] of protectedFields) {
      const answer = await alpha.call(path, uploadOptions('m.txt', Buffer.from('m'), { ...asset, [name]: value }));
      assert.equal(answer.status, 422, `${path} takes ${name}: ${answer.status} ${answer.text}`);
      tried++;
    }
  }
  console.log(`TN-13 expanded: ${tried} pairs of route and field tried`);
  assert.equal(await snapshot(), before_);
});

test('TN-08 what is remembered of one workspace is nobody else’s: same names, a name that was not there, a key that was taken back', async () => {
  const subject = { type: 'asset', externalId: 'tn-08' };
  const push = (who: Tenant, name: string) =>
    who.call('/v1/assets/external:tn-08', { method: 'PUT', body: { name, path: '/tn-08' } });
  const nameOf = async (who: Tenant): Promise<unknown> => {
    const { status, json } = await who.call('/v1/assets/external:tn-08');
    return status === 200 ? (json['state'] as { readonly name?: string } | undefined)?.name : status;
  };
  // Nothing there is remembered too, and for the one who asked alone.
  assert.deepEqual([await nameOf(alpha), await nameOf(beta)], [404, 404]);
  expectStatus(await push(alpha, 'of alpha'), 201);
  assert.deepEqual([await nameOf(alpha), await nameOf(beta)], ['of alpha', 404]);
  expectStatus(await push(beta, 'of beta'), 201);
  // Warm for both, by both roads: by id and by alias, read and written.
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual([await nameOf(alpha), await nameOf(beta)], ['of alpha', 'of beta']);
    for (const who of [alpha, beta]) expectStatus(await push(who, `of ${who.name}`), 200);
  }
  const renamed = (who: Tenant) =>
    who.call('/v1/changes', { body: { kind: 'asset.renamed', subject, after: { name: `by ${who.name}` } } });
  const ids = await Promise.all(
    [alpha, beta].map(async (who) => {
      const { json } = expectStatus(await renamed(who), 202);
      return (json['results'] as readonly { readonly subject: { readonly id: string } }[])[0]?.subject.id ?? '';
    }),
  );
  assert.notEqual(ids[0], ids[1]);
  assert.deepEqual([await nameOf(alpha), await nameOf(beta)], ['by alpha', 'by beta']);
  assert.equal((await beta.call(`/v1/assets/${ids[0]}`)).status, 404, 'nor by its id, which alpha has just read');
  // Folders of one path, and what is asked of them.
  const folders = await Promise.all([alpha, beta].map(async (who) => rows(await who.ask('/v1/folders?below=true'))));
  const [inAlpha, inBeta] = folders.map((list) => list.find(({ path }) => path === '/tn-08')?.['id']);
  assert.ok(inAlpha !== undefined && inBeta !== undefined && inAlpha !== inBeta);
  // A key that is believed because it was just used is not believed any more.
  const { id, key } = await server.key('alpha', ['assets:read']);
  const withKey = () => server.call('/v1/assets/external:tn-08', { token: key });
  assert.equal((await withKey()).status, 200);
  expectStatus(
    await server.call(`/v1/keys/${id}`, { method: 'DELETE', headers: { 'assetwire-workspace': 'alpha' } }),
    204,
  );
  assert.equal((await withKey()).status, 401);
});

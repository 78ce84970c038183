import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { idPrefixes } from '../core/ids.ts';
import { createFakeApp } from './testing/fake-app.ts';
import { allRoutes, call, samplePath, startTestServer } from './testing/test-server.ts';
import { chargedItems } from './serve-route.ts';

type Taken = { readonly workspaceId: string; readonly items: number };

/** An app that notes what is counted, and refuses all of it where `full`. */
function countingApp(full = false) {
  const taken: Taken[] = [];
  const app = createFakeApp({
    changeRate: {
      take(workspaceId, items) {
        taken.push({ workspaceId, items });
        if (full)
          throw new AssetwireError('too_many_requests', {
            detail: 'Keep within the quota: it is used up',
            mend: 'Wait for seven seconds',
            retryAfterSeconds: 7,
          });
        return undefined;
      },
    },
  });
  return { app, taken };
}

const change = { kind: 'asset.created', subject: { type: 'asset', externalId: 'a' }, after: { name: 'a' } };

test('TN-17 everything that writes assets counts, nothing that reads, and nothing that ends or mends what floods', () => {
  const asked = { body: {}, query: {} };
  const one = allRoutes().filter((route) => route.items === undefined);
  const counted = one.filter((route) => chargedItems(route, asked) === 1);
  for (const operation of ['uploadAsset', 'patchAsset', 'pushAsset', 'deleteAsset', 'createFolder', 'addComment'])
    assert.ok(
      counted.some((route) => route.operation === operation),
      `${operation} of ${counted.map((route) => route.operation).join(', ')}`,
    );
  for (const route of one) {
    const writes = route.method !== 'GET' && route.scope === 'assets:write';
    assert.equal(chargedItems(route, asked), writes ? 1 : 0, route.operation);
  }
  const free = one.filter((route) => route.method !== 'GET' && !counted.includes(route));
  for (const operation of ['updateWorkspace', 'disableWebhook', 'deleteWebhook', 'revokeKey', 'updateWebhook'])
    assert.ok(
      free.some((route) => route.operation === operation),
      `${operation} of ${free.map((route) => route.operation).join(', ')}`,
    );
});

test('TN-17 a batch counts by its items, whichever way it comes, and a dry run does not', async () => {
  const { app, taken } = countingApp();
  await using server = await startTestServer(app);
  const state = (externalId: string) => ({ externalId, name: externalId });
  const member = 'ast_0123456789abcdefghjkmnpqrs';
  const calls = [
    [1, '/v1/changes', 'POST', change],
    [3, '/v1/changes', 'POST', { changes: [change, change, change] }],
    [2, '/v1/assets', 'PUT', { assets: [state('a'), state('b')] }],
    [0, '/v1/assets', 'PUT', { assets: [state('a'), state('b')], dryRun: true }],
    [0, '/v1/assets?dryRun=true', 'PUT', '{"externalId":"a"}\n{"externalId":"b"}\n'],
    [2, '/v1/assets', 'PUT', '{"externalId":"a"}\n{"externalId":"b"}\n'],
    [2, '/v1/assets/from-url', 'POST', { assets: [{ url: 'https://a.example/1' }, { url: 'https://a.example/2' }] }],
    [3, `/v1/collections/col_0123456789abcdefghjkmnpqrs/assets`, 'POST', { add: [member, member], remove: [member] }],
    [1, `/v1/assets/${member}`, 'PATCH', { name: 'b' }],
    [1, `/v1/assets/${member}`, 'DELETE', undefined],
    [0, `/v1/assets/${member}`, 'GET', undefined],
  ] as const;
  for (const [items, path, method, body] of calls) {
    taken.length = 0;
    const headers = typeof body === 'string' ? { 'content-type': 'application/x-ndjson' } : {};
    await call(server.url, path, { method, headers, ...(body === undefined ? {} : { body }) });
    assert.deepEqual(taken, items === 0 ? [] : [{ workspaceId: 'default', items }], `${method} ${path}`);
  }
  // What does not fit is refused for that, and costs nothing.
  taken.length = 0;
  assert.equal((await call(server.url, '/v1/changes', { body: { kind: 'nonsense' } })).status, 422);
  assert.deepEqual(taken, []);
});

test('TN-17 refused is refused before anything is written or stored, with Retry-After, on every route that counts', async () => {
  const { app, taken } = countingApp(true);
  await using server = await startTestServer(app);
  const refused = await call(server.url, '/v1/changes', { body: change });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['retry-after'], '7');
  assert.deepEqual([refused.json['code'], refused.json['mend']], ['too_many_requests', 'Wait for seven seconds']);
  assert.deepEqual(app.reported, []);
  // Those with a body are above, and in the documents of each.
  for (const route of allRoutes()) {
    if (route.body !== undefined || chargedItems(route, { body: undefined, query: {} }) === 0) continue;
    const upload =
      route.upload === undefined ? {} : { body: 'x', headers: { 'content-type': route.upload.contentType } };
    const path = samplePath(route).replace('versions/default', 'versions/1');
    // Whatever kind of thing the route is about: one of these names it.
    const answers = await Promise.all(
      Object.values(idPrefixes).map((prefix) =>
        call(server.url, path.replace('/ast_', `/${prefix}_`), { method: route.method, ...upload }),
      ),
    );
    const refusals = answers.filter(({ status }) => status !== 404);
    assert.ok(refusals.length > 0, path);
    for (const { status, text } of refusals) assert.equal(status, 429, `${route.method} ${path} ${text}`);
  }
  assert.ok(taken.length > 10);
});

/** The everyday surface around deliveries, over HTTP on a whole server: every answer is held against the OpenAPI document. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Json } from '../../src/api/testing/test-server.ts';
import { eventually, type RealServer, startRealServer, type Tenant } from './real-server.ts';

let server: RealServer;
let tenant: Tenant;
let webhookId: string;

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const within = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

const until = (path: string, holds: (answer: Json) => boolean): Promise<Json> =>
  eventually(() => tenant.ask(path), holds, path);

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('shop');
  const inbox = await tenant.ask('/v1/inboxes', { body: {} });
  const made = await tenant.ask('/v1/webhooks', {
    body: {
      name: 'Shop',
      dialect: 'standard',
      target: { transport: 'http', url: inbox['tlsUrl'] },
      events: ['asset.created', 'asset.metadata_changed'],
      filter: { folder: ['/press'] },
    },
  });
  webhookId = text(made['id']);
  for (const [index, path] of ['/press', '/private', '/press/2026'].entries()) {
    const subject = { type: 'asset', externalId: `a${index}` };
    await tenant.ask('/v1/changes', { body: { kind: 'asset.created', subject, after: { name: `=${index}`, path } } });
  }
  await until('/v1/deliveries?states=delivered', ({ data }) => list(data).length === 2);
});
after(() => server[Symbol.asyncDispose]());

test('a test send tells at once what came of it, also for a webhook that is disabled', async () => {
  const sent = await tenant.call(`/v1/webhooks/${webhookId}/test?wait=30`, { body: {} });
  assert.deepEqual([sent.status, sent.json['state']], [200, 'delivered'], sent.text);
  await tenant.ask(`/v1/webhooks/${webhookId}/disable`, { method: 'POST' });
  const [asset] = list((await tenant.ask('/v1/assets'))['data']);
  const body = { event: 'asset.metadata_changed', assetId: asset?.['id'] };
  const again = await tenant.call(`/v1/webhooks/${webhookId}/test?wait=30`, { body });
  assert.deepEqual([again.status, again.json['state']], [200, 'delivered'], again.text);
  const enabled = await tenant.ask(`/v1/webhooks/${webhookId}/enable`, { method: 'POST' });
  assert.deepEqual(within(within(enabled['enabled'])['held'])['count'], 0);
  assert.equal((await tenant.call(`/v1/webhooks/${webhookId}/test`, { method: 'POST' })).status, 202);
  assert.equal((await tenant.call(`/v1/webhooks/${webhookId}/test?wait=99`, { method: 'POST' })).status, 422);
});

test('a dry run says what matched and why not, for a saved webhook and one that is not', async () => {
  const run = await tenant.ask(`/v1/webhooks/${webhookId}/dry-run`, { body: { kinds: ['asset.ready'] } });
  assert.deepEqual([run['examined'], run['matched']], [3, 2]);
  const missed = list(run['results']).find(({ matches }) => matches === false);
  assert.equal(within(missed?.['reason'])['found'], '"/private"');
  const everything = {
    dialect: 'standard',
    name: 'Try',
    target: { transport: 'http', url: 'https://shop.example/' },
    events: ['*'],
  };
  const unsaved = await tenant.ask('/v1/webhooks/dry-run', {
    body: { webhook: everything, kinds: ['asset.ready'], render: 3 },
  });
  assert.deepEqual([unsaved['examined'], unsaved['matched']], [3, 3]);
  const filter = { not: { folder: ['/press'] } };
  const changed = await tenant.ask(`/v1/webhooks/${webhookId}/dry-run`, {
    body: { kinds: ['asset.ready'], changes: { filter }, keep: 'matched' },
  });
  assert.equal(list(changed['results']).length, 1);
  const wrong = await tenant.call(`/v1/webhooks/${webhookId}/dry-run`, { body: { changes: { events: ['nothing'] } } });
  assert.deepEqual([wrong.status, wrong.json['code']], [422, 'invalid_event']);
});

test('statistics count what was delivered, and refuse a window that cannot be answered', async () => {
  const stats = await until('/v1/stats', ({ totals }) => Number(within(totals)['delivered']) >= 2);
  assert.ok(Number(within(within(stats['totals'])['durationMs'])['p99']) > 0);
  const own = await tenant.ask(`/v1/webhooks/${webhookId}/stats?bucketMs=60000`);
  assert.ok(list(own['points']).length >= 1);
  const wrong = await tenant.call('/v1/stats?bucketMs=61000');
  assert.match(wrong.text, /whole minutes/);
});

test('a delivery shows its attempts, its exact body and the command that repeats it', async () => {
  const [first] = list(
    (await tenant.ask(`/v1/deliveries?dialect=standard&origins=change&webhookId=${webhookId}`))['data'],
  );
  const shown = await tenant.ask(`/v1/deliveries/${text(first?.['id'])}`);
  assert.equal(within(shown['body'])['hashMatches'], true);
  assert.match(text(shown['curl']), /^curl --request POST 'https:\/\/127\.0\.0\.1:\d+\/inbox\/inb_/);
});

test('a replay is estimated, run and listed; what was missed is another kind of it', async () => {
  const span = { webhookId, fromMs: 0, toMs: Date.now() + 60_000, folder: '/press/2026' };
  const estimate = await tenant.ask('/v1/replays', { body: { ...span, dryRun: true } });
  assert.deepEqual([estimate['count'], estimate['exact'], estimate['state']], [1, true, 'estimated']);
  const made = await tenant.ask('/v1/replays', { body: span });
  const ended = await until(`/v1/replays/${text(made['id'])}`, ({ state }) => state === 'done');
  assert.deepEqual([ended['made'], ended['done']], [1, 1]);
  const { folder: _, ...all } = span;
  const missed = await tenant.ask('/v1/replays', { body: { ...all, of: 'missed' } });
  const told = await until(`/v1/replays/${text(missed['id'])}`, ({ state }) => state === 'done');
  assert.equal(told['made'], 0);
  assert.equal(list((await tenant.ask(`/v1/replays?state=done&webhookId=${webhookId}`))['data']).length, 2);
  const wrong = await tenant.call('/v1/replays', { body: { ...all, webhookId: undefined, of: 'missed' } });
  assert.match(wrong.text, /the webhook that missed them/);
});

test('an export is written, fetched and removed', async () => {
  const made = await tenant.ask('/v1/exports', { body: { of: 'assets', format: 'csv' } });
  const path = `/v1/exports/${text(made['id'])}`;
  const done = await until(path, ({ state }) => state === 'done');
  assert.deepEqual([done['rows'], done['complete']], [3, true]);
  const file = await tenant.call(`${path}/content`);
  assert.equal(file.headers['content-type'], 'text/csv; charset=utf-8');
  assert.match(text(file.headers['content-disposition']), /^attachment; filename="assets-.*\.csv"$/);
  assert.equal(Number(file.headers['content-length']), Buffer.byteLength(file.text));
  assert.equal(file.text.split('\r\n').filter((line) => line.includes("'=")).length, 3);
  assert.equal((await tenant.ask(path, { method: 'DELETE' }))['state'], 'cancelled');
  const gone = await tenant.call(`${path}/content`);
  assert.equal(gone.status, 404);
  const wrong = await tenant.call('/v1/exports', { body: { of: 'audit', format: 'csv', tag: 'x' } });
  assert.match(wrong.text, /filters of audit/);
  assert.equal(list((await tenant.ask('/v1/exports?of=changes'))['data']).length, 0);
});

test('webhooks are found by name and event, and one to an inbox that is not there is refused', async () => {
  assert.equal(list((await tenant.ask('/v1/webhooks?name=SHO&event=asset.created'))['data']).length, 1);
  assert.equal(list((await tenant.ask('/v1/webhooks?name=nobody'))['data']).length, 0);
  const inbox = await tenant.ask('/v1/inboxes', { body: {} });
  const url = text(inbox['url']).replace(/inb_\w+/, 'inb_00000000000000000000000000');
  const wrong = await tenant.call('/v1/webhooks', {
    body: { name: 'x', dialect: 'standard', target: { transport: 'http', url }, events: ['*'] },
  });
  assert.deepEqual([wrong.status, wrong.json['mend']], [422, 'POST /v1/inboxes makes one and answers its url']);
});

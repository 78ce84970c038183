import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectStatus, type RealServer, rows, startRealServer, type Tenant } from './real-server.ts';

let server: RealServer;
let alpha: Tenant;
let beta: Tenant;

before(async () => {
  server = await startRealServer();
  alpha = await server.tenant('alpha');
  beta = await server.tenant('beta');
});
after(() => server[Symbol.asyncDispose]());

const change = (externalId: string) => ({
  kind: 'asset.created',
  subject: { type: 'asset', externalId },
  after: { name: externalId },
});

/** How often it was created: an accepted creation also makes it ready, which is a change of its own. */
async function changesOf(tenant: Tenant, externalId: string): Promise<number> {
  const all = rows(await tenant.ask('/v1/changes?limit=1000&kinds=asset.created'));
  return all.filter((row) => JSON.stringify(row).includes(`"externalId":"${externalId}"`)).length;
}

test('ID-01 fifty parallel calls with one key make one change, and all get the same answer', async () => {
  const headers = { 'idempotency-key': 'fifty' };
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => alpha.call('/v1/changes', { body: change('fifty'), headers })),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202], answers[0]?.text);
  assert.deepEqual([...new Set(answers.map(({ text }) => text))], [answers[0]?.text]);
  const replayed = answers.filter(({ headers: sent }) => sent['idempotent-replayed'] === 'true').length;
  assert.equal(replayed, 49, 'all but one say that they are repeated');
  assert.equal(await changesOf(alpha, 'fifty'), 1);
});

test('ID-01 the answer is given again later, also for webhooks, whose secret is part of it', async () => {
  const headers = { 'idempotency-key': 'hook' };
  const body = {
    name: 'w',
    dialect: 'standard',
    target: { transport: 'http', url: 'https://example.com/' },
    events: ['*'],
  };
  const first = await alpha.call('/v1/webhooks', { body, headers });
  const second = await alpha.call('/v1/webhooks', { body, headers });
  assert.deepEqual([first.status, second.status], [201, 201], first.text);
  assert.equal(first.json['id'], second.json['id']);
  assert.equal(second.headers['idempotent-replayed'], 'true');
  assert.equal(second.headers['location'], first.headers['location']);
  assert.equal(rows(await alpha.ask('/v1/webhooks')).length, 1);
});

test('ID-02 the same key for another body or route is refused; another tenant is independent', async () => {
  const headers = { 'idempotency-key': 'once' };
  assert.equal((await alpha.call('/v1/changes', { body: change('one'), headers })).status, 202);
  const other = await alpha.call('/v1/changes', { body: change('two'), headers });
  assert.deepEqual([other.status, other.json['code']], [422, 'idempotency_mismatch']);
  assert.equal(await changesOf(alpha, 'two'), 0);
  const route = await alpha.call('/v1/assets/external:one', { method: 'PATCH', body: change('one'), headers });
  assert.equal(route.status, 422);
  const patched = await alpha.call('/v1/assets/external:one', { method: 'PATCH', body: { name: 'x' }, headers });
  assert.equal(patched.json['code'], 'idempotency_mismatch');
  const tenant = await beta.call('/v1/changes', { body: change('one'), headers });
  assert.equal(tenant.status, 202);
  assert.equal(tenant.headers['idempotent-replayed'], undefined);
});

test('ID-02 the same key and body on another subject of the same route is another request', async () => {
  const headers = { 'idempotency-key': 'patch' };
  for (const name of ['p1', 'p2']) await alpha.ask('/v1/changes', { body: change(name) });
  assert.equal(
    (await alpha.call('/v1/assets/external:p1', { method: 'PATCH', body: { name: 'x' }, headers })).status,
    200,
  );
  const other = await alpha.call('/v1/assets/external:p2', { method: 'PATCH', body: { name: 'x' }, headers });
  assert.equal(other.json['code'], 'idempotency_mismatch');
});

test('ID-02 an upload with the same key and another file is refused, with the same file repeated', async () => {
  const send = (content: string) => {
    const boundary = 'b';
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${content}\r\n--${boundary}--\r\n`;
    return alpha.call('/v1/assets', {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'idempotency-key': 'file' },
    });
  };
  const first = await send('hello');
  const again = await send('hello');
  assert.deepEqual([first.status, again.status], [201, 201], again.text);
  assert.equal(again.json['id'], first.json['id']);
  assert.equal((await send('another length')).json['code'], 'idempotency_mismatch');
});

test('ID-05 keys that are empty, too long or not plain characters are refused', async () => {
  for (const key of ['', 'a'.repeat(256), 'a b', 'a\tb', 'ü', '\u00a0']) {
    const answer = await alpha.call('/v1/changes', { body: change('bad-key'), headers: { 'idempotency-key': key } });
    assert.equal(answer.json['code'], 'invalid_idempotency_key', JSON.stringify(key));
    assert.equal(answer.status, 422);
  }
  for (const key of ['../', 'a'.repeat(255), '!~', "';--"]) {
    const answer = await alpha.call('/v1/changes', { body: change('good-key'), headers: { 'idempotency-key': key } });
    assert.equal(answer.status, 202, key);
  }
  assert.equal(await changesOf(alpha, 'bad-key'), 0);
});

test('SG-05 ID-06 a reporter names neither change nor message: ids are ours, without a dot, and one that is given is refused', async () => {
  for (const field of ['id', 'changeId', 'messageId', 'webhookId', 'timestamp']) {
    const answer = await alpha.call('/v1/changes', { body: { ...change('named'), [field]: 'chg.1' } });
    assert.equal(answer.status, 422, field);
    assert.match(answer.text, new RegExp(`/${field}`));
  }
  assert.equal(await changesOf(alpha, 'named'), 0);
  const told = expectStatus(await alpha.call('/v1/changes', { body: change('named') }), 202);
  for (const [, id] of told.text.matchAll(/"([a-z]+_[^"]*)"/g)) assert.match(id ?? '', /^[a-z]+_[0-9a-z]{26}$/);
});

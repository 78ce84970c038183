/** Links that let somebody without an account into the console of one workspace, as a key. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let alpha: Tenant;

before(async () => {
  server = await startRealServer({ settings: { publicUrl: 'https://hooks.example' } });
  alpha = await server.tenant('alpha');
});
after(() => server[Symbol.asyncDispose]());

const link = async (keyId: string): Promise<string> => {
  const made = expectStatus(await alpha.call(`/v1/keys/${keyId}/sign-in-link`, { method: 'POST' }), 201);
  const token = /^https:\/\/hooks\.example\/#sign-in=(\w+)$/.exec(text(made.json['url']))?.[1];
  assert.ok(token !== undefined, made.text);
  return token;
};
const open = (token: string) => server.call('/v1/sessions', { token: null, body: { token } });

test('a link opens one session with what its key may do, and the session ends with the key', async () => {
  const { id } = await server.key('alpha', ['webhooks:read']);
  const token = await link(id);
  const [first, second] = await Promise.all([open(token), open(token)]);
  assert.deepEqual([first.status, second.status].sort(), [201, 401], 'one of two who bring it at once');
  const opened = first.status === 201 ? first : second;
  assert.partialDeepStrictEqual(opened.json, { workspaceId: 'alpha', scopes: ['webhooks:read'], admin: false });

  const cookie = /^([^;]+);/.exec(String(opened.headers['set-cookie']))?.[1] ?? '';
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  const asVisitor = (path: string) => server.call(path, { token: null, headers });
  expectStatus(await asVisitor('/v1/webhooks'), 200);
  expectStatus(await asVisitor('/v1/keys'), 403);
  expectStatus(await open(token), 401);

  const { data } = await alpha.ask('/v1/audit?action=key.sign_in_link_issued');
  assert.equal(rows({ data })[0]?.['target'], `key:${id}`);
  expectStatus(await alpha.call(`/v1/keys/${id}`, { method: 'DELETE' }), 204);
  expectStatus(await asVisitor('/v1/webhooks'), 401);
});

test('a link sets no password, and nobody gets one for a key that may do more or is none of his', async () => {
  const { id } = await server.key('alpha', ['webhooks:read']);
  const token = await link(id);
  const set = { token: null, body: { token, password: 'correct horse battery staple' } };
  assert.ok((await server.call('/v1/passwords', set)).status >= 400);
  expectStatus(await open(token), 201);

  const beta = await server.tenant('beta');
  expectStatus(await beta.call(`/v1/keys/${id}/sign-in-link`, { method: 'POST' }), 404);
  const weak = await server.key('alpha', ['keys:write']);
  const asked = await server.call(`/v1/keys/${id}/sign-in-link`, { method: 'POST', token: weak.key });
  expectStatus(asked, 403);
  expectStatus(await alpha.call(`/v1/keys/${id}`, { method: 'DELETE' }), 204);
  expectStatus(await alpha.call(`/v1/keys/${id}/sign-in-link`, { method: 'POST' }), 422);
});

test('as many links as the limit says wait for a visit, and no more', async () => {
  const { id } = await server.key('alpha', []);
  for (let count = 0; count < 100; count++) await link(id);
  assert.equal(
    expectStatus(await alpha.call(`/v1/keys/${id}/sign-in-link`, { method: 'POST' }), 422).json['code'],
    'limit_reached',
  );
});

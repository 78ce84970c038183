/** People on the real server: who gets in, what a grant opens, what is written down of it, and a workspace that goes. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { allRoutes, type CallOptions } from '../../src/api/testing/test-server.ts';
import { openBrowser } from './browser.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const password = 'correct horse battery staple';

let server: RealServer;
let shop: Tenant;

before(async () => {
  // The test's own address is the proxy's.
  server = await startRealServer({ settings: { trustedProxies: ['127.0.0.0/8'] } });
  shop = await server.tenant('shop');
});
after(() => server[Symbol.asyncDispose]());

const tokenOf = (url: unknown): string => /#link=(\w+)$/.exec(text(url))?.[1] ?? '';

async function invited(email: string, roles: readonly string[]): Promise<string> {
  const user = await shop.ask('/v1/users', { body: { name: 'Ada', email, roles } });
  const link = user['link'];
  assert.ok(typeof link === 'object' && link !== null && 'url' in link);
  return tokenOf(link.url);
}

/** Call options of a browser that signs in, and of one that has. */
const fromPage = { 'sec-fetch-site': 'same-origin', 'user-agent': 'Browser/1' };

async function signedIn(email: string): Promise<{ readonly headers: { readonly [name: string]: string } }> {
  const answer = expectStatus(
    await server.call('/v1/sessions', { token: null, headers: fromPage, body: { email, password, workspace: 'shop' } }),
    201,
  );
  const cookie = /^([^;]+);/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';
  return { headers: { ...fromPage, cookie } };
}

/** Listens to `GET /v1/notices/stream` until the server ends it or `close` is called. */
async function openStream(key: string) {
  const abort = new AbortController();
  const response = await fetch(`${server.url}/v1/notices/stream`, {
    headers: { authorization: `Bearer ${key}` },
    signal: abort.signal,
  });
  assert.equal(response.status, 200);
  let seen = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) seen += decoder.decode(chunk);
  };
  const ended = read().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return { text: () => seen, ended, close: () => abort.abort() };
}

test('AK-15 UI-05 a person sets a password in the browser behind a link, signs in there, and the address keeps no token', async () => {
  const link = await invited('ada@shop.example', ['editor']);
  const browser = await openBrowser();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${server.url}/password#link=${link}`);
    await page.fill('input[name=password]', password);
    await page.fill('input[name=again]', `${password}!`);
    await page.click('button[type=submit]');
    await page.waitForSelector('.wrong:not([hidden])');
    assert.equal(new URL(page.url()).hash, '');
    await page.fill('input[name=again]', password);
    await page.click('button[type=submit]');
    await page.waitForSelector('text=Your password is set');
    await page.click('text=To the sign-in');
    await page.fill('input[name=email]', 'ada@shop.example');
    await page.fill('input[name=password]', password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForSelector('.side nav');
  } finally {
    await browser.close();
  }
  const again = await server.call('/v1/passwords', { token: null, body: { token: link, password } });
  assert.equal(again.status, 401, 'the link opens once');
});

test('LG-05 AK-06 a session does what its roles allow; audit says who, from where behind the proxy, and no secret', async () => {
  expectStatus(
    await server.call('/v1/passwords', {
      token: null,
      body: { token: await invited('bob@shop.example', ['admin']), password },
    }),
    200,
  );
  const { headers } = await signedIn('bob@shop.example');
  const bob = (path: string, options: CallOptions = {}) =>
    server.call(path, {
      ...options,
      token: null,
      headers: { ...headers, 'x-forwarded-for': '10.9.9.9, 203.0.113.7', ...options.headers },
    });
  const made = expectStatus(await bob('/v1/keys', { body: { name: 'by Bob', scopes: ['assets:read'] } }), 201).json;
  const other = await bob('/v1/keys', { headers: { 'sec-fetch-site': 'cross-site' }, body: { name: 'x', scopes: [] } });
  assert.equal(other.status, 403, 'another site may not');
  const audit = await shop.ask(`/v1/audit?target=key:${text(made['id'])}`);
  const [entry] = rows(audit);
  assert.deepEqual(
    [entry?.['action'], entry?.['from'], (entry?.['actor'] as { name?: string } | undefined)?.name],
    ['key.created', { address: '203.0.113.7', userAgent: 'Browser/1' }, 'Ada'],
  );
  const actor = entry?.['actor'] as { type: string; id: string };
  const byBob = rows(await shop.ask(`/v1/audit?actor=${actor.type}:${actor.id}`)).map((row) => row['action']);
  assert.deepEqual(byBob, ['key.created', 'session.created', 'user.password_set']);
  const everything = (await shop.call('/v1/audit?limit=1000')).text;
  for (const secret of [text(made['key']), password, 'scrypt', headers['cookie'] ?? 'none'])
    assert.ok(!everything.includes(secret), secret);
  const sessions = rows(expectStatus(await bob('/v1/sessions'), 200).json);
  const mine = sessions.find(({ current }) => current === true);
  assert.equal(expectStatus(await bob(`/v1/sessions/${text(mine?.['id'])}`, { method: 'DELETE' }), 204).status, 204);
  assert.equal((await bob('/v1/sessions/current')).status, 401, 'ended at once');
});

/** What a route must be sent for its own refusal not to come first. */
const grantedBodies: Readonly<Record<string, object>> = {
  patchAsset: { tags: ['x'] },
  clipAsset: { fromMs: 0, toMs: 1_000 },
  addComment: { text: 'Hm' },
  updateComment: { text: 'Hm' },
  setApproval: { status: 'approved' },
};

test('AK-03 a grant opens its folder on every asset route and nothing else; without the flag no route takes it', async () => {
  const inside = expectStatus(await shop.upload('in.txt', Buffer.from('in'), { path: '/granted/deep' }), 201).json;
  const outside = expectStatus(await shop.upload('out.txt', Buffer.from('out'), { path: '/granted-not' }), 201).json;
  const { id, key } = await server.key('shop', []);
  await shop.ask('/v1/grants', {
    body: {
      principal: `key:${id}`,
      resource: { type: 'folder', path: '/granted/' },
      scopes: ['assets:read', 'assets:write'],
    },
  });
  const holder = (path: string, options: CallOptions = {}) => shop.call(path, { ...options, token: key });
  const listed = rows(expectStatus(await holder('/v1/assets'), 200).json);
  assert.deepEqual(
    listed.map((row) => row['id']),
    [inside['id']],
  );
  let tried = 0;
  for (const route of allRoutes()) {
    if (!route.scope.startsWith('assets:') || route.operation === 'listAssets') continue;
    // Those have a matrix of their own: folders.test.ts.
    if (['folders', 'collections', 'sections', 'tasks'].includes(route.area)) continue;
    const fill = (asset: unknown): string =>
      route.path.replace('{reference}', text(asset)).replace('{number}', '1').replace('{name}', 'small');
    const body = grantedBodies[route.operation];
    const options = { method: route.method, ...(body === undefined ? {} : { body }) };
    if (route.operation === 'uploadAsset' || route.upload !== undefined) continue;
    const answer = await holder(fill(outside['id']), options);
    // What names no asset answers, and shows nothing of what lies outside.
    if (route.grantable === true && !route.path.includes('{reference}'))
      assert.ok(!answer.text.includes(text(outside['id'])), `${route.operation}: ${answer.text}`);
    else if (route.grantable === true) assert.equal(answer.status, 404, `${route.operation}: ${answer.text}`);
    else assert.equal(answer.status, 403, `${route.operation}: ${answer.text}`);
    // What would end it is for the end.
    if (route.grantable === true && !route.operation.startsWith('delete')) {
      const own = await holder(fill(inside['id']), options);
      assert.notEqual(own.status, 403, `${route.operation}: ${own.text}`);
      assert.ok(!own.text.includes('Find the asset:'), `${route.operation}: ${own.text}`);
    }
    tried++;
  }
  assert.ok(tried >= 12, String(tried));
  const moved = await holder(`/v1/assets/${text(inside['id'])}`, { method: 'PATCH', body: { path: '/elsewhere' } });
  assert.equal(moved.status, 403, 'not out of the folder either');
  for (const path of ['/v1/changes', '/v1/webhooks', '/v1/keys', '/v1/users', '/v1/settings', '/v1/changes/stream'])
    assert.equal((await holder(path)).status, 403, path);
  const upload = (path: string) => shop.upload('new.txt', Buffer.from('n'), { path });
  assert.equal((await upload('/granted/new')).status, 201);
  const grants = rows(await shop.ask(`/v1/grants?principal=key:${id}`));
  expectStatus(await shop.call(`/v1/grants/${text(grants[0]?.['id'])}`, { method: 'DELETE' }), 204);
  await eventually(
    () => holder('/v1/assets'),
    ({ status }) => status === 403,
    'the grant is gone within a second',
  );
});

test('AK-03 who may only write assets, by scope or by grant, reads how their metadata is defined, and no asset', async () => {
  await shop.ask('/v1/metadata-fields', { body: { name: 'season', type: 'text' } });
  const asset = expectStatus(await shop.upload('w.txt', Buffer.from('w'), { path: '/drop' }), 201).json;
  const byScope = await server.key('shop', ['assets:write']);
  const byGrant = await server.key('shop', []);
  await shop.ask('/v1/grants', {
    body: {
      principal: `key:${byGrant.id}`,
      resource: { type: 'folder', path: '/drop' },
      scopes: ['assets:write'],
    },
  });
  for (const { key } of [byScope, byGrant]) {
    const writer = (path: string, options: CallOptions = {}) => shop.call(path, { ...options, token: key });
    for (const path of ['/v1/metadata-fields', '/v1/metadata-fields/season', '/v1/metadata-rules'])
      assert.equal((await writer(path)).status, 200, path);
    for (const path of ['/v1/assets', `/v1/assets/${text(asset['id'])}`])
      assert.equal((await writer(path)).status, 403, path);
    const defined = await writer('/v1/metadata-fields', { body: { name: 'colour', type: 'text' } });
    assert.equal(defined.status, 403, 'to define is another thing');
  }
});

test('a notice is seen live by whoever watches the workspace', async () => {
  const inbox = await shop.ask('/v1/inboxes', { method: 'POST' });
  const webhook = await shop.ask('/v1/webhooks', {
    body: { name: 'rotates', dialect: 'standard', target: { transport: 'http', url: inbox['url'] }, events: ['*'] },
  });
  const stream = await openStream(shop.key);
  for (let count = 0; count < 4; count++)
    await shop.ask(`/v1/webhooks/${text(webhook['id'])}/rotate-secret`, { body: {} });
  await eventually(
    () => Promise.resolve(stream.text()),
    (seen) => /^event: notice$[\s\S]*"kind":"secret.dropped"/m.test(seen),
    'the notice is in the stream',
  );
  stream.close();
});

test('what the process runs with is shown to admins of the installation only, with where it came from and no secret', async () => {
  const admin = expectStatus(await server.call('/v1/settings'), 200).json;
  const settings = admin['process'];
  assert.ok(Array.isArray(settings));
  const byName = new Map(settings.map((row: { name: string; value: string; source: string }) => [row.name, row]));
  assert.equal(byName.get('adminKey')?.value, 'set');
  assert.equal(byName.get('trustedProxies')?.value, '127.0.0.0/8');
  assert.deepEqual((await shop.ask('/v1/settings'))['process'], []);
  const patched = await shop.ask('/v1/settings', {
    method: 'PATCH',
    body: { contacts: ['ops@shop.example'], webhookPolicy: { onDead: 'stop' } },
  });
  assert.deepEqual(patched['contacts'], ['ops@shop.example']);
  const webhook = await shop.ask('/v1/webhooks', {
    body: {
      name: 'w',
      dialect: 'standard',
      target: { transport: 'http', url: 'https://example.com/' },
      events: ['*'],
      enabled: false,
    },
  });
  assert.deepEqual(webhook['policy'], { onDead: 'stop' }, "the workspace's policy is taken");
  for (const contacts of [['x'], ['a@b.c\r\nBcc: d@e.f'], ['"a, b"@c.d'], Array(21).fill('a@b.c')])
    assert.equal((await shop.call('/v1/settings', { method: 'PATCH', body: { contacts } })).status, 422);
});

test('TN-16 a workspace is erased by the API while another goes on; its keys, streams and files are gone', async () => {
  const gone = await server.tenant('gone');
  await gone.upload('a.txt', Buffer.from('of gone'));
  await gone.upload('b.txt', Buffer.from('of gone too'));
  const watching = await openStream(gone.key);
  const files = join(server.dataDir, 'files', 'files');
  const before = readdirSync(files).length;
  const refusal = await server.call('/v1/workspaces/gone', { method: 'DELETE', body: { confirm: 'shop' } });
  assert.equal(refusal.status, 422);
  const begun = await server.call('/v1/workspaces/gone', { method: 'DELETE', body: { confirm: 'gone' } });
  assert.equal(expectStatus(begun, 202).json['state'], 'erasing');
  await eventually(
    () => server.call('/v1/workspaces/gone'),
    ({ json }) => (json['erasure'] as { phase?: string } | undefined)?.phase === 'settling',
    'everything is gone',
  );
  await eventually(
    () => gone.call('/v1/assets'),
    ({ status }) => status === 401,
    'its key is refused within a second',
  );
  await watching.ended;
  assert.equal(readdirSync(files).length, before - 1, 'its files');
  assert.equal((await server.call('/v1/assets', { headers: { 'assetwire-workspace': 'gone' } })).status, 404);
  assert.equal((await shop.upload('on.txt', Buffer.from('on'))).status, 201);
  assert.equal(
    (await server.call('/v1/workspaces/default', { method: 'DELETE', body: { confirm: 'default' } })).status,
    409,
  );
});

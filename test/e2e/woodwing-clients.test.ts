/**
 * What is written for WoodWing Assets beside a receiver, restated from public clients of the vendor and run against the real
 * server: the vendor's own sample (a notification arrives, it searches the asset, signs in on 401 with cookie and token,
 * downloads the preview, sets a rating), and a management client that signs in for a bearer and sends forms. Both know a
 * base URL and nothing in front of `/services`: the API stands at the root of a port of its own.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { woodwingDialect } from '../../src/dialects/woodwing/index.ts';
import { until } from '../support/until.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, text } from './real-server.ts';

const photograph = readFileSync(join(import.meta.dirname, '..', '..', 'media', 'wine.jpg'));

let server: RealServer;
let base: string;
let key: string;

before(async () => {
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { dialectListen: [{ dialect: 'woodwing', host: '127.0.0.1', port: 0 }] },
  });
  base = server.started.vendorUrls['woodwing'] ?? '';
  key = (
    await server.key('default', [
      'assets:read',
      'assets:write',
      'webhooks:read',
      'webhooks:write',
      'settings:read',
      'settings:write',
      'secrets:reveal',
    ])
  ).key;
});
after(() => server[Symbol.asyncDispose]());

type Reply = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly bytes: Buffer;
  readonly json: { readonly [name: string]: unknown };
};

type Asked = {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Buffer;
};

/** As `request` of npm sends: nothing that the options do not say. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json: parsed(bytes) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function parsed(bytes: Buffer): Reply['json'] {
  try {
    return JSON.parse(bytes.toString('utf8')) as Reply['json'];
  } catch {
    return {};
  }
}

function form(fields: { readonly [name: string]: string }): Required<Pick<Asked, 'headers' | 'body'>> {
  const boundary = '--------------------------517162049158829349741290';
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  };
}

type Hit = {
  readonly id: string;
  readonly previewUrl?: string;
  readonly thumbnailUrl?: string;
  readonly originalUrl?: string;
  readonly permissions: string;
  readonly metadata: { readonly [field: string]: unknown };
};

function hitsOf(reply: Reply): readonly Hit[] {
  return reply.json['hits'] as readonly Hit[];
}

/** The request helper of the vendor's sample: signs in when it is told 401, keeps the cookie, sends the token. */
function createSampleRequest(username: string, password: string) {
  let cookie = '';
  let token = '';
  const once = async (path: string, method: string): Promise<Reply> => {
    const headers = { ...(cookie === '' ? {} : { cookie }), ...(token === '' ? {} : { 'X-CSRF-TOKEN': token }) };
    const reply = await ask(path.startsWith('http') ? path : `${base}${path}`, { method, headers });
    const jar = reply.headers['set-cookie'];
    if (Array.isArray(jar)) cookie = String(jar[0]).split(';')[0] ?? '';
    return reply;
  };
  const signIn = async (): Promise<void> => {
    const { json } = await once(`/services/login?username=${username}&password=${password}`, 'POST');
    if (json['loginSuccess'] !== true) throw new Error(String(json['loginFaultMessage']));
    token = String(json['csrfToken']);
  };
  return async (path: string, method = 'GET'): Promise<Reply> => {
    const first = await once(path, method);
    if (first.status !== 401) return first;
    assert.equal(first.json['errorcode'], 401);
    await signIn();
    return once(path, method);
  };
}

async function uploaded(name: string, asset: object): Promise<string> {
  const body = new FormData();
  body.append('asset', JSON.stringify(asset));
  body.append('file', new Blob([photograph]), name);
  const response = await fetch(`${server.url}/v1/assets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body,
  });
  assert.equal(response.status, 201);
  const { id } = (await response.json()) as { readonly id: string };
  await eventually(
    async () => (await server.call(`/v1/assets/${id}`)).json,
    (json) => (json['state'] as { renditions: unknown[] }).renditions.length > 0,
    'renditions',
  );
  return id;
}

test("the vendor's sample: a status becomes Final, the preview is fetched, the rating is set, and that is a change in turn", async () => {
  const events: { readonly type: string; readonly assetId: string; readonly changedMetadata: Changed }[] = [];
  const previews: Reply[] = [];
  const problems: unknown[] = [];
  let secretToken = '';
  const request = createSampleRequest('sample', key);
  const sample = createServer((incoming, response) => {
    let data = '';
    incoming.on('data', (chunk: Buffer) => {
      data += String(chunk);
    });
    incoming.on('end', () => {
      const digest = createHmac('sha256', secretToken).update(data).digest('hex');
      if (incoming.headers['x-hook-signature'] !== digest) {
        response.writeHead(400).end('Invalid WebHook signature.');
        return;
      }
      response.writeHead(200).end();
      const event = JSON.parse(data) as (typeof events)[number];
      events.push(event);
      if (event.type === 'asset_update_metadata') handle(event).catch((error: unknown) => problems.push(error));
    });
  });
  const handle = async (event: (typeof events)[number]): Promise<void> => {
    if (event.changedMetadata['status'] === undefined) return;
    const [asset] = await eventually(
      async () => hitsOf(await request(`/services/search?q=id:${event.assetId}`)),
      (hits) => hits.length > 0,
      'the search finds what the notification speaks of',
    );
    assert.ok(asset !== undefined);
    const rating = event.changedMetadata['status'].newValue === 'Final' ? 5 : 1;
    if (rating === 5 && asset.previewUrl !== undefined) previews.push(await request(asset.previewUrl));
    const metadata = encodeURI(JSON.stringify({ rating }));
    const reply = await request(`/services/update?id=${event.assetId}&metadata=${metadata}`, 'POST');
    assert.equal(reply.status, 200, reply.bytes.toString());
  };
  await new Promise<void>((resolve) => sample.listen(0, '127.0.0.1', resolve));
  const { port } = sample.address() as AddressInfo;
  try {
    const made = await ask(`${base}/services/admin/webhook`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'Sample',
        url: `http://127.0.0.1:${port}/`,
        eventTypes: ['asset_update_metadata'],
        triggerMetadataFields: ['status', 'rating'],
      }),
    });
    assert.equal(made.status, 200);
    secretToken = text(made.json['secretToken']);
    const id = await uploaded('räksmörgås & co.jpg', { path: '/Demo Zone', metadata: { status: 'Draft' } });
    const patched = await server.call(`/v1/assets/${id}`, { method: 'PATCH', body: { metadata: { status: 'Final' } } });
    expectStatus(patched, 200);
    const isRated = (event: (typeof events)[number]) => event.changedMetadata['rating'] !== undefined;
    await until(() => problems.length > 0 || events.some(isRated), 'the change that the sample made');
    assert.deepEqual(problems, []);
    const [preview] = previews;
    assert.equal(preview?.status, 200);
    assert.match(String(preview?.headers['content-type']), /^image\//);
    assert.ok((preview?.bytes.length ?? 0) > 500);
    const rated = events.find(isRated);
    assert.deepEqual(rated?.changedMetadata['rating'], { oldValue: null, newValue: 5 });
    const { json } = await server.call(`/v1/assets/${id}`);
    assert.equal((json['state'] as { metadata: { rating: unknown } }).metadata.rating, 5);
  } finally {
    sample.closeAllConnections();
    sample.close();
  }
});

test('an asset that was brought with its old id is found and updated by it, in its own workspace only', async () => {
  const alias = '4ovRzkGWaf79DgVMRpgSFl';
  const stranger = { headers: { authorization: `Bearer ${(await server.tenant('other')).key}` } };
  const own = { headers: { authorization: `Bearer ${key}` } };
  await uploaded('moved.jpg', { path: '/moved', aliases: { woodwing: alias } });
  const search = async (query: string, as: Asked = own): Promise<readonly Hit[]> =>
    hitsOf(await ask(`${base}/services/search?q=${encodeURIComponent(query)}`, as));
  for (const query of [`id:${alias}`, `id:"${alias}" AND filename:moved*`, `NOT (NOT id:${alias})`]) {
    const hits = await eventually(
      () => search(query),
      ({ length }) => length > 0,
      query,
    );
    assert.equal(hits.map((hit) => hit.id).join(), alias, query);
  }
  assert.deepEqual(await search(`id:${alias}`, stranger), []);
  const rating = `${base}/services/update?id=${alias}&metadata=${encodeURIComponent('{"rating":5}')}`;
  assert.equal((await ask(rating, { method: 'POST', ...stranger })).status, 404);
  assert.equal((await ask(rating, { method: 'POST', ...own })).json['id'], alias);
});

type Changed = { readonly [field: string]: { readonly oldValue: unknown; readonly newValue: unknown } };

test('a management client: apilogin by form, then registers, updates, switches and removes with forms and JSON', async () => {
  const wrong = await ask(`${base}/services/apilogin`, {
    method: 'POST',
    ...form({ username: 'api', password: 'nope' }),
  });
  assert.equal(wrong.status, 200);
  assert.deepEqual([wrong.json['loginSuccess'], typeof wrong.json['loginFaultMessage']], [false, 'string']);
  const signedIn = await ask(`${base}/services/apilogin`, {
    method: 'POST',
    ...form({ username: 'api', password: key }),
  });
  assert.equal(signedIn.json['loginSuccess'], true);
  const bearer = { authorization: `Bearer ${String(signedIn.json['authToken'])}` };
  const json = { ...bearer, 'content-type': 'application/json' };
  const at = `${base}/services/admin/webhook`;
  const made = await ask(`${at}/`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ name: 'Managed', url: 'https://receiver.example/', eventTypes: [], unknown: 1 }),
  });
  assert.equal(made.status, 200, made.bytes.toString());
  const one = `${at}/${String(made.json['id'])}`;
  const updated = await ask(one, { method: 'PUT', headers: json, body: JSON.stringify({ name: 'Renamed' }) });
  assert.deepEqual([updated.status, updated.json['name']], [200, 'Renamed']);
  const empty = form({});
  for (const [action, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    const done = await ask(`${one}/${action}`, {
      method: 'PUT',
      headers: { ...bearer, ...empty.headers },
      body: empty.body,
    });
    assert.deepEqual([done.status, done.json['enabled']], [200, enabled]);
  }
  const listed = await ask(at, { headers: bearer });
  assert.ok(Array.isArray(listed.json) && listed.json.some((hook: { id: unknown }) => hook.id === made.json['id']));
  const refused = await ask(one, { method: 'PUT', headers: json, body: JSON.stringify({ eventTypes: 'all' }) });
  assert.equal(refused.json['errorcode'], 400);
  assert.match(String(refused.json['message']), /eventTypes must be a list of texts/);
  const gone = await ask(one, { method: 'DELETE', headers: bearer });
  assert.deepEqual([gone.status, gone.bytes.length], [204, 0]);
  await ask(`${base}/services/logout`, { method: 'POST', headers: bearer });
  await until(async () => (await ask(at, { headers: bearer })).status === 401, 'the token ends with the session');
});

test('search: hits as the vendor has them, paged by number, sorted, with the fields asked for, errors in its form', async () => {
  const id = await uploaded('searched one.jpg', { path: '/found', tags: ['beach'], info: { title: 'At sea' } });
  await uploaded('searched two.jpg', { path: '/found/deep', tags: ['beach', 'sun'] });
  const bearer = { authorization: `Bearer ${key}` };
  const search = (q: string, rest = ''): Promise<Reply> =>
    ask(`${base}/services/search?q=${encodeURIComponent(q)}${rest}`, { headers: bearer });
  const found = await eventually(
    () => search('ancestorPaths:"/found" AND tags:beach', '&metadataToReturn=filename,title,fileSize,assetCreated'),
    ({ json }) => json['totalHits'] === 2,
    'both are found',
  );
  assert.equal(found.status, 200, found.bytes.toString());
  assert.deepEqual([found.json['totalHits'], found.json['firstResult'], found.json['maxResultHits']], [2, 0, 50]);
  const [second, first] = hitsOf(found);
  assert.equal(first?.id.length, 22);
  assert.deepEqual(Object.keys(first?.metadata ?? {}), ['filename', 'title', 'fileSize', 'assetCreated']);
  assert.deepEqual(first?.metadata['title'], 'At sea');
  const size = first?.metadata['fileSize'] as { readonly value: number; readonly formatted: string };
  assert.equal(size.value, photograph.length);
  assert.match(size.formatted, /KB|MB/);
  assert.equal(second?.metadata['filename'], 'searched two.jpg');
  assert.equal(first?.permissions, 'VPUMERXCD');
  const paged = await search('tags:beach ancestorPaths:"/found"', '&start=1&num=1&sort=name');
  assert.deepEqual(
    [paged.json['totalHits'], hitsOf(paged).map(({ metadata }) => metadata['filename'])],
    [2, ['searched two.jpg']],
  );
  const original = await ask(`${first?.originalUrl ?? ''}?forceDownload=true`, { headers: bearer });
  assert.equal(original.status, 200);
  assert.equal(Buffer.compare(original.bytes, photograph), 0);
  assert.match(String(original.headers['content-disposition']), /^attachment/);
  const part = await ask(first?.originalUrl ?? '', { headers: { ...bearer, range: 'bytes=0-9' } });
  assert.deepEqual([part.status, part.bytes.length], [206, 10]);
  for (const url of [first?.previewUrl, first?.thumbnailUrl]) {
    const picture = await ask(url ?? '', { headers: bearer });
    assert.deepEqual([picture.status, String(picture.headers['content-type']).startsWith('image/')], [200, true]);
  }
  for (const [q, rest, says] of [
    ['tags:(', '', /q cannot be read: at character 7/],
    ['tags:*ach', '', /a wildcard may stand at the end/],
    ['a', '&sort=rating', /sort must be one of/],
    ['a', '&num=x', /whole numbers/],
    ['a', '&format=xml', /format must be json/],
  ] as const) {
    const refused = await search(q, rest);
    assert.equal(refused.status, 400);
    assert.deepEqual(Object.keys(refused.json), ['errorcode', 'message']);
    assert.match(String(refused.json['message']), says);
  }
  const nothing = await ask(`${base}/services/search?q=*:*`);
  assert.deepEqual([nothing.status, nothing.json['errorcode']], [401, 401]);
  const asPost = await ask(`${base}/services/search`, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ query: { QueryStringQuery: { queryString: `id:${first?.id ?? ''}` } } }),
  });
  assert.deepEqual(
    hitsOf(asPost).map((hit) => hit.id),
    [first?.id],
  );
  assert.equal((await server.call(`/v1/assets/${id}`)).status, 200);
});

test('update refuses by name what it cannot write, and a cookie without its token writes nothing', async () => {
  const id = await uploaded('written.jpg', { path: '/written' });
  const bearer = { authorization: `Bearer ${key}` };
  const [hit] = await eventually(
    async () => hitsOf(await ask(`${base}/services/search?q=filename:written*`, { headers: bearer })),
    ({ length }) => length > 0,
    'it is found',
  );
  const update = (
    fields: { readonly [name: string]: string },
    headers: { readonly [name: string]: string } = bearer,
  ) => {
    const sent = form(fields);
    return ask(`${base}/services/update`, {
      method: 'POST',
      headers: { ...headers, ...sent.headers },
      body: sent.body,
    });
  };
  const vendorId = hit?.id ?? '';
  const done = await update({
    id: vendorId,
    metadata: JSON.stringify({ title: 'New', tags: 'a, b', status: 'Final', filename: 'renamed.jpg' }),
    metadataToReturn: 'title,tags,status,filename',
  });
  assert.equal(done.status, 200, done.bytes.toString());
  assert.deepEqual(done.json['metadata'], { title: 'New', tags: ['a', 'b'], status: 'Final', filename: 'renamed.jpg' });
  for (const [fields, says] of [
    [{ metadata: '{}' }, /id is required/],
    [{ id: vendorId, metadata: 'x' }, /metadata must be a JSON object/],
    [{ id: vendorId, metadata: '{"fileSize":1}' }, /fileSize cannot be written/],
    [{ id: vendorId, metadata: '{"tags":"+a"}' }, /tags must be the whole list/],
  ] as const) {
    const refused = await update(fields);
    assert.equal(refused.status, 400);
    assert.match(String(refused.json['message']), says);
  }
  const unknown = await update({ id: 'AAAAAAAAAAAAAAAAAAAAAA', metadata: '{"title":"x"}' });
  assert.deepEqual([unknown.status, unknown.json['errorcode']], [404, 404]);
  const login = await ask(`${base}/services/login?username=x&password=${key}`, { method: 'POST' });
  const cookie = String((login.headers['set-cookie'] as readonly string[] | undefined)?.[0]).split(';')[0] ?? '';
  const metadata = JSON.stringify({ title: 'forged' });
  assert.equal((await update({ id: vendorId, metadata }, { cookie })).status, 403);
  assert.equal((await update({ id: vendorId, metadata }, { cookie, 'x-csrf-token': 'guessed' })).status, 403);
  const right = String(login.json['csrfToken']);
  assert.equal((await update({ id: vendorId, metadata }, { cookie, 'x-csrf-token': right })).status, 200);
  assert.equal((await server.call(`/v1/assets/${id}`)).status, 200);
});

test('a path that the vendor does not have is told in its form, at the root of the port too', async () => {
  const missing = await ask(`${base}/services/nothing`, { headers: { authorization: `Bearer ${key}` } });
  assert.deepEqual([missing.status, missing.json['errorcode']], [404, 404]);
  assert.equal((await ask(`${base}/v1/assets`, { headers: { authorization: `Bearer ${key}` } })).status, 404);
});

test('webHooksFailuresBeforeDisable reaches webhooks that are at work: disabled with reason and moment, enabled without what was held', async () => {
  let status = 200;
  const answered: (readonly [note: string, status: number])[] = [];
  const receiver = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const note = /"note":\{"oldValue":[^,]*,"newValue":(\d)\}/.exec(Buffer.concat(chunks).toString())?.[1] ?? '';
      answered.push([note, status]);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  try {
    const made = await ask(`${base}/services/admin/webhook`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'Failing',
        url: `http://127.0.0.1:${port}/`,
        eventTypes: ['asset_update_metadata'],
      }),
    });
    const change = (note: number) =>
      server.call('/v1/changes', {
        body: {
          changes: [
            {
              kind: 'asset.metadata_changed',
              subject: { type: 'asset', externalId: 'disabling' },
              after: { name: 'a.jpg', metadata: { note } },
            },
          ],
        },
      });
    expectStatus(await change(0), 202);
    await until(() => answered.length === 1, 'a first message');
    const set = { webHooksFailuresBeforeDisable: 3 };
    expectStatus(
      await server.call('/v1/dialects/woodwing/properties', { method: 'PATCH', body: { values: set } }),
      200,
    );
    status = 500;
    for (const note of [1, 2, 3, 4]) expectStatus(await change(note), 202);
    const one = `${base}/services/admin/webhook/${String(made.json['id'])}`;
    const headers = { authorization: `Bearer ${key}` };
    await until(async () => (await ask(one, { headers })).json['enabled'] === false, 'it is disabled');
    const { json } = await server.call('/v1/webhooks?dialect=woodwing&state=disabled');
    const [hook] = json['data'] as readonly {
      readonly id: string;
      readonly stateReason?: string;
      readonly stateChangedAtMs?: number;
    }[];
    assert.match(String(hook?.stateReason), /3 failures|failures/);
    assert.equal(typeof hook?.stateChangedAtMs, 'number');
    status = 200;
    const enabled = await ask(`${one}/enable`, { method: 'PUT', headers });
    assert.deepEqual([enabled.status, enabled.json['enabled']], [200, true]);
    expectStatus(await change(9), 202);
    await until(() => answered.some(([note]) => note === '9'), 'what happens from now on is told');
    const pending = `/v1/deliveries?states=pending&webhookId=${text(hook?.id)}`;
    await until(async () => rows((await server.call(pending)).json).length === 0, 'what was held is dropped');
    // One may have been in the air when it was disabled.
    const taken = answered.filter(([note, given]) => given === 200 && /[1-4]/.test(note));
    assert.ok(taken.length <= 1, JSON.stringify(answered));
  } finally {
    await server.call('/v1/dialects/woodwing/properties', {
      method: 'PATCH',
      body: { values: { webHooksFailuresBeforeDisable: null } },
    });
    receiver.closeAllConnections();
    receiver.close();
  }
});

test('a user signs in with e-mail and password; without the rights of the super user the vendor’s words refuse', async () => {
  const password = 'correct horse battery staple';
  const invite = async (email: string, roles: readonly string[]): Promise<string> => {
    const { json } = expectStatus(await server.call('/v1/users', { body: { name: 'Ada', email, roles } }), 201);
    const token = /#link=(\w+)$/.exec(String((json['link'] as { readonly url?: unknown }).url))?.[1] ?? '';
    expectStatus(await server.call('/v1/passwords', { token: null, body: { token, password } }), 200);
    const login = await ask(`${base}/services/apilogin`, { method: 'POST', ...form({ username: email, password }) });
    assert.equal(login.json['loginSuccess'], true, login.bytes.toString());
    return `Bearer ${String(login.json['authToken'])}`;
  };
  const superUser = await invite('super@dam.example', ['admin']);
  const listed = await ask(`${base}/services/admin/webhook`, { headers: { authorization: superUser } });
  assert.equal(listed.status, 200, listed.bytes.toString());
  const hooks = listed.json as unknown as readonly { readonly secretToken: string }[];
  assert.ok(hooks.length > 0);
  for (const { secretToken } of hooks)
    assert.match(secretToken, /^[A-Za-z0-9+/]{22}==$/, 'the super user sees the tokens');
  const viewer = await invite('viewer@dam.example', ['viewer']);
  const refused = await ask(`${base}/services/admin/webhook`, {
    method: 'POST',
    headers: { authorization: viewer, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.deepEqual([refused.status, refused.json['errorcode']], [403, 403]);
  const wrong = await ask(`${base}/services/apilogin`, {
    method: 'POST',
    ...form({ username: 'super@dam.example', password: 'wrong horse' }),
  });
  assert.equal(wrong.json['loginSuccess'], false);
});

test('the schema of each message is published, without a key', async () => {
  for (const { name } of woodwingDialect.manifest.events) {
    const reply = await ask(`${server.url}/v1/dialects/woodwing/schemas/${name}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.json['title'], name);
    assert.match(String(reply.json['$id']), new RegExp(`/schemas/${name}$`));
  }
  assert.equal((await ask(`${server.url}/v1/dialects/woodwing/schemas/nothing`)).status, 404);
});

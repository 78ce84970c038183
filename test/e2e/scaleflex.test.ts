/**
 * Receivers of Scaleflex DAM and the real server: set up by the API in the vendor's manner, by our own, and by the settings
 * that console and CLI draw; told of real files, in the file object that the vendor's own clients read.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeId } from '../../src/core/id-encoding.ts';
import type { CallOptions } from '../../src/api/testing/test-server.ts';
import { assertReadable, type PickerAsset } from '../../src/dialects/scaleflex/testing/picker.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';
import { type Arrival, type Peer, startPeer } from './scaleflex-receiver.ts';

const api = '/scaleflex/v5/webhooks';
const media = join(import.meta.dirname, '..', '..', 'media');
const canaries = {
  password: 'canary-token-password-4711',
  clientSecret: 'canary-client-secret-4711',
  token: 'canary-access-token-4711',
};

let server: RealServer;
before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
});
after(() => server[Symbol.asyncDispose]());

type Json = { readonly [key: string]: unknown };
type Body = { readonly event: string; readonly file: PickerAsset };

function objectOf(value: unknown): Json {
  assert.ok(typeof value === 'object' && value !== null, JSON.stringify(value));
  return value as Json;
}

async function arrived({ arrivals }: Peer, count: number): Promise<Body> {
  await eventually(
    () => Promise.resolve(arrivals.length),
    (length) => length >= count,
    `${count} arrivals`,
  );
  const { body, headers } = arrivals[count - 1] ?? { body: Buffer.alloc(0), headers: {} };
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['content-length'], String(body.length));
  const parsed = JSON.parse(body.toString()) as Body;
  assert.deepEqual(Object.keys(parsed), ['event', 'file']);
  assertReadable(parsed.file);
  return parsed;
}

async function made(tenant: Tenant, receiver: Peer, more: object): Promise<Json> {
  const answer = await tenant.call(api, {
    body: { hostname: receiver.url, path: '/hooks/dam', triggers: ['upload'], ...more },
  });
  const { status, webhook } = expectStatus(answer, 201).json;
  assert.equal(status, 'success');
  return objectOf(webhook);
}

async function change(tenant: Tenant, id: string, body: object): Promise<void> {
  expectStatus(await tenant.call(`/v1/assets/${id}`, { method: 'PATCH', body }), 200);
}

test('A photograph’s life arrives by its triggers, with real values and a link that works', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('life');
  const webhook = await made(tenant, receiver, {
    name: 'Shop',
    triggers: ['upload', 'move', 'rename', 'delete', 'change_meta', 'change_info', 'change_tag', 'change_label'],
    headers: ['X-Project: spring', 'X-Team: web'],
    auth: { type: 'basic', username: 'shop', password: 'pä:ss' },
  });
  assert.equal(webhook['hostname'], receiver.url);
  assert.equal(webhook['path'], '/hooks/dam');
  assert.equal(objectOf(webhook['auth'])['username'], 'shop');
  const photograph = readFileSync(join(media, 'sunset.jpg'));
  const uploaded = await tenant.upload('sunset.jpg', photograph, {
    path: '/nature',
    info: { title: 'A sunset' },
    metadata: { status: 'Draft' },
    tags: ['sea'],
  });
  const id = text(expectStatus(uploaded, 201).json['id']);
  const { event, file } = await arrived(receiver, 1);
  assert.equal(event, 'upload');
  const [first] = receiver.arrivals;
  assert.ok(first !== undefined);
  const { headers, path } = first;
  assert.equal(path, '/hooks/dam');
  assert.equal(headers.authorization, `Basic ${Buffer.from('shop:pä:ss').toString('base64')}`);
  assert.deepEqual([headers['x-project'], headers['x-team']], ['spring', 'web']);
  assert.equal(file.size?.bytes, photograph.length);
  assert.equal(file.type, 'image/jpeg');
  const { file: facts } = objectOf((await tenant.ask(`/v1/assets/${id}`))['state']) as { file: Json };
  assert.deepEqual([file.info?.img_w, file.info?.img_h], [facts['widthPx'], facts['heightPx']]);
  assert.ok((file.info?.img_w ?? 0) > 100);
  const hash = file.hash;
  assert.equal(hash?.sha1, createHash('sha1').update(photograph).digest('hex'));
  assert.deepEqual(file.meta, { title: 'A sunset', status: 'Draft' });
  assert.equal(file.url?.path, '/nature/sunset.jpg');
  const content = await fetch(file.url?.cdn ?? '');
  assert.deepEqual(Buffer.from(await content.arrayBuffer()), photograph);
  const steps = [
    ['change_meta', { metadata: { status: 'Final' } }],
    ['change_info', { info: { title: 'The sea' } }],
    ['change_tag', { tags: ['sea', 'evening'] }],
    ['change_label', { labels: ['hero'] }],
    ['rename', { name: 'sea.jpg' }],
    ['move', { path: '/done' }],
  ] as const;
  for (const [index, [trigger, patch]] of steps.entries()) {
    await change(tenant, id, patch);
    assert.equal((await arrived(receiver, index + 2)).event, trigger);
  }
  // One write that fits two triggers is two changes: two messages in its order, each with the state after all of it.
  await change(tenant, id, { name: 'end.jpg', tags: [] });
  const pair = [await arrived(receiver, 8), await arrived(receiver, 9)];
  assert.deepEqual(pair.map((body) => [body.event, body.file.name, body.file.tags]).sort(), [
    ['change_tag', 'end.jpg', []],
    ['rename', 'end.jpg', []],
  ]);
  expectStatus(await tenant.call(`/v1/assets/${id}`, { method: 'DELETE' }), 204);
  const last = await arrived(receiver, 10);
  assert.deepEqual([last.event, last.file.uuid, last.file.url], ['delete', file.uuid, { path: '/done/end.jpg' }]);
});

test('A film has its size in pixels, its seconds and its bits per second; a pushed one its playlists', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('films');
  await made(tenant, receiver, { fields: { file: ['uuid', 'name'], additional: [] } });
  expectStatus(await tenant.upload('pan.mp4', readFileSync(join(media, 'pan.mp4'))), 201);
  const { file } = await arrived(receiver, 1);
  assert.deepEqual(Object.keys(file), ['uuid', 'name', 'extension', 'info']);
  const { video_w: width, video_h: height, duration = 0, bitrate = 0, ...rest } = file.info ?? {};
  assert.ok((width ?? 0) > 0 && (height ?? 0) > 0 && duration > 1 && bitrate > 1_000, JSON.stringify(file.info));
  assert.deepEqual(rest, {});
  const hls = 'https://videos.example/pan/master.m3u8';
  const dash = 'https://videos.example/pan/manifest.mpd';
  expectStatus(
    await tenant.call('/v1/assets/external:film-1', {
      method: 'PUT',
      body: {
        name: 'pan.mp4',
        file: {
          name: 'pan.mp4',
          bytes: 9,
          mimeType: 'video/mp4',
          url: 'https://videos.example/pan.mp4',
          durationMs: 12_500,
        },
        renditions: [
          { title: 'dash', name: 'manifest.mpd', bytes: 1, mimeType: 'application/dash+xml', url: dash },
          {
            title: 'hls',
            name: 'master.m3u8',
            bytes: 1,
            mimeType: 'application/vnd.apple.mpegurl',
            url: hls,
            widthPx: 1280,
            heightPx: 720,
          },
        ],
      },
    }),
    201,
  );
  const pushed = await arrived(receiver, 2);
  assert.equal(pushed.file.info?.duration, 12.5);
  assert.deepEqual(pushed.file.info?.playlists, [{ playlists: [hls], resolution: '1280x720' }, { playlists: [dash] }]);
});

test('On change meta tells the transition of the chosen field to the chosen value, and nothing else', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('meta');
  await made(tenant, receiver, {
    triggers: ['change_meta'],
    change_meta: { field: 'channels', value: 'print' },
    fields: { file: ['uuid'], image: [], additional: ['custom'] },
  });
  const id = text(
    expectStatus(
      await tenant.upload('wine.jpg', readFileSync(join(media, 'wine.jpg')), { metadata: { channels: ['print'] } }),
      201,
    ).json['id'],
  );
  await change(tenant, id, { metadata: { channels: ['web', 'print'] } });
  await change(tenant, id, { metadata: { channels: ['web'] } });
  await change(tenant, id, { metadata: { other: 'print' } });
  await change(tenant, id, { metadata: { channels: ['print', 'web'] } });
  const { file } = await arrived(receiver, 1);
  assert.deepEqual(file.meta, { channels: ['print', 'web'], other: 'print' });
  await change(tenant, id, { metadata: { channels: ['print'] } });
  await change(tenant, id, { metadata: { channels: [] } });
  await change(tenant, id, { metadata: { channels: ['print'] } });
  assert.deepEqual((await arrived(receiver, 2)).file.meta?.['channels'], ['print']);
  assert.equal(receiver.arrivals.length, 2);
});

const tokenOf = ({ body }: Arrival): readonly [number, string] =>
  new URLSearchParams(body.toString()).get('password') === canaries.password
    ? [200, JSON.stringify({ access_token: canaries.token, token_type: 'Bearer', expires_in: 3_600 })]
    : [400, '{"error":"invalid_grant"}'];

test('OA-01 a token is fetched for username and password, and neither it nor what it was fetched with is seen anywhere', async () => {
  await using tokens = await startPeer(tokenOf);
  await using receiver = await startPeer(({ headers }) => {
    const known = headers.authorization === `Bearer ${canaries.token}`;
    return known ? [200, JSON.stringify({ got: headers.authorization })] : [401, ''];
  });
  const tenant = await server.tenant('tokens');
  const said: string[] = [];
  const ask = async (path: string, options?: CallOptions) => {
    const answer = await tenant.call(path, options);
    said.push(answer.text);
    return answer;
  };
  const auth = { type: 'oauth2', endpoint: `${tokens.url}/token`, username: 'shop', password: canaries.password };
  const webhook = await made(tenant, receiver, {
    auth: { ...auth, client_id: 'c', client_secret: canaries.clientSecret },
  });
  said.push(JSON.stringify(webhook));
  const id = text(expectStatus(await tenant.upload('life.jpg', readFileSync(join(media, 'life.jpg'))), 201).json['id']);
  await arrived(receiver, 1);
  assert.equal(receiver.arrivals[0]?.headers.authorization, `Bearer ${canaries.token}`);
  const tested = expectStatus(await ask(`${api}/${text(webhook['uuid'])}/test`, { body: {} }), 200).json;
  assert.equal(objectOf(tested['test'])['delivered'], true, JSON.stringify(tested));
  assert.equal(tokens.arrivals.length, 1, 'the test has a token already');
  const listed = await eventually(
    async () => rows((await ask('/v1/deliveries')).json),
    (found) => found.length >= 2 && found.every(({ state }) => state === 'delivered'),
    'both deliveries are recorded',
  );
  for (const delivery of listed) {
    const shown = expectStatus(await ask(`/v1/deliveries/${text(delivery['id'])}`), 200).json;
    const [attempt] = shown['attemptRecords'] as readonly Json[];
    const headers = objectOf(attempt?.['request'])['headers'] as readonly (readonly [string, string])[];
    assert.deepEqual(
      headers.filter(([name]) => name.toLowerCase() === 'authorization'),
      [['Authorization', 'Bearer •••']],
    );
    said.push(Buffer.from(text(objectOf(attempt?.['response'])['bodyBase64']), 'base64').toString());
    assert.ok(['fetched', 'kept'].includes(text(objectOf(attempt?.['token'])['source'])));
  }
  for (const path of ['/v1/webhooks', api, '/v1/audit?limit=1000', `/v1/assets/${id}`, '/v1/changes']) await ask(path);
  said.push((await server.call('/metrics')).text, server.log.join('\n'), ...storedText());
  for (const [name, canary] of Object.entries(canaries)) {
    for (const one of said)
      assert.ok(
        !one.includes(canary),
        `${name} in ${one.slice(Math.max(0, one.indexOf(canary) - 200), one.indexOf(canary) + 40)}`,
      );
  }
});

/** Everything in the data directory, as it lies on the disk. */
function storedText(): readonly string[] {
  return readdirSync(server.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
}

test('OA-03 a token endpoint that fails is an outcome of its own; nothing is lost, and nobody is switched off for it', async () => {
  await using tokens = await startPeer(() => [503, '']);
  await using receiver = await startPeer();
  const tenant = await server.tenant('broken');
  const body = {
    name: 'Broken tokens',
    dialect: 'scaleflex',
    target: { transport: 'http', url: `${receiver.url}/hook` },
    events: ['upload'],
    credentials: {
      kind: 'oauth2',
      grant: 'client-credentials',
      tokenUrl: tokens.url,
      clientId: 'shop',
      clientSecret: 'secret-4711',
    },
    policy: {
      disable: [{ kind: 'window', failures: 1, windowMs: 10_000 }],
      schedule: { delaysMs: [100, 100, 100], jitter: 0, ageMaxMs: 60_000 },
    },
  };
  const id = text(expectStatus(await tenant.call('/v1/webhooks', { body }), 201).json['id']);
  expectStatus(await tenant.upload('pan.mp4', readFileSync(join(media, 'pan.mp4'))), 201);
  const waiting = await eventually(
    async () => rows((await tenant.call('/v1/deliveries')).json)[0],
    (delivery) => Number(delivery?.['attempts']) >= 1,
    'an attempt without a token',
  );
  const shown = (await tenant.ask(`/v1/deliveries/${text(waiting?.['id'])}`))['attemptRecords'] as readonly Json[];
  const [attempt] = shown;
  assert.deepEqual(
    [attempt?.['outcome'], attempt?.['code'], attempt?.['verdict'], attempt?.['detail']],
    ['token-failed', 'unavailable', 'retry', 'The token endpoint answered 503'],
  );
  assert.ok(Number(attempt?.['nextAtMs']) - Number(attempt?.['startedAtMs']) >= 4_500, 'the endpoint is left in peace');
  assert.equal((await tenant.ask(`/v1/webhooks/${id}`))['state'], 'enabled');
  assert.equal(receiver.arrivals.length, 0);
  tokens.answer = () => [200, '{"access_token":"works-again-4711"}'];
  await arrived(receiver, 1);
  assert.equal(receiver.arrivals[0]?.headers.authorization, 'Bearer works-again-4711');
  assert.ok(tokens.arrivals.length >= 2);
  assert.match(tokens.arrivals[0]?.headers.authorization ?? '', /^Basic /);
});

test('Five webhooks, each on or off; a sixth when the workspace allows more', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('five');
  for (let count = 1; count <= 5; count++)
    await made(tenant, receiver, { name: `Webhook ${count}`, active: count % 2 === 0 });
  const listed = expectStatus(await tenant.call(api), 200).json;
  const webhooks = listed['webhooks'] as readonly Json[];
  assert.deepEqual(webhooks.map(({ active }) => active).sort(), [false, false, false, true, true]);
  const sixth = { hostname: receiver.url, triggers: ['upload'] };
  const refused = expectStatus(await tenant.call(api, { body: sixth }), 400).json;
  assert.deepEqual([refused['status'], refused['code']], ['error', 'LIMIT_REACHED']);
  assert.match(text(refused['msg']), /at most 5.*webhooksMax/);
  const raised = { method: 'PATCH', body: { values: { webhooksMax: 6 } } };
  expectStatus(await tenant.call('/v1/dialects/scaleflex/properties', raised), 200);
  expectStatus(await tenant.call(api, { body: sixth }), 201);
  expectStatus(await tenant.call(api, { body: sixth }), 400);
  const uuid = text(webhooks.find(({ active }) => active === true)?.['uuid']);
  const off = expectStatus(await tenant.call(`${api}/${uuid}`, { method: 'PUT', body: { active: false } }), 200);
  assert.equal(objectOf(off.json['webhook'])['active'], false);
  const moved = {
    hostname: receiver.url,
    path: 'other',
    triggers: ['move'],
    fields: { video: [] },
    auth: { type: 'oauth2', token: 'static-token-4711' },
  };
  const changed = objectOf(
    expectStatus(await tenant.call(`${api}/${uuid}`, { method: 'PUT', body: moved }), 200).json['webhook'],
  );
  assert.deepEqual(
    [changed['path'], changed['triggers'], objectOf(changed['fields'])['video']],
    ['/other', ['move'], []],
  );
  assert.equal(objectOf(changed['auth'])['token'], '…4711');
  expectStatus(await tenant.call(`${api}/${uuid}`, { method: 'DELETE' }), 200);
  expectStatus(await tenant.call(`${api}/${uuid}`), 404);
});

test('A webhook is nobody else’s: neither another workspace’s nor one that speaks another dialect', async () => {
  await using receiver = await startPeer();
  const [mine, theirs] = [await server.tenant('mine'), await server.tenant('theirs')];
  const uuid = text((await made(mine, receiver, {}))['uuid']);
  const other = { name: 'Other', dialect: 'standard', target: { transport: 'http', url: receiver.url }, events: ['*'] };
  const { id } = expectStatus(await mine.call('/v1/webhooks', { body: other }), 201).json;
  const foreign = encodeId(text(id), 'uuid');
  for (const [tenant, name] of [
    [theirs, uuid],
    [mine, foreign],
  ] as const) {
    expectStatus(await tenant.call(`${api}/${name}`), 404);
    expectStatus(await tenant.call(`${api}/${name}`, { method: 'PUT', body: { active: false } }), 404);
    expectStatus(await tenant.call(`${api}/${name}/test`, { body: {} }), 404);
    expectStatus(await tenant.call(`${api}/${name}`, { method: 'DELETE' }), 404);
  }
  assert.deepEqual((await theirs.ask(api))['webhooks'], []);
  assert.deepEqual(
    ((await mine.ask(api))['webhooks'] as readonly Json[]).map((webhook) => webhook['uuid']),
    [uuid],
  );
});

test('HX-11 the largest change that may be is told whole; one byte more is refused with the limit, and nothing of it is kept or told', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('large');
  await made(tenant, receiver, { triggers: ['upload'] });
  const report = (externalId: string, bytes: number): object => {
    const change = (filler: string) => ({
      kind: 'asset.created',
      subject: { type: 'asset', externalId },
      after: { name: 'large.jpg', metadata: { notes: filler } },
    });
    const left = bytes - Buffer.byteLength(JSON.stringify(change('')));
    return change(`${'ü'.repeat(Math.floor(left / 2))}${'x'.repeat(left % 2)}`);
  };
  const exact = report('exact', 256 * 1024);
  assert.equal(Buffer.byteLength(JSON.stringify(exact)), 256 * 1024);
  const refused = expectStatus(await tenant.call('/v1/changes', { body: report('beyond', 256 * 1024 + 1) }), 413).json;
  assert.match(text(refused['detail']), /at most 262144 bytes: got 262145/);
  expectStatus(await tenant.call('/v1/assets/external:beyond'), 404);
  expectStatus(await tenant.call('/v1/changes', { body: exact }), 202);
  const { file } = await arrived(receiver, 1);
  assert.equal(
    text(file.meta?.['notes']).length,
    text(objectOf(objectOf(objectOf(exact)['after'])['metadata'])['notes']).length,
  );
  assert.equal(receiver.arrivals.length, 1);
});

test('410 switches a webhook off, which says why, and writing it back leaves it off until it is told otherwise', async () => {
  await using receiver = await startPeer(() => [410, '']);
  const tenant = await server.tenant('gone');
  const path = `${api}/${text((await made(tenant, receiver, { triggers: ['upload'] }))['uuid'])}`;
  const body = { kind: 'asset.created', subject: { type: 'asset', externalId: 'a' }, after: { name: 'a.jpg' } };
  expectStatus(await tenant.call('/v1/changes', { body }), 202);
  const off = await eventually(
    async () => objectOf((await tenant.ask(path))['webhook']),
    ({ active }) => active === false,
    'the webhook is off',
  );
  assert.match(text(off['inactive_reason']), /410/);
  const back = expectStatus(await tenant.call(path, { method: 'PUT', body: off }), 200).json;
  assert.equal(objectOf(back['webhook'])['active'], false);
  const on = expectStatus(await tenant.call(path, { method: 'PUT', body: { active: true } }), 200).json;
  assert.deepEqual([objectOf(on['webhook'])['active'], objectOf(on['webhook'])['inactive_reason']], [true, undefined]);
});

test('What was read can be written back whole, changed or not, and the password stays what it was', async () => {
  await using receiver = await startPeer();
  const tenant = await server.tenant('round');
  const webhook = await made(tenant, receiver, { auth: { type: 'basic', username: 'shop', password: 'pass-4711' } });
  const path = `${api}/${text(webhook['uuid'])}`;
  const { modified_at: _, ...same } = webhook;
  const written = expectStatus(await tenant.call(path, { method: 'PUT', body: webhook }), 200).json;
  const { modified_at: __, ...back } = objectOf(written['webhook']);
  assert.deepEqual(back, same);
  const renamed = { ...webhook, name: 'Renamed' };
  expectStatus(await tenant.call(path, { method: 'PUT', body: renamed }), 200);
  expectStatus(await tenant.call(`${path}/test`, { body: {} }), 200);
  await arrived(receiver, 1);
  assert.equal(
    receiver.arrivals[0]?.headers.authorization,
    `Basic ${Buffer.from('shop:pass-4711').toString('base64')}`,
  );
  const { status, code, msg } = expectStatus(
    await tenant.call(path, { method: 'PUT', body: { auth: { type: 'basic', username: 'eve', password: '…' } } }),
    400,
  ).json;
  assert.deepEqual([status, code], ['error', 'INVALID_REQUEST']);
  assert.match(text(msg), /the secret itself/);
});

test('What is wrong is named, with what would be right', async () => {
  const tenant = await server.tenant('wrong');
  const good = { hostname: 'shop.example', path: '/hook', triggers: ['upload'] };
  const cases: readonly (readonly [object, RegExp])[] = [
    [
      { ...good, hostname: 'shop.example/hook' },
      /hostname must be .*: got "shop\.example\/hook"; what follows it belongs into path/,
    ],
    [{ ...good, hostname: 'https://ada:pass-4711@shop.example' }, /got something with an @; .* belong into auth/],
    [{ ...good, triggers: ['uploads'] }, /triggers must be a list of one or more of upload, move.*: got "uploads"$/],
    [{ ...good, triggers: [] }, /triggers must be .*: got none$/],
    [{ ...good, triggers: 'upload' }, /triggers must be .*: got "upload"$/],
    [{ ...good, colour: 'red' }, /fields are name, active.*"colour"/],
    [{ ...good, fields: { video: ['depth'] } }, /fields\.video must be a list of width, height.*: got "depth"$/],
    [
      { ...good, auth: { type: 'oauth2', endpoint: 'http://auth.example/token', username: 'a', password: 'b' } },
      /https/,
    ],
    [
      { ...good, auth: { type: 'oauth2', endpoint: 'https://169.254.169.254/token', username: 'a', password: 'b' } },
      /token endpoint/,
    ],
    [{ ...good, auth: { type: 'oauth2', endpoint: 'https://auth.example/token' } }, /password/],
    [{ ...good, auth: { type: 'digest' } }, /auth\.type must be one of none, basic, oauth2, bearer: got "digest"$/],
    [{ ...good, auth: { type: 'oauth2', token: '' } }, /auth\.token must be a text .*: got an empty one$/],
    [{ ...good, auth: { type: 'oauth2', token: 'a b' } }, /the token alone, visible ASCII/],
    [{ ...good, auth: { type: 'basic', user: 'a' } }, /auth has username, password with this type: got "user"/],
    [{ ...good, headers: ['X-A: 1', 'secret'] }, /^headers must each be "name: value".*: number 2 is not$/],
    [{ ...good, headers: 'X-A: 1' }, /headers must be a list of .*: got a string/],
    [{ ...good, change_meta: { name: 'a' } }, /change_meta has field and value: got "name"/],
    [{ ...good, auth: { type: 'basic', username: 'a' } }, /auth\.password is required/],
    [{ ...good, headers: Array.from({ length: 11 }, (_, at) => `X-${at}: v`) }, /at most 10 custom headers: got 11/],
    [{ ...good, headers: ['Host: other.example'] }, /host/],
    [{ ...good, headers: ['X-Line: a\r\nX-Injected: 1'] }, /without line breaks/],
    [
      { ...good, headers: ['Authorization: Bearer x'], auth: { type: 'basic', username: 'a', password: 'b' } },
      /authorization/,
    ],
    [{ ...good, hostname: 'http://shop.example' }, /https/],
    [{ ...good, change_meta: { field: ['a'] } }, /change_meta\.field must be a text .*: got a list$/],
  ];
  for (const [body, words] of cases) {
    const answer = expectStatus(await tenant.call(api, { body }), 400).json;
    assert.equal(answer['status'], 'error');
    assert.match(text(answer['msg']), words);
  }
  const ours = { name: 'Ours', dialect: 'scaleflex', target: { transport: 'http', url: 'https://shop.example/' } };
  const mistyped = { ...ours, events: ['*'], projection: { fields: ['file', 'video.depth'] } };
  const { problems } = expectStatus(await tenant.call('/v1/webhooks', { body: mistyped }), 422).json;
  const [problem] = problems as readonly Json[];
  assert.deepEqual([problem?.['at'], problem?.['found']], ['/projection/fields/1', '"video.depth"']);
  assert.match(text(problem?.['wanted']), /^one of file, file\.name, .*additional\.embedded for dialect "scaleflex"$/);
  for (const [body, found] of [
    ['null', 'null'],
    ['[]', 'array'],
    ['7', 'number'],
  ] as const) {
    const answer = expectStatus(await tenant.call(api, { body }), 400).json;
    assert.match(text(answer['msg']), new RegExp(`wants an object, found ${found}`));
  }
  assert.deepEqual((await tenant.ask(api))['webhooks'], []);
});

test('A receiver that holds a UUID gets the file’s details and its content, in the vendor’s form', async () => {
  const tenant = await server.tenant('files');
  const photograph = readFileSync(join(media, 'umang.jpg'));
  const made = await tenant.upload('umang.jpg', photograph, {
    aliases: { scaleflex: '7bd2327b-3e27-5690-a8ae-7570ebf50000' },
  });
  expectStatus(made, 201);
  const { status, file } = await tenant.ask('/scaleflex/v5/files/7bd2327b-3e27-5690-a8ae-7570ebf50000');
  assert.equal(status, 'success');
  const asset = objectOf(file) as unknown as PickerAsset;
  assertReadable(asset);
  assert.equal(asset.uuid, '7bd2327b-3e27-5690-a8ae-7570ebf50000');
  const content = await fetch(asset.url?.cdn ?? '', { headers: { authorization: `Bearer ${tenant.key}` } });
  assert.deepEqual(Buffer.from(await content.arrayBuffer()), photograph);
  expectStatus(await tenant.call('/scaleflex/v5/files/00000000-0000-0000-0000-000000000000'), 404);
  expectStatus(await tenant.call('/scaleflex/v5/files/nonsense'), 404);
});

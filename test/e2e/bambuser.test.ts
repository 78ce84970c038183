/**
 * Receivers of Bambuser's webhooks, restated from what is known of real ones, and the real server: told by the vendor's
 * bytes, every notification verified by asking for it, broadcasts that go live while their bytes arrive.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call } from '../../src/api/testing/test-server.ts';
import { type Receiver, startReceiver } from './bambuser-receiver.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const media = join(import.meta.dirname, '..', '..', 'media');
const film = await readFile(join(media, 'pan.mp4'));
const photograph = await readFile(join(media, 'seeding.jpg'));

let server: RealServer;
let tenant: Tenant;

before(async () => {
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { ffmpeg: 'off', dialectListen: [{ dialect: 'bambuser', host: '127.0.0.1', port: 0 }] },
  });
  tenant = await server.tenant('production');
});
after(() => server[Symbol.asyncDispose]());

/** An event as anybody asks for it, without a key. */
const ask = (eventId: string) => call(server.url, `/bambuser/events/${eventId}`);

async function register(receiver: Receiver, events: readonly string[] = ['*'], of = tenant): Promise<string> {
  const made = await of.ask('/v1/webhooks', {
    body: { name: 'backend', dialect: 'bambuser', target: { transport: 'http', url: receiver.url }, events },
  });
  return text(made['id']);
}

const told = (receiver: Receiver, count: number) =>
  eventually(
    async () => receiver.arrivals,
    (arrivals) => arrivals.length >= count,
    `${count} notifications have come`,
  );

type Streaming = {
  send(bytes: Buffer): void;
  end(): void;
  cut(): void;
  readonly answer: Promise<{ status: number; json: { [name: string]: unknown } }>;
};

/** A request whose body comes piece by piece. */
function stream(path: string, key: string): Streaming {
  const request = httpRequest(`${server.url}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'video/mp4' },
  });
  const answer = new Promise<{ status: number; json: { [name: string]: unknown } }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString()) as never }),
      );
    });
  });
  return {
    send: (bytes) => void request.write(bytes),
    end: () => void request.end(),
    cut: () => request.destroy(),
    answer,
  };
}

test('a broadcast is live while its bytes arrive, archived when they end, and removed by its id alone', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver);
  const planned = await tenant.ask('/v1/broadcasts', {
    body: {
      title: 'Amazing!',
      author: 'Sveninge Bambuser',
      tags: ['whoa'],
      ingestChannel: 'cfc8626c-9a0e-ab78-6424-3eb0978d8e45',
      position: { latitude: 63.205312, longitude: 17.13011, accuracyMetres: 25, type: 'GPS' },
    },
  });
  const id = text(planned['id']);
  assert.equal(receiver.arrivals.length, 0, 'nobody is told of what is planned');
  const live = stream(`/v1/broadcasts/${id}/stream`, tenant.key);
  live.send(film.subarray(0, 60_000));
  const [added] = await told(receiver, 1);
  assert.ok(added !== undefined);
  assert.equal(added.document.action, 'add');
  const { resourceUri, id: uuidOf, created, ...payload } = added.document.payload;
  assert.deepEqual(payload, {
    author: 'Sveninge Bambuser',
    customData: '',
    height: 0,
    ingestChannel: 'cfc8626c-9a0e-ab78-6424-3eb0978d8e45',
    lat: 63.205312,
    length: 0,
    lon: 17.13011,
    positionAccuracy: 25,
    positionType: 'GPS',
    tags: [{ text: 'whoa' }],
    title: 'Amazing!',
    type: 'live',
    width: 0,
  });
  assert.ok(Math.abs(Number(created) * 1_000 - Date.now()) < 60_000);
  assert.equal(((await tenant.ask(`/v1/broadcasts/${id}`))['state'] as { type: string }).type, 'live');
  expectStatus(await tenant.call(`/v1/broadcasts/${id}`, { method: 'PATCH', body: { type: 'archived' } }), 409);
  const uri = String(resourceUri);
  const early = await call(server.url, uri.slice(server.url.length));
  assert.equal(early.status, 404, early.text);
  await tenant.ask(`/v1/broadcasts/${id}`, { method: 'PATCH', body: { title: 'More amazing!' } });
  await told(receiver, 2);
  live.send(film.subarray(60_000));
  live.end();
  const { status, json } = await live.answer;
  assert.equal(status, 200);
  const state = json['state'] as { readonly [field: string]: unknown };
  assert.deepEqual(
    [state['type'], state['end'], state['durationMs'], state['widthPx']],
    ['archived', 'complete', 6_000, 1_280],
  );
  const [, updated, ended] = await told(receiver, 3);
  assert.deepEqual(
    [updated, ended].map((arrival) => [
      arrival?.document.action,
      arrival?.document.payload['title'],
      arrival?.document.payload['type'],
      arrival?.document.payload['length'],
    ]),
    [
      ['update', 'More amazing!', 'live', 0],
      ['update', 'More amazing!', 'archived', 6],
    ],
  );
  // The first address goes on working, and plays any part of the file.
  const whole = await fetch(uri);
  assert.equal(whole.status, 200);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), film);
  const part = await fetch(uri, { headers: { range: 'bytes=100-199' } });
  assert.equal(part.status, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), film.subarray(100, 200));
  // What the API shows is what was told, signatures and all.
  const shown = expectStatus(
    await call(server.url, `/bambuser/broadcasts/${String(uuidOf)}`, { token: tenant.key }),
    200,
  );
  assert.equal(shown.text, JSON.stringify(ended?.document.payload));
  expectStatus(await tenant.call(`/v1/broadcasts/${id}`, { method: 'DELETE' }), 204);
  const [, , , removed] = await told(receiver, 4);
  assert.deepEqual(removed?.document.payload, { id: uuidOf });
  assert.equal((await fetch(uri)).status, 410);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

type State = { readonly [field: string]: unknown };
const stateOf = async (id: string): Promise<State> => (await tenant.ask(`/v1/broadcasts/${id}`))['state'] as State;

async function planned(title: string): Promise<string> {
  return text((await tenant.ask('/v1/broadcasts', { body: { title } }))['id']);
}

test('bytes that break off end the broadcast with what has arrived; none at all leave it planned', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver, ['broadcast.add', 'broadcast.update']);
  const id = await planned('Cut short');
  const empty = stream(`/v1/broadcasts/${id}/stream`, tenant.key);
  empty.end();
  assert.equal((await empty.answer).json['code'], 'upload_incomplete');
  assert.equal((await stateOf(id))['type'], 'planned');
  const form = await tenant.call(`/v1/broadcasts/${id}/stream`, { method: 'PUT', body: { a: 1 } });
  assert.equal(expectStatus(form, 415).json['code'], 'unsupported_media_type');

  const live = stream(`/v1/broadcasts/${id}/stream`, tenant.key);
  live.answer.catch(() => undefined);
  live.send(film.subarray(0, 100_000));
  await told(receiver, 1);
  const second = stream(`/v1/broadcasts/${id}/stream`, tenant.key);
  second.send(film.subarray(0, 10));
  assert.equal((await second.answer).status, 409, 'one broadcast is streamed once');
  second.cut();
  live.cut();
  const [, ended] = await told(receiver, 2);
  assert.equal(ended?.document.payload['type'], 'archived');
  const state = await stateOf(id);
  assert.deepEqual([state['type'], state['end'], state['streaming']], ['archived', 'broken_off', undefined]);
  const kept = await call(server.url, `/v1/broadcasts/${id}/content`, { token: tenant.key });
  assert.equal(kept.status, 200);
  const asset = (await tenant.ask(`/v1/assets/${text(state['recording'])}`))['state'] as { file: { bytes: number } };
  assert.equal(asset.file.bytes, 100_000);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('a picture is told with its size and without derivatives, again when there are three, and removed by its id', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver);
  const id = text(
    expectStatus(
      await tenant.upload('IMG-0002.jpg', photograph, {
        info: { title: 'Test', author: 'Sveninge' },
        aliases: { bambuser: 'e3ed1592-8fb1-11e6-9a9c-f9b49ceed562' },
      }),
      201,
    ).json['id'],
  );
  const [added, updated] = await told(receiver, 2);
  assert.deepEqual([added?.document.action, updated?.document.action], ['add', 'update']);
  const payload = updated?.document.payload ?? {};
  // The vendor's example of an add: nothing but the derivatives may be missing at first.
  const { url } = added?.document.payload ?? {};
  assert.deepEqual(added?.document.payload, { ...payload, derivatives: [], url });
  assert.deepEqual(
    [
      payload['id'],
      payload['title'],
      payload['author'],
      payload['originalFilename'],
      payload['width'],
      payload['height'],
    ],
    ['e3ed1592-8fb1-11e6-9a9c-f9b49ceed562', 'Test', 'Sveninge', 'IMG-0002.jpg', 1_600, 900],
  );
  const derivatives = payload['derivatives'] as { title: string; url: string; width: number; height: number }[];
  assert.deepEqual(
    derivatives.map(({ title, width, height }) => [title, width, height]),
    [
      ['small', 250, 141],
      ['medium', 750, 422],
      ['large', 1_000, 563],
    ],
  );
  for (const { url } of derivatives) assert.match((await fetch(url)).headers.get('content-type') ?? '', /^image\//);
  const shown = await call(server.url, `/bambuser/images/${String(payload['id'])}`, { token: tenant.key });
  assert.equal(expectStatus(shown, 200).text, JSON.stringify(payload));
  const list = (await call(server.url, '/bambuser/images?limit=1', { token: tenant.key })).json;
  assert.deepEqual((list['results'] as object[])[0], payload);
  expectStatus(
    await call(server.url, `/bambuser/images/${String(payload['id'])}`, { token: tenant.key, method: 'DELETE' }),
    204,
  );
  const [, , removed] = await told(receiver, 3);
  assert.deepEqual([removed?.document.collection, removed?.document.payload], ['image', { id: payload['id'] }]);
  assert.equal(await tenant.call(`/v1/assets/${id}`).then(({ status }) => status), 410);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('200 alone is success: every other answer holds the notification back, and it comes again in the same bytes', async () => {
  await using receiver = await startReceiver(ask);
  receiver.answers = [201, 202, 204, 302, 500, 200];
  const webhookId = await register(receiver, ['broadcast.add']);
  const patch = { policy: { schedule: { delaysMs: [50, 50, 50, 50, 50], jitter: 0, ageMaxMs: 60_000 } } };
  await tenant.ask(`/v1/webhooks/${webhookId}`, { method: 'PATCH', body: patch });
  await tenant.ask('/v1/broadcasts', { body: { title: 'Again and again', type: 'live' } });
  const arrivals = await told(receiver, 6);
  assert.equal(new Set(arrivals.map((arrival) => arrival.text)).size, 1);
  const [delivery] = await eventually(
    async () => rows(await tenant.ask(`/v1/deliveries?webhookId=${webhookId}`)),
    ([first]) => first?.['state'] === 'delivered',
    'it is delivered',
  );
  assert.equal(delivery?.['attempts'], 6);
  // A redelivery is the same message: a receiver that keeps eventIds sees that it knows it.
  await tenant.ask(`/v1/deliveries/${text(delivery?.['id'])}/redeliver`, { method: 'POST' });
  const [first, ...others] = await told(receiver, 7);
  assert.equal(others.at(-1)?.text, first?.text);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('a test sends a sample that can be fetched, shows the status, and takes nothing but 200 for success', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver);
  const good = await tenant.ask(`/v1/webhooks/${webhookId}/test?wait=30`, { body: {} });
  assert.equal(good['state'], 'delivered');
  assert.equal((good['attempt'] as { response: { status: number } }).response.status, 200);
  const [sample] = await told(receiver, 1);
  assert.deepEqual([sample?.document.collection, sample?.document.action], ['image', 'add']);
  // Of a webhook that is told of broadcasts alone, one of those: it may know no other.
  const ofBroadcasts = await register(receiver, ['broadcast.update', 'broadcast.add']);
  await tenant.ask(`/v1/webhooks/${ofBroadcasts}/test?wait=30`, { body: {} });
  const [, own] = await told(receiver, 2);
  assert.deepEqual([own?.document.collection, own?.document.action], ['broadcast', 'update']);
  await tenant.call(`/v1/webhooks/${ofBroadcasts}`, { method: 'DELETE' });
  receiver.answers = [204];
  const bad = await tenant.ask(`/v1/webhooks/${webhookId}/test?wait=30`, { body: { event: 'image.add' } });
  assert.notEqual(bad['state'], 'delivered');
  assert.equal((bad['attempt'] as { response: { status: number } }).response.status, 204);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('a clip is a broadcast of its own; where it cannot be cut, the receiver is told error', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver, ['broadcast.extract']);
  const uploaded = expectStatus(await tenant.upload('show.mp4', film), 201).json;
  const source = await tenant.ask('/v1/broadcasts', { body: { title: 'Show', recording: text(uploaded['id']) } });
  const sourceId = text(source['id']);
  assert.equal((source['state'] as State)['type'], 'archived');
  const wrong = await tenant.call(`/v1/broadcasts/${sourceId}/clips`, { body: { fromMs: 2_000, toMs: 1_000 } });
  assert.equal(expectStatus(wrong, 422).json['code'], 'invalid_request');
  const clip = expectStatus(
    await tenant.call(`/v1/broadcasts/${sourceId}/clips`, { body: { fromMs: 0, toMs: 1_000 } }),
    202,
  ).json;
  const [extract] = await told(receiver, 1);
  assert.equal(extract?.document.payload['status'], 'error');
  const state = await stateOf(text(clip['id']));
  assert.deepEqual([state['type'], state['status']], ['failed', 'error']);
  assert.match(String(state['note']), /ASSETWIRE_FFMPEG/);
  // In the vendor's own way, as its client asks.
  const uuidOf = (await call(server.url, '/bambuser/broadcasts?limit=1&titleContains=Show', { token: tenant.key }))
    .json;
  const [found] = uuidOf['results'] as { id: string }[];
  const body = { source: { broadcastId: found?.id, start: 1, end: 2 } };
  const made = expectStatus(await call(server.url, '/bambuser/broadcasts', { token: tenant.key, body }), 201).json;
  const [, second] = await told(receiver, 2);
  assert.equal(second?.document.payload['id'], made['newBroadcastId']);
  assert.deepEqual(receiver.complaints, []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('environments are workspaces: each has its own webhooks, keys, broadcasts and events', async () => {
  const sandbox = await server.tenant('sandbox');
  await using receiver = await startReceiver(ask);
  await using other = await startReceiver(ask);
  const webhookId = await register(receiver);
  await register(other, ['*'], sandbox);
  await sandbox.ask('/v1/broadcasts', { body: { title: 'Only a trial', type: 'live' } });
  await told(other, 1);
  assert.equal(receiver.arrivals.length, 0);
  assert.deepEqual(rows(await sandbox.ask('/v1/broadcasts')).length, 1);
  const uuidOf = String(other.arrivals[0]?.document.payload['id']);
  assert.equal((await call(server.url, `/bambuser/broadcasts/${uuidOf}`, { token: tenant.key })).status, 404);
  // A signed address of one environment says nothing about another.
  const uri = String(other.arrivals[0]?.document.payload['resourceUri']);
  const moved = await fetch(uri.replace('/cdn/sandbox/', '/cdn/production/'));
  assert.equal(moved.status, 404);
  for (const [from, to] of [
    ['da_ttl=2592000', 'da_ttl=9999999'],
    ['da_static=1', 'da_static=0'],
    ['da_signature=', 'da_signature=0'],
  ] as const)
    assert.equal((await fetch(uri.replace(from, to))).status, 404, from);
  assert.deepEqual([...receiver.complaints, ...other.complaints], []);
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('a broadcast that runs elsewhere is told as it is said to be, and ended by saying so', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver);
  const externalId = '9353eaec-794f-11e6-97c0-f19001529702';
  const body = {
    externalId,
    title: 'Elsewhere',
    type: 'live',
    resourceUrl: 'https://cdn.example/x?da_signature=1',
    widthPx: 960,
    heightPx: 540,
    preview: { url: 'https://cdn.example/x.jpg' },
  };
  await tenant.ask('/v1/broadcasts', { body });
  const again = await tenant.call('/v1/broadcasts', { body });
  assert.equal(expectStatus(again, 409).json['code'], 'already_exists');
  await tenant.ask(`/v1/broadcasts/external:${externalId}`, {
    method: 'PATCH',
    body: { type: 'archived', durationMs: 61_000 },
  });
  const [added, ended] = await told(receiver, 2);
  assert.deepEqual(
    [added, ended].map((arrival) => [
      arrival?.document.action,
      arrival?.document.payload['id'],
      arrival?.document.payload['type'],
      arrival?.document.payload['length'],
    ]),
    [
      ['add', externalId, 'live', 0],
      ['update', externalId, 'archived', 61],
    ],
  );
  assert.equal(added?.document.payload['resourceUri'], body.resourceUrl);
  assert.equal(added?.document.payload['preview'], body.preview.url);
  const shown = await call(server.url, `/bambuser/broadcasts/${externalId}`, { token: tenant.key });
  assert.equal(expectStatus(shown, 200).text, JSON.stringify(ended?.document.payload));
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

test('CF-02 nobody finds events by guessing, and forged ones shut nobody out: unknown ids are 404, then 429 for a second', async () => {
  await using receiver = await startReceiver(ask);
  const webhookId = await register(receiver, ['broadcast.add']);
  await tenant.ask('/v1/broadcasts', { body: { title: 'Known', type: 'live' } });
  const [known] = await told(receiver, 1);
  const eventId = known?.document.eventId ?? '';
  const port = server.started.vendorUrls['bambuser'] ?? '';
  const direct = await call(port, `/events/${eventId}`);
  assert.deepEqual([direct.status, direct.text], [200, known?.text]);
  assert.match(String(direct.headers['content-type']), /^application\/json/);
  assert.equal((await call(server.url, '/bambuser/events')).status, 404);
  assert.equal((await call(server.url, `/bambuser/events/${eventId.toUpperCase()}`)).status, 404);
  // One stranger's forged messages at a time: a receiver that asks for each goes on verifying those that are true.
  for (let n = 0; n < 60; n += 1) assert.equal((await ask(n.toString(16).padStart(16, '0'))).status, 404);
  assert.equal((await ask(eventId)).status, 200);
  let refused = await ask('0'.repeat(16));
  for (let n = 0; n < 5_000 && refused.status !== 429; n += 1) refused = await ask(n.toString(16).padStart(16, '0'));
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
  // No try of a key: one that was never used from here is let in at once.
  const fresh = await tenant.ask('/v1/keys', { body: { name: 'fresh', scopes: ['assets:read'] } });
  assert.equal((await call(server.url, '/bambuser/broadcasts', { token: text(fresh['key']) })).status, 200);
  await eventually(
    () => ask(eventId),
    ({ status }) => status === 200,
    'the true one is answered again',
  );
  await tenant.call(`/v1/webhooks/${webhookId}`, { method: 'DELETE' });
});

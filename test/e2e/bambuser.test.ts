/**
 * Receivers of Bambuser's webhooks, restated from what is known of real ones, and the real server: told by the vendor's
 * bytes, every notification verified by asking for it, broadcasts that go live while their bytes arrive.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call } from '../../src/api/testing/test-server.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const media = join(import.meta.dirname, '..', '..', 'media');
const film = await readFile(join(media, 'pan.mp4'));
const photograph = await readFile(join(media, 'seeding.jpg'));

type Document = {
  readonly action: string;
  readonly collection: string;
  readonly payload: { readonly [field: string]: unknown };
  readonly eventId: string;
};
type Arrival = { readonly text: string; readonly document: Document; readonly headers: IncomingMessage['headers'] };
type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** What did not fit, in the words of the receiver that minds. */
  readonly complaints: string[];
  answers: number[];
};

const broadcastFields = [
  ...['author', 'created', 'customData', 'height', 'id', 'ingestChannel', 'lat', 'length', 'lon', 'positionAccuracy'],
  ...['positionType', 'preview', 'resourceUri', 'tags', 'title', 'type', 'width'],
];
const imageFields = [
  ...['added', 'author', 'created', 'customData', 'derivatives', 'height', 'id', 'ingestChannel', 'lat', 'lon'],
  ...['originalFilename', 'title', 'url', 'width'],
];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What a receiver that keeps to the vendor's page finds wrong with a notification. */
function faultOf({ document, headers }: Arrival, raw: string): string | null {
  if (JSON.stringify(document) !== raw) return 'not compact JSON';
  if (!/^application\/json/.test(headers['content-type'] ?? '')) return 'no JSON';
  if (headers['content-length'] !== String(Buffer.byteLength(raw))) return 'no Content-Length';
  if (Object.keys(document).join() !== 'action,collection,payload,eventId') return 'another frame';
  if (!/^[0-9a-f]{16}$/.test(document.eventId)) return `eventId ${document.eventId}`;
  const { collection, action, payload } = document;
  if (!uuid.test(String(payload['id']))) return `id ${String(payload['id'])}`;
  const fields = Object.keys(payload);
  if (action === 'remove') return fields.join() === 'id' ? null : `remove with ${fields.join()}`;
  if (action === 'extract') return fields.join() === 'id,status' ? null : `extract with ${fields.join()}`;
  const wanted =
    collection === 'image' ? imageFields : broadcastFields.filter((name) => name !== 'preview' || 'preview' in payload);
  if (fields.join() !== wanted.join()) return `${collection} ${action} with ${fields.join()}`;
  // The Symfony receiver: an add has a resourceUri, an update a type.
  if (collection === 'broadcast' && !String(payload['resourceUri']).includes('da_signature=')) return 'no resourceUri';
  if (collection === 'broadcast' && !['live', 'archived'].includes(String(payload['type']))) return 'no type';
  const seconds = Number(payload['created']);
  return Number.isInteger(seconds) && seconds > 1e9 && seconds < 1e10 ? null : 'created is no unix second';
}

/** Verifies each notification by asking for it before it answers, as the vendor's page says. */
async function startReceiver(ask: (eventId: string) => Promise<{ status: number; text: string }>): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const arrival = { text: raw, document: JSON.parse(raw) as Document, headers: request.headers };
      const fault = faultOf(arrival, raw);
      if (fault !== null) receiver.complaints.push(fault);
      void ask(arrival.document.eventId).then((answer) => {
        if (answer.status !== 200 || answer.text !== raw)
          receiver.complaints.push(`GET /events/${arrival.document.eventId}: ${answer.status}`);
        receiver.arrivals.push(arrival);
        response
          .writeHead((receiver.answers.length > 1 ? receiver.answers.shift() : receiver.answers[0]) ?? 200)
          .end('true');
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/bambuser/webhooks`,
    arrivals: [],
    complaints: [],
    answers: [200],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

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

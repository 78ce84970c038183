/**
 * A receiver of Bynder's notifications that confirms itself and then only looks at what a message says of media, jobs and
 * scans: the real server, its scanner, its timers, and the vendor's call that a receiver makes next.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eicar, scannerScript } from '../../src/media/testing/eicar.ts';
import { isObject } from '../../src/core/json-equality.ts';
import type { JsonObject } from '../../src/core/json.ts';
import sharp from 'sharp';
import { ahead } from '../support/until.ts';
import {
  eventually,
  expectStatus,
  type RealServer,
  startRealServer,
  type Tenant,
  text,
  uploadOptions,
} from './real-server.ts';

const dayMs = 24 * 3_600_000;
const photograph = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Told = { readonly event: string; readonly message: JsonObject };

let server: RealServer;
let portal: Tenant;
let folder: string;
/** What arrived, with the event that each stands for, by the path it arrived at. */
const told = new Map<string, Told[]>();

/** Visits the link that confirms, and keeps what is notified. */
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end();
    const envelope = JSON.parse(Buffer.concat(chunks).toString()) as { readonly [field: string]: string };
    if (envelope['Type'] === 'SubscriptionConfirmation') void fetch(envelope['SubscribeURL'] ?? '');
    if (envelope['Type'] !== 'Notification') return;
    const list = told.get(request.url ?? '') ?? [];
    told.set(request.url ?? '', list);
    list.push({ event: envelope['Subject'] ?? '', message: JSON.parse(envelope['Message'] ?? 'null') as JsonObject });
  });
});

async function subscribe(path: string, more: object = {}): Promise<string> {
  const { port } = receiver.address() as AddressInfo;
  const made = await portal.ask('/v1/webhooks', {
    body: {
      name: path,
      dialect: 'bynder',
      target: { transport: 'http', url: `http://127.0.0.1:${port}${path}` },
      events: ['*'],
      ...more,
    },
  });
  await eventually(
    () => portal.ask(`/v1/webhooks/${text(made['id'])}`),
    ({ state }) => state === 'enabled',
    `${path} is confirmed`,
  );
  return text(made['id']);
}

/** What arrived at a path about one media, once there are so many. */
async function toldAt(path: string, count: number, about?: string): Promise<readonly Told[]> {
  const found = () =>
    (told.get(path) ?? []).filter(({ message }) => about === undefined || message['media_id'] === about);
  await eventually(
    async () => found(),
    (list) => list.length >= count,
    `${count} messages at ${path}`,
  );
  return found();
}

async function upload(name: string, content: Buffer, asset: object = {}): Promise<string> {
  return text(expectStatus(await portal.upload(name, content, asset), 201).json['id']);
}

const patch = (id: string, body: object) => portal.ask(`/v1/assets/${id}`, { method: 'PATCH', body });
const mediaIn = ({ message }: Told): JsonObject => (isObject(message['media']) ? message['media'] : {});
const eventsOf = (list: readonly Told[]): readonly string[] => list.map(({ event }) => event).toSorted();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assetwire-bynder-media-'));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const settings = { scanCommand: scannerScript(folder) };
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'], settings });
  portal = await server.tenant('portal');
  await subscribe('/all');
});
after(async () => {
  await server[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a media is told when it is uploaded, one for each of many, and its GET answers what was told', async () => {
  const ids = await Promise.all(
    ['a', 'b', 'c'].map((name) => upload(`${name}.png`, photograph, { info: { title: `Picture ${name}` } })),
  );
  await toldAt('/all', 3);
  for (const id of ids) {
    const media = mediaOfAsset(await portal.ask(`/v1/assets/${id}`));
    const [created, ...more] = await toldAt('/all', 1, media);
    assert.deepEqual([created?.event, more.length], ['asset_bank.media.create', 0]);
    assert.ok(created !== undefined);
    const { thumbnails: _later, dateModified: _now, ...said } = mediaIn(created);
    for (const path of [`/bynder/api/v4/media/${media}/`, `/bynder/api/v4/media/${media.toLowerCase()}`]) {
      const { thumbnails: _, dateModified: _then, ...shown } = await portal.ask(path);
      assert.deepEqual(shown, said);
    }
    assert.deepEqual([said['width'], said['height'], said['extension']], [1, 1, ['png']]);
  }
});

/** The vendor's form of the id: the same bits. */
function mediaOfAsset(asset: Readonly<Record<string, unknown>>): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let bits = 0n;
  for (const letter of text(asset['id']).slice(4)) bits = bits * 32n + BigInt(alphabet.indexOf(letter));
  const hex = bits.toString(16).padStart(32, '0').toUpperCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16)}`;
}

test('a media of a former portal goes by the id it had there, in messages and in calls, and can be downloaded', async () => {
  const alias = '2911199D-BA27-4E9B-94E0F070DA5DECAC';
  const id = await upload('d.png', photograph, { aliases: { bynder: alias } });
  await toldAt('/all', 1, alias);
  const shown = await portal.ask(`/bynder/api/v4/media/${alias}/`);
  assert.equal(shown['id'], alias);
  assert.equal(mediaIn((await toldAt('/all', 1, alias))[0] ?? { event: '', message: {} })['id'], alias);
  const { s3_file: address } = await portal.ask(`/bynder/api/v4/media/${alias}/download/`);
  assert.deepEqual(Buffer.from(await (await fetch(text(address))).arrayBuffer()), photograph);
  const missing = await portal.call('/bynder/api/v4/media/00000000-0000-0000-0000000000000000/');
  assert.equal(missing.status, 404);
  assert.equal((await server.call('/bynder/api/v4/media/x/', { token: 'no' })).status, 401);
  const neighbour = await server.tenant('neighbour');
  assert.equal((await neighbour.call(`/bynder/api/v4/media/${mediaOfAsset({ id })}/`)).status, 404);
});

const nothingTold: Told = { event: '', message: {} };

test('archiving is told twice, coming back once, a title and a version as what they are, the end with the whole media', async () => {
  const alias = 'AAAA1111-BBBB-2222-CCCC3333DDDD4444';
  const id = await upload('e.png', photograph, { aliases: { bynder: alias }, metadata: { Country: ['France'] } });
  await toldAt('/all', 1, alias);
  const next = async (count: number, act: () => Promise<unknown>): Promise<readonly Told[]> => {
    const known = (told.get('/all') ?? []).filter(({ message }) => message['media_id'] === alias).length;
    await act();
    return (await toldAt('/all', known + count, alias)).slice(known);
  };
  const archived = await next(2, () => patch(id, { archived: true }));
  assert.deepEqual(eventsOf(archived), ['asset_bank.media.archived', 'asset_bank.media.meta_updated']);
  assert.deepEqual(
    archived.map((one) => mediaIn(one)['archive']),
    [1, 1],
  );
  const back = await next(1, () => patch(id, { archived: false }));
  assert.deepEqual(
    [back[0]?.event, mediaIn(back[0] ?? { event: '', message: {} })['archive']],
    ['asset_bank.media.meta_updated', 0],
  );
  const titled = await next(1, () => patch(id, { info: { title: 'Harbour' } }));
  assert.deepEqual(eventsOf(titled), ['asset_bank.media.meta_updated']);
  // One save is told once, whatever it changes; what is filed at the same time as what it is.
  const saved = { info: { title: 'Harbour at night' }, tags: ['night'], metadata: { Country: ['Spain'] } };
  const many = await next(1, () => patch(id, saved));
  const filed = await next(2, () => patch(id, { ...saved, info: { title: 'Kept' }, archived: true }));
  assert.deepEqual(eventsOf(filed), ['asset_bank.media.archived', 'asset_bank.media.meta_updated']);
  assert.deepEqual(
    [eventsOf(many), mediaIn(many[0] ?? nothingTold)['tags']],
    [['asset_bank.media.meta_updated'], ['night']],
  );
  assert.deepEqual(eventsOf(await next(1, () => patch(id, { archived: false }))), ['asset_bank.media.meta_updated']);
  const photo = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#468' } })
    .jpeg()
    .toBuffer();
  const version = await next(1, () => portal.call(`/v1/assets/${id}/versions`, uploadOptions('e2.jpg', photo)));
  assert.deepEqual(eventsOf(version), ['asset_bank.media.updated']);
  const updated = mediaIn(version[0] ?? nothingTold);
  const { width, height, fileSize, extension, orientation, activeOriginalFocusPoint: focus } = updated;
  assert.deepEqual(
    [width, height, fileSize, extension, orientation, focus],
    [640, 360, photo.length, ['jpg'], 'landscape', { x: 320, y: 180 }],
    'the first that is told of a version knows its file',
  );
  const items = (updated['mediaItems'] as readonly JsonObject[]).map((item) =>
    ['version', 'active', 'width', 'height', 'size'].map((name) => item[name]),
  );
  assert.deepEqual(items, [
    [1, 0, 1, 1, photograph.length],
    [2, 1, 640, 360, photo.length],
  ]);
  // An older version is known: it is told at once, and as often as it is taken up again.
  for (const path of ['versions/1/activate', 'versions/2/promote']) {
    const [again, ...more] = await next(1, () => portal.ask(`/v1/assets/${id}/${path}`, { method: 'POST' }));
    const size = path.startsWith('versions/1') ? 1 : 640;
    assert.deepEqual(
      [again?.event, mediaIn(again ?? nothingTold)['width'], more],
      ['asset_bank.media.updated', size, []],
    );
  }
  await eventually(
    () => portal.ask(`/v1/assets/${id}`),
    ({ state }) => isObject(state) && isObject(state['inspection']) && state['inspection']['state'] === 'done',
    'looked into again, which is no news of metadata',
  );
  const gone = await next(1, () => portal.call(`/v1/assets/${id}?permanently=true`, { method: 'DELETE' }));
  const last = mediaIn(gone.find(({ event }) => event === 'asset_bank.media.deleted') ?? { event: '', message: {} });
  assert.deepEqual([last['id'], last['name'], last['property_Country']], [alias, 'Kept', ['Spain']]);
  assert.equal(gone.length, 1);
  assert.equal(last['userCreated'], 'test');
});

test('UP-20 an infected file is told as that, never as a media, and nobody gets it', async () => {
  const alias = 'EEEE1111-BBBB-2222-CCCC3333DDDD5555';
  const id = await upload('eicar.txt', Buffer.from(eicar), { aliases: { bynder: alias } });
  const [scan, ...more] = await toldAt('/all', 1, alias);
  assert.deepEqual([scan?.event, more.length], ['antivirus.scan.failed', 0]);
  const { scan: said } = scan?.message ?? {};
  assert.ok(isObject(said));
  assert.deepEqual(
    [said['scanStatus'], said['scanFailureReason'], said['assetName']],
    ['INFECTED', 'Eicar-Test-Signature', 'eicar.txt'],
  );
  const refused = await portal.call(`/v1/assets/${id}/content`);
  assert.deepEqual([refused.status, refused.json['code']], [403, 'content_withheld']);
  const { s3_file: address } = await portal.ask(`/bynder/api/v4/media/${alias}/download/`);
  assert.equal((await fetch(text(address))).status, 403);
  const { state } = (await portal.ask(`/v1/assets/${id}`)) as { readonly state: JsonObject };
  assert.deepEqual(state['inspection'], { state: 'withheld', note: 'A virus was found: Eicar-Test-Signature' });
});

test('a job is told when it is made, with its media; what becomes of it is not', async () => {
  const alias = 'BBBB1111-BBBB-2222-CCCC3333DDDD6666';
  const id = await upload('f.png', photograph, { aliases: { bynder: alias } });
  const job = await portal.ask('/v1/jobs', {
    body: { name: 'Retouch', deadlineAtMs: Date.UTC(2027, 0, 31), assets: [id] },
  });
  await portal.ask(`/v1/jobs/${text(job['id'])}`, { method: 'PATCH', body: { status: 'done' } });
  expectStatus(await portal.call(`/v1/jobs/${text(job['id'])}`, { method: 'DELETE' }), 204);
  await portal.ask('/v1/jobs', { body: { name: 'Another' } });
  const jobs = () => (told.get('/all') ?? []).filter(({ event }) => event.startsWith('workflow.'));
  await eventually(
    async () => jobs(),
    (list) => list.length >= 2,
    'two jobs',
  );
  assert.deepEqual(eventsOf(jobs()), ['workflow.job.create', 'workflow.job.create']);
  const { job: first } = jobs()[0]?.message ?? {};
  assert.ok(isObject(first));
  assert.deepEqual([first['name'], first['deadline'], first['media']], ['Retouch', '2027-01-31T00:00:00Z', [alias]]);
});

test('a notice of archiving comes on the day that a configuration asks for, edited too', async () => {
  let alias = '';
  const events = ['asset_bank.media.pre_archived'];
  const webhook = await subscribe('/notices', { events, settings: { preArchivedNotificationDays: 30 } });
  let id = '';
  const notice = async (): Promise<unknown> => {
    const { state } = (await portal.ask(`/v1/assets/${id}`)) as { readonly state: JsonObject };
    return state['archiveNoticeAtMs'];
  };
  const noticeBefore = (days: number): Promise<unknown> =>
    portal.ask(`/v1/webhooks/${webhook}`, {
      method: 'PATCH',
      body: { settings: { preArchivedNotificationDays: days } },
    });
  let tries = 0;
  const archiveAtMs = await ahead(1_500, async (noticeAtMs) => {
    // So that 20 days before it is a moment from now; all this has to be done before.
    const atMs = noticeAtMs + 20 * dayMs;
    tries += 1;
    alias = `CCCC1111-BBBB-2222-CCCC3333DDDD${tries}777`;
    await noticeBefore(30);
    id = await upload('g.png', photograph, { aliases: { bynder: alias } });
    await patch(id, { archiveAtMs: atMs });
    assert.equal(await notice(), atMs - 7 * dayMs, 'its own day has passed; the workspace and /all ask for 7');
    await noticeBefore(20);
    assert.ok(Date.now() < noticeAtMs, 'it was said in time');
    return atMs;
  });
  const [told20] = await toldAt('/notices', 1, alias);
  assert.equal(told20?.event, 'asset_bank.media.pre_archived');
  assert.equal(mediaIn(told20 ?? { event: '', message: {} })['archive'], 0);
  assert.equal(await notice(), archiveAtMs - 7 * dayMs);
  assert.deepEqual(
    (told.get('/all') ?? []).filter(({ event }) => events.includes(event)),
    [],
    'another configuration asked for another day',
  );
});

test('of a module that is switched off there are no events: not to choose, not to be told', async () => {
  const path = '/v1/dialects/bynder';
  await portal.ask(`${path}/properties`, { method: 'PATCH', body: { values: { workflowEnabled: false } } });
  assert.deepEqual((await portal.ask(path))['eventsOff'], ['workflow.job.create']);
  const { port } = receiver.address() as AddressInfo;
  const target = { transport: 'http', url: `http://127.0.0.1:${port}/off` };
  const refused = await portal.call('/v1/webhooks', {
    body: { name: 'jobs', dialect: 'bynder', target, events: ['workflow.job.create'] },
  });
  assert.deepEqual([refused.status, refused.json['code']], [422, 'invalid_event']);
  const before = (told.get('/all') ?? []).length;
  await portal.ask('/v1/jobs', { body: { name: 'Untold' } });
  await upload('h.png', photograph);
  await toldAt('/all', before + 1);
  assert.deepEqual(
    (told.get('/all') ?? []).slice(before).map(({ event }) => event),
    ['asset_bank.media.create'],
  );
  await portal.ask(`${path}/properties`, { method: 'PATCH', body: { values: { workflowEnabled: null } } });
});

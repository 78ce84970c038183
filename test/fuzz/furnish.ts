/** A real server with one of everything, and a neighbour whose things must stay unseen. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { eventually, type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';
import { isJson, type Json, type OpenApi } from '../support/answer-check.ts';
import { createKnownThings, type KnownThings } from './known-things.ts';
import type { Operation } from './call-arbitraries.ts';

export const foreignMark = 'neighbour-7f3a91';

export type Furnished = AsyncDisposable & {
  readonly server: RealServer;
  readonly document: OpenApi & Json;
  readonly known: KnownThings;
  readonly tokenFor: (operation: Operation) => string;
  readonly forbidden: readonly string[];
  /** Further pictures, ready to be looked at: by then calls have made many assets that have nothing to show. */
  pictures(count: number): Promise<void>;
};

export async function furnish(adminKey: string): Promise<Furnished> {
  const server = await startRealServer();
  const tenant = await server.tenant('fuzz');
  const foreign = await server.tenant('foreign');
  const foreignIds = idsOf(await fill(foreign, foreignMark, () => undefined));
  const foreignCursors: string[] = [];
  for (const list of ['changes', 'deliveries', 'webhooks', 'assets']) {
    const { nextCursor } = await foreign.ask(`/v1/${list}?limit=1`);
    if (typeof nextCursor === 'string') foreignCursors.push(nextCursor);
  }
  const own = await tenant.ask('/v1/sessions/current');
  const actor = own['actor'];
  const known = createKnownThings({
    never: [isJson(actor) ? text(actor['id']) : ''],
    foreign: foreignIds,
    foreignCursors,
  });
  known.learn(await fill(tenant, 'own', known.note));
  // Whose comments they are, and what was thrown away, their paths tell.
  for (const path of ['/v1/assets/external:external-1/comments', '/v1/trash'])
    known.learn((await tenant.call(path)).text, path);
  const { json } = await server.call('/openapi.json');
  return {
    server,
    document: json as unknown as OpenApi & Json,
    known,
    // Other workspaces are an admin's to see.
    tokenFor: ({ node, template }) =>
      node['x-scope'] === 'admin' || template.startsWith('/v1/workspaces/') ? adminKey : tenant.key,
    forbidden: [foreignMark],
    pictures: async (count) => {
      for (let n = 0; n < count; n += 1) known.learn(await addPicture(tenant, `picture-${n}.png`, n, known.note));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Told what can do more than others of its kind. */
type Note = KnownThings['note'];

/** One of everything; everything that was answered. */
async function fill(tenant: Tenant, name: string, note: Note): Promise<string> {
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  const target = { transport: 'http', url: inbox['url'] };
  const webhook = await tenant.ask('/v1/webhooks', {
    body: { name, dialect: 'standard', target, events: ['*'], filter: { folder: ['/'] } },
  });
  const asset = await tenant.upload(`${name}.txt`, Buffer.from(name), {
    externalId: 'external-1',
    info: { title: name },
  });
  await eventually(
    () => tenant.ask('/v1/deliveries?states=delivered'),
    (page) => rows(page).length > 0,
    'a delivery',
  );
  const replay = await tenant.ask('/v1/replays', { body: { fromMs: 0, toMs: Date.now(), webhookId: webhook['id'] } });
  const refusing = await tenant.ask('/v1/inboxes', { method: 'POST' });
  await tenant.ask(`/v1/inboxes/${text(refusing['id'])}`, { method: 'PATCH', body: { status: 410 } });
  const gone = { transport: 'http', url: refusing['url'] };
  await tenant.ask('/v1/webhooks', {
    body: { name: `${name} gone`, dialect: 'standard', target: gone, events: ['*'] },
  });
  // Rotated once, so that there is one to withdraw.
  for (let count = 0; count < 2; count += 1) await tenant.ask('/v1/signing-keys', { body: { name: 'sns' } });
  const photograph = await addPicture(tenant, `${name}.png`, 0, note);
  await eventually(
    () => tenant.ask('/v1/notices'),
    (page) => rows(page).length > 0,
    'a notice that a webhook was disabled',
  );
  const lists = [
    photograph,
    await fillGroups(tenant, name),
    await fillIntake(tenant, name),
    await fillFilms(tenant, name, note),
  ];
  for (const path of [
    '/v1/deliveries',
    '/v1/changes',
    '/v1/keys',
    '/v1/signing-keys',
    '/v1/notices',
    `/v1/inboxes/${text(inbox['id'])}/requests`,
  ])
    lists.push(decoded((await tenant.call(path)).text));
  return [JSON.stringify([inbox, webhook, replay]), asset.text, ...lists].join();
}

const xmpPacket = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>';

/** A picture with its renditions made, and with a packet of metadata; what was answered. */
async function addPicture(tenant: Tenant, name: string, shade: number, note: Note): Promise<string> {
  const picture = sharp({ create: { width: 900, height: 600, channels: 3, background: { r: shade, g: 68, b: 119 } } });
  const uploaded = await tenant.upload(name, await picture.withXmp(xmpPacket).png().toBuffer());
  await eventually(
    () => tenant.ask(`/v1/assets/${text(uploaded.json['id'])}`),
    ({ state }) => isJson(state) && Array.isArray(state['renditions']) && state['renditions'].length > 0,
    'the renditions of a picture',
  );
  note('picture', text(uploaded.json['id']));
  return uploaded.text;
}

/** Folders, collections and sections enough for some to be removed, and a task. */
async function fillGroups(tenant: Tenant, name: string): Promise<string> {
  const made: unknown[] = [];
  for (const n of [1, 2, 3, 4]) {
    made.push(await tenant.ask('/v1/folders', { body: { path: `/${name}/${n}` } }));
    made.push(await tenant.ask('/v1/collections', { body: { name: `${name} ${n}` } }));
    made.push(await tenant.ask('/v1/sections', { body: { name: `${name} ${n}` } }));
    made.push(
      await tenant.ask('/v1/jobs', { body: { name: `${name} ${n}`, assets: ['external:external-1'], preset: 'cut' } }),
    );
    made.push(await tenant.ask('/v1/broadcasts', { body: { title: `${name} ${n}`, externalId: `show-${n}` } }));
    made.push(await tenant.ask('/v1/libraries', { body: { key: `${name}-${n}` } }));
    made.push(await tenant.ask('/v1/assets/external:external-1/comments', { body: { text: `${name} ${n}` } }));
  }
  await tenant.ask(`/v1/collections/key:${encodeURIComponent(`${name} 1`)}/assets`, {
    body: { add: ['external:external-1'] },
  });
  made.push((await tenant.call(`/v1/collections/key:${encodeURIComponent(`${name} 1`)}`, { method: 'DELETE' })).json);
  return JSON.stringify(made);
}

const film = await readFile(join(import.meta.dirname, '..', '..', 'media', 'pan.mp4'));

/** A film, and broadcasts that were recorded. */
async function fillFilms(tenant: Tenant, name: string, note: Note): Promise<string> {
  const made: unknown[] = [];
  const uploaded = await tenant.upload(`${name}.mp4`, film);
  note('film', text(uploaded.json['id']));
  for (const n of [1, 2]) {
    const { id } = await tenant.ask('/v1/broadcasts', { body: { title: `${name} recorded ${n}` } });
    const headers = { 'content-type': 'video/mp4' };
    made.push(await tenant.ask(`/v1/broadcasts/${text(id)}/stream`, { method: 'PUT', body: film, headers }));
    note('recorded', text(id));
  }
  return [uploaded.text, JSON.stringify(made)].join();
}

/** What comes in by other ways, what is shared, thrown away or to be forgotten. */
async function fillIntake(tenant: Tenant, name: string): Promise<string> {
  const made: unknown[] = [];
  for (const n of [1, 2, 3]) {
    const file = await tenant.upload(`${name}-${n}.txt`, Buffer.from(`${name} ${n}`));
    made.push(file.json);
    made.push(await tenant.ask('/v1/share-links', { body: { assets: [file.json['id']], name: `${name} ${n}` } }));
    made.push(await tenant.ask('/v1/syncs', { body: { source: `${name}-${n}` } }));
    const old = await tenant.upload(`${name}-old-${n}.txt`, Buffer.from(`${name} old ${n}`));
    made.push((await tenant.call(`/v1/assets/${text(old.json['id'])}`, { method: 'DELETE' })).text);
    await tenant.upload(`${name}-${n}-again.txt`, Buffer.from(`${name} ${n}, again`), { externalId: `v-${n}` });
  }
  made.push(await tenant.ask('/v1/erasures', { body: { person: { name: `${name} nobody` } } }));
  made.push(await tenant.ask('/v1/assets/from-url', { body: { url: 'https://dam.example/a.jpg' } }));
  made.push(await tenant.ask('/v1/trash'));
  return JSON.stringify(made);
}

function idsOf(answers: string): readonly string[] {
  return [...new Set([...answers.matchAll(/\b[a-z]{2,4}_[0-9a-z]{26}\b/g)].map(([id]) => id))];
}

/** With the bodies that an inbox kept as they came: the links in them are ids of a kind. */
function decoded(answer: string): string {
  return answer.replaceAll(/"bodyBase64":"([^"]*)"/g, (_, body: string) => Buffer.from(body, 'base64').toString());
}

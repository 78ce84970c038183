/** What `npm run screenshots` puts on the server, so that pages show what a used one shows: many things, long names, faults. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, expectStatus, type RealServer, rows, text, uploadOptions } from '../test/e2e/real-server.ts';

const media = join(import.meta.dirname, '..', 'media');

type Filed = readonly [file: string, name: string, path: string, tags: readonly string[]];

/** Photographs of `media`, as somebody would have filed them. */
const pictures: readonly Filed[] = [
  ['pan.mp4', 'pan-over-the-harbour.mp4', '/films', ['film', 'harbour']],
  ['umang.jpg', 'umang.jpg', '/people', ['portrait']],
  ['seeding.jpg', 'seeding.jpg', '/campaigns/summer', ['nature', 'macro']],
  ['aitzgorri.jpg', 'aitzgorri.jpg', '/campaigns/spring', ['mountains']],
  ['life.jpg', 'life-01.jpg', '/campaigns/summer', ['people']],
  ['friends.jpg', 'friends-on-the-terrace.jpg', '/campaigns/spring', ['people', 'hero']],
  ['picos-de-europa.jpg', 'picos-de-europa.jpg', '/campaigns/spring', ['mountains', 'hero']],
];

/** As hard to draw as names and tags get. */
const hardPictures: readonly Filed[] = [
  ['aitzgorri.jpg', 'SS27_Campaign_Hero_Aitzgorri_landscape_4x3_final_v12_RGB.jpg', '/campaigns/spring', ['hero']],
  ['sunset.jpg', 'غروب الشمس على الشاطئ.jpg', '/people', ['שקיעה', 'غروب', '日没']],
  ['wine.jpg', 'everything-tagged.jpg', '/people', Array.from({ length: 60 }, (_, at) => `keyword ${at + 1}`)],
];

/** A library as it is used every day; ends when what it started has been delivered. */
export async function crowd(server: RealServer): Promise<void> {
  const { call } = server;
  const field = { name: 'campaign', label: 'Campaign', type: 'text' };
  expectStatus(await call('/v1/metadata-fields', { body: field }), 201);
  await file(server, pictures);
  const { data } = expectStatus(await call('/v1/assets?limit=3'), 200).json as { data: { id: string }[] };
  const [first, second] = data.map(({ id }) => id);
  const dayMs = 86_400_000;
  for (const job of [
    {
      name: 'Retouch the hero',
      description: 'The sky, and nothing else',
      deadlineAtMs: Date.now() + 3 * dayMs,
      assets: [first],
    },
    { name: 'Clear the rights', status: 'in_progress', deadlineAtMs: Date.now() - dayMs, assets: [first, second] },
  ])
    expectStatus(await call('/v1/jobs', { body: { accountable: 'Ada Example', ...job } }), 201);
  const show = { title: 'The launch', author: 'Ada Example', tags: ['launch'] };
  expectStatus(await call('/v1/broadcasts', { body: show }), 201);
  expectStatus(await call('/v1/collections', { body: { name: 'Spring 2027' } }), 201);
  const key = { name: 'Build server', scopes: ['assets:read', 'assets:write'] };
  expectStatus(await call('/v1/keys', { body: key }), 201);
}

/** What pages must bear as well: receivers that fail, a webhook that is switched off, names that hardly fit. */
export async function trouble(server: RealServer): Promise<void> {
  const { call } = server;
  const failing = (await call('/v1/inboxes', { method: 'POST' })).json;
  await call(`/v1/inboxes/${text(failing['id'])}`, { method: 'PATCH', body: { status: 503, body: 'Try again later' } });
  const hook = async (name: string) => {
    const target = { transport: 'http', url: failing['url'] };
    const body = { name, dialect: 'standard', events: ['*'], target };
    return text(expectStatus(await call('/v1/webhooks', { body }), 201).json['id']);
  };
  await hook('Search index');
  const off = await hook('Translation bureau (the one that is only for the long texts of the spring campaign)');
  await call(`/v1/webhooks/${off}/disable`, { method: 'POST', body: { reason: 'Moves house until Monday' } });
  await file(server, hardPictures);
}

async function file({ call }: RealServer, pictured: readonly Filed[]): Promise<void> {
  for (const [name, as, path, tags] of pictured) {
    const content = readFileSync(join(media, name));
    expectStatus(await call('/v1/assets', uploadOptions(name, content, { name: as, path, tags })), 201);
  }
  await eventually(
    async () => rows((await call('/v1/assets?kind=image&limit=100')).json),
    (found) => found.every(({ state }) => JSON.stringify(state).includes('"title":"medium"')),
    'pictures are made',
  );
  await eventually(
    async () => rows((await call('/v1/deliveries?states=delivered&limit=100')).json),
    (found) => found.length >= 2 * pictured.length,
    'deliveries are made',
  );
}

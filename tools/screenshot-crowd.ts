/** What `npm run screenshots` puts on the server, so that pages show what a used one shows: many things, long names, faults. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, expectStatus, type RealServer, rows, text, uploadOptions } from '../test/e2e/real-server.ts';

const media = join(import.meta.dirname, '..', 'media');

/** Photographs of `media`, as somebody would have filed them; the last ones are as hard to draw as names get. */
const pictures: readonly (readonly [file: string, name: string, path: string, tags: readonly string[]])[] = [
  ['picos-de-europa.jpg', 'picos-de-europa.jpg', '/campaigns/spring', ['mountains', 'hero']],
  ['friends.jpg', 'friends-on-the-terrace.jpg', '/campaigns/spring', ['people', 'hero']],
  ['life.jpg', 'life-01.jpg', '/campaigns/summer', ['people']],
  ['umang.jpg', 'umang.jpg', '/people', ['portrait']],
  ['seeding.jpg', 'seeding.jpg', '/campaigns/summer', ['nature', 'macro']],
  ['pan.mp4', 'pan-over-the-harbour.mp4', '/films', ['film', 'harbour']],
  ['aitzgorri.jpg', 'SS27_Campaign_Hero_Aitzgorri_landscape_4x3_final_v12_RGB.jpg', '/campaigns/spring', ['hero']],
  ['sunset.jpg', 'غروب الشمس على الشاطئ.jpg', '/people', ['שקיעה', 'غروب', '日没']],
  ['wine.jpg', 'everything-tagged.jpg', '/people', Array.from({ length: 60 }, (_, at) => `keyword ${at + 1}`)],
];

/** Fills a furnished server; ends when what it started has been delivered or has failed. */
export async function crowd(server: RealServer): Promise<void> {
  const { call } = server;
  const make = async (path: string, body: object) => expectStatus(await call(path, { body }), 201).json;
  await make('/v1/metadata-fields', { name: 'campaign', label: 'Campaign', type: 'text' });
  const failing = (await call('/v1/inboxes', { method: 'POST' })).json;
  await call(`/v1/inboxes/${text(failing['id'])}`, { method: 'PATCH', body: { status: 503, body: 'Try again later' } });
  const hook = async (name: string, dialect: string, url: unknown) =>
    make('/v1/webhooks', { name, dialect, events: ['*'], target: { transport: 'http', url } });
  await hook('Search index', 'standard', failing['url']);
  const paused = await hook(
    'Translation bureau (the one that is only for the long texts of the spring campaign)',
    'standard',
    failing['url'],
  );
  await call(`/v1/webhooks/${text(paused['id'])}/disable`, {
    method: 'POST',
    body: { reason: 'Moves house until Monday' },
  });
  for (const [file, name, path, tags] of pictures) {
    const sent = await call(
      '/v1/assets',
      uploadOptions(encodeURI(name) === name ? name : file, readFileSync(join(media, file)), { name, path, tags }),
    );
    expectStatus(sent, 201);
  }
  await make('/v1/keys', { name: 'Build server', scopes: ['assets:read', 'assets:write'] });
  await eventually(
    async () => rows((await call('/v1/deliveries?states=delivered&limit=100')).json),
    (found) => found.length >= 20,
    'deliveries are made',
  );
}

/** The commands of docs/guides/bambuser-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/bambuser-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer({ settings: { ffmpeg: 'off' } });
  tenant = await server.tenant('acme');
});
after(() => server[Symbol.asyncDispose]());

type Document = {
  readonly action: string;
  readonly collection: string;
  readonly payload: { readonly [field: string]: unknown };
  readonly eventId: string;
};

test('A backend of Bambuser goes on working here: told, tested, verified, and what the guide shows is what comes', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 8);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${String(inbox?.['id'])}/requests`));
  const documents = requests.map(
    ({ bodyBase64 }) => JSON.parse(Buffer.from(String(bodyBase64), 'base64').toString()) as Document,
  );
  const seen = new Set(documents.map(({ collection, action }) => `${collection}.${action}`));
  for (const event of ['broadcast.add', 'broadcast.update', 'broadcast.extract', 'image.add', 'image.update'])
    assert.ok(seen.has(event), `${event} has not come: ${[...seen].join()}`);
  const [, shown = ''] = /^```json\n(.*)\n```$/m.exec(readPage(page)) ?? [];
  const live = documents.find(({ payload }) => payload['title'] === 'Amazing!' && payload['type'] === 'live');
  assert.equal(withoutChance(JSON.stringify(live)), withoutChance(shown));
});

/** What differs from one run to the next, taken out. */
function withoutChance(document: string): string {
  return document
    .replace(/"created":\d+/, '"created":0')
    .replace(/https?:\/\/[^/]+\//, 'https://host/')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid')
    .replace(/da_timestamp=\d+/, 'da_timestamp=0')
    .replace(/da_signature=[0-9a-f]{64}/, 'da_signature=')
    .replace(/"eventId":"[0-9a-f]{16}"/, '"eventId":""');
}

/** The commands of docs/guides/brandfolder-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseBrandfolderEvent } from '../../packages/receiver/src/index.ts';
import { type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/brandfolder-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('A script for Brandfolder goes on working here, and its receiver gets the body that the guide shows', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 8);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  assert.doesNotMatch(output, /After (a|half)/);
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${text(inbox?.['id'])}/requests`));
  const bodies = requests.map(({ bodyBase64 }) => Buffer.from(text(bodyBase64), 'base64').toString());
  const told = bodies.map(parseBrandfolderEvent);
  // The test, then one of each: it came, it was ready, it was approved, somebody said something.
  assert.deepEqual(told.map(({ eventType }) => eventType).toSorted(), [
    'asset.create',
    'asset.update',
    'asset.update',
    'asset.update',
    'asset.update',
  ]);
  const [, shown = ''] = /^```json\n(.*)\n```$/m.exec(readPage(page)) ?? [];
  const timeless = (body: string): string =>
    body.replace(/"event_time":"[^"]+"/, '').replace(/"webhook_id":"[^"]+"/, '');
  assert.ok(bodies.map(timeless).includes(timeless(shown)), `${shown}\n${bodies.join('\n')}`);
  assert.match(output, /"name":"Brandfolder Logo"/);
});

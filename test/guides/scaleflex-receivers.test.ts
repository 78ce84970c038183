/** The commands of docs/guides/scaleflex-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/scaleflex-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('A receiver of Scaleflex DAM goes on being called, with the old UUIDs and the body that the guide shows', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 7);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  assert.match(output, /"delivered":true/, 'the test button tells what came of it');
  assert.match(output, /^Final$/m);
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${text(inbox?.['id'])}/requests`));
  const bodies = requests.map(({ bodyBase64 }) => Buffer.from(text(bodyBase64), 'base64').toString());
  assert.equal(bodies.length, 3);
  const [, shown = ''] = /^```json\n(.*)\n```$/m.exec(readPage(page)) ?? [];
  assert.ok(bodies.includes(shown), `${shown}\n${bodies.join('\n')}`);
  const headers = requests[0]?.['headers'] as readonly (readonly [string, string])[];
  assert.ok(headers.some(([name, value]) => name.toLowerCase() === 'x-project' && value === 'spring'));
  assert.deepEqual(rows(await tenant.ask('/v1/webhooks')), []);
});

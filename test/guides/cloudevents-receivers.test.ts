/** The commands of docs/guides/cloudevents-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { freePort } from '../support/server-process.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/cloudevents-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('a receiver with the SDK consents, and gets the events that the guide says', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 6);
  const [, shown = ''] = /^```js\n([^]*?)^```$/m.exec(readPage(page)) ?? [];
  const file = readPage('docs/guides/receivers/cloudevents.mjs');
  assert.equal(shown, file.slice(file.indexOf('\n') + 1), 'the receiver on the page is the one in the repository');
  const environment = { RECEIVER_PORT: String(await freePort()) };
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant, environment });
  assert.equal(code, 0, output.slice(-2_000));
  assert.match(output, /^pending$/m);
  assert.match(output, /requestsPerSecondMax: 10/);
  assert.match(output, /^assetwire\.asset\.created asset\/ast_\w+ /m);
  assert.match(output, /^assetwire\.asset\.tags_changed asset\/ast_\w+ tags$/m);
  assert.match(output, /^data of assetwire\.asset\.tags_changed$/m);
  const [webhook] = rows(await tenant.ask('/v1/webhooks'));
  assert.equal(webhook?.['state'], 'enabled');
});

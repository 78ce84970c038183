/** The commands of docs/guides/bynder-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/bynder-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('A script for Bynder goes on working here: made, confirmed, told, changed, signed anew, taken away', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 8);
  const typed = readPage(page);
  assert.doesNotMatch(typed, /^(.*\$\()?curl (?!-fsS )/m);
  assert.doesNotMatch(typed, /^ *(until|while) /m, 'every wait has an end');
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  assert.doesNotMatch(output, /After a minute/);
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${text(inbox?.['id'])}/requests`));
  assert.deepEqual(
    requests.map(({ verification }) => (verification as { result: string }).result),
    ['verified', 'verified'],
  );
  const kinds = requests.map(
    ({ bodyBase64 }) => JSON.parse(Buffer.from(text(bodyBase64), 'base64').toString()).Type as string,
  );
  assert.deepEqual(kinds.sort(), ['Notification', 'SubscriptionConfirmation']);
  assert.match(output, /<ConfirmSubscriptionResponse/);
  assert.match(output, /"confirmed":true/);
  assert.match(output, /"media_id|29A8D99D-BA27-4C3B-94E0F070DA5DECAC/);
  assert.deepEqual(rows(await tenant.ask('/v1/webhooks')), []);
});

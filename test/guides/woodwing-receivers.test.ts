/** The commands of docs/guides/woodwing-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';
import { readPage, strictly, typedBlocks, typeScript } from './typed-shell.ts';

const page = 'docs/guides/woodwing-receivers.md';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('A script for WoodWing Assets goes on working here, and its receiver gets the body that the guide shows', async () => {
  const blocks = typedBlocks(page);
  assert.equal(blocks.length, 10);
  for (const file of ['woodwing-receivers', 'replay-and-recover']) {
    const typed = readPage(`docs/guides/${file}.md`);
    assert.doesNotMatch(typed, /^(.*\$\()?curl (?!-fsS )/m, file);
    assert.doesNotMatch(typed, /^ *(until|while) /m, `${file}: every wait has an end`);
  }
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${text(inbox?.['id'])}/requests`));
  assert.deepEqual(
    requests.map(({ verification }) => (verification as { result: string }).result),
    ['verified', 'verified'],
  );
  const bodies = requests.map(({ bodyBase64 }) => Buffer.from(text(bodyBase64), 'base64').toString());
  const [, shown = ''] = /^```json\n(.*)\n```$/m.exec(readPage(page)) ?? [];
  const timeless = (body: string): string => body.replace(/"timestamp":\d+/, '"timestamp":0');
  assert.ok(bodies.map(timeless).includes(timeless(shown)), `${shown}\n${bodies.join('\n')}`);
  assert.deepEqual(rows(await tenant.ask('/v1/webhooks')), []);
});

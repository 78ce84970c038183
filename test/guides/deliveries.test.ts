/** The commands of the guides around deliveries, typed as they stand, a shell for each page. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { strictly, typedBlocks, typeScript } from './typed-shell.ts';

const directory = mkdtempSync(join(tmpdir(), 'assetwire-guides-'));

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function typed(page: string, blocksMin: number): Promise<string> {
  const blocks = typedBlocks(page);
  assert.ok(blocks.length >= blocksMin, `${blocks.length} blocks`);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant, cwd: directory });
  assert.equal(code, 0, `${page}: ${output.slice(-2_000)}`);
  return output;
}

test('test a webhook: dry runs and test sends do what the guide says', async () => {
  const output = await typed('docs/guides/test-a-webhook.md', 4);
  assert.match(output, /"matches":true,"events":\["asset\.renamed"\]/);
  assert.match(output, /"code":"filter"/);
  assert.equal(output.match(/"state":"delivered","attempt":\{/g)?.length, 3);
  assert.match(output, /"curl":"curl --request POST /);
});

test('replay and recover: what was sent is sent again, what was missed is told', async () => {
  const output = await typed('docs/guides/replay-and-recover.md', 5);
  assert.match(output, /"state":"estimated"/);
  assert.match(output, /"missed":\{"done":"replayed","count":1,"replayId":"rpl_/);
  const told = async () => rows(await tenant.ask('/v1/deliveries?origins=replay&states=delivered'));
  await eventually(told, (found) => found.length > 0, 'what was missed is told');
});

test('export: the file is there and holds what was done', async () => {
  await typed('docs/guides/export.md', 1);
  const file = readFileSync(join(directory, 'audit.csv'), 'utf8');
  assert.match(file, /^at,id,action,target,/);
  assert.match(file, /webhook\.created/);
});

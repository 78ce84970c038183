/** The commands of the guides around deliveries, typed as they stand, a shell for each page. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';

const root = join(import.meta.dirname, '..', '..');
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

/** A refused request ends the shell, and says why. */
const strictly = 'curl() { command curl --silent --show-error --fail --max-time 20 "$@"; }\n';

async function typed(page: string, blocksMin: number): Promise<string> {
  const guide = readFileSync(join(root, page), 'utf8');
  const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  assert.ok(blocks.length >= blocksMin, `${blocks.length} blocks`);
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
      cwd: directory,
      env: { PATH: process.env['PATH'], ASSETWIRE_URL: server.url, ASSETWIRE_KEY: tenant.key },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString();
      if (code === 0) resolve(output);
      else reject(new Error(`${page} ended with ${String(code)}: ${output.slice(-2_000)}`));
    });
    child.stdin.end(strictly + blocks.join('\n'));
  });
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

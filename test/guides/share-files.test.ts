/** The commands of docs/guides/share-files.md, typed as they stand. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs/guides/share-files.md'), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'assetwire-share-guide-'));

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(async () => {
  rmSync(directory, { recursive: true });
  await server[Symbol.asyncDispose]();
});

/** Runs a script in a shell; its output, and how it ended. */
function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
      cwd: directory,
      env: { PATH: process.env['PATH'], ASSETWIRE_URL: server.url, ASSETWIRE_KEY: tenant.key },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
    child.stdin.end(script);
  });
}

test('a link is made, opened, downloaded from and revoked as the guide says', async () => {
  const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  assert.equal(blocks.length, 1);
  const strictly = 'curl() { command curl --silent --show-error --fail-with-body --max-time 20 "$@"; }\n';
  const { code, output } = await shell(`${strictly}${blocks.join('\n')}`);
  assert.equal(code, 0, output);
  assert.match(output, /"name":"For the press"/);
  assert.equal(readFileSync(join(directory, 'copy.txt'), 'utf8'), 'for the press\n');
  assert.deepEqual(rows(await tenant.ask('/v1/share-links')), []);
  const kinds = rows(await tenant.ask('/v1/changes')).map(({ kind }) => kind);
  assert.ok(kinds.includes('share_link.created') && kinds.includes('share_link.removed'));
});

/** The commands of docs/guides/organise-assets.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'docs/guides/organise-assets.md'), 'utf8');

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

/** Runs a script in a shell; its output, and whether it ended well. */
function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
      cwd: root,
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

/** A refused request ends the shell, and says why. */
const strictly = 'curl() { command curl --silent --show-error --fail-with-body --max-time 20 "$@"; echo; }\n';

test('every command of the guide does what it says, in the order in which it stands', async () => {
  const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  assert.ok(blocks.length >= 6, `${blocks.length} blocks`);
  const { code, output } = await shell(strictly + blocks.join('\n'));
  assert.equal(code, 0, output.slice(-2_000));
  const tasksEnd = async () => rows(await tenant.ask('/v1/tasks'));
  await eventually(tasksEnd, (tasks) => tasks.every(({ state }) => state === 'done'), 'every task is done');
  const kinds = rows(await tenant.ask('/v1/changes?limit=200&order=oldest')).map(({ kind }) => kind);
  for (const kind of [
    'folder.created',
    'folder.renamed',
    'folder.moved',
    'folder.changed',
    'folder.removed',
    'asset.moved',
    'asset.deleted',
    'collection.created',
    'collection.changed',
    'collection.removed',
    'asset.collections_changed',
    'asset.info_changed',
  ]) {
    assert.ok(kinds.includes(kind), `${kind} was told`);
  }
  const left = rows(await tenant.ask('/v1/folders?below=true')).map(({ path }) => path);
  assert.deepEqual(left, ['/archive', '/campaigns', '/archive/2026']);
});

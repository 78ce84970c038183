import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/server-process.ts';
import { requestJson } from '../test/support/json-client.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The shell blocks of a section of a page, as they stand. */
function shellBlocks(file: string, section: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const [, from = ''] = text.split(`## ${section}\n`);
  const [body = ''] = from.split(/^## /m);
  return [...body.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

type World = { readonly environment: NodeJS.ProcessEnv; stop(): Promise<void> };

/** Runs `npm start` as a user would, on a free port and in a directory of its own. */
async function startAsUser(): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-readme-'));
  const port = await freePort();
  const environment = {
    ...process.env,
    ASSETWIRE_DATA_DIR: join(dataDir, 'data'),
    ASSETWIRE_PORT: String(port),
    NO_COLOR: '1',
  };
  const server = spawn('npm', ['start'], {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  server.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    // npm and the server are a process group of ours.
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGTERM');
    await exited;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await requestJson(`http://127.0.0.1:${port}/readyz`, { timeoutMs: 1_000 }).catch(() => null);
    if (answer?.status === 200) return { environment, stop };
    await wait(50);
  }
  await stop();
  throw new Error(`npm start did not become ready:\n${output}`);
}

function typeIn(world: World, commands: string): string {
  const run = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: root,
    env: world.environment,
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.equal(run.status, 0, `${commands}\n${run.stdout}\n${run.stderr}`);
  return run.stdout;
}

test('The first example of the README, typed as it stands, ends with verified webhooks in the inbox', async () => {
  const [start, first, second, ...rest] = shellBlocks('README.md', 'See it work');
  assert.equal(start?.trim(), 'npm install && npm start');
  assert.ok(first !== undefined && second !== undefined && rest.length === 0);
  const world = await startAsUser();
  try {
    const output = typeIn(world, first + second);
    const lines = output.split('\n').filter((line) => line.includes('verified'));
    assert.ok(
      lines.some((line) => line.includes('asset.created')),
      output,
    );
    assert.ok(
      lines.some((line) => line.includes('asset.metadata_changed')),
      output,
    );
    assert.doesNotMatch(output, /failed|unsigned/);
  } finally {
    await world.stop();
  }
});

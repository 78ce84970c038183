/** What tests of documents share: the shell blocks of a page, `npm start` as a user runs it, and a terminal to type into. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/server-process.ts';
import { requestJson } from '../test/support/json-client.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The shell blocks of a page, or of one section of it, as they stand. */
export function shellBlocks(file: string, section?: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const from = section === undefined ? text : (text.split(`## ${section}\n`)[1] ?? '');
  const body = section === undefined ? from : (from.split(/^## /m)[0] ?? '');
  return [...body.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

export type World = { readonly environment: NodeJS.ProcessEnv; stop(): Promise<void> };

/** Runs the command of the first terminal, which ends in `npm start`, on a free port and in a directory of its own. */
export async function startAsUser(command = 'npm start'): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-readme-'));
  const port = await freePort();
  const environment = {
    ...process.env,
    ASSETWIRE_DATA_DIR: join(dataDir, 'data'),
    ASSETWIRE_PORT: String(port),
    NO_COLOR: '1',
  };
  const server = spawn('bash', ['-c', command], {
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
    // The shell, npm and the server are a process group of ours.
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
  throw new Error(`${command} did not become ready:\n${output}`);
}

/** Types the commands into one terminal and answers everything that it showed. */
export function typeIn(world: World, commands: string): string {
  const run = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: root,
    env: world.environment,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const shown = `${run.stdout}\n${run.stderr}`;
  assert.equal(run.status, 0, `${commands}\n${shown}`);
  return shown;
}

/**
 * Part of `npm install` in a checkout: starts the server once, in a temporary directory, so that what Node compiles of it lies
 * in its cache and the first `npm start` takes as long as every other. It never fails an installation: without it a first
 * start takes two seconds and a half instead of one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const withinMs = 60_000;
const launcher = join(import.meta.dirname, '../bin/assetwire.js');

async function startOnce(directory: string): Promise<void> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ASSETWIRE_'));
  const child = spawn(process.execPath, [launcher, 'serve'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...Object.fromEntries(own), ASSETWIRE_DATA_DIR: join(directory, 'data'), ASSETWIRE_PORT: '0' },
  });
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('server.ready')) child.kill('SIGTERM');
  });
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  clearTimeout(late);
}

try {
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-warm-'));
  try {
    await startOnce(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
} catch (error) {
  // Where there is no temporary directory to write to, for one.
  process.stderr.write(`The first start will take a little longer: ${String(error)}\n`);
}

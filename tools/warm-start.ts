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
const directory = mkdtempSync(join(tmpdir(), 'assetwire-warm-'));
const launcher = join(import.meta.dirname, '../bin/assetwire.js');
const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ASSETWIRE_'));
const child = spawn(process.execPath, [launcher, 'serve'], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'ignore'],
  env: { ...Object.fromEntries(own), ASSETWIRE_DATA_DIR: join(directory, 'data'), ASSETWIRE_PORT: '0' },
});
const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
child.stdout.on('data', (text: Buffer) => {
  if (text.includes('server.ready')) child.kill('SIGTERM');
});
await new Promise((resolve) => {
  child.once('exit', resolve);
  child.once('error', resolve);
});
clearTimeout(late);
rmSync(directory, { recursive: true, force: true });

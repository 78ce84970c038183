import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../runtime/clock.ts';
import { commandProblem, createScanner, readCommand } from './scanner.ts';
import { eicar, scannerScript } from './testing/eicar.ts';

const folder = mkdtempSync(join(tmpdir(), 'assetwire-scanner-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode });
  return path;
}

const script = (name: string, lines: string): string => file(name, `#!/bin/sh\n${lines}\n`, 0o755);
const scannerOf = (command: string, timeoutMs = 60_000) =>
  createScanner({ command, timeoutMs, clock: systemClock, searchPath: process.env['PATH'] });

test('UP-20 the EICAR file is found infected with the name that the scanner gives, another file clean', async () => {
  const scanner = scannerOf(scannerScript(folder));
  assert.deepEqual(await scanner.scan(file('eicar.com', eicar)), { kind: 'infected', note: 'Eicar-Test-Signature' });
  assert.deepEqual(await scanner.scan(file('a b "c".txt', 'hello')), { kind: 'clean' });
});

test('a scanner that says neither, is not there or is killed has failed, with what it said and without the path', async () => {
  const path = file('x.txt', 'x');
  const broken = scannerOf(script('broken', 'echo "ERROR: $1: cannot reach the daemon" >&2; exit 2'));
  assert.deepEqual(await broken.scan(path), {
    kind: 'failed',
    note: 'the scanner ended with status 2: ERROR: : cannot reach the daemon',
  });
  assert.deepEqual(await scannerOf('/nowhere/scanner').scan(path), {
    kind: 'failed',
    note: 'the scanner could not be started',
  });
  const killed = await scannerOf(script('killed', 'kill -9 $$')).scan(path);
  assert.deepEqual(killed, { kind: 'failed', note: 'the scanner ended by SIGKILL' });
});

test('a scan that takes too long is ended with everything that it started', { timeout: 120_000 }, async () => {
  const pidFile = join(folder, 'child.pid');
  const scanner = scannerOf(script('slow', `sleep 60 & echo $! > ${pidFile}\nwait`), 300);
  assert.deepEqual(await scanner.scan(file('y', 'y')), {
    kind: 'failed',
    note: 'the scan was not done within 0.3 s',
  });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  // Gone, or a zombie that waits to be fetched by whoever took it over.
  const isRunning = (): boolean => {
    try {
      return !/\nState:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  await until(() => !isRunning(), 'what it started has ended');
});

test('a scan ends in time though a child that has left it holds its output', { timeout: 120_000 }, async (t) => {
  const pidFile = join(folder, 'left.pid');
  t.after(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'));
  const scanner = scannerOf(script('leaving', `setsid sleep 60 & echo $! > ${pidFile}\nwait`), 300);
  assert.equal((await scanner.scan(file('u', 'u'))).kind, 'failed');
});

test('what it says is bounded, and it sees nothing of our environment', async () => {
  process.env['ASSETWIRE_TEST_SECRET'] = 'seen';
  const scanner = scannerOf(
    script('loud', 'echo "${ASSETWIRE_TEST_SECRET}-"; yes 0123456789 | head -c 5000000; exit 1'),
  );
  const result = await scanner.scan(file('z', 'z'));
  delete process.env['ASSETWIRE_TEST_SECRET'];
  assert.deepEqual(result, { kind: 'infected', note: '-' });
});

test('stop ends what runs, and nothing is started afterwards', async () => {
  const scanner = scannerOf(script('forever', 'sleep 60'), 60_000);
  const running = scanner.scan(file('w', 'w'));
  await scanner.stop();
  assert.deepEqual(await running, { kind: 'failed', note: 'the server stops' });
  assert.deepEqual(await scanner.scan(file('w2', 'w')), { kind: 'failed', note: 'the server stops' });
});

test('the words of a command, the place of the file among them, and what is wrong with one', async () => {
  assert.deepEqual(readCommand(`/bin/x  --a "b c" 'd "e"' {file}`), ['/bin/x', '--a', 'b c', 'd "e"', '{file}']);
  const placed = scannerOf(`${script('placed', '[ "$2" = --quick ] && exit 0; exit 3')} {file} --quick`);
  assert.deepEqual(await placed.scan(file('v', 'v')), { kind: 'clean' });
  assert.equal(commandProblem('/bin/sh -c true'), null);
  assert.match(commandProblem('clamscan') ?? '', /absolute path/);
  assert.match(commandProblem('/nowhere/clamscan --x') ?? '', /no program at \/nowhere\/clamscan/);
  assert.match(commandProblem('  ') ?? '', /names no program/);
});

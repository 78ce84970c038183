import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { findTests, runFile } from './run-tests.ts';
import type { FileResult } from './run-tests.ts';

const tools = import.meta.dirname;
let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'assetwire-runner-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

async function run(name: string, code: string, boundMs = 120_000): Promise<FileResult> {
  const file = `${name}.test.ts`;
  writeFileSync(join(directory, file), `import { test, describe, before } from 'node:test';\n${code}`);
  return runFile(file, { cwd: directory, temporary: directory, boundMs });
}

test('Passing tests are counted one by one, suites are not', async () => {
  const result = await run(
    'passing',
    `test('a', () => {}); describe('s', () => { test('b', () => {}); test('c', () => {}); });`,
  );
  assert.deepEqual([result.passed, result.failed, result.report], [3, 0, '']);
});

test('A failing test is counted and its reason shown', async () => {
  const result = await run(
    'failing',
    `test('good', () => {}); test('bad', () => { throw new Error('because of this'); });`,
  );
  assert.deepEqual([result.passed, result.failed], [1, 1]);
  assert.match(result.report, /not ok: bad[^]*because of this/);
});

test('A file that crashes before its first test is one failure', async () => {
  const result = await run('crashing', `throw new Error('at the top');`);
  assert.deepEqual([result.passed, result.failed], [0, 1]);
  assert.match(result.report, /at the top/);
});

test('A file that exits in the middle of its tests is a failure, even with exit code 0', async () => {
  for (const code of [0, 3]) {
    const result = await run(`exiting-${code}`, `test('a', () => { process.exit(${code}); });`);
    assert.deepEqual([result.passed, result.failed], [0, 1], `exit code ${code}`);
  }
});

test('A file whose process is killed after a test passed is a failure', async () => {
  const result = await run(
    'killed',
    `test('a', () => {}); test('b', () => { process.kill(process.pid, 'SIGKILL'); });`,
  );
  assert.equal(result.failed, 1);
  assert.match(result.report, /SIGKILL/);
});

test('A file that holds no test is a failure', async () => {
  const result = await run('empty', `void [test, describe, before];`);
  assert.deepEqual([result.passed, result.failed], [0, 1]);
  assert.match(result.report, /holds no test/);
});

test('A file that does not end is stopped at its bound and is a failure', async () => {
  const result = await run('hanging', `test('a', () => {}); setInterval(() => {}, 1000);`, 1_500);
  assert.equal(result.failed, 1);
  assert.match(result.report, /still running after 1.5 s/);
});

test('Of a file that hangs one is told in which test', async () => {
  const result = await run(
    'stuck',
    `test('a', () => {}); describe('s', () => { test('stuck here', async () => { setInterval(() => {}, 1000); await new Promise(() => {}); }); });`,
    3_000,
  );
  assert.match(result.report, /, in:\n {2}\S+ s\n {2}\S+ stuck here$/m);
  assert.doesNotMatch(result.report, /^ {2}\S+ a$/m);
});

test('A hook that fails is a failure', async () => {
  const result = await run(
    'hook',
    `describe('s', () => { before(() => { throw new Error('in the hook'); }); test('a', () => {}); });`,
  );
  assert.ok(result.failed >= 1);
  assert.match(result.report, /in the hook/);
});

test('A todo is a failure; a test its machine cannot run is told as not tried, never as passed', async () => {
  const todo = await run('todo', `test.todo('later'); test('a', () => {});`);
  assert.deepEqual([todo.passed, todo.failed], [1, 1]);
  const skipped = await run('skipped', `test('needs root', (t) => { t.skip('not root'); }); test('a', () => {});`);
  assert.deepEqual([skipped.passed, skipped.failed, skipped.notTried], [1, 0, ['needs root: not root']]);
});

test('A rejection nobody waited for is a failure', async () => {
  const result = await run('rejection', `test('a', () => { void Promise.reject(new Error('left alone')); });`);
  assert.ok(result.failed >= 1);
});

test('Test files are found in every place that may hold them, and filtered by words of their path', () => {
  for (const file of ['src/core/a.test.ts', 'packages/receiver/src/b.test.ts', 'test/e2e/c.test.ts', 'src/core/a.ts']) {
    mkdirSync(join(directory, 'tree', file, '..'), { recursive: true });
    writeFileSync(join(directory, 'tree', file), '');
  }
  const all = ['packages/receiver/src/b.test.ts', 'src/core/a.test.ts', 'test/e2e/c.test.ts'];
  assert.deepEqual(findTests(join(directory, 'tree'), []), all);
  assert.deepEqual(findTests(join(directory, 'tree'), ['core', 'e2e']), all.slice(1));
});

test('A runner that is ended ends the test files it runs', async () => {
  const marker = join(directory, 'marker');
  const file = join('src', 'endless.test.ts');
  const tree = join(directory, 'endless');
  mkdirSync(join(tree, 'tools'), { recursive: true });
  mkdirSync(join(tree, 'src'));
  for (const name of ['run-tests.ts', 'test-events.ts', 'run-checks.ts'])
    cpSync(join(tools, name), join(tree, 'tools', name));
  const code = `import { test } from 'node:test'; import { writeFileSync } from 'node:fs';
    test('endless', async () => { writeFileSync(${JSON.stringify(marker)}, String(process.pid)); setInterval(() => {}, 1000); await new Promise(() => {}); });`;
  writeFileSync(join(tree, file), code);
  const runner = spawn(process.execPath, [join(tree, 'tools/run-tests.ts'), 'endless'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => runner.once('exit', resolve));
  while (!existsSync(marker) || readFileSync(marker, 'utf8') === '') await wait(20);
  runner.kill('SIGTERM');
  assert.equal(await ended, 143);
  const pid = Number(readFileSync(marker, 'utf8'));
  for (let tries = 0; tries < 3_000 && isRunning(pid); tries += 1) await wait(20);
  assert.equal(isRunning(pid), false, 'the test file still runs');
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

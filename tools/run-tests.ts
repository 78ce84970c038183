/**
 * `npm test`: the checks, and beside them every `*.test.ts`, each in a process of its own. What fails is shown as it fails; the last
 * line is always `N passed, N failed`. A file that crashes, runs over its bound or holds no test counts as one failure;
 * a check counts as one test. Tests that found their machine unable (`t.skip(reason)`) are listed as not tried.
 *
 *   npm test                         everything
 *   npm test -- src/core             only files whose path contains one of the words; no checks
 *   npm test -- --checks src/core    these files and the checks
 *   npm test -- --jobs 1             one file at a time; as it is, one more than there are processors: tests mostly wait
 */
import { spawn } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkReport, runChecks } from './run-checks.ts';
import type { TestRecord } from './test-events.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Three times and more what the longest takes where it has a quarter of the machine. */
const fileBoundMs = 480_000;
/** These kill, or hold what is slow against a limit: they get the machine to themselves. Others mostly wait for their server. */
const alone = [
  'test/faults/',
  ...['fuzz', 'hostile-uploads', 'media-faults'].map((name) => `test/e2e/${name}.test.ts`),
];

export type FileResult = {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly notTried: readonly string[];
  readonly durationMs: number;
  /** What to show: failures with their reasons, and the file's own output where something failed. */
  readonly report: string;
};

/** Which tests had begun and not ended. */
function wherein(records: readonly TestRecord[]): string {
  const key = ({ name, at }: TestRecord): string => `${at} ${name}`;
  const over = new Set(records.filter(({ kind }) => kind !== 'begun').map(key));
  const open = new Set(records.filter((one) => one.kind === 'begun' && !over.has(key(one))).map(key));
  return open.size === 0 ? '' : `, in:\n  ${[...open].join('\n  ')}`;
}

type Ended = { readonly code: number | null; readonly signal: string | null; readonly output: string };

function readRecords(path: string): readonly TestRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TestRecord);
}

/**
 * The caller's environment without what would change how node:test reports or how our own commands behave. What was compiled
 * for one file is not compiled again for the next: it saves two fifths of the time of a small one.
 */
function testEnvironment(temporary: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_TEST_CONTEXT|NODE_OPTIONS|ASSETWIRE_(?!TEST_).*)$/.test(name),
  );
  const NODE_COMPILE_CACHE = join(temporary, 'compiled');
  return { ...Object.fromEntries(kept), FORCE_COLOR: '0', TMPDIR: temporary, NODE_COMPILE_CACHE };
}

/** Runs one test file in its own process group, so that what it leaves behind can be ended with it. */
function runProcess(file: string, recordsPath: string, options: RunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const reporter = `${join(root, 'tools/test-events.ts')}`;
    const args = [`--test-reporter=${reporter}`, `--test-reporter-destination=${recordsPath}`, file];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: testEnvironment(options.temporary),
    });
    if (child.pid !== undefined) running.add(child.pid);
    const chunks: Buffer[] = [];
    let late = '';
    const keep = (chunk: Buffer): void => {
      chunks.push(chunk);
      if (chunks.length > 2_000) chunks.splice(0, 1_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (code: number | null, signal: string | null): void => {
      clearTimeout(bound);
      endGroup(child.pid);
      running.delete(child.pid ?? -1);
      resolve({ code, signal, output: Buffer.concat(chunks).toString('utf8') + late });
    };
    const bound = setTimeout(() => {
      late = `\nStopped: still running after ${options.boundMs / 1000} s\n`;
      endGroup(child.pid);
    }, options.boundMs);
    child.on('error', (error) => {
      late += String(error);
      end(null, null);
    });
    child.on('exit', end);
  });
}

/** Groups under way: ended with the runner, whoever ends it, because they would outlive it otherwise. */
const running = new Set<number>();

function endWithSignals(): void {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.once(signal, () => {
      for (const pid of running) endGroup(pid);
      process.exit(128 + number);
    });
  }
}

/** Ends what is left of a file's process group; there is usually nothing. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is gone, which is what is wanted.
    return;
  }
}

export type RunOptions = { readonly cwd: string; readonly temporary: string; readonly boundMs: number };

type FilesOptions = RunOptions & { readonly jobs: number; readonly before: Promise<unknown> };

/** Runs one file and judges it. */
export async function runFile(file: string, options: RunOptions): Promise<FileResult> {
  const startedMs = performance.now();
  const recordsPath = join(options.temporary, `${file.replaceAll(/[^a-z0-9]/gi, '-')}.ndjson`);
  const ended = await runProcess(file, recordsPath, options);
  const records = readRecords(recordsPath);
  const wrong = records.filter(({ kind }) => kind === 'fail' || kind === 'todo');
  const passed = records.filter(({ kind }) => kind === 'pass').length;
  const skipped = records.filter(({ kind }) => kind === 'skip');
  const complaints = wrong.map(
    ({ name, kind, reason }) => `${kind === 'todo' ? 'unfinished' : 'not ok'}: ${name}\n${reason}`,
  );
  // A hook that fails is told of by its suite; a suite that merely holds a failed test tells nothing new.
  const suites = records
    .filter(({ kind, reason }) => kind === 'suite-fail' && !/\d+ subtests? failed/.test(reason))
    .map(({ name, reason }) => `not ok: ${name}\n${reason}`);
  if (wrong.length === 0) complaints.push(...suites.splice(0));
  if (complaints.length === 0) {
    if (ended.code !== 0)
      complaints.push(`The file ended with ${ended.signal ?? `exit code ${ended.code}`}${wherein(records)}`);
    else if (passed + skipped.length === 0) complaints.push('The file holds no test');
  }
  return {
    file,
    passed,
    failed: complaints.length,
    notTried: skipped.map(
      ({ name, reason }) => `${name}: ${reason === '' || reason === 'true' ? 'no reason given' : reason}`,
    ),
    durationMs: performance.now() - startedMs,
    report:
      complaints.length === 0
        ? ''
        : [...complaints, ...suites, ended.output.trim()].filter((part) => part !== '').join('\n'),
  };
}

/** Every test file of the repository, in order of name. */
export function findTests(directory: string, words: readonly string[]): readonly string[] {
  const found = globSync(
    ['{src,test,tools,bench,ops,console/src}/**/*.test.ts', 'packages/*/{src,test}/**/*.test.ts'],
    {
      cwd: directory,
    },
  );
  return found
    .filter((file) => !file.includes('node_modules') && !file.includes('fixtures/'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

function fileReport({ file, passed, failed, durationMs, report }: FileResult): string {
  const counts = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`;
  const line = `${failed === 0 ? 'ok  ' : 'FAIL'} ${file}: ${counts} (${(durationMs / 1000).toFixed(1)} s)`;
  return failed === 0 ? line : `${line}\n${report.replace(/^/gm, '     ')}`;
}

/** `jobs` files at a time; one less until `before`, which has the machine to share meanwhile, has ended. */
async function runFiles(
  files: readonly string[],
  { jobs, before, ...options }: FilesOptions,
): Promise<readonly FileResult[]> {
  const results: FileResult[] = [];
  const work = async (queue: string[]): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, options);
      results.push(result);
      console.log(fileReport(result));
    }
  };
  const isAlone = (file: string): boolean => alone.some((part) => file.startsWith(part));
  const together = files.filter((file) => !isAlone(file));
  const workers = Array.from({ length: Math.max(0, jobs - 1) }, () => work(together));
  await Promise.all([before.then(() => work(together)), ...workers]);
  await work(files.filter(isAlone));
  return results;
}

async function main(): Promise<number> {
  endWithSignals();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { checks: { type: 'boolean' }, jobs: { type: 'string', default: String(availableParallelism() + 1) } },
  });
  const files = findTests(root, positionals);
  const withChecks = values.checks ?? positionals.length === 0;
  const temporary = mkdtempSync(join(tmpdir(), 'assetwire-tests-'));
  // A test that runs the server as another user needs a way through to its own directory below.
  chmodSync(temporary, 0o711);
  let passed = 0;
  let failed = 0;
  try {
    const checking = withChecks ? runChecks((result) => console.log(checkReport(result))) : Promise.resolve([]);
    if (files.length === 0) {
      console.log('FAIL no test file was found');
      failed += 1;
    }
    const jobs = Math.max(1, Number(values.jobs) || 1);
    const results = await runFiles(files, { jobs, before: checking, cwd: root, temporary, boundMs: fileBoundMs });
    for (const { ok } of await checking) {
      if (ok) passed += 1;
      else failed += 1;
    }
    for (const result of results) {
      passed += result.passed;
      failed += result.failed;
    }
    const notTried = results.flatMap((result) => result.notTried.map((line) => `${result.file}: ${line}`));
    if (notTried.length > 0)
      console.log(`\nNOT TRIED on this machine (${notTried.length}):\n  ${notTried.join('\n  ')}`);
    const failing = results.filter((result) => result.failed > 0).map(({ file }) => file);
    if (failing.length > 0) console.log(`\nFailing files:\n  ${failing.join('\n  ')}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main();
}

/**
 * `npm run check`: everything that can be told without running the product. Two at a time, because that is what a small
 * machine has; the output of a check is shown only where it fails.
 */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const concurrent = 2;
const deadlineMs = 300_000;

/** A check is an npm script, so that each can be run by itself as it is run here. Slow ones first. */
const checks = [
  { name: 'lint', script: 'check:lint' },
  { name: 'types', script: 'check:types' },
  { name: 'rooms', script: 'check:rooms' },
  { name: 'dead code', script: 'check:dead' },
  { name: 'house rules', script: 'check:house' },
  { name: 'format', script: 'check:format' },
] as const;

export type CheckResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly output: string;
};

function runCheck(name: string, script: string): Promise<CheckResult> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], { cwd: root, env: { ...process.env, FORCE_COLOR: '0' } });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const deadline = setTimeout(() => {
      chunks.push(Buffer.from(`\nStopped after ${deadlineMs / 1000} s\n`));
      child.kill('SIGKILL');
    }, deadlineMs);
    const end = (ok: boolean, note = ''): void => {
      clearTimeout(deadline);
      const output = Buffer.concat(chunks).toString('utf8') + note;
      resolve({ name, ok, durationMs: performance.now() - startedMs, output });
    };
    child.on('error', (error) => end(false, String(error)));
    child.on('close', (code) => end(code === 0));
  });
}

/** Runs every check and tells of each as it ends. */
export async function runChecks(tell: (result: CheckResult) => void): Promise<readonly CheckResult[]> {
  const waiting = [...checks];
  const results: CheckResult[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runCheck(next.name, next.script);
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: concurrent }, work));
  return results;
}

/** One line for a check that held; its whole output where it did not. */
export function checkReport({ name, ok, durationMs, output }: CheckResult): string {
  const line = `${ok ? 'ok  ' : 'FAIL'} check: ${name} (${(durationMs / 1000).toFixed(1)} s)`;
  return ok ? line : `${line}\n${output.trimEnd().replace(/^/gm, '     ')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await runChecks((result) => console.log(checkReport(result)));
  const failed = results.filter(({ ok }) => !ok).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

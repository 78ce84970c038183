/**
 * The operator's own virus scanner: a command that is given the path of a file and says by its exit status what it found,
 * as ClamAV's do: 0 nothing, 1 something, anything else that it could not look. Each scan is a process of its own, bounded
 * in time and in what it may say; it gets none of our environment but the PATH, and goes with all its children.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { lowerPriority } from './bounded-process.ts';
import type { ScanResult, Scanner } from './media.ts';

export type ScannerOptions = {
  /** See `readCommand`. */
  readonly command: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly searchPath: string | undefined;
};

const outputBytesMax = 64 * 1024;
const noteCharactersMax = 200;
const filePlace = '{file}';

/** Words of a command, quoted where a word has a space; no shell reads them. */
export function readCommand(text: string): readonly string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g))
    words.push(double ?? single ?? plain ?? '');
  return words;
}

/** Null where the command can be started. */
export function commandProblem(text: string): string | null {
  const [program] = readCommand(text);
  if (program === undefined) return 'it names no program';
  if (!isAbsolute(program)) return 'it must begin with the absolute path of a program';
  try {
    accessSync(program, constants.X_OK);
    return null;
  } catch {
    return `there is no program at ${program}`;
  }
}

/** A scanner that starts the command for each file; `stop` ends what runs, and what is asked for then fails. */
export function createScanner(options: ScannerOptions): Scanner & { stop(): Promise<void> } {
  const running = new Map<() => void, Promise<unknown>>();
  let stopped = false;
  return {
    async scan(path) {
      if (stopped) return failed('the server stops');
      const { result, end } = run(options, path);
      running.set(end, result);
      try {
        return await result;
      } finally {
        running.delete(end);
      }
    },
    async stop() {
      stopped = true;
      const all = [...running.values()];
      for (const end of running.keys()) end();
      await Promise.all(all);
    },
  };
}

function run(
  { command, timeoutMs, clock, searchPath }: ScannerOptions,
  path: string,
): { readonly result: Promise<ScanResult>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<ScanResult>();
  const [program = '', ...given] = readCommand(command);
  const args = given.includes(filePlace) ? given.map((word) => (word === filePlace ? path : word)) : [...given, path];
  // A group of its own: a script that starts the scanner goes together with it.
  const child = spawn(program, args, {
    env: searchPath === undefined ? {} : { PATH: searchPath },
    cwd: '/',
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  if (child.pid !== undefined) lowerPriority(child.pid);
  let said = '';
  let ended: ScanResult | null = null;
  const kill = (result: ScanResult): void => {
    ended ??= result;
    killGroup(child.pid);
    // Not when its output ends: a child of its own that has left the group may hold that open for as long as it likes.
    child.stdout.destroy();
    child.stderr.destroy();
    deadline.cancel();
    resolve(ended);
  };
  const deadline = clock.timer(timeoutMs, () => kill(failed(`the scan was not done within ${timeoutMs / 1_000} s`)));
  const hear = (chunk: Buffer): void => {
    if (said.length < outputBytesMax) said += chunk.toString('utf8', 0, outputBytesMax - said.length);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  child.once('error', () => {
    deadline.cancel();
    resolve(failed('the scanner could not be started'));
  });
  child.once('close', (code, signal) => {
    deadline.cancel();
    resolve(ended ?? resultOf({ code, signal, note: noteOf(said, path) }));
  });
  return { result: promise, end: () => kill(failed('the server stops')) };
}

function resultOf({
  code,
  signal,
  note,
}: {
  readonly code: number | null;
  readonly signal: string | null;
  readonly note: string;
}): ScanResult {
  if (code === 0) return { kind: 'clean' };
  if (code === 1) return { kind: 'infected', note: note || 'the scanner found something' };
  const how = code === null ? `the scanner ended by ${signal ?? 'a signal'}` : `the scanner ended with status ${code}`;
  return failed(note === '' ? how : `${how}: ${note}`);
}

function failed(note: string): ScanResult {
  return { kind: 'failed', note };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** The line that names what was found, else the first one; without the path, which is ours alone. */
function noteOf(said: string, path: string): string {
  const lines = said
    .split('\n')
    .map((line) =>
      line
        .replaceAll(path, '')
        .replaceAll(/[^\P{C}]+/gu, ' ')
        .replace(/^[\s:]+/, '')
        .trim(),
    )
    .filter((line) => line !== '');
  const line = lines.find((each) => / FOUND$/.test(each))?.replace(/ FOUND$/, '') ?? lines[0] ?? '';
  return line.slice(0, noteCharactersMax);
}

/** Starts the real program as a user would, through its launcher, and waits for what it says instead of for the clock. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const launcher = join(import.meta.dirname, '..', '..', '..', 'bin', 'assetwire.js');

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type Environment = Readonly<Record<string, string>>;

/** An environment without any of the tester's own settings. */
export function clean(environment: Environment): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('ASSETWIRE_') && name !== 'NODE_OPTIONS',
  );
  return { ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])), ...environment };
}

/** Runs one command to its end. */
export async function run(args: readonly string[], environment: Environment): Promise<Ended> {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: clean(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

export type Serving = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly out: () => string;
  readonly err: () => string;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Starts `serve` on free ports and waits until it is ready and has said so. */
export async function serve(environment: Environment, args: readonly string[] = []): Promise<Serving> {
  const child = spawn(process.execPath, [launcher, 'serve', ...args], {
    env: clean({ ASSETWIRE_PORT: '0', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (said.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (said.err += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (said.out.includes('"server.ready"') && said.err.includes('Stop       Ctrl-C')) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) =>
      reject(new Error(`Server must become ready: it ended with ${code}\n${said.err}${said.out}`)),
    );
  });
  const url = /"url":"([^"]+)"/.exec(said.out)?.[1] ?? '';
  return {
    child,
    url,
    out: () => said.out,
    err: () => said.err,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** A directory of its own, gone when the test has ended. */
export function temporaryDirectory(t: { after(run: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'assetwire-spawned-'));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/**
 * Starts the real server, `node bin/assetwire.js serve` as `npm start` does, as a process of its own with a data directory and a key of the
 * test's, on a free loopback port. What a test starts it ends: by the process's own id and nothing else.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requestJson } from './json-client.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outputCharactersMax = 64 * 1024;

export const testAdminKey = 'test-admin-key-0123456789-0123456789-0123';

export type ServerOptions = {
  readonly dataDir: string;
  readonly port: number;
  /** The command and its arguments. Default `serve`. */
  readonly command?: readonly string[];
  /** More `ASSETWIRE_…` settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly readyWithinMs?: number;
  /** A command that runs another one, put before the server's: `unshare …`. It must exec, so that the process id stays. */
  readonly wrap?: readonly string[];
  /** Runs as this user; needs root. */
  readonly uid?: number;
  /** The directory of another build (`other-build.ts`). Default: this repository. */
  readonly build?: string;
};

export type ServerProcess = {
  readonly pid: number;
  readonly url: string;
  readonly key: string;
  /** From the start of the process to the first 200 of `/readyz`, in milliseconds; resolves when it is so. */
  readonly ready: Promise<number>;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** The last output of the process, both streams. */
  output(): string;
  signal(name: NodeJS.Signals): void;
};

/**
 * A port that was free a moment ago, and the next one with it (the inbox's TLS listener takes it). Below the range from
 * which the system draws ports for outgoing connections, so that none of those takes it meanwhile; and no other test that
 * runs beside gets it, as long as this process lives.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 6_000);
    if ((await isOurs(port)) && (await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('No free pair of ports was found');
}

/**
 * Takes a name for the port that is given back with this process, however that ends: a socket that lies in no directory, which
 * there is on Linux alone. Elsewhere chance must do.
 */
function isOurs(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  return new Promise((resolve) => {
    const claim = createServer();
    claim.on('error', () => resolve(false));
    claim.listen({ path: `\0assetwire-test-port-${port}` }, () => {
      claim.unref();
      resolve(true);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** What a server says that asked a database which stood still just then; a supervisor starts it again. */
const databaseStoodStill = /no connection within \d+ ms/;
const startsMax = 5;

/**
 * Spawns the server. `ready` rejects with the server's output where it ends or stays unready. One that ends because its database
 * did not answer in time is started again, as a supervisor does.
 */
export function startServer(options: ServerOptions): ServerProcess {
  const startedMs = performance.now();
  const url = `http://127.0.0.1:${options.port}`;
  let output = '';
  let starts = 0;
  let signalled = false;
  let isReady = false;
  let child: ChildProcess;
  let ended: Promise<void>;
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    const start = (): void => {
      starts += 1;
      child = spawnServer(options);
      const keep = (chunk: Buffer): void => {
        output = (output + chunk.toString('utf8')).slice(-outputCharactersMax);
      };
      child.stdout?.on('data', keep);
      child.stderr?.on('data', keep);
      // What it said last may come after its end; a process of its own may hold on to where it says it.
      ended = new Promise((all) => child.once('close', () => all()).once('exit', () => setTimeout(all, 2_000).unref()));
      child.on('exit', (code, signal) => {
        const again = !signalled && !isReady && starts < startsMax && code !== 0;
        if (!again) return resolve({ code, signal });
        void ended.then(() => {
          if (!signalled && databaseStoodStill.test(output)) start();
          else resolve({ code, signal });
        });
      });
      child.on('error', (error) => {
        output += String(error);
        resolve({ code: null, signal: null });
      });
    };
    start();
  });
  let over = false;
  void exited.then(() => {
    over = true;
  });
  const ready = waitUntilReady(() => over, url, options.readyWithinMs ?? 90_000).then(
    () => {
      isReady = true;
      return performance.now() - startedMs;
    },
    async (error: unknown) => {
      if (over) await ended;
      throw new Error(`The server did not become ready: ${String(error)}\n${output}`);
    },
  );
  // Who does not care whether it became ready (it may be killed before) need not handle the rejection.
  ready.catch(() => undefined);
  return {
    get pid() {
      return child.pid ?? -1;
    },
    url,
    key: options.settings?.['ASSETWIRE_ADMIN_KEY'] ?? testAdminKey,
    ready,
    exited,
    output: () => output,
    signal: (name) => {
      signalled = true;
      child.kill(name);
    },
  };
}

function spawnServer(options: ServerOptions): ChildProcess {
  const [command = process.execPath, ...args] = [
    ...(options.wrap ?? []),
    process.execPath,
    join(options.build ?? root, 'bin/assetwire.js'),
    ...(options.command ?? ['serve']),
  ];
  return spawn(command, args, {
    cwd: options.dataDir,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: options.dataDir,
      TMPDIR: process.env['TMPDIR'],
      ASSETWIRE_DATA_DIR: join(options.dataDir, 'data'),
      ASSETWIRE_HOST: '127.0.0.1',
      ASSETWIRE_PORT: String(options.port),
      ASSETWIRE_ADMIN_KEY: testAdminKey,
      ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8',
      ...options.settings,
    },
  });
}

async function waitUntilReady(over: () => boolean, url: string, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (performance.now() < deadlineMs) {
    if (over()) throw new Error('it ended');
    const answer = await requestJson(`${url}/readyz`, { timeoutMs: 5_000 }).catch(() => null);
    if (answer?.status === 200) return;
    await wait(5);
  }
  throw new Error(`not ready after ${withinMs} ms`);
}

/** Ends the server politely and waits; kills it where that takes too long. Harmless on one that has ended. */
export async function endServer(server: ServerProcess, withinMs = 60_000): Promise<number | null> {
  server.signal('SIGTERM');
  const late = setTimeout(() => server.signal('SIGKILL'), withinMs);
  const { code } = await server.exited;
  clearTimeout(late);
  return code;
}

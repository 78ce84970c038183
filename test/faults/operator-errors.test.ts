import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { requestJson, requestOk } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import type { ServerOptions, ServerProcess } from '../support/server-process.ts';

let dataDir: string;
const started: ServerProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'assetwire-operator-'));
});
afterEach(async () => {
  for (const server of started.splice(0)) await endServer(server);
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

function start(options: Omit<ServerOptions, 'dataDir'> & { readonly dataDir?: string }): ServerProcess {
  const server = startServer({ dataDir, ...options });
  started.push(server);
  return server;
}

/** It must end by itself, with a code that is not 0 and a message without a stack. */
async function refuses(server: ServerProcess): Promise<string> {
  await assert.rejects(server.ready);
  const { code } = await server.exited;
  assert.ok(code !== 0 && code !== null, `it ended with ${code}: ${server.output()}`);
  assert.doesNotMatch(server.output(), /\n\s+at .*:\d+:\d+/, 'an operator is shown no stack');
  return server.output();
}

test('FO-05 a second server on the same data directory is refused, and the first goes on', async () => {
  const first = start({ port: await freePort() });
  await first.ready;
  const message = await refuses(start({ port: await freePort() }));
  assert.match(message, /another|already|in use|locked/i);
  const change = { kind: 'folder.created', subject: { type: 'folder', externalId: 'a' }, after: { name: 'a' } };
  const { status } = await requestJson(`${first.url}/v1/changes`, { key: first.key, body: change });
  assert.equal(status, 202);
});

test('FO-05 after kill -9 of the first server the directory is free at once', async () => {
  const first = start({ port: await freePort() });
  await first.ready;
  first.signal('SIGKILL');
  await first.exited;
  await start({ port: await freePort() }).ready;
});

test('FO-05 a port that is taken is named, and nothing else happens', async () => {
  const blocker = createServer((socket) => socket.destroy());
  const port = await freePort();
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  try {
    const message = await refuses(start({ port, readyWithinMs: 10_000 }));
    assert.match(message, new RegExp(String(port)));
  } finally {
    await new Promise((resolve) => blocker.close(resolve));
  }
});

test('FO-05 a data directory that cannot be written is refused with its path, new or existing', async (t) => {
  // Root may write anywhere, so as root the server runs as a user that may not.
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? { uid: 65_534 } : {};
  const data = join(dataDir, 'data');
  if (isRoot) chmodSync(dataDir, 0o755);
  const probe = start({ port: await freePort(), ...uid, dataDir: privateDirectory(dataDir, isRoot) });
  try {
    await probe.ready;
  } catch {
    t.skip(`the server cannot be run as another user here: ${probe.output().slice(0, 200)}`);
    return;
  }
  await endServer(probe);

  chmodSync(dataDir, 0o555);
  assert.match(await refuses(start({ port: await freePort(), ...uid })), /writ|permission/i);

  chmodSync(dataDir, 0o755);
  const existing = privateDirectory(dataDir, isRoot, 'existing');
  const server = start({ port: await freePort(), ...uid, dataDir: existing });
  await server.ready;
  const { id } = await requestOk<{ id: string }>(`${server.url}/v1/inboxes`, { key: server.key, body: {} });
  await endServer(server);
  setTree(join(existing, 'data'), 0o555, 0o444);
  assert.match(
    await refuses(start({ port: await freePort(), ...uid, dataDir: existing })),
    /writ|permission|read-?only/i,
  );
  setTree(join(existing, 'data'), 0o700, 0o600);
  const again = start({ port: await freePort(), ...uid, dataDir: existing });
  await again.ready;
  const answer = await requestJson(`${again.url}/v1/inboxes/${id}`, { key: again.key });
  assert.equal(answer.status, 200, 'what was there before is there after');
  assert.ok(!readdirSync(dataDir).includes('data'), `nothing was made in ${data}`);
});

test('FO-05 a database that is no database is refused before anything is written, and left as it is', async () => {
  const first = start({ port: await freePort() });
  await first.ready;
  await endServer(first);
  const data = join(dataDir, 'data');
  const database = readdirSync(data).find((name) => /\.(db|sqlite3?)$/.test(name) && !name.includes('lock')) ?? '';
  assert.notEqual(database, '');
  writeFileSync(join(data, database), Buffer.alloc(64 * 1024, 'this is not a database '));
  const before = readdirSync(data);
  const message = await refuses(start({ port: await freePort() }));
  assert.match(message, /corrupt|not a (SQLite )?database|damaged|malformed/i);
  assert.deepEqual(
    readdirSync(data).filter((name) => !before.includes(name) && !/-(wal|shm)$/.test(name)),
    [],
  );
});

test('FO-05 the wrong encryption key is refused', async () => {
  const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
  const first = start({ port: await freePort(), settings: { ASSETWIRE_ENCRYPTION_KEY: key(1) } });
  await first.ready;
  const target = { transport: 'http', url: 'http://127.0.0.1:10009/hook' };
  const body = { name: 'sealed', dialect: 'standard', target, events: ['*'] };
  await requestOk(`${first.url}/v1/webhooks`, { key: first.key, body });
  await endServer(first);
  const message = await refuses(start({ port: await freePort(), settings: { ASSETWIRE_ENCRYPTION_KEY: key(2) } }));
  assert.match(message, /key/i);
});

test('FO-05 a setting that does not exist, or whose value does not fit, stops the start and is named', async () => {
  const settings = { ASSETWIRE_RETENTION_DAYS: 'soon', ASSETWIRE_PROT: '1' };
  const message = await refuses(start({ port: await freePort(), settings }));
  assert.match(message, /RETENTION_DAYS/);
  assert.match(message, /ASSETWIRE_PROT/);
});

function privateDirectory(parent: string, isRoot: boolean, name = 'own'): string {
  const directory = join(parent, name);
  mkdirSync(directory);
  if (isRoot) chownSync(directory, 65_534, 65_534);
  return directory;
}

function setTree(directory: string, directoryMode: number, fileMode: number): void {
  // Opened first so that what lies below can be reached.
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) setTree(path, directoryMode, fileMode);
    else chmodSync(path, fileMode);
  }
  chmodSync(directory, directoryMode);
}

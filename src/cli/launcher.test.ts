import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { clean, run, temporaryDirectory } from './testing/spawned.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

test('a server whose launcher was killed ends within seconds, a hanging receiver notwithstanding, and the next one starts', async (t) => {
  let arrived = (): void => undefined;
  const hangs = new Promise<void>((resolve) => (arrived = resolve));
  const receiver = createServer(() => arrived()).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const environment = {
    ASSETWIRE_DATA_DIR: temporaryDirectory(t),
    ASSETWIRE_PORT: '0',
    ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8',
  };
  // As the launcher starts it; that its channel closes is all the server learns of the launcher's end.
  const launch = () =>
    spawn(process.execPath, [main, 'serve'], { env: clean(environment), stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const ready = async (server: ReturnType<typeof launch>): Promise<void> => {
    for await (const chunk of server.stdout ?? []) if (String(chunk).includes('"server.ready"')) break;
    // A pipe that nobody reads: as it is when the launcher took its reader with it.
    server.stdout?.destroy();
  };
  const server = launch();
  t.after(() => server.kill('SIGKILL'));
  await ready(server);
  const { port } = receiver.address() as AddressInfo;
  const ask = (...args: string[]) => run(args, environment);
  await ask('webhooks', 'create', `http://127.0.0.1:${port}/`);
  await ask('trigger', 'collection.created');
  await hangs;
  const startedMs = performance.now();
  const ended = once(server, 'exit');
  server.disconnect();
  await ended;
  // The attempt under way has a minute, an ordinary stop waits for it.
  assert.ok(performance.now() - startedMs < 30_000, `it took ${performance.now() - startedMs} ms`);
  const next = launch();
  t.after(() => next.kill('SIGKILL'));
  await ready(next);
  assert.equal(next.exitCode, null);
});

test('a server that npm started ends when the shell between them was killed', async (t) => {
  const environment = { ASSETWIRE_DATA_DIR: temporaryDirectory(t), ASSETWIRE_PORT: '0', npm_lifecycle_event: 'start' };
  // The second command keeps the shell from becoming the server.
  const shell = spawn('sh', ['-c', '"$0" "$1" serve; :', process.execPath, main], {
    env: clean(environment),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  const ended = once(shell.stdout, 'end');
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (chunk.includes('"server.ready"')) shell.kill('SIGTERM');
  });
  await ended;
  assert.match(said, /"process.stopped"/, 'in order');
});

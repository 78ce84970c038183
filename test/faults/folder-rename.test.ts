/** A folder with 3,000 assets is renamed while the server is killed again and again: each asset is told of once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { requestOk } from '../support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';

const assets = 3_000;
const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-folder-rename-'));
let server: ServerProcess | null = null;

type Told = { readonly id: string; readonly type: string; readonly before: string; readonly after: string };
/** What arrived, by message: what is sent again after a crash is the same message. */
const arrived = new Map<string, Told>();
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { type, data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      type: string;
      data: { subject: { id: string }; state: { path: string }; before: { path?: string } };
    };
    const message = String(request.headers['webhook-id']);
    arrived.set(message, { id: data.subject.id, type, before: data.before.path ?? '', after: data.state.path });
    response.end();
  });
});

after(async () => {
  if (server !== null) await endServer(server, 5_000);
  receiver.closeAllConnections();
  receiver.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('FK-09 a rename of 3,000 assets under kill -9 tells each of them once, with the right before and after', async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port: receiving } = receiver.address() as AddressInfo;
  const port = await freePort();
  const start = async (): Promise<ServerProcess> => {
    server = startServer({ dataDir, port });
    await server.ready;
    return server;
  };
  let running = await start();
  const ask = <Answer>(path: string, options: { method?: string; body?: object } = {}): Promise<Answer> =>
    requestOk<Answer>(`${running.url}${path}`, { key: running.key, ...options });

  const folder = await ask<{ id: string }>('/v1/folders', { body: { path: '/old' } });
  for (let from = 0; from < assets; from += 500) {
    await ask('/v1/changes', {
      body: {
        changes: Array.from({ length: 500 }, (_, n) => ({
          kind: 'asset.created',
          subject: { type: 'asset', externalId: `a${from + n}` },
          after: { name: `a${from + n}.jpg`, path: (from + n) % 3 === 0 ? '/old/deep' : '/old' },
        })),
      },
    });
  }
  await ask('/v1/webhooks', {
    body: {
      name: 'r',
      dialect: 'standard',
      target: { transport: 'http', url: `http://127.0.0.1:${receiving}/` },
      events: ['asset.moved', 'folder.renamed', 'folder.moved'],
    },
  });
  const { task } = await ask<{ task: { id: string } }>(`/v1/folders/${folder.id}`, {
    method: 'PATCH',
    body: { name: 'new' },
  });
  type Task = { state: string; done: number; total: number };
  let killed = 0;
  let seen = 0;
  for (const endMs = performance.now() + 60_000; ; ) {
    assert.ok(performance.now() < endMs, `done in time: ${seen} of ${assets}`);
    const now = await ask<Task>(`/v1/tasks/${task.id}`);
    assert.ok(now.done >= seen, 'progress never goes back');
    if (now.state === 'done') {
      assert.deepEqual([now.done, now.total], [assets, assets]);
      break;
    }
    // Each time something has been done, but not all of it.
    if (now.done > seen && now.done < assets && killed < 2) {
      running.signal('SIGKILL');
      await running.exited;
      killed += 1;
      running = await start();
    }
    seen = now.done;
    await wait(2);
  }
  assert.ok(killed >= 2, `killed in the middle of it: ${killed} times`);
  for (const endMs = performance.now() + 30_000; arrived.size < assets + 2; await wait(20)) {
    assert.ok(performance.now() < endMs, `all arrived in time: ${arrived.size}`);
  }
  const told = [...arrived.values()];
  const moved = told.filter(({ type }) => type === 'asset.moved');
  assert.equal(moved.length, assets);
  assert.equal(new Set(moved.map(({ id }) => id)).size, assets);
  assert.deepEqual([...new Set(moved.map(({ before, after: now }) => `${before} → ${now}`))].sort(), [
    '/old → /new',
    '/old/deep → /new/deep',
  ]);
  assert.deepEqual(
    told.filter(({ type }) => type !== 'asset.moved').map(({ type, before, after: now }) => [type, before, now]),
    [
      ['folder.renamed', '/old', '/new'],
      ['folder.moved', '/old/deep', '/new/deep'],
    ],
  );
  const counts = await ask<{ counts: object }>('/v1/folders/path:%2Fnew');
  assert.deepEqual(counts.counts, { assets: 2_000, folders: 1 });
});

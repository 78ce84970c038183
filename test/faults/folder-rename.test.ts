/** A folder with 3,000 assets is renamed while the server is killed again and again: each asset is told of once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { requestOk } from '../support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

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
  if (server !== null) await endServer(server);
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
  type Task = { state: string; done: number; total: number };
  let killed = 0;
  const renamed = async (name: string): Promise<void> => {
    const { task } = await ask<{ task: { id: string } }>(`/v1/folders/${folder.id}`, {
      method: 'PATCH',
      body: { name },
    });
    let seen = 0;
    await until(async () => {
      const now = await ask<Task>(`/v1/tasks/${task.id}`);
      assert.ok(now.done >= seen, 'progress never goes back');
      if (now.state === 'done') {
        assert.deepEqual([now.done, now.total], [assets, assets]);
        return true;
      }
      // Each time something has been done, but not all of it.
      if (now.done > seen && now.done < assets && killed < 2) {
        running.signal('SIGKILL');
        await running.exited;
        killed += 1;
        running = await start();
      }
      seen = now.done;
      return false;
    }, 'all are moved');
  };
  // One is enough, but where whoever looks stood still while the server went on.
  const names = ['old'];
  while (killed < 2 && names.length < 8) {
    names.push(`new-${names.length}`);
    await renamed(names.at(-1) ?? '');
  }
  assert.ok(killed >= 2, `killed in the middle of it: ${killed} times`);
  const steps = names.slice(1).map((name, at) => [`/${names[at]}`, `/${name}`] as const);
  await until(() => arrived.size >= (assets + 2) * steps.length, 'all have arrived');
  const told = [...arrived.values()];
  const moved = told.filter(({ type }) => type === 'asset.moved');
  assert.equal(moved.length, assets * steps.length);
  for (const [before, now] of steps) {
    const ofStep = moved.filter(({ after: path }) => path === now || path === `${now}/deep`);
    assert.equal(new Set(ofStep.map(({ id }) => id)).size, assets);
    assert.deepEqual([...new Set(ofStep.map((one) => `${one.before} → ${one.after}`))].sort(), [
      `${before} → ${now}`,
      `${before}/deep → ${now}/deep`,
    ]);
  }
  assert.deepEqual(
    told
      .filter(({ type }) => type !== 'asset.moved')
      .map((one) => `${one.type} ${one.before} ${one.after}`)
      .sort(),
    steps
      .flatMap(([before, now]) => [`folder.renamed ${before} ${now}`, `folder.moved ${before}/deep ${now}/deep`])
      .sort(),
  );
  const counts = await ask<{ counts: object }>(`/v1/folders/path:%2F${names.at(-1)}`);
  assert.deepEqual(counts.counts, { assets: 2_000, folders: 1 });
});

/** kill -9 of a server that takes the bytes of a live broadcast: nothing stays live for ever, and the receiver hears it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requestJson } from '../support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const film = readFileSync(join(import.meta.dirname, '..', '..', 'media', 'pan.mp4'));

type Notification = { readonly action: string; readonly payload: { readonly id: string; readonly type?: string } };

async function startReceiver() {
  const told: Notification[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString()) as Notification);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    told,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('a live broadcast whose server is killed is archived and told as such by the next one', () =>
  endedBy('SIGKILL', { end: 'lost', note: /no recording/ }));

test('a live broadcast whose server is stopped in order keeps what has arrived', () =>
  endedBy('SIGTERM', { end: 'broken_off', note: /./ }));

async function endedBy(
  signal: 'SIGKILL' | 'SIGTERM',
  { end, note }: { readonly end: string; readonly note: RegExp },
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-broadcast-'));
  const port = await freePort();
  const receiver = await startReceiver();
  const settings = { ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8', ASSETWIRE_FFMPEG: 'off' };
  let server: ServerProcess = startServer({ dataDir, port, settings });
  try {
    await server.ready;
    const ask = async (method: string, path: string, body?: object) =>
      (await requestJson(`${server.url}${path}`, { method, key: server.key, body })).body as {
        readonly [name: string]: unknown;
      };
    const target = { transport: 'http', url: receiver.url };
    await ask('POST', '/v1/webhooks', { name: 'backend', dialect: 'bambuser', target, events: ['*'] });
    const { id } = await ask('POST', '/v1/broadcasts', { title: 'Not for ever' });
    const stream = request(`${server.url}/v1/broadcasts/${String(id)}/stream`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'video/mp4' },
    });
    stream.on('error', () => undefined);
    stream.write(film.subarray(0, 60_000));
    await until(() => receiver.told.length === 1, 'it is told as live');
    assert.deepEqual([receiver.told[0]?.action, receiver.told[0]?.payload.type], ['add', 'live']);
    server.signal(signal);
    await server.exited;
    server = startServer({ dataDir, port, settings });
    await server.ready;
    await until(() => receiver.told.some(({ payload }) => payload.type === 'archived'), 'its end is told');
    const { state } = (await ask('GET', `/v1/broadcasts/${String(id)}`)) as { state: { [name: string]: unknown } };
    assert.deepEqual([state['type'], state['end'], state['streaming']], ['archived', end, undefined]);
    if (state['note'] !== undefined) assert.match(JSON.stringify(state['note']), note);
    assert.equal(state['recording'] === undefined, signal === 'SIGKILL');
    // What it was is over: another one goes live all the same.
    const again = (await ask('POST', '/v1/broadcasts', { title: 'Again', type: 'live' })) as {
      state: { type: string };
    };
    assert.equal(again.state.type, 'live');
  } finally {
    await endServer(server);
    receiver.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requestJson, requestOk } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const descriptors = 120;

/** Open connections to the server that say nothing; those that it refuses are gone by themselves. */
function crowd(port: number, count: number): Socket[] {
  return Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => undefined));
}

type Page = { readonly data: readonly unknown[] };

test('FR-09 out of file descriptors the server neither ends nor loses anything, and goes on when there are some again', async (t) => {
  if (spawnSync('prlimit', ['--version']).status !== 0) {
    t.skip('prlimit is not installed');
    return;
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-descriptors-'));
  const port = await freePort();
  const server = startServer({ dataDir, port, settings: { ASSETWIRE_LOG_LEVEL: 'warn' } });
  // Every message wants a connection of its own.
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { connection: 'close' }).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const receiverPort = (receiver.address() as AddressInfo).port;
  let sockets: Socket[] = [];
  try {
    await server.ready;
    const { key, url } = server;
    const schedule = { delaysMs: Array.from({ length: 60 }, () => 250), jitter: 0, ageMaxMs: 3_600_000 };
    const target = { transport: 'http', url: `http://127.0.0.1:${receiverPort}/` };
    const hook = { name: 'x', dialect: 'standard', target, events: ['*'], policy: { schedule, breaker: null } };
    await requestOk(`${url}/v1/webhooks`, { key, body: hook });
    const report = (name: string, timeoutMs = 60_000) =>
      requestJson(`${url}/v1/changes`, {
        key,
        timeoutMs,
        body: { kind: 'folder.created', subject: { type: 'folder', externalId: name }, after: { name } },
      });
    assert.equal((await report('before')).status, 202);
    const used = (): number => readdirSync(`/proc/${server.pid}/fd`).length;
    // What it has is all it may have, and a few for what comes.
    const limit = Math.max(descriptors, used() + 10);
    spawnSync('prlimit', [`--pid=${server.pid}`, `--nofile=${limit}`]);
    sockets = crowd(port, limit);
    await until(() => used() >= limit - 1, 'every descriptor is taken');
    // A connection of before is served all the same; deliveries have no descriptor left for theirs.
    const accepted: string[] = ['before'];
    let crowded = 0;
    await until(async () => {
      crowded += 1;
      // Whoever is refused leaves a descriptor for a moment: others wait for it at the door.
      sockets.push(...crowd(port, 10));
      const answer = await report(`crowded-${crowded}`, 2_000).catch(() => null);
      if (answer?.status === 202) accepted.push(`crowded-${crowded}`);
      else if (answer !== null) assert.equal(answer.status, 503, JSON.stringify(answer.body));
      const pending = await requestJson(`${url}/v1/deliveries?states=pending&limit=10`, {
        key,
        timeoutMs: 2_000,
      }).catch(() => null);
      return pending !== null && JSON.stringify(pending.body).includes('"lastOutcome":"connect-failed"');
    }, 'a delivery finds no descriptor');
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(() => used() < limit - 20, 'descriptors are given back');
    assert.equal((await report('after')).status, 202);
    accepted.push('after');
    const count = async (state: string): Promise<number> =>
      (await requestOk<Page>(`${url}/v1/deliveries?states=${state}&limit=200`, { key })).data.length;
    await until(async () => (await count('pending')) === 0, 'nothing is owed any more');
    const delivered = await count('delivered');
    assert.ok(delivered >= accepted.length, `${accepted.length} accepted, ${delivered} delivered`);
    for (const state of ['dead', 'rejected', 'cancelled']) assert.equal(await count(state), 0, state);
    assert.equal((await requestJson(`${url}/readyz`, {})).status, 200);
    assert.doesNotMatch(server.output(), /uncaught|unhandled/i);
  } finally {
    for (const socket of sockets) socket.destroy();
    receiver.closeAllConnections();
    receiver.close();
    assert.equal(await endServer(server), 0, server.output());
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});

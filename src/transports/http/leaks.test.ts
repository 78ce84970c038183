/** Receivers that fail in every way, again and again: what an attempt took is given back, whichever way it ended. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { createSelfSigned } from '../testing/certificates.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';

/** On a thread of its own, so that what receivers keep is not counted here. Answers with a port for each way to fail. */
const receivers = `
  const { createServer } = require('node:net');
  const tls = require('node:tls');
  const { parentPort, workerData } = require('node:worker_threads');
  const answer = (text) => (socket) => socket.once('data', () => socket.write(text));
  const ways = {
    'reset at once': (socket) => socket.resetAndDestroy(),
    'reset in answer': (socket) => socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf', () => socket.resetAndDestroy());
    }),
    'ended in answer': (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf')),
    hangs: (socket) => socket.resume(),
    'hangs in answer': answer('HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf'),
    'no HTTP': answer('SSH-2.0-OpenSSH_9.2\\r\\n'),
    'pours': answer('HTTP/1.1 500 No\\r\\nContent-Length: 1000000\\r\\n\\r\\n' + 'x'.repeat(200_000)),
    'says no and closes': (socket) => socket.once('data', () => socket.end('HTTP/1.1 500 No\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\nno')),
  };
  const quiet = (then) => (socket) => {
    socket.on('error', () => socket.destroy());
    then(socket);
  };
  const ports = {};
  const servers = Object.entries(ways).map(([way, act]) => [way, createServer(quiet(act))]);
  servers.push(['bad certificate', tls.createServer(workerData, quiet(() => undefined))]);
  let left = servers.length;
  for (const [way, server] of servers) {
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1', () => {
      ports[way] = server.address().port;
      left -= 1;
      if (left === 0) parentPort.postMessage(ports);
    });
  }
`;

const rounds = 8;
const attemptsOfEach = 30;
const atOnce = 6;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Descriptors and handles of this process, and its heap, once nothing is under way any more. */
async function taken(): Promise<{
  readonly descriptors: number;
  readonly handles: number;
  readonly heapBytes: number;
}> {
  // Deadlines that were set with the last attempts, and sockets that are being closed.
  await new Promise((resolve) => setTimeout(resolve, 150));
  collect();
  const { used_heap_size: heapBytes } = getHeapStatistics();
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { descriptors, handles: process.getActiveResourcesInfo().length, heapBytes };
}

it('FR-10 thousands of attempts at receivers that fail leave no socket, no handle and no memory behind', async (t) => {
  const thread = new Worker(receivers, { eval: true, workerData: await badCertificate() });
  const [ports] = (await once(thread, 'message')) as [Readonly<Record<string, number>>];
  const { transport } = await startLoopbackTransport();
  t.after(async () => {
    await transport.stop();
    await thread.terminate();
  });
  const ways = [...Object.entries(ports), ['nobody there', 1] as const];
  const round = async (): Promise<void> => {
    for (let n = 0; n < attemptsOfEach; n += atOnce) {
      const kinds = await Promise.all(
        Array.from({ length: atOnce }, () => ways)
          .flat()
          .map(async ([way, port]) => {
            const scheme = way === 'bad certificate' ? 'https' : 'http';
            const message = messageTo(`${scheme}://127.0.0.1:${port}/`, { timeoutMs: 60, webhookId: `wh_${port}` });
            const outcome = await transport.send(message);
            return [way, outcome.kind === 'response' ? outcome.response.status : outcome.kind] as const;
          }),
      );
      const good = kinds.filter(([way, kind]) => kind === 204 || (kind === 200 && !/in answer/.test(way)));
      assert.deepEqual(good, [], 'every one of them fails');
    }
  };
  const readings: Awaited<ReturnType<typeof taken>>[] = [];
  for (let n = 0; n < rounds; n += 1) {
    await round();
    assert.equal(transport.stats().requestsInFlight, 0);
    readings.push(await taken());
  }
  // The first rounds load code, fill caches and open what is kept.
  const [early, late] = [readings.slice(2, 4), readings.slice(-2)];
  // What leaks stays; what happens to be under way does not.
  const least = (of: typeof readings, what: keyof (typeof readings)[number]): number =>
    Math.min(...of.map((reading) => reading[what]));
  const attempts = (rounds - 4) * attemptsOfEach * ways.length;
  const perAttempt = (least(late, 'heapBytes') - least(early, 'heapBytes')) / attempts;
  t.diagnostic(
    `${rounds * attemptsOfEach * ways.length} attempts; heap ${perAttempt.toFixed(0)} bytes each; ${JSON.stringify(readings.at(-1))}`,
  );
  assert.ok(least(late, 'descriptors') <= least(early, 'descriptors') + 4, JSON.stringify(readings));
  assert.ok(least(late, 'handles') <= least(early, 'handles') + 4, JSON.stringify(readings));
  assert.ok(perAttempt < 500, `${perAttempt} bytes of heap stay of each attempt`);
  await transport.stop();
  assert.equal(transport.stats().connectionsOpen, 0);
});

async function badCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const { certPem, keyPem } = await createSelfSigned({});
  return { cert: certPem, key: keyPem };
}

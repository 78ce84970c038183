/** A process that gets no processor for a while is not the receiver's fault. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { createRunningClock } from '../testing/running-clock.ts';
import { messageTo } from '../testing/transport-conformance.ts';

/**
 * A receiver on a thread of its own, which runs while this one is held: answers, on /hang never. What it is told and tells
 * stands in `workerData`: 1, the sender stands still; 2, it has done with the request.
 */
const receiver = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const done = () => {
    Atomics.store(workerData, 0, 2);
    Atomics.notify(workerData, 0);
  };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      parentPort.postMessage('asked');
      // Not before the sender stands still.
      Atomics.wait(workerData, 0, 0);
      if (request.url === '/hang') done();
      else response.end('ok', done);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

it('FO-03 an answer that came in time while this process was starved is an answer; a receiver that hung is still called late', async () => {
  const held = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(receiver, { eval: true, workerData: held });
  const [port] = (await once(thread, 'message')) as [number];
  const clock = createRunningClock();
  const { transport } = await startLoopbackTransport({ clock });
  const send = async (path: string) => {
    const outcome = transport.send(messageTo(`http://127.0.0.1:${port}${path}`, { timeoutMs: 400 }));
    await once(thread, 'message');
    // Nothing runs here until the receiver has done, nor until every timer is overdue; then it is much later.
    Atomics.store(held, 0, 1);
    Atomics.notify(held, 0);
    assert.notEqual(Atomics.wait(held, 0, 1, 60_000), 'timed-out');
    Atomics.store(held, 0, 0);
    Atomics.wait(held, 0, 0, 50);
    clock.pass(900);
    return outcome;
  };
  try {
    const answered = await send('/');
    assert.equal(answered.kind, 'response', JSON.stringify(answered));
    const hung = await send('/hang');
    assert.deepEqual([hung.kind, hung.kind === 'timeout' && hung.phase], ['timeout', 'headers']);
  } finally {
    await transport.stop();
    await thread.terminate();
  }
});

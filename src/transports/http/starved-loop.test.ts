/** A process that gets no processor for a while is not the receiver's fault. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';

/** A receiver on a thread of its own, which runs while this one is held: answers after 50 ms, on /hang never. */
const receiver = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      parentPort.postMessage('asked');
      if (request.url === '/hang') return;
      setTimeout(() => response.end('ok'), 50);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

it('FO-03 an answer that came in time while this process was starved is an answer; a receiver that hung is still called late', async () => {
  const thread = new Worker(receiver, { eval: true });
  const [port] = (await once(thread, 'message')) as [number];
  const { transport } = await startLoopbackTransport();
  const send = async (path: string) => {
    const outcome = transport.send(messageTo(`http://127.0.0.1:${port}${path}`, { timeoutMs: 400 }));
    await once(thread, 'message');
    const untilMs = performance.now() + 900;
    while (performance.now() < untilMs);
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

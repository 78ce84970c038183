import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { createPublisher, createWebhooks, readLog, startReceiver, untilQuiet } from './fault-rig.ts';
import { complaints, judgeLedgers } from './ledger.ts';

test('FK-11 SIGTERM under load ends the server with 0 within 30 s, with nothing lost and nothing sent twice', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-sigterm-'));
  const port = await freePort();
  const receiver = await startReceiver(7);
  let server = startServer({ dataDir, port });
  try {
    await server.ready;
    await createWebhooks(server, receiver.port);
    const publisher = createPublisher(server.url, server.key, () => 1);
    for (let round = 0; round < 3; round += 1) {
      publisher.start();
      // It is stopped in the middle of it: much has been accepted, and attempts are open.
      await until(async () => {
        const accepted = [...publisher.results.values()].filter((result) => result === 'ok').length;
        const { requests } = await receiver.ask({ kind: 'open' }, 'open');
        return accepted > 40 * (round + 1) && requests > 0;
      }, 'work is under way');
      const startedMs = performance.now();
      server.signal('SIGTERM');
      const ended = await Promise.race([server.exited, wait(45_000, null, { ref: false })]);
      assert.ok(ended !== null, `still running 45 s after SIGTERM\n${server.output()}`);
      const { code, signal } = ended;
      const tookMs = performance.now() - startedMs;
      await publisher.stop();
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, server.output());
      assert.ok(tookMs < 30_000, `it took ${tookMs} ms`);
      server = startServer({ dataDir, port });
      await server.ready;
    }
    receiver.tell({ kind: 'calm' });
    assert.ok(await untilQuiet(server, 60_000), 'deliveries are still owed');
    const { arrived, failedAnswers } = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const published = [...publisher.results].map(([event, result]) => ({ event, result }));
    const sets = judgeLedgers(published, arrived, await readLog(server, arrived), { failedAnswers });
    assert.deepEqual(complaints(sets), []);
    assert.equal(sets.extraArrivals, 0, 'a stop in order sends nothing twice');
    assert.ok(published.filter(({ result }) => result === 'ok').length > 100);
  } finally {
    await endServer(server);
    receiver.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});

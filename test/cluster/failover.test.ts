import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { createTestServer, removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { createClusterRig, renamed, until } from './cluster-rig.ts';

after(() => removeTestServers());

it('FD-02 failover to a synchronous standby: callers hear 503 for a moment, nothing accepted is lost, work goes on by itself', async () => {
  const primary = await createTestServer();
  const standby = await primary.standby();
  const [one, two] = [new URL(primary.url()), new URL(standby.url())];
  // Both hosts are named; the one that takes writes is found.
  const databaseUrl = `postgres://${one.username}@${one.host},${two.host}${one.pathname}`;
  const rig = await createClusterRig();
  const [api, worker] = [await rig.start('api', { databaseUrl }), await rig.start('worker', { databaseUrl })];
  await api.ask('/v1/webhooks', {
    body: {
      name: 'failover',
      dialect: 'standard',
      target: { transport: 'http', url: `${rig.receiver.url}/failover` },
      events: ['*'],
    },
  });
  const accepted: string[] = [];
  const refused = new Set<number>();
  let slowestMs = 0;
  let running = true;
  const load = (async () => {
    for (let n = 0; running; n += 1) {
      const name = `failover-${n}`;
      const fromMs = performance.now();
      const { status } = await api.call('/v1/changes', { body: { changes: [renamed(name, name)] } });
      slowestMs = Math.max(slowestMs, performance.now() - fromMs);
      if (status < 300) accepted.push(name);
      else refused.add(status);
    }
  })();
  await until(() => accepted.length >= 30, 'load');
  await primary.kill();
  await standby.promote();
  const before = accepted.length;
  const tookMs = await until(() => accepted.length >= before + 20, 'accepted again');
  running = false;
  await load;
  const arrived = (): ReadonlySet<string> =>
    new Set(rig.receiver.received.map(({ body }) => /"name":"(failover-\d+)"/.exec(body)?.[1] ?? ''));
  await until(() => accepted.every((name) => arrived().has(name)), 'every accepted change');
  assert.deepEqual([...refused], refused.size === 0 ? [] : [503]);
  // Who asks a server that is gone and waits for its answer waits until somebody gives up: half a minute, or for ever.
  assert.ok(
    slowestMs < 25_000,
    `the slowest answer took ${Math.round(slowestMs)} ms; back after ${Math.round(tookMs)} ms`,
  );
  assert.equal((await worker.call('/readyz')).status, 200);
  await rig.stop();
  await standby.remove();
  await primary.remove();
});

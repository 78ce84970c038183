import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { createClusterRig } from './cluster-rig.ts';
import { createCountingProxy } from './counting-proxy.ts';

after(() => removeTestServers());

it('a worker that has nothing to do asks the database at most twice a second', async () => {
  const rig = await createClusterRig();
  const proxy = await createCountingProxy(rig.databaseUrl);
  await rig.start('worker', { databaseUrl: proxy.url });
  await new Promise((resolve) => setTimeout(resolve, 600));
  const atStart = proxy.counts.questions;
  const perSecond: number[] = [];
  // Once a minute there is upkeep, the first time five seconds after the start: what lies before is idle, or, where the start took
  // its time, what lies behind it. A worker that asks all the time does so each time.
  while (perSecond.length < 5 && !perSecond.some((rate) => rate <= 2)) {
    const [before, fromMs] = [proxy.counts.questions, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 3_800));
    perSecond.push(((proxy.counts.questions - before) * 1_000) / (performance.now() - fromMs));
  }
  await rig.stop();
  await proxy.stop();
  assert.ok(atStart > 0, 'the proxy counts');
  assert.ok(Math.min(...perSecond) <= 2, `${perSecond.map((rate) => rate.toFixed(2)).join(', ')} questions a second`);
});

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
  // Once a minute there is upkeep, the first time five seconds after the start: what lies before is idle.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const before = { ...proxy.counts };
  const fromMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 3_800));
  const seconds = (performance.now() - fromMs) / 1_000;
  const perSecond = (proxy.counts.questions - before.questions) / seconds;
  await rig.stop();
  await proxy.stop();
  assert.ok(before.questions > 0, 'the proxy counts');
  assert.ok(perSecond <= 2, `${perSecond.toFixed(2)} questions a second`);
});

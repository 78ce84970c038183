import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWorkers, runKillWorkers } from './kill-workers.ts';

test('FK-10 FK-05 workers on one PostgreSQL that are killed one after another lose nothing, and send again only what was in flight', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const { lines, wrong } = judgeWorkers(await runKillWorkers({ kills: 4, seed, log: () => undefined }));
  assert.deepEqual(wrong, [], `npm run faults -- --store postgres --kills 5 --seed ${seed}\n${lines.join('\n')}`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeRun } from './judge-run.ts';
import { runKillLoop } from './kill-loop.ts';

test('FK-10 twenty kills -9 under load lose nothing that was accepted, and send again only what was in flight', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const result = await runKillLoop({ kills: 20, seed, log: () => undefined });
  const { lines, wrong } = judgeRun(result);
  assert.deepEqual(wrong, [], `npm run faults -- --kills 20 --seed ${seed}\n${lines.join('\n')}`);
});

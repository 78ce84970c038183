import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSoak, runSoak } from './soak.ts';

test('FO-08 a few seconds of the soak: under load, while all that may go wrong does so, nothing accepted is lost and nothing grows', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}; for hours: npm run faults -- --soak 120 --seed ${seed}`);
  const { lines, wrong } = judgeSoak(await runSoak({ seconds: 7, seed, log: () => undefined }));
  for (const line of lines) t.diagnostic(line);
  assert.deepEqual(wrong, [], `seed ${seed}\n${lines.join('\n')}`);
});

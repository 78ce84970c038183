import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runClusterSeed } from './run-cluster-seed.ts';
import { runSeeds } from './run-seeds.ts';
import { runSeed } from './run-seed.ts';

const seeds = Number(process.env['ASSETWIRE_SIMULATION_SEEDS'] ?? 200);

const clusterSeeds = Number(process.env['ASSETWIRE_SIMULATION_CLUSTER_SEEDS'] ?? 6);

describe('simulation', () => {
  it(`INV-1 to INV-8 hold over ${seeds} seeded storms of crashes, store errors, hostile receivers, edits and clock jumps`, async () => {
    const lines: string[] = [];
    const { failed, pressed } = await runSeeds({ from: 1, count: seeds, mode: 'one' }, (line) => void lines.push(line));
    assert.deepEqual(failed, [], lines.join('\n'));
    assert.ok(pressed > 0, 'nobody had to step back for others');
  });

  it(`INV-1 to INV-8, FK-13, FR-05, FC-03 hold over ${clusterSeeds} storms in which workers on one store are killed, paused, cut off and joined`, async () => {
    const lines: string[] = [];
    const { failed } = await runSeeds(
      { from: 1, count: clusterSeeds, mode: 'cluster' },
      (line) => void lines.push(line),
    );
    assert.deepEqual(failed, [], lines.join('\n'));
  });

  it('one seed is one story: run twice it is the same', async () => {
    const [first, second] = [await runSeed(7), await runSeed(7)];
    assert.deepEqual(second, first);
    assert.deepEqual(await runClusterSeed(7), await runClusterSeed(7));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSeeds } from './run-seeds.ts';
import { runSeed } from './run-seed.ts';

const seeds = Number(process.env['ASSETWIRE_SIMULATION_SEEDS'] ?? 200);

describe('simulation', () => {
  it(`INV-1 to INV-8 hold over ${seeds} seeded storms of crashes, store errors, hostile receivers, edits and clock jumps`, async () => {
    const lines: string[] = [];
    const { failed } = await runSeeds(1, seeds, (line) => void lines.push(line));
    assert.deepEqual(failed, [], lines.join('\n'));
  });

  it('one seed is one story: run twice it is the same', async () => {
    const [first, second] = [await runSeed(7), await runSeed(7)];
    assert.deepEqual(second, first);
  });
});

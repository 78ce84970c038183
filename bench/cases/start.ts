/** Cold start to ready, in a new directory and in one that exists, and what an idle server holds in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atMost, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { treeCpuUs, treeRssMiB } from '../process-usage.ts';
import { startProduct } from '../rig.ts';
import { median } from '../statistics.ts';

export const start: BenchCase = {
  name: 'start',
  title: 'Cold start and idle memory',
  run: async (context): Promise<readonly Figure[]> => {
    const fresh: number[] = [];
    const again: number[] = [];
    const rss: number[] = [];
    const idleCpu: number[] = [];
    for (let round = 0; round < (context.quick ? 1 : 3); round += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'assetwire-start-'));
      try {
        const first = await startProduct(directory);
        fresh.push(first.readyMs);
        await first.stop();
        const second = await startProduct(directory);
        again.push(second.readyMs);
        // Until threads that only the start needed have ended.
        await wait(32_000);
        rss.push(treeRssMiB(second.pid));
        const beforeUs = treeCpuUs(second.pid);
        await wait(2_000);
        idleCpu.push((treeCpuUs(second.pid) - beforeUs) / 2 / 10_000);
        await second.stop();
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
    const details = { fresh: fresh.map(round), again: again.map(round) };
    return [
      atMost('cold start to ready, new directory', 1000, median(fresh), { unit: ' ms', details }),
      atMost('cold start to ready, existing directory', 1000, median(again), { unit: ' ms' }),
      atMost('idle RSS of the process tree', 150, median(rss), { unit: ' MiB', details: { rss: rss.map(round) } }),
      { name: 'idle CPU', target: '–', measured: `${round(median(idleCpu))} % of a core`, met: null },
    ];
  },
};

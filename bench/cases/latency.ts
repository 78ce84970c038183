/** How soon a webhook leaves after its change was accepted, at 30 % of the rate that can be sustained. */
import { atMost, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { RunResult } from '../rig.ts';
import { median } from '../statistics.ts';

const lanes = 100;

export const latency: BenchCase = {
  name: 'latency',
  title: 'Accepted to first byte, at 30 % load',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    const product = await startProduct();
    try {
      await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      const events = context.quick ? 3_000 : 30_000;
      await run(peers, product, { events, lanes });
      const full = await run(peers, product, { events, lanes });
      const eventsPerSecond = full.eventsPerSecond * 0.3;
      const runs: RunResult[] = [];
      for (let round = 0; round < (context.quick ? 1 : 3); round += 1) {
        const seconds = context.quick ? 2 : 10;
        runs.push(await run(peers, product, { events: Math.floor(eventsPerSecond * seconds), lanes, eventsPerSecond }));
      }
      const of = (pick: (result: RunResult) => number): number => median(runs.map(pick));
      context.log(`full load ${round(full.eventsPerSecond)} events/s, measured at ${round(eventsPerSecond)}`);
      return [
        atMost(
          'p99 accepted → first byte at 30 % load',
          15,
          of((result) => result.acceptedToFirstByteP99Ms),
          {
            unit: ' ms',
            details: {
              p50Ms: of((result) => result.acceptedToFirstByteP50Ms),
              requestDueToFirstByteP99Ms: of((result) => result.dueToFirstByteP99Ms),
              ackP99Ms: of((result) => result.ackP99Ms),
              eventsPerSecond,
              cpuUsPerEvent: of((result) => result.cpuUsPerEvent),
              foreignCores: runs.map((result) => round(result.foreignCores)),
            },
          },
        ),
        {
          name: 'p99 request due → first byte at 30 % load',
          target: '–',
          measured: `${round(of((result) => result.dueToFirstByteP99Ms))} ms`,
          met: null,
        },
      ];
    } finally {
      await Promise.all([peers.stop(), product.stop()]);
    }
  },
};

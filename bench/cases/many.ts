/** Ten thousand webhooks in a thousand workspaces on a hundred origins, against one webhook: what exists must not cost. */
import { atLeast, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import { median } from '../statistics.ts';

export const many: BenchCase = {
  name: 'many',
  title: 'Ten thousand webhooks against one',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    const [few, full] = await Promise.all([startProduct(), startProduct()]);
    try {
      const receiverPort = peers.receiver.port;
      const webhooks = context.quick ? 200 : 10_000;
      await createLanes(few, { lanes: 1, receiverPort });
      const startedMs = performance.now();
      await createLanes(full, { lanes: webhooks, lanesPerWorkspace: 10, receiverPort, origins: 100 });
      context.log(`${webhooks} webhooks made in ${round((performance.now() - startedMs) / 1000)} s`);
      const events = context.quick ? 2_000 : 40_000;
      const options = { events, lanes: webhooks, lanesPerWorkspace: 10 } as const;
      await run(peers, few, { events, lanes: 1 });
      await run(peers, full, options);
      const rates: { one: number[]; many: number[] } = { one: [], many: [] };
      let rssMiB = 0;
      for (let round = 0; round < (context.quick ? 1 : 3); round += 1) {
        rates.one.push((await run(peers, few, { events, lanes: 1 })).eventsPerSecond);
        const result = await run(peers, full, options);
        rates.many.push(result.eventsPerSecond);
        rssMiB = result.rssMiB;
        context.log(`one ${rates.one.at(-1)?.toFixed(0)}/s, many ${rates.many.at(-1)?.toFixed(0)}/s`);
      }
      return [
        atLeast(
          '10,000 webhooks over 1,000 workspaces ÷ 1 webhook, rate',
          0.8,
          median(rates.many) / median(rates.one),
          {
            unit: '×',
            details: { one: rates.one.map(round), many: rates.many.map(round), webhooks, rssMiB: round(rssMiB) },
          },
        ),
      ];
    } finally {
      await Promise.all([peers.stop(), few.stop(), full.stop()]);
    }
  },
};

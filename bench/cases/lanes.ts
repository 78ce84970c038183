/** One endpoint with 16 connections against a hundred endpoints: the number of lanes must not decide the rate. */
import { atLeast, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import { median } from '../statistics.ts';

export const lanes: BenchCase = {
  name: 'lanes',
  title: 'One endpoint against a hundred',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    const [one, hundred] = await Promise.all([startProduct(), startProduct()]);
    try {
      const receiverPort = peers.receiver.port;
      await createLanes(one, { lanes: 1, receiverPort, policy: { concurrencyMax: 16 } });
      await createLanes(hundred, { lanes: 100, receiverPort });
      const events = context.quick ? 3_000 : 30_000;
      await run(peers, one, { events, lanes: 1 });
      await run(peers, hundred, { events, lanes: 100 });
      const rates: { one: number[]; hundred: number[] } = { one: [], hundred: [] };
      for (let round = 0; round < (context.quick ? 1 : 4); round += 1) {
        rates.one.push((await run(peers, one, { events, lanes: 1 })).eventsPerSecond);
        rates.hundred.push((await run(peers, hundred, { events, lanes: 100 })).eventsPerSecond);
        context.log(`one ${rates.one.at(-1)?.toFixed(0)}/s, a hundred ${rates.hundred.at(-1)?.toFixed(0)}/s`);
      }
      return [
        atLeast('1 endpoint (16 connections) ÷ 100 endpoints, rate', 0.8, median(rates.one) / median(rates.hundred), {
          unit: '×',
          details: { one: rates.one.map(round), hundred: rates.hundred.map(round) },
        }),
      ];
    } finally {
      await Promise.all([peers.stop(), one.stop(), hundred.stop()]);
    }
  },
};

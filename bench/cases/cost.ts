/**
 * What an event costs, and how many fit: the server against a bare Node process that does the unavoidable half of the
 * work, and against undici alone. All three take turns within one run, several times, because this kind of machine is
 * never quite quiet; the medians are compared.
 */
import { startChild } from '../child.ts';
import type { Child } from '../child.ts';
import type { BareOrder } from '../bare.ts';
import { sampleBody } from '../event-template.ts';
import { atLeast, atMost, round } from '../figure.ts';
import type { BenchCase, BenchContext, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { Measured, Peers, RunResult } from '../rig.ts';
import { median } from '../statistics.ts';

const lanes = 100;
const connections = 64;

async function startBare(peers: Peers): Promise<{ readonly child: Child; readonly measured: Measured }> {
  const child = await startChild('bare');
  const order: BareOrder = { kind: 'serve', receiverPort: peers.receiver.port, lanes, connections };
  const { port } = await child.ask<{ port: number }>(order);
  return { child, measured: { pid: child.pid, port, key: 'none-needed' } };
}

async function rawRate(dispatcher: Child, peers: Peers, events: number): Promise<number> {
  peers.receiver.tell({ kind: 'reset', firstEvent: 0, events: 0, hangingLanes: 0 });
  const body = sampleBody();
  const order: BareOrder = { kind: 'dispatch', receiverPort: peers.receiver.port, lanes: 1, connections, events, body };
  const { elapsedMs } = await dispatcher.ask<{ elapsedMs: number }>(order);
  return (events / elapsedMs) * 1000;
}

function tellLast(context: BenchContext, name: string, runs: readonly RunResult[]): void {
  const result = runs.at(-1);
  if (result === undefined) return;
  context.log(
    `${name}: ${round(result.eventsPerSecond)} events/s, ${round(result.cpuUsPerEvent)} µs CPU/event, ack p99 ${round(result.ackP99Ms)} ms, ` +
      `${result.delivered} of ${result.expected} arrived, refused ${JSON.stringify(result.refused)}, foreign ${round(result.foreignCores)} cores`,
  );
}

export const cost: BenchCase = {
  name: 'cost',
  title: 'CPU per event and events per second, against bare Node',
  run: async (context): Promise<readonly Figure[]> => {
    const events = context.quick ? 3_000 : 40_000;
    const rounds = context.quick ? 1 : 5;
    const peers = await startPeers();
    const product = await startProduct();
    const bare = await startBare(peers);
    const dispatcher = await startChild('bare');
    try {
      await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      // The compiler and the caches warm up outside the measurement.
      await run(peers, product, { events: events / 2, lanes, connections });
      await run(peers, bare.measured, { events: events / 2, lanes, connections });
      const bareRuns: RunResult[] = [];
      const productRuns: RunResult[] = [];
      const rawRates: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        bareRuns.push(await run(peers, bare.measured, { events, lanes, connections }));
        productRuns.push(await run(peers, product, { events, lanes, connections }));
        rawRates.push(await rawRate(dispatcher, peers, events));
        tellLast(context, `round ${round + 1} bare`, bareRuns);
        tellLast(context, `round ${round + 1} assetwire`, productRuns);
        context.log(`round ${round + 1} dispatch: ${Math.round(rawRates.at(-1) ?? 0)} posts/s`);
      }
      return figures(bareRuns, productRuns, rawRates);
    } finally {
      await Promise.all([peers.stop(), product.stop(), bare.child.stop(), dispatcher.stop()]);
    }
  },
};

function figures(bare: readonly RunResult[], product: readonly RunResult[], raw: readonly number[]): readonly Figure[] {
  const cpu = (runs: readonly RunResult[]): number => median(runs.map((result) => result.cpuUsPerEvent));
  const rate = (runs: readonly RunResult[]): number => median(runs.map((result) => result.eventsPerSecond));
  const details = {
    bareCpuUs: bare.map((result) => round(result.cpuUsPerEvent)),
    assetwireCpuUs: product.map((result) => round(result.cpuUsPerEvent)),
    assetwireEventsPerSecond: product.map((result) => round(result.eventsPerSecond)),
    rawPostsPerSecond: raw.map(round),
    ackP99Ms: product.map((result) => round(result.ackP99Ms)),
    foreignCores: product.map((result) => round(result.foreignCores)),
  };
  const missing = product.reduce((sum, result) => sum + result.expected - result.delivered, 0);
  return [
    atMost('CPU per event ÷ bare', 2.2, cpu(product) / cpu(bare), { unit: '×', details }),
    {
      name: 'CPU per event',
      target: '–',
      measured: `${round(cpu(product))} µs (bare ${round(cpu(bare))} µs)`,
      met: null,
    },
    atLeast('events/s ÷ raw undici dispatch + HMAC', 0.3, rate(product) / median(raw), { unit: '×' }),
    { name: 'events/s', target: '–', measured: `${round(rate(product))} (raw ${round(median(raw))})`, met: null },
    atMost('accepted events that did not arrive', 0, missing),
  ];
}

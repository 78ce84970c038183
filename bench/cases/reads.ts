/** A console that is open and a search over a million rows, while deliveries go on: p99 must hardly move. */
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestJson } from '../../test/support/json-client.ts';
import { laneWorkspace } from '../event-template.ts';
import { atMost, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { Product } from '../rig.ts';
import { seedRows } from '../seed.ts';
import { median, quantile } from '../statistics.ts';

const lanes = 100;
const pollMs = 1_000;

type Reader = { readonly durationsMs: number[]; readonly failures: Map<string, number>; stop(): Promise<void> };

/** What an open console asks for: the page and live streams once, lists, statistics and a search every second. */
function openConsole(product: Product, workspace: string): Reader {
  const { url, key } = product.server;
  const headers = { 'assetwire-workspace': workspace };
  const now = Date.now();
  const paths = [
    '/v1/deliveries?limit=50',
    '/v1/deliveries?states=dead&limit=50',
    '/v1/changes?limit=50',
    `/v1/changes?limit=50&kinds=asset.moved&fromMs=${now - 30 * 86_400_000}`,
    `/v1/deliveries?limit=50&event=asset.nothing&fromMs=${now - 30 * 86_400_000}`,
    `/v1/stats?fromMs=${now - 86_400_000}&toMs=${now}&bucketMs=3600000`,
    '/v1/webhooks?limit=50',
  ];
  const durationsMs: number[] = [];
  const failures = new Map<string, number>();
  const streams = ['/v1/deliveries/stream', '/v1/changes/stream'].map((path) => {
    const stream = get(`${url}${path}`, { headers: { ...headers, authorization: `Bearer ${key}` } }, (answer) => {
      answer.resume();
    });
    stream.on('error', () => undefined);
    return stream;
  });
  let running = true;
  const loop = async (): Promise<void> => {
    while (running) {
      const startedMs = performance.now();
      for (const path of paths) {
        const askedMs = performance.now();
        const answer = await requestJson(`${url}${path}`, { key, headers }).catch(() => null);
        durationsMs.push(performance.now() - askedMs);
        if (answer?.status !== 200) failures.set(path, answer?.status ?? 0);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, pollMs - (performance.now() - startedMs))));
    }
  };
  const looping = loop();
  return {
    durationsMs,
    failures,
    stop: async () => {
      running = false;
      for (const stream of streams) stream.destroy();
      await looping;
    },
  };
}

export const reads: BenchCase = {
  name: 'reads',
  title: 'Console open and a search over a million rows',
  run: async (context): Promise<readonly Figure[]> => {
    const rows = context.quick ? 5_000 : 1_000_000;
    const directory = mkdtempSync(join(tmpdir(), 'assetwire-bench-reads-'));
    const peers = await startPeers();
    let product = await startProduct(directory);
    try {
      const webhookIds = await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      await product.stop();
      // The searched workspace holds them all.
      const workspaceId = laneWorkspace(0, 1);
      const owners = webhookIds.slice(0, 1).map((webhookId) => ({ workspaceId, webhookId }));
      await seedRows({ directory, owners, rows, state: 'delivered', log: context.log });
      product = await startProduct(directory);
      const events = context.quick ? 2_000 : 20_000;
      await run(peers, product, { events, lanes });
      const full = await run(peers, product, { events, lanes });
      const eventsPerSecond = full.eventsPerSecond * 0.3;
      const steady = { events: Math.floor(eventsPerSecond * (context.quick ? 2 : 10)), lanes, eventsPerSecond };
      const quiet: number[] = [];
      const watched: number[] = [];
      const durations: number[] = [];
      const failures = new Map<string, number>();
      for (let round = 0; round < (context.quick ? 1 : 3); round += 1) {
        quiet.push((await run(peers, product, steady)).acceptedToFirstByteP99Ms);
        const reader = openConsole(product, workspaceId);
        watched.push((await run(peers, product, steady)).acceptedToFirstByteP99Ms);
        await reader.stop();
        durations.push(...reader.durationsMs);
        for (const [path, status] of reader.failures) failures.set(path, status);
        context.log(`p99 ${quiet.at(-1)?.toFixed(1)} ms without, ${watched.at(-1)?.toFixed(1)} ms with a console`);
      }
      if (failures.size > 0) context.log(`reads that failed: ${JSON.stringify([...failures])}`);
      return [
        atMost('console open and search over 1 M rows: p99 ÷ without', 1.5, median(watched) / median(quiet), {
          unit: '×',
          details: { quietMs: quiet.map(round), watchedMs: watched.map(round), rows, failures: [...failures] },
        }),
        {
          name: 'console reads over 1 M rows',
          target: '–',
          measured: `p50 ${round(quantile(durations, 0.5))} ms, p99 ${round(quantile(durations, 0.99))} ms`,
          met: null,
        },
      ];
    } finally {
      await Promise.all([peers.stop(), product.stop()]);
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

/** A million pending deliveries, due and stuck behind ten receivers that hang: the others must not notice, nor the memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestOk } from '../../test/support/json-client.ts';
import { atLeast, atMost, round } from '../figure.ts';
import type { BenchCase, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { Product } from '../rig.ts';
import { seedRows } from '../seed.ts';
import { median } from '../statistics.ts';

const lanes = 100;

async function createHanging(product: Product, receiverPort: number): Promise<readonly string[]> {
  const { url, key } = product.server;
  const made = Array.from({ length: 10 }, (_, index) =>
    requestOk<{ id: string }>(`${url}/v1/webhooks`, {
      key,
      body: {
        name: `hanging ${index}`,
        dialect: 'standard',
        target: { transport: 'http', url: `http://127.0.2.${index + 1}:${receiverPort}/hang/${index}` },
        events: ['*'],
      },
    }),
  );
  return (await Promise.all(made)).map(({ id }) => id);
}

export const pending: BenchCase = {
  name: 'pending',
  title: 'A million pending deliveries',
  run: async (context): Promise<readonly Figure[]> => {
    const rows = context.quick ? 5_000 : 1_000_000;
    const peers = await startPeers();
    const directories = ['empty', 'full'].map((name) => mkdtempSync(join(tmpdir(), `assetwire-bench-${name}-`)));
    const [emptyDirectory = '', fullDirectory = ''] = directories;
    const products: Product[] = [];
    try {
      const receiverPort = peers.receiver.port;
      for (const directory of directories) {
        const product = await startProduct(directory);
        await createLanes(product, { lanes, receiverPort });
        const webhookIds = await createHanging(product, receiverPort);
        await product.stop();
        if (directory !== fullDirectory) continue;
        const owners = webhookIds.map((webhookId) => ({ workspaceId: 'default', webhookId }));
        await seedRows({ directory, owners, rows, state: 'pending', log: context.log });
      }
      const empty = await startProduct(emptyDirectory);
      products.push(empty);
      const full = await startProduct(fullDirectory);
      products.push(full);
      const events = context.quick ? 2_000 : 30_000;
      await run(peers, empty, { events, lanes });
      await run(peers, full, { events, lanes });
      const rates: { empty: number[]; full: number[] } = { empty: [], full: [] };
      const rss: { empty: number[]; full: number[] } = { empty: [], full: [] };
      for (let round = 0; round < (context.quick ? 1 : 4); round += 1) {
        const one = await run(peers, empty, { events, lanes });
        const other = await run(peers, full, { events, lanes });
        rates.empty.push(one.eventsPerSecond);
        rates.full.push(other.eventsPerSecond);
        rss.empty.push(one.rssMiB);
        rss.full.push(other.rssMiB);
        context.log(`empty ${one.eventsPerSecond.toFixed(0)}/s, full ${other.eventsPerSecond.toFixed(0)}/s`);
      }
      const details = { ready: { emptyMs: round(empty.readyMs), fullMs: round(full.readyMs) }, rates, rss };
      return [
        atLeast('1 M pending: rate ÷ empty store', 0.9, median(rates.full) / median(rates.empty), {
          unit: '×',
          details,
        }),
        atMost('1 M pending: RSS more than with an empty store', 100, median(rss.full) - median(rss.empty), {
          unit: ' MiB',
        }),
        { name: '1 M pending: start to ready', target: '–', measured: `${round(full.readyMs)} ms`, met: null },
      ];
    } finally {
      await Promise.all([peers.stop(), ...products.map((product) => product.stop())]);
      for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

/** A million assets, a mix of searches, and deliveries meanwhile: how long each takes, and what the others notice of it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdSource } from '../../src/core/id-source.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createSystemRandom } from '../../src/runtime/random.ts';
import { requestJson } from '../../test/support/json-client.ts';
import { createAssetMaker, searchMix } from '../asset-collection.ts';
import { laneWorkspace } from '../event-template.ts';
import { atMost, round } from '../figure.ts';
import type { BenchCase, BenchContext, Figure } from '../figure.ts';
import { treeCpuUs } from '../process-usage.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { Peers, Product } from '../rig.ts';
import { databaseFile } from '../seed.ts';
import { median, quantile } from '../statistics.ts';
import { indexMegabytes, openStorage } from '../store.ts';

const lanes = 100;
const batch = 1_000;
const asksPerQuery = 40;
const searchesPerSecond = 20;

type Query = { readonly [name: string]: string };

async function seedAssets(directory: string, workspaceId: string, { quick, rows, log }: BenchContext): Promise<number> {
  const count = rows ?? (quick ? 20_000 : 1_000_000);
  const random = createSystemRandom();
  const ids = createIdSource({ nowMs: () => systemClock.nowMs(), randomBytes: (bytes) => random.bytes(bytes) });
  const storage = await openStorage(directory, () => databaseFile(directory));
  try {
    const make = createAssetMaker(1);
    for (let done = 0; done < count; done += batch) {
      const atMs = systemClock.nowMs();
      const items = Array.from({ length: batch }, (_, n) => ({
        workspaceId,
        atMs,
        resources: [{ type: 'asset', id: ids.next('asset'), expectedVersion: 0, state: make(done + n) }] as const,
      }));
      const refused = (await storage.commit(items)).find(({ status }) => status !== 'applied');
      if (refused !== undefined) throw new Error(`Seeding was refused: ${JSON.stringify(refused)}`);
      if ((done / batch) % 100 === 99) log(`${done + batch} assets`);
    }
  } finally {
    await storage.stop();
  }
  return count;
}

type Asked = {
  readonly ms: number;
  readonly status: number;
  readonly complete: boolean;
  /** Whether the number of all that is found is exact, which only an index can say of many. */
  readonly counted: boolean;
};

async function ask(product: Product, workspace: string, query: Query): Promise<Asked> {
  const { url, key } = product.server;
  const parameters = new URLSearchParams({ limit: '50', ...query }).toString();
  const startedMs = performance.now();
  const answer = await requestJson(`${url}/v1/assets?${parameters}`, {
    key,
    headers: { 'assetwire-workspace': workspace },
  });
  const body = answer.body as { readonly complete?: boolean; readonly total?: { readonly is?: string } } | null;
  return {
    ms: performance.now() - startedMs,
    status: answer.status,
    complete: body?.complete === true,
    counted: body?.total?.is === 'exact',
  };
}

/** Waits until the index is made; how long that took, and the CPU of it. */
async function makeIndex(
  product: Product,
  workspace: string,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const startedMs = performance.now();
  const cpuBeforeUs = treeCpuUs(product.pid);
  while (!(await ask(product, workspace, { q: 'kind:image', count: 'true' })).counted)
    await new Promise((resolve) => setTimeout(resolve, 500));
  return { seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (treeCpuUs(product.pid) - cpuBeforeUs) / 1e6 };
}

/** Asks at a rate until it is stopped. */
function keepSearching(product: Product, workspace: string): { readonly asked: Asked[]; stop(): Promise<void> } {
  const mix = searchMix();
  const asked: Asked[] = [];
  let running = true;
  const loop = async (): Promise<void> => {
    for (let n = 0; running; n += 1) {
      const dueMs = performance.now() + 1_000 / searchesPerSecond;
      const query = mix[n % mix.length]?.[1] ?? {};
      asked.push(await ask(product, workspace, query));
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    }
  };
  const looping = loop();
  return {
    asked,
    stop: async () => {
      running = false;
      await looping;
    },
  };
}

async function besideDeliveries(
  peers: Peers,
  product: Product,
  workspace: string,
  { quick, log }: BenchContext,
): Promise<Figure[]> {
  await run(peers, product, { events: quick ? 2_000 : 20_000, lanes });
  const full = await run(peers, product, { events: quick ? 2_000 : 20_000, lanes });
  const eventsPerSecond = full.eventsPerSecond * 0.3;
  const steady = { events: Math.floor(eventsPerSecond * (quick ? 2 : 10)), lanes, eventsPerSecond };
  const [quiet, watched, asked]: [number[], number[], Asked[]] = [[], [], []];
  for (let n = 0; n < (quick ? 1 : 3); n += 1) {
    quiet.push((await run(peers, product, steady)).acceptedToFirstByteP99Ms);
    const searching = keepSearching(product, workspace);
    watched.push((await run(peers, product, steady)).acceptedToFirstByteP99Ms);
    await searching.stop();
    asked.push(...searching.asked);
    log(`p99 ${quiet.at(-1)?.toFixed(1)} ms without, ${watched.at(-1)?.toFixed(1)} ms with searches`);
  }
  const durations = asked.map(({ ms }) => ms);
  return [
    atMost('deliveries while 20 searches a second run: p99 ÷ without', 1.5, median(watched) / median(quiet), {
      unit: '×',
      details: { quietMs: quiet.map(round), watchedMs: watched.map(round) },
    }),
    {
      name: 'searches while deliveries run',
      target: '–',
      measured: `p50 ${round(quantile(durations, 0.5))} ms, p99 ${round(quantile(durations, 0.99))} ms, ${asked.filter(({ complete }) => !complete).length} of ${asked.length} not complete`,
      met: null,
    },
  ];
}

/** Each search in turn; the first answer after a start of the server tells what cold caches cost. */
async function measureMix(product: Product, workspace: string, log: BenchContext['log']): Promise<Figure[]> {
  const figures: Figure[] = [];
  const [all, firsts]: [number[], number[]] = [[], []];
  for (const [name, query] of searchMix()) {
    const first = await ask(product, workspace, query);
    if (first.status !== 200) throw new Error(`${name} must be answered: got ${first.status}`);
    const durations: number[] = [];
    for (let n = 0; n < asksPerQuery; n += 1) durations.push((await ask(product, workspace, query)).ms);
    firsts.push(first.ms);
    all.push(...durations);
    log(
      `${name}: first ${first.ms.toFixed(1)} ms, p50 ${quantile(durations, 0.5).toFixed(1)}, p99 ${quantile(durations, 0.99).toFixed(1)}`,
    );
    figures.push(atMost(`search, ${name}: p99`, 100, quantile(durations, 0.99), { unit: ' ms' }));
  }
  figures.push(
    atMost('search, any of the mix: p99', 100, quantile(all, 0.99), {
      unit: ' ms',
      details: { p50: round(quantile(all, 0.5)) },
    }),
  );
  figures.push(
    atMost('search, the first of each, two seconds after a start: slowest', 100, Math.max(...firsts), { unit: ' ms' }),
  );
  return figures;
}

function fileMegabytes(file: string): { readonly index: number; readonly all: number } {
  const index = statSync(file.replace(/\.db$/, '.search.db')).size / 1e6;
  return { index, all: index + statSync(file).size / 1e6 };
}

export const search: BenchCase = {
  name: 'search',
  title: 'Searches among a million assets',
  run: async (context): Promise<readonly Figure[]> => {
    const directory = mkdtempSync(join(tmpdir(), 'assetwire-bench-search-'));
    const peers = await startPeers();
    let product = await startProduct(directory);
    try {
      await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      await product.stop();
      const workspace = laneWorkspace(0, 1);
      const seededMs = performance.now();
      const count = await seedAssets(directory, workspace, context);
      context.log(`${count} assets are seeded in ${((performance.now() - seededMs) / 1000).toFixed(0)} s`);
      product = await startProduct(directory);
      const made = await makeIndex(product, workspace);
      context.log(`the index is made: ${made.seconds.toFixed(0)} s, ${made.cpuSeconds.toFixed(0)} s of CPU`);
      await product.stop();
      const megabytes = (await indexMegabytes(directory)) ?? fileMegabytes(databaseFile(directory));
      product = await startProduct(directory);
      // The index is opened a second after the store, behind the start of everything else.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const mix = await measureMix(product, workspace, context.log);
      const beside = await besideDeliveries(peers, product, workspace, context);
      return [
        ...mix,
        ...beside,
        {
          name: `the search index of ${count} assets`,
          target: '–',
          measured: `${round((made.cpuSeconds / count) * 1e6)} µs of CPU an asset, ${round(made.seconds)} s, ${round(megabytes.index)} MB of ${round(megabytes.all)} MB`,
          met: null,
        },
      ];
    } finally {
      await Promise.all([peers.stop(), product.stop()]);
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

/**
 * State in, changes out: a DAM pushes all it has again and again, and a tenth of it has changed. One webhook hears of
 * every change; its deliveries are part of the cost.
 */
import { requestOk } from '../../test/support/json-client.ts';
import { atLeast, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { treeCpuUs } from '../process-usage.ts';
import { type Product, startPeers, startProduct } from '../rig.ts';
import { median } from '../statistics.ts';

const batchItems = 200;
const inFlight = 4;
/** One of so many has changed since the round before. */
const changedEvery = 10;

type State = { readonly externalId: string; readonly [field: string]: unknown };

/** About a kilobyte, as a DAM would describe a picture. */
function stateOf(asset: number, round: number): State {
  // The round in which it was its turn to change last; 0 where that is still to come.
  const changedIn = Math.max(0, round - ((((round - asset) % changedEvery) + changedEvery) % changedEvery));
  return {
    externalId: `dam-${asset}`,
    name: `photograph-${asset}.jpg`,
    path: `/campaigns/2026/${asset % 100}`,
    info: { title: `Photograph ${asset}`, copyright: '© 2026 Example GmbH', description: 'x'.repeat(300) },
    metadata: { season: 'spring', status: `round ${changedIn}`, rank: asset % 7, licence: 'CC BY' },
    tags: ['harbour', 'dawn', `tag-${asset % 50}`],
    labels: ['hero'],
    collections: ['Spring'],
    file: {
      name: `photograph-${asset}.jpg`,
      mimeType: 'image/jpeg',
      bytes: 2_000_000 + asset,
      url: `https://dam.example.com/files/${asset}.jpg`,
      widthPx: 4_000,
      heightPx: 3_000,
    },
  };
}

type Pass = { readonly statesPerSecond: number; readonly cpuUsPerState: number; readonly by: Record<string, number> };

async function pass({ server, pid, key }: Product, assets: number, round: number): Promise<Pass> {
  const bodies: { readonly assets: readonly State[] }[] = [];
  for (let from = 0; from < assets; from += batchItems) {
    const count = Math.min(batchItems, assets - from);
    bodies.push({ assets: Array.from({ length: count }, (_, at) => stateOf(from + at, round)) });
  }
  const by: Record<string, number> = {};
  const cpuBeforeUs = treeCpuUs(pid);
  const beganMs = performance.now();
  const queue = bodies.values();
  const work = async (): Promise<void> => {
    for (const body of queue) {
      const { results } = await requestOk<{ results: { status: string }[] }>(`${server.url}/v1/assets`, {
        key,
        method: 'PUT',
        body,
      });
      for (const { status } of results) by[status] = (by[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const tookMs = performance.now() - beganMs;
  return {
    statesPerSecond: (assets / tookMs) * 1_000,
    cpuUsPerState: (treeCpuUs(pid) - cpuBeforeUs) / assets,
    by,
  };
}

async function measure(context: BenchContext): Promise<readonly Figure[]> {
  const assets = context.quick ? 2_000 : 100_000;
  const rounds = context.quick ? 1 : 5;
  const peers = await startPeers();
  const product = await startProduct();
  try {
    const { url, key } = product.server;
    const target = { transport: 'http', url: `http://127.0.0.1:${peers.receiver.port}/0` };
    const hook = { name: 'states', dialect: 'standard', target, events: ['*'] };
    peers.receiver.tell({ kind: 'reset', firstEvent: 0, events: 0, hangingLanes: 0 });
    await requestOk(`${url}/v1/webhooks`, { key, body: hook });
    const made = await pass(product, assets, 0);
    context.log(`made ${assets}: ${round(made.statesPerSecond)} states/s, ${round(made.cpuUsPerState)} µs each`);
    const passes: Pass[] = [];
    for (let nth = 1; nth <= rounds; nth += 1) {
      passes.push(await pass(product, assets, nth));
      const { statesPerSecond, cpuUsPerState, by } = passes.at(-1) ?? made;
      context.log(
        `round ${nth}: ${round(statesPerSecond)} states/s, ${round(cpuUsPerState)} µs each, ${JSON.stringify(by)}`,
      );
    }
    const rate = median(passes.map(({ statesPerSecond }) => statesPerSecond));
    const details = {
      assets,
      cpuUsPerState: round(median(passes.map(({ cpuUsPerState }) => cpuUsPerState))),
      statesPerSecond: passes.map(({ statesPerSecond }) => round(statesPerSecond)),
      newStatesPerSecond: round(made.statesPerSecond),
    };
    return [atLeast('states pushed per second, a tenth changed', 3_000, rate, { details })];
  } finally {
    await Promise.all([peers.stop(), product.stop()]);
  }
}

export const states: BenchCase = {
  name: 'states',
  title: 'Full states pushed in batches, a tenth of them changed',
  run: measure,
};

/**
 * Isolation of signatures: thousands of RSA signatures fall due at once, in two hundred lanes of one workspace, while a
 * hundred lanes of others are delivered at a steady load. Those must not notice. Runs without come before and after each
 * run with, on the same server; every peer is a process of its own.
 */
import { requestOk } from '../../test/support/json-client.ts';
import { type Child, startChild } from '../child.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { createLanes, type Peers, type Product, run, startPeers, startProduct } from '../rig.ts';
import type { SignedCounts, SignedOrder } from '../signed-receiver.ts';
import { median } from '../statistics.ts';

const lanes = 100;
const signingLanes = 200;
const workspace = 'rsa';

async function counts(receiver: Child): Promise<SignedCounts> {
  const order: SignedOrder = { kind: 'counts' };
  return receiver.ask<SignedCounts>(order);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 120_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`In two minutes was wanted: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function asked(product: Product): { readonly key: string; readonly headers: { readonly [name: string]: string } } {
  return { key: product.server.key, headers: { 'assetwire-workspace': workspace } };
}

async function subscribe(product: Product, receiver: Child): Promise<void> {
  const { url, key } = product.server;
  await requestOk(`${url}/v1/workspaces`, { key, body: { id: workspace, name: workspace } });
  await requestOk(`${url}/v1/dialects/bynder/properties`, {
    ...asked(product),
    method: 'PATCH',
    body: { values: { webhookConfigurationsMax: signingLanes } },
  });
  for (let lane = 0; lane < signingLanes; lane += 1) {
    await requestOk(`${url}/v1/webhooks`, {
      ...asked(product),
      body: {
        name: `signed ${lane}`,
        dialect: 'bynder',
        target: { transport: 'http', url: `http://127.0.0.1:${receiver.port}/${lane}` },
        events: ['asset_bank.media.create'],
        settings: { signatureVersion: '2' },
      },
    });
  }
  await until('all configurations are confirmed', async () => (await counts(receiver)).confirmed >= signingLanes);
}

/** So many signatures fall due at once. */
async function owe(product: Product, count: number, turn: number): Promise<void> {
  const changes = Array.from({ length: Math.ceil(count / signingLanes) }, (_, index) => ({
    kind: 'asset.ready',
    subject: { type: 'asset', externalId: `rsa-${turn}-${index}` },
    after: { name: `photograph ${index}.jpg`, info: { title: `Photograph ${index}` } },
  }));
  await requestOk(`${product.server.url}/v1/changes`, { ...asked(product), body: { changes } });
}

type Parts = { readonly peers: Peers; readonly product: Product; readonly receiver: Child };

type Load = { readonly events: number; readonly eventsPerSecond: number };

/**
 * The steady load in runs of a few seconds, until so many signed messages have come; the same offered load as without
 * them. The run in which the last of them came counts with the others. Answers each run's p99.
 */
async function besideUntil({ peers, product, receiver }: Parts, load: Load, told: number): Promise<readonly number[]> {
  const p99Ms: number[] = [];
  do {
    p99Ms.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
  } while ((await counts(receiver)).told < told);
  return p99Ms;
}

async function observe(parts: Parts, context: BenchContext): Promise<readonly Figure[]> {
  const { peers, product, receiver } = parts;
  const owed = context.quick ? 1_000 : 5_000;
  const turns = context.quick ? 2 : 3;
  // The first warms the code up.
  await run(peers, product, { events: 5_000, lanes });
  const free = await run(peers, product, { events: 5_000, lanes });
  const eventsPerSecond = free.eventsPerSecond * 0.3;
  const load = { events: Math.ceil((eventsPerSecond * 2) / lanes) * lanes, eventsPerSecond };
  const alone: number[] = [];
  const beside: number[] = [];
  const drainMs: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    alone.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
    const { told } = await counts(receiver);
    const startedMs = performance.now();
    await owe(product, owed, turn);
    beside.push(...(await besideUntil(parts, load, told + owed)));
    drainMs.push(performance.now() - startedMs);
    alone.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
  }
  const details = {
    eventsPerSecond: round(eventsPerSecond),
    aloneP99Ms: alone.map(round),
    besideP99Ms: beside.map(round),
    signedPerSecondAtLeast: round((owed * 1_000) / median(drainMs)),
  };
  return [
    atMost(`${owed} signatures owed: p99 of other lanes ÷ none owed`, 1.2, median(beside) / median(alone), {
      unit: '×',
      details,
    }),
  ];
}

export const rsa: BenchCase = {
  name: 'rsa',
  title: 'Thousands of RSA signatures and the lanes beside them',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    const receiver = await startChild('signed-receiver');
    const product = await startProduct();
    try {
      await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      await subscribe(product, receiver);
      return await observe({ peers, product, receiver }, context);
    } finally {
      await product.stop();
      await receiver.stop();
      await peers.stop();
    }
  },
};

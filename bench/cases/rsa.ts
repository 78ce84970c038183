/**
 * Isolation of signatures: thousands of RSA signatures fall due at once, in two hundred lanes of one workspace, while a
 * hundred lanes of others are delivered at a steady load. Those must not notice. Each state has a run of its own on the same server.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestOk } from '../../test/support/json-client.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { createLanes, type Peers, type Product, run, startPeers, startProduct } from '../rig.ts';
import { median } from '../statistics.ts';

const lanes = 100;
const signingLanes = 200;
const workspace = 'rsa';

/** Confirms what it is asked and counts what it is told. */
type Receiver = { readonly server: Server; readonly port: number; told: number; confirmed: number };

async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end();
      if (request.headers['x-amz-sns-message-type'] !== 'SubscriptionConfirmation') {
        receiver.told += 1;
        return;
      }
      const { SubscribeURL } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly SubscribeURL: string };
      void fetch(SubscribeURL).then(() => {
        receiver.confirmed += 1;
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = { server, port: (server.address() as AddressInfo).port, told: 0, confirmed: 0 };
  return receiver;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`In two minutes was wanted: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function asked(product: Product): { readonly key: string; readonly headers: { readonly [name: string]: string } } {
  return { key: product.server.key, headers: { 'assetwire-workspace': workspace } };
}

async function subscribe(product: Product, receiver: Receiver): Promise<void> {
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
  await until('all configurations are confirmed', () => receiver.confirmed >= signingLanes);
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

type Parts = { readonly peers: Peers; readonly product: Product; readonly receiver: Receiver };

async function observe({ peers, product, receiver }: Parts, context: BenchContext): Promise<readonly Figure[]> {
  const events = context.quick ? 1_000 : 10_000;
  const owed = context.quick ? 1_000 : 5_000;
  await run(peers, product, { events, lanes });
  const free = await run(peers, product, { events, lanes });
  const eventsPerSecond = free.eventsPerSecond * 0.3;
  const alone: number[] = [];
  const beside: number[] = [];
  const drainMs: number[] = [];
  for (let turn = 0; turn < (context.quick ? 1 : 3); turn += 1) {
    alone.push((await run(peers, product, { events, lanes, eventsPerSecond })).acceptedToFirstByteP99Ms);
    const told = receiver.told;
    const startedMs = performance.now();
    await owe(product, owed, turn);
    const both = await Promise.all([
      run(peers, product, { events, lanes, eventsPerSecond }),
      until('all signed messages have arrived', () => receiver.told - told >= owed).then(() => {
        drainMs.push(performance.now() - startedMs);
      }),
    ]);
    beside.push(both[0].acceptedToFirstByteP99Ms);
  }
  const details = {
    aloneP99Ms: round(median(alone)),
    besideP99Ms: round(median(beside)),
    signedPerSecond: round((owed * 1_000) / median(drainMs)),
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
    const receiver = await startReceiver();
    const product = await startProduct();
    try {
      await createLanes(product, { lanes, receiverPort: peers.receiver.port });
      await subscribe(product, receiver);
      return await observe({ peers, product, receiver }, context);
    } finally {
      await product.stop();
      receiver.server.closeAllConnections();
      receiver.server.close();
      await peers.stop();
    }
  },
};

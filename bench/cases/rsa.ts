/**
 * Isolation of signatures: thousands of RSA signatures fall due at once, in two hundred lanes of one workspace, while a
 * hundred lanes of others are delivered at a steady load. Those must not notice. The control is the same backlog in as many
 * lanes of another workspace, signed with HMAC: what both cost the others is the price of a backlog, what only the first
 * does is that of its signatures. Runs without come before and after each run with, on the same server; every peer is a
 * process of its own.
 */
import { requestOk } from '../../test/support/json-client.ts';
import { type Child, startChild } from '../child.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { createLanes, type Peers, type Product, run, startPeers, startProduct } from '../rig.ts';
import type { SignedCounts, SignedOrder } from '../signed-receiver.ts';
import { median } from '../statistics.ts';

const lanes = 100;
const owedLanes = 200;

/** Whose deliveries fall due; each kind has a workspace of that name. */
type Backlog = 'rsa' | 'hmac';

const webhookOf = {
  rsa: { dialect: 'bynder', events: ['asset_bank.media.create'], settings: { signatureVersion: '2' } },
  hmac: { dialect: 'standard', events: ['*'] },
} as const;

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

type Asked = { readonly key: string; readonly headers: { readonly [name: string]: string } };

function asked(product: Product, workspace: Backlog): Asked {
  return { key: product.server.key, headers: { 'assetwire-workspace': workspace } };
}

async function subscribe(product: Product, receiver: Child, workspace: Backlog): Promise<void> {
  const { url, key } = product.server;
  await requestOk(`${url}/v1/workspaces`, { key, body: { id: workspace, name: workspace } });
  if (workspace === 'rsa') {
    await requestOk(`${url}/v1/dialects/bynder/properties`, {
      ...asked(product, workspace),
      method: 'PATCH',
      body: { values: { webhookConfigurationsMax: owedLanes } },
    });
  }
  for (let lane = 0; lane < owedLanes; lane += 1) {
    await requestOk(`${url}/v1/webhooks`, {
      ...asked(product, workspace),
      body: {
        name: `${workspace} ${lane}`,
        target: { transport: 'http', url: `http://127.0.0.1:${receiver.port}/${lane}` },
        ...webhookOf[workspace],
      },
    });
  }
  if (workspace !== 'rsa') return;
  await until('all configurations are confirmed', async () => (await counts(receiver)).confirmed >= owedLanes);
}

/** So many deliveries fall due at once. */
async function owe(
  product: Product,
  workspace: Backlog,
  owed: { readonly count: number; readonly turn: number },
): Promise<void> {
  const changes = Array.from({ length: Math.ceil(owed.count / owedLanes) }, (_, index) => ({
    kind: 'asset.ready',
    subject: { type: 'asset', externalId: `${workspace}-${owed.turn}-${index}` },
    after: { name: `photograph ${index}.jpg`, info: { title: `Photograph ${index}` } },
  }));
  await requestOk(`${product.server.url}/v1/changes`, { ...asked(product, workspace), body: { changes } });
}

type Parts = { readonly peers: Peers; readonly product: Product; readonly receiver: Child };

type Load = { readonly events: number; readonly eventsPerSecond: number };

/**
 * The steady load in runs of a few seconds, until so many owed messages have come; the same offered load as without
 * them. The run in which the last of them came counts with the others. Answers each run's p99.
 */
async function besideUntil({ peers, product, receiver }: Parts, load: Load, told: number): Promise<readonly number[]> {
  const p99Ms: number[] = [];
  do {
    p99Ms.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
  } while ((await counts(receiver)).told < told);
  return p99Ms;
}

/** What the others' deliveries took, run by run, while so many were owed, and how long these took. */
type Beside = { readonly p99Ms: number[]; readonly drainMs: number[] };

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
  const beside: { readonly [kind in Backlog]: Beside } = {
    rsa: { p99Ms: [], drainMs: [] },
    hmac: { p99Ms: [], drainMs: [] },
  };
  for (let turn = 0; turn < turns; turn += 1) {
    for (const kind of ['rsa', 'hmac'] as const) {
      alone.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
      const { told } = await counts(receiver);
      const startedMs = performance.now();
      await owe(product, kind, { count: owed, turn });
      const p99Ms = await besideUntil(parts, load, told + owed);
      beside[kind].p99Ms.push(...p99Ms);
      beside[kind].drainMs.push(performance.now() - startedMs);
      context.log(`${owed} ${kind} owed: p99 ${p99Ms.map(round).join(', ')} ms, before ${round(alone.at(-1) ?? 0)} ms`);
    }
  }
  alone.push((await run(peers, product, { ...load, lanes })).acceptedToFirstByteP99Ms);
  const detailsOf = (kind: Backlog): object => ({
    eventsPerSecond: round(eventsPerSecond),
    aloneP99Ms: alone.map(round),
    besideP99Ms: beside[kind].p99Ms.map(round),
    drainedPerSecondAtLeast: round((owed * 1_000) / median(beside[kind].drainMs)),
  });
  const ratioOf = (kind: Backlog): number => median(beside[kind].p99Ms) / median(alone);
  const extraOf = (kind: Backlog): { unit: string; details: object } => ({ unit: '×', details: detailsOf(kind) });
  return [
    atMost(`${owed} RSA signatures owed: p99 of other lanes ÷ none owed`, 1.2, ratioOf('rsa'), extraOf('rsa')),
    atMost(`control, ${owed} with HMAC owed: the same`, 1.2, ratioOf('hmac'), extraOf('hmac')),
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
      await subscribe(product, receiver, 'rsa');
      await subscribe(product, receiver, 'hmac');
      return await observe({ peers, product, receiver }, context);
    } finally {
      await product.stop();
      await receiver.stop();
      await peers.stop();
    }
  },
};

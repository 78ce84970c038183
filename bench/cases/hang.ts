/**
 * Isolation: some of a hundred endpoints accept connections and requests and never answer. The others must not notice.
 * Each state has a server of its own (a hanging lane's backlog would follow it into the next run); the states take turns.
 * In the last one every origin carries two webhooks, one that answers and one that hangs.
 */
import { atLeast, atMost, round } from '../figure.ts';
import type { BenchCase, BenchContext, Figure } from '../figure.ts';
import { createLanes, run, startPeers, startProduct } from '../rig.ts';
import type { Peers } from '../rig.ts';
import { median } from '../statistics.ts';

const lanes = 100;

type State = { readonly name: string; readonly hangingLanes: number; readonly origins: number };

const none: State = { name: 'none hangs', hangingLanes: 0, origins: 100 };
const states: readonly State[] = [
  { name: '1 of 100 hangs', hangingLanes: 1, origins: 100 },
  { name: '10 of 100 hang', hangingLanes: 10, origins: 100 },
  { name: '10 of 100 hang, each beside a healthy webhook of its host', hangingLanes: 10, origins: 10 },
];

type Seen = { readonly p99Ms: number; readonly healthyPerSecond: number };

/** Healthy lanes: p99 at a steady half load, and the rate at which they are served at full load. */
async function observe(peers: Peers, state: State, context: BenchContext, steady: number): Promise<Seen> {
  const product = await startProduct();
  try {
    await createLanes(product, { lanes, receiverPort: peers.receiver.port, origins: state.origins });
    const events = context.quick ? 2_000 : 20_000;
    const { hangingLanes } = state;
    await run(peers, product, { events, lanes });
    const atHalf = await run(peers, product, { events, lanes, hangingLanes, eventsPerSecond: steady });
    const full = await run(peers, product, { events, lanes, hangingLanes });
    const healthyShare = (lanes - hangingLanes) / lanes;
    context.log(
      `${state.name}: healthy p99 ${round(atHalf.acceptedToFirstByteP99Ms)} ms at ${round(steady)}/s, ` +
        `full rate ${round(full.eventsPerSecond)} healthy/s, ${full.delivered} of ${full.expected} arrived`,
    );
    return { p99Ms: atHalf.acceptedToFirstByteP99Ms, healthyPerSecond: full.eventsPerSecond / healthyShare };
  } finally {
    await product.stop();
  }
}

async function sustained(peers: Peers, events: number): Promise<number> {
  const product = await startProduct();
  try {
    await createLanes(product, { lanes, receiverPort: peers.receiver.port });
    await run(peers, product, { events, lanes });
    return (await run(peers, product, { events, lanes })).eventsPerSecond;
  } finally {
    await product.stop();
  }
}

export const hang: BenchCase = {
  name: 'hang',
  title: 'Hanging endpoints and their neighbours',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    try {
      const steady = (await sustained(peers, context.quick ? 2_000 : 20_000)) / 2;
      const seen = new Map<State, Seen[]>();
      for (let round = 0; round < (context.quick ? 1 : 3); round += 1) {
        for (const state of [none, ...states]) {
          seen.set(state, [...(seen.get(state) ?? []), await observe(peers, state, context, steady)]);
        }
      }
      const of = (state: State, pick: (one: Seen) => number): number => median((seen.get(state) ?? []).map(pick));
      const p99 = (state: State): number => of(state, ({ p99Ms }) => p99Ms);
      const rate = (state: State): number => of(state, ({ healthyPerSecond }) => healthyPerSecond);
      return [
        ...states.flatMap((state) => [
          atMost(`${state.name}: healthy p99 ÷ none hanging`, 1.2, p99(state) / p99(none), {
            unit: '×',
            details: { p99Ms: round(p99(state)), noneP99Ms: round(p99(none)) },
          }),
          atLeast(`${state.name}: healthy rate ÷ none hanging`, 0.95, rate(state) / rate(none), { unit: '×' }),
        ]),
        {
          name: 'hanging by DNS',
          target: '≤ 1.2×, ≥ 0.95×',
          measured: 'not tried: the server takes no resolver address as a setting; see src/egress tests',
          met: null,
        },
      ];
    } finally {
      await peers.stop();
    }
  },
};

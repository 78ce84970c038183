/**
 * One worker of a simulated cluster: a real engine with real leases, on its own node, that can be killed, stopped in its
 * tracks (its clock goes on, nothing of it runs), cut off from the store, and whose own wall clock may be minutes off.
 */
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createMemoryFlightLog, type FlightMemory } from '../../src/engine/flight-log.ts';
import { createHintBus, type HintBus } from '../../src/engine/hint-bus.ts';
import { createLeaseOwnership, type LeaseOwnership } from '../../src/engine/ownership-leases.ts';
import { createSigner } from '../../src/engine/signer.ts';
import { standardDialect } from '../../src/dialects/standard/index.ts';
import { shardOf } from '../../src/core/shard.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { createSharedClock } from '../../src/runtime/shared-clock.ts';
import type { ClusterStore } from '../../src/storage/contract/cluster-store.ts';
import type { RecordItem, RecordResult } from '../../src/storage/contract/record-item.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { MemoryCluster } from '../../src/storage/testing/memory-cluster.ts';
import type { Transport } from '../../src/transports/transport.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chance } from './chance.ts';
import type { ClusterChecks, Sender } from './cluster-checks.ts';
import { type StoreMood, type StoreView, viewOf } from './faulty-store.ts';
import type { Ledger } from './ledger.ts';
import type { Receivers } from './receivers.ts';
import type { SimLoop } from './sim-loop.ts';
import type { SimWebhooks } from './sim-webhooks.ts';

export type Node = { readonly name: string; readonly memory: FlightMemory };

export type SimWorker = {
  readonly node: Node;
  readonly sender: Sender;
  readonly engine: Engine;
  readonly ownership: LeaseOwnership;
  readonly view: StoreView;
  readonly bus: HintBus;
  readonly inFlight: () => number;
  /** Wall clock of this machine against the database's. */
  readonly skew: { ms: number };
  start(): Promise<void>;
  kill(): void;
  /** Nothing of it runs until `wake`. */
  sleep(): void;
  wake(): void;
  readonly asleep: () => boolean;
  cutOff(away: boolean): void;
};

export type SimWorld = {
  readonly clock: VirtualClock;
  readonly loop: SimLoop;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly webhooks: SimWebhooks;
  readonly receivers: Receivers;
  readonly checks: ClusterChecks;
  readonly cluster: MemoryCluster;
  readonly mood: StoreMood;
  readonly say: (line: string) => void;
  /** The machine under the worker is lost at this very moment, with all that it remembers. */
  readonly lose: (worker: SimWorker) => void;
};

/** A stop is stored before the death that causes it: now and then a machine is lost in between. */
const lostBeforeDeath = 0.2;

export function createSimWorker(world: SimWorld, node: Node, sender: Sender): SimWorker {
  const { clock, loop, chance, ledger, webhooks, checks, mood, say } = world;
  let alive = true;
  let asleep = false;
  let away = false;
  let postponed: (() => void)[] = [];
  const inFlight = new Set<string>();
  /** Sent, and not seen to be recorded. */
  const open = new Set<string>();

  /** What this process would do now, as soon as it can. */
  const run = (work: () => void): void => {
    if (!alive) return;
    if (asleep) postponed.push(work);
    else work();
  };
  const answered = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      answer.then(
        (value) => run(() => resolve(value)),
        (error: unknown) => run(() => reject(error instanceof Error ? error : new Error('store'))),
      );
    });

  const skew = { ms: 0 };
  const own: Clock = {
    nowMs: () => clock.nowMs() + skew.ms,
    monotonicMs: clock.monotonicMs,
    timer: (delayMs, fire) => clock.timer(delayMs, () => run(fire)),
  };
  const shared = createSharedClock(own);
  const underlying = world.cluster.process();
  const noticed: Storage = { ...underlying, record: (items) => recordAndNotice(underlying, items, checks) };
  const faulty = viewOf({
    store: noticed,
    clock,
    chance,
    ledger,
    mood,
    cutOff: () => away,
    busy: () => inFlight.size > 0,
    onCommitted: (item) => {
      webhooks.noticed(item, clock.monotonicMs());
      const stops = item.resources?.some(({ type, state }) => type === 'lane_health' && state?.['stoppedBy'] != null);
      if (stops === true && alive && chance.happens(lostBeforeDeath)) world.lose(worker);
    },
    onRecorded: (item) => {
      open.delete(item.deliveryId);
      const lease = world.cluster.view().leases[shardOf(item.webhookId)];
      if (item.epoch < (lease?.epoch ?? 0))
        ledger.violate('INV-6', `${item.deliveryId} was recorded by ${sender.name}, which had lost its lane`);
      say(
        `record ${item.deliveryId} #${item.attempt.number} ${item.attempt.outcome} → ${item.next.state} by ${sender.name}`,
      );
      const policy = webhooks.all.get(item.webhookId)?.webhook.policy;
      if (item.next.state !== 'dead' || policy?.onDead !== 'stop' || policy.order === 'none') return;
      checks.stopped.set(item.webhookId, { atMs: clock.monotonicMs(), revision: item.attempt.webhookRevision });
    },
  });
  const view = sleepyView(faulty, answered);
  const cluster = view.cluster as ClusterStore;
  const receiving = world.receivers.transport(sender);
  const transport: Transport = {
    ...receiving,
    send: (message) => {
      const id = message.headers.find(([name]) => name === 'assetwire-delivery-id')?.[1] ?? '';
      inFlight.add(id);
      open.add(id);
      return answered(receiving.send(message)).finally(() => inFlight.delete(id));
    },
  };
  const tell = (fields: object, text: string): void => {
    const { err, ...rest } = fields as { err?: unknown };
    say(`log ${sender.name} ${text} ${JSON.stringify(rest)} ${err instanceof Error ? err.message : ''}`);
  };
  const log = { info: tell, warn: tell, error: tell };
  const endOfTurn = (work: () => void): void => clock.endOfTurn(() => run(work));
  const bus = createHintBus({ cluster, clock: shared, endOfTurn, log });
  const ownership = createLeaseOwnership({
    store: cluster,
    clock: shared,
    log,
    member: { id: sender.name, node: node.name, role: 'worker', version: '1', blobs: 'shared:/files' },
    nudge: () => bus.tell({ kind: 'leases' }),
    learnTime: shared.learn,
  });
  const flights = createMemoryFlightLog(node.memory);
  const engine = createEngine({
    storage: view,
    dialects: new Map([['standard', standardDialect]]),
    transports: new Map([['http', transport]]),
    care: webhooks.care(view, (workspaceId, id) => {
      engine.webhookChanged(workspaceId, id);
      bus.tell({ kind: 'webhook', workspaceId, webhookId: id });
    }),
    dutyHandlers: {},
    ownership,
    flights: {
      ...flights,
      begin: (given) => void (alive && flights.begin(given)),
      end: (id, known) => void (alive && flights.end(id, known)),
    },
    signer: createSigner(),
    links: () => ({ content: (id) => `https://links.example/${id}`, rendition: (id) => id, dialect: (path) => path }),
    clock: shared,
    random: chance,
    endOfTurn,
    log,
    options: { workspacesPerTick: 2, loopLoad: loop.load, othersCommit: true },
  });
  const worker: SimWorker = {
    node,
    sender,
    engine,
    ownership,
    view,
    bus,
    inFlight: () => inFlight.size,
    skew,
    async start() {
      bus.start();
      bus.hear(
        (hint) =>
          run(() => {
            // Words get lost.
            if (chance.happens(0.1)) return;
            if (hint.kind === 'leases') ownership.look();
            if (hint.kind === 'lane') engine.laneDue(hint.workspaceId, hint.webhookId);
            if (hint.kind === 'webhook') engine.webhookChanged(hint.workspaceId, hint.webhookId);
          }),
        () => run(() => engine.doubt()),
      );
      await engine.start();
    },
    kill() {
      alive = false;
      sender.killed = true;
      sender.disturbedAtMs = clock.monotonicMs();
      for (const id of open) excuse(checks, id);
      bus.stop();
      faulty.sever();
      receiving.sever();
    },
    sleep() {
      asleep = true;
      sender.disturbedAtMs = Number.POSITIVE_INFINITY;
    },
    wake() {
      asleep = false;
      sender.disturbedAtMs = clock.monotonicMs();
      const due = postponed;
      postponed = [];
      for (const work of due) run(work);
    },
    asleep: () => asleep,
    cutOff(isAway) {
      away = isAway;
      sender.disturbedAtMs = isAway ? Number.POSITIVE_INFINITY : clock.monotonicMs();
    },
  };
  return worker;
}

function excuse({ excuses }: ClusterChecks, deliveryId: string): void {
  const id = deliveryId as RecordItem['deliveryId'];
  excuses.set(id, (excuses.get(id) ?? 0) + 1);
}

/** A result that was fenced is an outcome that nobody knows. */
async function recordAndNotice(
  store: Storage,
  items: readonly RecordItem[],
  checks: ClusterChecks,
): Promise<readonly RecordResult[]> {
  const results = await store.record(items);
  for (const [index, item] of items.entries()) if (results[index] === 'fenced') excuse(checks, item.deliveryId);
  return results;
}

/** A process that stands still hears answers when it wakes. */
function sleepyView(view: StoreView, answered: <Answer>(answer: Promise<Answer>) => Promise<Answer>): StoreView {
  const { cluster } = view;
  return {
    ...view,
    cluster:
      cluster === null
        ? null
        : {
            ...cluster,
            beat: (beat) => answered(cluster.beat(beat)),
            leave: (id) => answered(cluster.leave(id)),
            tell: (message) => answered(cluster.tell(message)),
          },
    commit: (items) => answered(view.commit(items)),
    record: (items) => answered(view.record(items)),
    resources: (keys) => answered(view.resources(keys)),
    revision: (key, version) => answered(view.revision(key, version)),
    webhooksRevision: (id) => answered(view.webhooksRevision(id)),
    lanes: (query) => answered(view.lanes(query)),
    pending: (query) => answered(view.pending(query)),
    storedBody: (id) => answered(view.storedBody(id)),
    duties: (query) => answered(view.duties(query)),
  };
}

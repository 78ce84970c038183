/**
 * One run of several workers on one store: real engines with real leases on a virtual clock, among receivers and a store
 * that misbehave, while workers are killed, stopped in their tracks, cut off, stopped gracefully and joined by others, and
 * clocks are off and jump. Then calm, then the ledgers are compared.
 */
import type { Change } from '../../src/core/change.ts';
import { leaseTimings } from '../../src/core/cluster.ts';
import type { NewDelivery } from '../../src/core/delivery.ts';
import { createIdSource } from '../../src/core/id-source.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../../src/core/ids.ts';
import { sampleChange } from '../../src/core/sample-change.ts';
import { createFlightMemory } from '../../src/engine/flight-log.ts';
import { createSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { createMemoryCluster } from '../../src/storage/testing/memory-cluster.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { createChance } from './chance.ts';
import { createClusterChecks, type Sender } from './cluster-checks.ts';
import { checkEnd, heldLanes, unfinished } from './end-checks.ts';
import type { StoreMood } from './faulty-store.ts';
import { createLedger } from './ledger.ts';
import { createReceivers, tempers } from './receivers.ts';
import type { RunOptions, RunResult } from './run-seed.ts';
import { createSimLoop } from './sim-loop.ts';
import { createSimWebhooks, makeWebhook, stateOf } from './sim-webhooks.ts';
import { createSimWorker, type Node, type SimWorker, type SimWorld } from './sim-worker.ts';

const calmMsMax = 4 * 3_600_000;

export async function runClusterSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const chance = createChance(seed);
  const clock = createVirtualClock({ lookMs: [0, 0.01][seed % 2] ?? 0 });
  const ledger = createLedger();
  const loop = createSimLoop(seed);
  const webhooks = createSimWebhooks();
  const checks = createClusterChecks(ledger, webhooks);
  const mood: StoreMood = { failsBefore: 0, failsAfter: 0, slowMsMax: 0, down: false };
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => chance.bytes(count) });
  const store = createSqliteStorage({ file: ':memory:', clock, pacing: clock, random: chance });
  await store.start();
  const say = (line: string): void => options.log?.(`${String(Math.round(clock.atMs)).padStart(8)} ${line}`);
  const cluster = createMemoryCluster({
    store,
    nowMs: clock.nowMs,
    carry: (deliver) => void clock.timer(chance.between(0, 20), deliver),
  });
  const jumps: { readonly atMs: number; readonly byMs: number }[] = [];
  /** Workers hear of a jump of the database's clock with their next heartbeat, and send for as long as their lease lasts. */
  const clocksOf = (): readonly number[] => {
    const recent = jumps.filter(({ atMs }) => atMs > clock.monotonicMs() - leaseTimings.leaseMs);
    return [...recent.keys(), recent.length].map((from) =>
      recent.slice(from).reduce((nowMs, { byMs }) => nowMs - byMs, clock.nowMs()),
    );
  };
  const receivers = createReceivers({
    clock,
    chance,
    ledger,
    clocksOf,
    secretOf: (id) => webhooks.all.get(id)?.secret.value ?? '',
    onSend: (_message, seen, inFlight, sender) => {
      if (sender === undefined) return;
      say(`send ${seen.deliveryId} #${seen.attempt} to ${seen.webhookId} by ${sender.name}`);
      checks.check(sender, seen, inFlight);
    },
    onLand: (deliveryId, _atMs, sender) => void (sender !== undefined && checks.landed(sender, deliveryId)),
    onThrottle: () => undefined,
  });
  let storm = true;
  const lose = ({ node }: SimWorker): void => {
    if (!storm) return;
    kill(node);
    node.memory.entries.clear();
  };
  const world: SimWorld = { clock, loop, chance, ledger, webhooks, receivers, checks, cluster, mood, say, lose };

  // --- Workers -----------------------------------------------------------------------------------------------------
  const nodes: Node[] = Array.from({ length: chance.between(2, 4) }, (_, index) => newNode(`n${index}`));
  let made = 0;
  const workers = new Map<Node, SimWorker>();

  const boot = async (node: Node): Promise<void> => {
    made += 1;
    const sender: Sender = { name: `${node.name}.${made}`, killed: false, disturbedAtMs: Number.NEGATIVE_INFINITY };
    const worker = createSimWorker(world, node, sender);
    worker.skew.ms = chance.pick([0, 0, 300_000, -300_000]);
    workers.set(node, worker);
    say(`boot ${sender.name} with a clock off by ${worker.skew.ms}`);
    // A store that does not answer refuses the start; whoever supervises the process tries again.
    let up = false;
    void worker.start().then(
      () => {
        up = true;
      },
      () => {
        worker.kill();
        workers.delete(node);
      },
    );
    await clock.advanceUntil(() => up || !workers.has(node), 30_000);
  };

  const kill = (node: Node): void => {
    const worker = workers.get(node);
    if (worker === undefined) return;
    say(`kill ${worker.sender.name} with ${worker.inFlight()} in flight`);
    ledger.struck.crashes += 1;
    if (worker.inFlight() > 0) ledger.struck.inFlight += 1;
    worker.kill();
    workers.delete(node);
    // A machine that is replaced has forgotten what was in the air.
    if (chance.happens(0.3)) node.memory.entries.clear();
  };

  const stop = async (node: Node): Promise<void> => {
    const worker = workers.get(node);
    if (worker === undefined || worker.asleep()) return;
    say(`stop ${worker.sender.name}`);
    ledger.struck.stops += 1;
    let stopped = false;
    void worker.engine.stop().then(() => {
      stopped = true;
    });
    if (!(await clock.advanceUntil(() => stopped, 90_000)))
      ledger.violate('FK-11', `${worker.sender.name} did not stop within 90 s`);
    worker.sender.disturbedAtMs = clock.monotonicMs();
    worker.kill();
    workers.delete(node);
  };

  const sleep = (node: Node): void => {
    const worker = workers.get(node);
    if (worker === undefined || worker.asleep()) return;
    const forMs = chance.pick([5_000, 40_000, 120_000]);
    say(`${worker.sender.name} stands still for ${forMs} ms with ${worker.inFlight()} in flight`);
    if (worker.inFlight() > 0) ledger.struck.inFlight += 1;
    worker.sleep();
    clock.timer(forMs, () => {
      say(`${worker.sender.name} goes on`);
      worker.wake();
    });
  };

  const cutOff = (node: Node): void => {
    const worker = workers.get(node);
    if (worker === undefined) return;
    const forMs = chance.pick([2_000, 20_000, 90_000]);
    say(`${worker.sender.name} is cut off from the store for ${forMs} ms`);
    worker.cutOff(true);
    clock.timer(forMs, () => worker.cutOff(false));
  };

  // --- The client --------------------------------------------------------------------------------------------------
  const subjects = Array.from({ length: 5 }, (_, index) => `ast_${seed}_${index}`);
  const workspaces: WorkspaceId[] = ['ws_a', 'ws_b', 'ws_c'].slice(0, chance.between(1, 3));

  /** Through any process that is up: it hands over what is its own and tells the others of the rest. */
  const publish = async (workspaceId = chance.pick(workspaces)): Promise<void> => {
    const through = chance.pick([...workers.values(), null]);
    if (through === null || through === undefined || through.asleep()) return;
    const subject = chance.pick(subjects);
    const atMs = clock.nowMs();
    const change: Change = {
      ...sampleChange('asset.renamed'),
      id: ids.next('change'),
      workspaceId,
      subject: { type: 'asset', id: subject },
      acceptedAtMs: atMs,
      occurredAtMs: atMs,
    };
    const deliveryIds = new Map<WebhookId, DeliveryId>();
    for (let decided = 0; decided < 8; decided += 1) {
      const deliveries = deliveriesOf(change, deliveryIds);
      promise(deliveries, subject);
      let status: 'applied' | 'stale' | 'refused';
      try {
        const webhooksRevision = await store.webhooksRevision(workspaceId);
        const [result] = await through.view.commit([
          { workspaceId, atMs, changes: [{ change }], deliveries, webhooksRevision },
        ]);
        status = result?.status === 'applied' ? 'applied' : result?.status === 'stale' ? 'stale' : 'refused';
      } catch {
        return;
      }
      for (const { id } of deliveries) {
        const promised = ledger.promised.get(id);
        if (promised !== undefined) promised.fate = status === 'applied' ? 'acked' : 'lost';
      }
      if (status === 'stale') continue;
      if (status === 'applied' && chance.happens(0.85)) tellOf(through, change, deliveries);
      return;
    }
  };

  const deliveriesOf = (change: Change, drawn: Map<WebhookId, DeliveryId>): NewDelivery[] => {
    const { workspaceId, acceptedAtMs: atMs } = change;
    const matching = [...webhooks.all.values()].filter(
      ({ webhook, deleted }) => webhook.workspaceId === workspaceId && webhook.state === 'enabled' && !deleted,
    );
    return matching.map(({ webhook }) => {
      const id = drawn.get(webhook.id) ?? ids.next('delivery');
      drawn.set(webhook.id, id);
      return {
        id,
        workspaceId,
        webhookId: webhook.id,
        webhookRevision: webhook.revision,
        changeId: change.id,
        subject: `asset:${change.subject.id}`,
        event: 'asset.renamed',
        messageId: id,
        origin: 'change',
        createdAtMs: atMs,
        dueAtMs: atMs,
      };
    });
  };

  const promise = (deliveries: readonly NewDelivery[], subject: string): void => {
    for (const { id, workspaceId, webhookId } of deliveries) {
      const crashesBefore = ledger.processesEnded();
      ledger.promised.set(id, { id, workspaceId, webhookId, subject, crashesBefore, bornAskew: true, fate: 'unknown' });
    }
  };

  const tellOf = (through: SimWorker, change: Change, deliveries: readonly NewDelivery[]): void => {
    through.engine.offer(deliveries.map((delivery) => ({ delivery: { ...delivery, attempts: 0 }, change })));
    for (const { workspaceId, webhookId } of deliveries) {
      if (through.ownership.owns(webhookId) === null) through.bus.tell({ kind: 'lane', workspaceId, webhookId });
    }
  };

  const edit = async (): Promise<void> => {
    const through = chance.pick([...workers.values(), null]);
    const truth = chance.pick([...webhooks.all.values()]);
    if (through === null || through === undefined || through.asleep() || truth.deleted) return;
    const { id, workspaceId } = truth.webhook;
    const draw = chance.fraction();
    const change =
      draw < 0.4
        ? { state: 'disabled' as const, stateReason: 'by hand' }
        : draw < 0.8
          ? { state: 'enabled' as const }
          : draw < 0.97
            ? { headers: [['x-custom', String(chance.between(1, 9))] as const] }
            : null;
    if (change === null && [...webhooks.all.values()].filter(({ deleted }) => !deleted).length < 2) return;
    const written = await webhooks.write(through.view, id, change);
    say(`edit ${id} ${JSON.stringify(change)} ${written}`);
    if (!written) return;
    through.engine.webhookChanged(workspaceId, id);
    through.bus.tell({ kind: 'webhook', workspaceId, webhookId: id });
  };

  // --- The storm ---------------------------------------------------------------------------------------------------
  const subscribers = workspaces.map((workspaceId) => ({ workspaceId, webhooks: chance.between(2, 5) }));
  for (const { workspaceId, webhooks: wanted } of [...subscribers, ...(loop.crowded === null ? [] : [loop.crowded])]) {
    for (let count = wanted; count > 0; count -= 1) {
      const id = ids.next('webhook');
      const webhook = makeWebhook(chance, id, workspaceId, clock.nowMs());
      const value = `whsec_${Buffer.from(chance.bytes(32)).toString('base64')}`;
      const secret = { name: 'signing', version: 1, value, expiresAtMs: null };
      webhooks.all.set(id, { webhook, secret, deleted: false, restless: false, changedAtMs: clock.monotonicMs() });
      const resources = [{ type: 'webhook' as const, id, expectedVersion: 0, state: stateOf(webhook) }];
      await store.commit([{ workspaceId, atMs: clock.nowMs(), resources }]);
    }
  }
  for (const node of nodes) await boot(node);

  const weather = (): void => {
    const bad = chance.happens(0.4);
    mood.failsBefore = bad ? chance.pick([0, 0.05, 0.3]) : 0;
    mood.failsAfter = bad ? chance.pick([0, 0.05, 0.2]) : 0;
    mood.slowMsMax = chance.happens(0.4) ? chance.pick([5, 50, 1_000]) : 0;
    mood.down = bad && chance.happens(0.3);
    say(`store ${JSON.stringify(mood)}`);
  };

  const befall = async (): Promise<void> => {
    const node = chance.pick(nodes);
    const draw = chance.fraction();
    if (draw < 0.35) kill(node);
    else if (draw < 0.55) sleep(node);
    else if (draw < 0.7) cutOff(node);
    else if (draw < 0.85) await stop(node);
    else if (draw < 0.95) {
      ledger.struck.jumps += 1;
      const jumpMs = chance.pick([3_600_000, -3_600_000, 300_000]);
      const worker = workers.get(node);
      if (worker === undefined || chance.happens(0.5)) {
        clock.jumpWall(jumpMs);
        jumps.push({ atMs: clock.monotonicMs(), byMs: jumpMs });
      } else worker.skew.ms += jumpMs;
      say(`a clock jumps by ${jumpMs}: ${worker === undefined ? 'the database' : worker.sender.name}`);
    } else if (nodes.length < 5) nodes.push(newNode(`n${nodes.length}`));
    await clock.advance(chance.between(1, chance.happens(0.5) ? 2_000 : 30_000));
    for (const one of nodes) if (!workers.has(one) && chance.happens(0.6)) await boot(one);
  };

  const stormMs = chance.between(60_000, 240_000);
  const over = (): boolean =>
    clock.monotonicMs() > stormMs && (ledger.struck.inFlight > 0 || clock.monotonicMs() > 10 * stormMs);
  while (!over()) {
    await clock.advance(chance.between(1, chance.happens(0.7) ? 400 : 6_000));
    for (const workspaceId of loop.pass(workspaces)) void publish(workspaceId);
    const draw = chance.fraction();
    if (draw < 0.6)
      for (let burst = chance.between(1, chance.happens(0.1) ? 30 : 3); burst > 0; burst -= 1) void publish();
    else if (draw < 0.72) {
      const id = chance.pick([...webhooks.all.keys()]);
      receivers.tempers.set(id, chance.pick(tempers));
    } else if (draw < 0.79) weather();
    else if (draw < 0.85) void edit();
    else if (draw < 0.87) cluster.breakConnections();
    else if (draw < 0.95) await befall();
  }

  // --- Calm --------------------------------------------------------------------------------------------------------
  say('calm');
  storm = false;
  Object.assign(mood, { failsBefore: 0, failsAfter: 0, slowMsMax: 0, down: false });
  for (const id of webhooks.all.keys()) receivers.tempers.set(id, 'well');
  receivers.leaving.clear();
  // Whoever stands still goes on, whoever is cut off is let back in.
  await clock.advance(130_000);
  for (const node of nodes) if (!workers.has(node) && (workers.size === 0 || chance.happens(0.7))) await boot(node);
  for (const workspaceId of loop.rush(workspaces)) void publish(workspaceId);
  await clock.advance(1_000);
  await clock.advanceUntil(() => unfinished(ledger, heldLanes(webhooks, checks.stopped)).length === 0, calmMsMax);
  for (const node of nodes) await stop(node);
  await checkEnd(ledger, store, { held: heldLanes(webhooks, checks.stopped), excuses: checks.excuses });
  await store.stop();
  const distinct = new Set(ledger.arrivals.map(({ deliveryId }) => deliveryId));
  return {
    seed,
    violations: ledger.violations,
    struck: ledger.struck,
    promised: ledger.promised.size,
    arrivals: ledger.arrivals.length,
    duplicates: ledger.arrivals.length - distinct.size,
    virtualMs: clock.monotonicMs(),
    pressed: loop.pressed(),
  };
}

function newNode(name: string): Node {
  return { name, memory: createFlightMemory() };
}

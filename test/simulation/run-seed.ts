/**
 * One run: the real engine over the real store (SQLite in memory), on a virtual clock, among receivers and a store that
 * misbehave as the seed says. A storm of faults, then calm, then the ledgers are compared.
 */
import { createIdSource } from '../../src/core/id-source.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../../src/core/ids.ts';
import { sampleChange } from '../../src/core/sample-change.ts';
import type { Change } from '../../src/core/change.ts';
import type { NewDelivery } from '../../src/core/delivery.ts';
import { standardDialect } from '../../src/dialects/standard/index.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createFlightMemory, createMemoryFlightLog } from '../../src/engine/flight-log.ts';
import { createSoleOwnership } from '../../src/engine/ownership.ts';
import { createSigner } from '../../src/engine/signer.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { createSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { createChance } from './chance.ts';
import { checkEnd, heldLanes, unfinished } from './end-checks.ts';
import { type StoreMood, type StoreView, viewOf } from './faulty-store.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createReceivers, tempers } from './receivers.ts';
import { createSendChecks } from './send-checks.ts';
import { createSimLoop } from './sim-loop.ts';
import { createSimWebhooks, makeWebhook, stateOf } from './sim-webhooks.ts';

export type RunResult = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly struck: Ledger['struck'];
  readonly promised: number;
  readonly arrivals: number;
  readonly duplicates: number;
  readonly virtualMs: number;
  /** Times at which a workspace beyond its share found the loop busy. */
  readonly pressed: number;
};

export type RunOptions = { readonly log?: (line: string) => void };

const calmMsMax = 4 * 3_600_000;

type Process = { readonly engine: Engine; readonly view: StoreView; readonly inFlight: () => number; kill(): void };

export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const chance = createChance(seed);
  // A draw of its own, so that every seed means what it meant: half of them under a clock that never stands still.
  const lookMs = [0, 0, 0.01, 0.3][seed % 4] ?? 0;
  const clock = createVirtualClock({ lookMs });
  const loop = createSimLoop(seed);
  const ledger = createLedger();
  const webhooks = createSimWebhooks();
  const checks = createSendChecks(ledger, webhooks);
  const memory = createFlightMemory();
  const mood: StoreMood = { failsBefore: 0, failsAfter: 0, slowMsMax: 0, down: false };
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => chance.bytes(count) });
  const store: Storage = createSqliteStorage({ file: ':memory:', clock, pacing: clock, random: chance });
  await store.start();
  const say = (line: string): void => options.log?.(`${String(Math.round(clock.atMs)).padStart(8)} ${line}`);

  const receivers = createReceivers({
    clock,
    chance,
    ledger,
    secretOf: (id) => webhooks.all.get(id)?.secret.value ?? '',
    onSend: (message, seen, inFlight) => {
      say(`send ${seen.deliveryId} #${seen.attempt} to ${seen.webhookId}`);
      checks.check(message, seen, inFlight);
    },
    onLand: (deliveryId, atMs) => checks.landed(deliveryId, atMs),
    onThrottle: (webhookId, untilMs) => checks.throttled(webhookId, untilMs),
  });

  // --- A process: everything that a crash takes with it ---------------------------------------------------------
  let process: Process | null = null;
  let wallAtBootMs = 0;

  const boot = async (): Promise<void> => {
    let alive = true;
    wallAtBootMs = clock.nowMs() - clock.monotonicMs();
    const transport = receivers.transport();
    const view = viewOf({
      store,
      clock,
      chance,
      ledger,
      mood,
      busy: () => transport.inFlight > 0,
      onCommitted: (item) => webhooks.noticed(item, clock.monotonicMs()),
      onRecorded: (item) => {
        say(`record ${item.deliveryId} #${item.attempt.number} ${item.attempt.outcome} → ${item.next.state}`);
        const policy = webhooks.all.get(item.webhookId)?.webhook.policy;
        const delayMs = policy?.schedule?.delaysMs[item.attempt.number - 1] ?? 0;
        // Jitter takes a fifth, a clock that drifts towards the wall a tenth, and half a second is followed at once.
        if (alive && item.attempt.outcome !== 'interrupted')
          checks.retryAfter(item.deliveryId, Math.max(0, delayMs * 0.8 * 0.89 - 500));
        if (item.next.state !== 'dead' || policy?.onDead !== 'stop' || policy.order === 'none') return;
        checks.stopped.set(item.webhookId, { atMs: clock.monotonicMs(), revision: item.attempt.webhookRevision });
      },
    });
    const own: Clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      timer: (delayMs, fire) => clock.timer(delayMs, () => void (alive && fire())),
    };
    const log = createMemoryFlightLog(memory);
    const quiet = (fields: object, text: string): void => {
      const { err, ...rest } = fields as { err?: unknown };
      say(`log ${text} ${JSON.stringify(rest)} ${err instanceof Error ? err.message : ''}`);
    };
    const engine = createEngine({
      storage: view,
      dialects: new Map([['standard', standardDialect]]),
      transports: new Map([['http', transport]]),
      care: webhooks.care(view, (workspaceId, id) => void (alive && engine.webhookChanged(workspaceId, id))),
      dutyHandlers: {},
      ownership: createSoleOwnership(store),
      flights: {
        open: () => log.open(),
        begin: (flights) => void (alive && log.begin(flights)),
        end: (id, known) => void (alive && log.end(id, known)),
        flush: () => undefined,
        close: () => undefined,
      },
      signer: createSigner(),
      links: () => ({ content: (id) => `https://links.example/${id}`, rendition: (id) => id, dialect: (path) => path }),
      clock: own,
      random: chance,
      endOfTurn: (run) => clock.endOfTurn(() => void (alive && run())),
      log: { info: quiet, warn: quiet, error: quiet },
      options: { loopLoad: loop.load },
    });
    process = {
      engine,
      view,
      inFlight: () => transport.inFlight,
      kill() {
        alive = false;
        view.sever();
        transport.sever();
      },
    };
    say('boot');
    await engine.start();
  };

  const crash = (): void => {
    if (process === null) return;
    say(`crash with ${process.inFlight()} in flight`);
    ledger.struck.crashes += 1;
    if (process.inFlight() > 0) ledger.struck.inFlight += 1;
    process.kill();
    process = null;
    checks.forgetProcess();
  };

  const stopProcess = async (): Promise<void> => {
    const running = process;
    if (running === null) return;
    say('graceful stop');
    ledger.struck.stops += 1;
    let stopped = false;
    void running.engine.stop().then(() => {
      stopped = true;
    });
    const inTime = await clock.advanceUntil(() => stopped, 60_000);
    if (!inTime) ledger.violate('FK-11', 'the engine did not stop within 60 s');
    if (inTime && running.engine.stats().inFlight > 0)
      ledger.violate('FK-11', 'the engine stopped with attempts in flight');
    running.kill();
    process = null;
    checks.forgetProcess();
  };

  // --- The client ------------------------------------------------------------------------------------------------
  const subjects = Array.from({ length: 5 }, (_, index) => `ast_${seed}_${index}`);
  const workspaces: WorkspaceId[] = ['ws_a', 'ws_b', 'ws_c'].slice(0, chance.between(1, 3));

  const publish = async (workspaceId = chance.pick(workspaces)): Promise<void> => {
    const running = process;
    if (running === null) return;
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
      let outcome: 'applied' | 'stale' | 'refused' | 'unknown';
      const matching = [...webhooks.all.values()].filter(
        ({ webhook, deleted }) => webhook.workspaceId === workspaceId && webhook.state === 'enabled' && !deleted,
      );
      const deliveries: NewDelivery[] = matching.map(({ webhook }) => {
        const id = deliveryIds.get(webhook.id) ?? ids.next('delivery');
        deliveryIds.set(webhook.id, id);
        return {
          id,
          workspaceId,
          webhookId: webhook.id,
          webhookRevision: webhook.revision,
          changeId: change.id,
          subject: `asset:${subject}`,
          event: 'asset.renamed',
          messageId: id,
          origin: 'change',
          createdAtMs: atMs,
          dueAtMs: atMs,
        };
      });
      for (const { id, webhookId } of deliveries) {
        ledger.promised.set(id, {
          id,
          workspaceId,
          webhookId,
          subject,
          crashesBefore: ledger.processesEnded(),
          bornAskew: Math.abs(clock.nowMs() - clock.monotonicMs() - wallAtBootMs) > 1_000,
          fate: 'unknown',
        });
      }
      try {
        const webhooksRevision = await store.webhooksRevision(workspaceId);
        const [result] = await running.view.commit([
          { workspaceId, atMs, changes: [{ change }], deliveries, webhooksRevision },
        ]);
        outcome = result?.status === 'applied' ? 'applied' : result?.status === 'stale' ? 'stale' : 'refused';
      } catch {
        outcome = 'unknown';
      }
      if (outcome === 'unknown') return;
      for (const { id } of deliveries) {
        const promise = ledger.promised.get(id);
        if (promise !== undefined) promise.fate = outcome === 'applied' ? 'acked' : 'lost';
      }
      if (outcome !== 'applied') {
        if (outcome === 'stale') continue;
        return;
      }
      // Losing the word costs time, never a delivery.
      if (process === running && chance.happens(0.85)) {
        running.engine.offer(deliveries.map((delivery) => ({ delivery: { ...delivery, attempts: 0 }, change })));
      }
      return;
    }
  };

  // --- The storm -------------------------------------------------------------------------------------------------
  const subscribers = workspaces.map((workspaceId) => ({ workspaceId, webhooks: chance.between(1, 4) }));
  for (const { workspaceId, webhooks: wanted } of [...subscribers, ...(loop.crowded === null ? [] : [loop.crowded])]) {
    for (let count = wanted; count > 0; count -= 1) {
      const id = ids.next('webhook');
      const webhook = makeWebhook(chance, id, workspaceId, clock.nowMs());
      const secret = {
        name: 'signing',
        version: 1,
        value: `whsec_${Buffer.from(chance.bytes(32)).toString('base64')}`,
        expiresAtMs: null,
      };
      webhooks.all.set(id, { webhook, secret, deleted: false, restless: false, changedAtMs: clock.monotonicMs() });
      await store.commit([
        {
          workspaceId,
          atMs: clock.nowMs(),
          resources: [{ type: 'webhook', id, expectedVersion: 0, state: stateOf(webhook) }],
        },
      ]);
    }
  }
  await boot();

  const edit = async (): Promise<void> => {
    const running = process;
    const truth = chance.pick([...webhooks.all.values()]);
    if (running === null || truth.deleted) return;
    const { id, workspaceId } = truth.webhook;
    const draw = chance.fraction();
    const change =
      draw < 0.35
        ? { state: 'disabled' as const, stateReason: 'by hand' }
        : draw < 0.65
          ? { state: 'enabled' as const }
          : draw < 0.78
            ? { policy: { ...truth.webhook.policy, order: chance.pick(['none', 'webhook', 'subject'] as const) } }
            : draw < 0.95
              ? { headers: [['x-custom', String(chance.between(1, 9))] as const] }
              : null;
    // With nobody left to tell there is nothing to learn.
    if (change === null && [...webhooks.all.values()].filter(({ deleted }) => !deleted).length < 2) return;
    const written = await webhooks.write(running.view, id, change);
    say(`edit ${id} ${JSON.stringify(change)} ${written}`);
    if (written && process === running && chance.happens(0.8)) running.engine.webhookChanged(workspaceId, id);
  };

  const weather = (): void => {
    const bad = chance.happens(0.5);
    mood.failsBefore = bad ? chance.pick([0, 0.05, 0.3]) : 0;
    mood.failsAfter = bad ? chance.pick([0, 0.05, 0.2]) : 0;
    mood.slowMsMax = chance.happens(0.4) ? chance.pick([5, 50, 1_000]) : 0;
    mood.down = bad && chance.happens(0.3);
    say(`store ${JSON.stringify(mood)}`);
  };

  const temper = (): void => {
    const id = chance.pick([...webhooks.all.keys()]);
    const next = chance.pick(tempers);
    receivers.tempers.set(id, next);
    if (chance.happens(0.05)) receivers.leaving.add(id);
    say(`receiver ${id} ${next}`);
  };

  /** Where all webhooks that are left are off or refuse for good nothing is ever in flight: they are looked after, slowly answered. */
  const mend = (): void => {
    const running = process;
    receivers.leaving.clear();
    Object.assign(mood, { failsBefore: 0, failsAfter: 0, down: false });
    for (const [id, { webhook, deleted }] of webhooks.all) {
      if (deleted) continue;
      receivers.tempers.set(id, 'slow');
      if (webhook.state === 'enabled' || running === null) continue;
      void webhooks.write(running.view, id, { state: 'enabled' });
      running.engine.webhookChanged(webhook.workspaceId, id);
    }
    void publish();
  };

  const stormMs = chance.between(8_000, 35_000);
  // A clock that moves with every look passes a storm in fewer events, so it may take more of them to be struck.
  const storms = lookMs === 0 ? 10 : 200;
  const restartsGracefully = chance.happens(0.3);
  // A storm in which nothing was hit in flight goes on until something is.
  const over = (): boolean =>
    clock.monotonicMs() > stormMs && (ledger.struck.inFlight > 0 || clock.monotonicMs() > storms * stormMs);
  while (!over()) {
    await clock.advance(chance.between(1, chance.happens(0.7) ? 200 : 3_000));
    if (clock.monotonicMs() > 2 * stormMs && ledger.struck.inFlight === 0) mend();
    for (const workspaceId of loop.pass(workspaces)) void publish(workspaceId);
    const draw = chance.fraction();
    if (draw < 0.55)
      for (let burst = chance.between(1, chance.happens(0.1) ? 40 : 3); burst > 0; burst -= 1) void publish();
    else if (draw < 0.7) temper();
    else if (draw < 0.78) weather();
    else if (draw < 0.86) void edit();
    else if (draw < 0.9) {
      clock.jumpWall(chance.pick([-600_000, 3_600_000, 40 * 86_400_000, -40 * 86_400_000, 90_000]));
      ledger.struck.jumps += 1;
      say('wall clock jumps');
    } else if (draw < 0.96) {
      await clock.settle();
      if (restartsGracefully && chance.happens(0.5)) await stopProcess();
      else crash();
      await clock.advance(chance.between(1, 5_000));
      if (process === null) await boot();
    }
  }

  // --- Calm ------------------------------------------------------------------------------------------------------
  say('calm');
  Object.assign(mood, { failsBefore: 0, failsAfter: 0, slowMsMax: 0, down: false });
  for (const id of webhooks.all.keys()) receivers.tempers.set(id, 'well');
  receivers.leaving.clear();
  if (process === null) await boot();
  await clock.advance(15_000);
  for (const workspaceId of loop.rush(workspaces)) void publish(workspaceId);
  await clock.advance(1_000);
  await clock.advanceUntil(() => unfinished(ledger, heldLanes(webhooks, checks.stopped)).length === 0, calmMsMax);
  await stopProcess();
  await checkEnd(ledger, store, { held: heldLanes(webhooks, checks.stopped) });
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

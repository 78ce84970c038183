/**
 * What the engine itself costs: CPU per delivery with a transport that answers at once, over a store that only says yes
 * (the engine alone) or over SQLite in memory. `node src/engine/testing/measure-engine.ts [--deliveries 200000]`
 * Not a benchmark of the product: bench/ is.
 */
import { parseArgs } from 'node:util';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { createIdSource } from '../../core/id-source.ts';
import type { WebhookId } from '../../core/ids.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import { standardDialect } from '../../dialects/standard/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { systemTurn } from '../../runtime/turn.ts';
import { createSqliteStorage } from '../../storage/sqlite/sqlite-storage.ts';
import type { DeliveryTask } from '../../storage/contract/lanes.ts';
import type { RecordItem } from '../../storage/contract/record-item.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Transport } from '../../transports/transport.ts';
import { createEngine } from '../create-engine.ts';
import type { EngineStorage } from '../engine-deps.ts';
import { createFlightFile } from '../flight-file.ts';
import { createSigner } from '../signer.ts';

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '100000' },
    lanes: { type: 'string', default: '100' },
    events: { type: 'boolean', default: false },
    /** Without the round over SQLite. */
    alone: { type: 'boolean', default: false },
  },
});
const total = Number(values.deliveries);
const laneCount = Number(values.lanes);
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => systemClock.nowMs(), randomBytes: (count) => random.bytes(count) });
const secret = {
  name: 'signing',
  version: 1,
  value: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  expiresAtMs: null,
};

function webhook(id: WebhookId): Webhook {
  const target = { transport: 'http', url: 'https://receiver.example/hook' } as const;
  return exampleWebhook({ id, name: 'measured', dialect: 'standard', target });
}

/** Remembers nothing: what the engine costs beside any store. */
const yes: EngineStorage = {
  commit: async (items) => items.map(() => ({ status: 'applied', versions: [] })),
  record: async (items: readonly RecordItem[]) => items.map(() => 'recorded'),
  resources: async (keys) => keys.map(() => null),
  webhooksRevision: async () => 0,
  lanes: async () => [],
  pending: async () => ({ tasks: [], nextDueAtMs: null }),
  storedBody: async () => null,
  duties: async () => ({ duties: [], nextDueAtMs: null }),
  read: { delivery: async () => null },
};

const body = new TextEncoder().encode('{"ok":true}');
/** Answers at the end of the turn, as a socket would, all of a turn together. */
const waiting: (() => void)[] = [];
const transport: Transport = {
  kind: 'http',
  async start() {},
  send: () =>
    new Promise((resolve) => {
      if (waiting.length === 0) {
        setImmediate(() => {
          for (const answer of waiting.splice(0)) answer();
        });
      }
      waiting.push(() =>
        resolve({
          kind: 'response',
          response: {
            status: 200,
            headers: [
              ['content-type', 'application/json'],
              ['date', 'now'],
            ],
            body,
            bodyBytes: body.length,
            bodyComplete: true,
          },
          timing: { startedAtMs: systemClock.nowMs(), firstByteMs: 1, totalMs: 1 },
        }),
      );
    }),
  forget() {},
  stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
  async stop() {},
};

async function measure(name: string, storage: EngineStorage, real: Storage | null): Promise<void> {
  const lanes = Array.from({ length: laneCount }, () => ids.next('webhook'));
  const hooks = new Map(lanes.map((id) => [id, webhook(id)]));
  let done = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const counted: EngineStorage = {
    ...storage,
    async record(items) {
      const results = await storage.record(items);
      done += items.length;
      if (done >= total) finish();
      return results;
    },
  };
  const engine = createEngine({
    storage: counted,
    dialects: new Map([['standard', standardDialect]]),
    transports: new Map([['http', transport]]),
    care: {
      current: async (_workspace, id) => ({ webhook: hooks.get(id) ?? webhook(id), secrets: [secret] }),
      revision: async (_workspace, id) => hooks.get(id) ?? null,
      async disable() {},
      async warn() {},
      async confirm() {},
    },
    dutyHandlers: {},
    ownership: {
      async start() {},
      shards: () => null,
      retire() {},
      owns: () => ({ epoch: 1, untilMonotonicMs: Number.POSITIVE_INFINITY }),
      async stop() {},
    },
    flights: createFlightFile('/tmp/assetwire-measure.flights'),
    signer: createSigner(),
    links: () => ({ content: (id) => id, rendition: (id) => id, dialect: (path) => path }),
    clock: systemClock,
    random,
    endOfTurn: systemTurn,
    log: { info() {}, warn: console.warn, error: console.error },
    ...(values.events ? { onEvent() {} } : {}),
  });
  await engine.start();
  const sample = sampleChange('asset.renamed');
  const batch = 64;
  let offered = 0;
  let storeMicros = 0;
  const cpuBefore = process.cpuUsage();
  const startedMs = systemClock.monotonicMs();
  while (offered < total) {
    const atMs = systemClock.nowMs();
    const tasks: DeliveryTask[] = Array.from({ length: batch }, (_, index) => {
      const id = ids.next('delivery');
      const change = { ...sample, id: ids.next('change'), workspaceId: 'default', acceptedAtMs: atMs };
      const webhookId = lanes[(offered + index) % laneCount] ?? ids.next('webhook');
      const delivery = {
        id,
        workspaceId: 'default',
        webhookId,
        webhookRevision: 1,
        changeId: change.id,
        subject: `asset:${change.subject.id}`,
        event: 'asset.renamed',
        messageId: id,
        origin: 'change' as const,
        createdAtMs: atMs,
        dueAtMs: atMs,
        attempts: 0,
      };
      return { delivery, change };
    });
    if (real !== null) {
      const before = process.cpuUsage();
      await real.commit(
        tasks.map(({ delivery, change }) => ({
          workspaceId: 'default',
          atMs,
          changes: [{ change }],
          deliveries: [delivery],
        })),
      );
      const spent = process.cpuUsage(before);
      storeMicros += spent.user + spent.system;
    }
    engine.offer(tasks);
    offered += batch;
    // No more than the window lets through: a flood would measure the overflow instead.
    while (offered - done > 1_024) await new Promise((resolve) => setImmediate(resolve));
  }
  await finished;
  const cpu = process.cpuUsage(cpuBefore);
  const micros = (cpu.user + cpu.system) / total;
  const rate = total / ((systemClock.monotonicMs() - startedMs) / 1_000);
  console.log(
    `${name}: ${micros.toFixed(1)} µs of CPU per delivery (making the tasks and render + HMAC included), ${Math.round(rate)} a second` +
      (real === null ? '' : `, about ${(storeMicros / total).toFixed(1)} µs of it around commits`),
  );
  await engine.stop();
}

async function measureRendering(): Promise<void> {
  const signer = createSigner();
  const change = sampleChange('asset.renamed');
  const hook = webhook(ids.next('webhook'));
  const rounds = 50_000;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    const rendered = standardDialect.render({
      change: { ...change, id: ids.next('change') },
      webhook: hook,
      notification: { event: 'asset.renamed' },
      messageId: ids.next('delivery'),
      createdAtMs: 0,
      links: { content: (id) => id, rendition: (id) => id, dialect: (path) => path },
    });
    if (!(rendered.body instanceof Uint8Array)) continue;
    for (const request of standardDialect.sign({
      body: rendered.body,
      messageId: 'dlv_x',
      webhook: hook,
      secrets: [{ name: 'signing', version: 1, format: 'whsec' }],
      attemptAtMs: 0,
    })) {
      await signer.sign(request, [secret], 'default');
    }
  }
  const cpu = process.cpuUsage(before);
  console.log(`render + HMAC + two ids alone: ${((cpu.user + cpu.system) / rounds).toFixed(1)} µs`);
}

await measureRendering();
await measureRendering();
await measure('warm-up', yes, null);
await measure('engine over a store that says yes', yes, null);
if (values.alone) process.exit(0);
const sqlite = createSqliteStorage({ file: ':memory:', clock: systemClock });
await sqlite.start();
await measure('engine over SQLite in memory', sqlite, sqlite);
await sqlite.stop();

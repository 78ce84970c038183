/** An engine under glass: virtual time, SQLite in memory, a receiver that answers as the test says. For tests only. */
import { createVirtualClock, type VirtualClock } from '../../../test/support/virtual-clock.ts';
import { seededFractions } from '../../../test/support/seeded.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { createIdSource } from '../../core/id-source.ts';
import type { ChangeKind } from '../../core/change.ts';
import type { DeliveryId, WebhookId } from '../../core/ids.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { PolicyOverride } from '../../core/policy.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { standardDialect } from '../../dialects/standard/index.ts';
import { createSqliteStorage } from '../../storage/sqlite/sqlite-storage.ts';
import type { DeliveryTask } from '../../storage/contract/lanes.ts';
import type { DeliveryDetail } from '../../storage/contract/list-queries.ts';
import type { Storage } from '../../storage/storage.ts';
import type { OutgoingMessage } from '../../transports/transport.ts';
import { createEngine } from '../create-engine.ts';
import type { DutyHandlers, Engine, EngineEvent, OpenSecret, Ownership, SigningKeys, WebhookCare } from '../engine.ts';
import type { EngineOptions } from '../engine-deps.ts';
import { createMemoryFlightLog, type FlightLog } from '../flight-log.ts';
import { createSoleOwnership } from '../ownership.ts';
import { createSigner } from '../signer.ts';

export type Sent = {
  readonly message: OutgoingMessage;
  readonly atMs: number;
  readonly deliveryId: DeliveryId;
  answer(outcome: Outcome): void;
};
export type Reply = Outcome | 'wait';

export type EngineRig = {
  readonly clock: VirtualClock;
  readonly store: Storage;
  readonly engine: Engine;
  /** Everything that left, in order. */
  readonly sent: readonly Sent[];
  readonly hooks: Map<WebhookId, Webhook | null>;
  readonly disabled: { readonly webhookId: WebhookId; readonly reason: string }[];
  readonly warned: number[];
  readonly events: EngineEvent[];
  readonly logged: string[];
  webhook(policy?: PolicyOverride, more?: Partial<Webhook>): WebhookId;
  secrets: readonly OpenSecret[];
  /** Commits deliveries of one change each; `offer` (default true) hands them over. */
  publish(
    webhookId: WebhookId,
    count?: number,
    options?: { readonly offer?: boolean; readonly subject?: string; readonly kind?: ChangeKind },
  ): Promise<DeliveryId[]>;
  write(webhookId: WebhookId, change: Partial<Webhook> | null): void;
  /** What the receiver answers; called for each message. `wait`: the test answers by `Sent.answer`. */
  reply: (message: OutgoingMessage) => Reply;
  detail(id: DeliveryId): Promise<DeliveryDetail>;
  stop(): Promise<void>;
};

export type RigOptions = {
  readonly store?: Storage;
  readonly clock?: VirtualClock;
  readonly flights?: FlightLog;
  readonly dialect?: Dialect;
  readonly hooks?: Map<WebhookId, Webhook | null>;
  readonly dutyHandlers?: DutyHandlers;
  readonly ownership?: Ownership;
  readonly care?: Partial<WebhookCare>;
  readonly signingKeys?: SigningKeys;
  readonly wrapStore?: (store: Storage) => Storage;
  readonly options?: Partial<EngineOptions>;
  readonly start?: boolean;
};

export const ok: Outcome = status(200);

export function status(code: number, headers: readonly (readonly [string, string])[] = [], text = 'ok'): Outcome {
  const body = new TextEncoder().encode(text);
  return {
    kind: 'response',
    response: { status: code, headers, body, bodyBytes: body.length, bodyComplete: true },
    timing: { startedAtMs: 0, totalMs: 1 },
  };
}

export const timedOut: Outcome = { kind: 'timeout', phase: 'headers', timing: { startedAtMs: 0, totalMs: 15_000 } };

export const rigSecret: OpenSecret = {
  name: 'signing',
  version: 1,
  value: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
  expiresAtMs: null,
};

export async function createEngineRig(options: RigOptions = {}): Promise<EngineRig> {
  const clock = options.clock ?? createVirtualClock();
  const fraction = seededFractions(1);
  const random = {
    fraction,
    bytes: (count: number) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
  };
  const store = options.store ?? createSqliteStorage({ file: ':memory:', clock, pacing: clock, random });
  if (options.store === undefined) await store.start();
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => random.bytes(count) });
  const dialect = options.dialect ?? standardDialect;
  const hooks = options.hooks ?? new Map<WebhookId, Webhook | null>();
  const revisions = new Map<string, Webhook>();
  for (const hook of hooks.values()) if (hook !== null) revisions.set(`${hook.id}/${hook.revision}`, hook);
  const sent: Sent[] = [];
  const disabled: { webhookId: WebhookId; reason: string }[] = [];
  const warned: number[] = [];
  const events: EngineEvent[] = [];
  const logged: string[] = [];
  const log = (_fields: object, text: string): void => void logged.push(text);

  const rig: EngineRig = {
    clock,
    store,
    sent,
    hooks,
    disabled,
    warned,
    events,
    logged,
    secrets: [rigSecret],
    reply: () => ok,
    engine: createEngine({
      storage: options.wrapStore?.(store) ?? store,
      dialects: new Map([[dialect.manifest.id, dialect]]),
      transports: new Map([
        [
          'http',
          {
            kind: 'http',
            async start() {},
            send: (message: OutgoingMessage) =>
              new Promise<Outcome>((resolve) => {
                const deliveryId = new Map(message.headers).get('assetwire-delivery-id') as DeliveryId;
                sent.push({ message, atMs: clock.monotonicMs(), deliveryId, answer: resolve });
                message.signal?.addEventListener('abort', () =>
                  resolve({ kind: 'interrupted', timing: { startedAtMs: 0, totalMs: 1 } }),
                );
                const reply = rig.reply(message);
                if (reply !== 'wait') clock.timer(1, () => resolve(reply));
              }),
            forget() {},
            stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
            async stop() {},
          },
        ],
      ]),
      care: {
        async current(_workspaceId, id) {
          const hook = hooks.get(id) ?? null;
          return hook === null ? null : { webhook: hook, secrets: rig.secrets };
        },
        revision: async (_workspaceId, id, revision) => revisions.get(`${id}/${revision}`) ?? null,
        async disable(_workspaceId, webhookId, reason) {
          disabled.push({ webhookId, reason });
          rig.write(webhookId, { state: 'disabled', stateReason: reason });
        },
        async confirm(_workspaceId, webhookId) {
          rig.write(webhookId, { state: 'enabled' });
        },
        async warn(_workspaceId, _webhookId, { percent }) {
          warned.push(percent);
        },
        ...options.care,
      },
      dutyHandlers: options.dutyHandlers ?? {},
      ownership: options.ownership ?? createSoleOwnership(store),
      flights: options.flights ?? createMemoryFlightLog(),
      signer: createSigner(options.signingKeys),
      links: () => ({ content: (id) => id, rendition: (id) => id, dialect: (path) => path }),
      clock,
      random,
      endOfTurn: (run) => clock.endOfTurn(run),
      log: { info: log, warn: log, error: log },
      onEvent: (event) => void events.push(event),
      ...(options.options === undefined ? {} : { options: options.options }),
    }),
    webhook(policy = {}, more = {}) {
      const id = ids.next('webhook');
      const hook = exampleWebhook({
        id,
        name: id,
        dialect: dialect.manifest.id,
        target: { transport: 'http', url: 'https://receiver.example/hook' },
        policy,
        ...more,
      });
      hooks.set(id, hook);
      revisions.set(`${id}/1`, hook);
      return id;
    },
    write(webhookId, change) {
      const before = hooks.get(webhookId);
      if (before === null || before === undefined) return;
      const after = change === null ? null : { ...before, ...change, revision: before.revision + 1 };
      hooks.set(webhookId, after);
      if (after !== null) revisions.set(`${webhookId}/${after.revision}`, after);
      rig.engine.webhookChanged(before.workspaceId, webhookId);
    },
    async publish(webhookId, count = 1, { offer = true, subject = 'ast_1', kind = 'asset.renamed' } = {}) {
      const hook = hooks.get(webhookId);
      const workspaceId = hook?.workspaceId ?? 'default';
      const atMs = clock.nowMs();
      const tasks: DeliveryTask[] = Array.from({ length: count }, () => {
        const id = ids.next('delivery');
        const change = {
          ...sampleChange('asset.renamed'),
          id: ids.next('change'),
          kind,
          workspaceId,
          subject: { type: 'asset' as const, id: subject },
          acceptedAtMs: atMs,
        };
        const delivery = {
          id,
          workspaceId,
          webhookId,
          webhookRevision: hook?.revision ?? 1,
          changeId: change.id,
          subject: `asset:${subject}`,
          event: 'asset.renamed',
          messageId: id,
          origin: 'change' as const,
          createdAtMs: atMs,
          dueAtMs: atMs,
          attempts: 0,
        };
        return { delivery, change };
      });
      await store.commit([
        {
          workspaceId,
          atMs,
          changes: tasks.map(({ change }) => ({ change })),
          deliveries: tasks.map(({ delivery }) => delivery),
        },
      ]);
      if (offer) rig.engine.offer(tasks);
      await clock.settle();
      return tasks.map(({ delivery }) => delivery.id);
    },
    async detail(id) {
      const found = await store.read.delivery('default', id);
      if (found === null) throw new Error(`No delivery ${id}`);
      return found;
    },
    async stop() {
      let done = false;
      const stopping = rig.engine.stop().then(() => {
        done = true;
      });
      await clock.advanceUntil(() => done, 60_000);
      await stopping;
    },
  };
  if (options.start !== false) {
    await rig.engine.start();
    await clock.settle();
  }
  return rig;
}

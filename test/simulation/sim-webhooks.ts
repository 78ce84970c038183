/** The webhooks of a run: how they are made, how the engine reaches them, and what may be sent to each at which time. */
import type { WebhookId, WorkspaceId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { PolicyOverride } from '../../src/core/policy.ts';
import type { Webhook, WebhookState } from '../../src/core/webhook.ts';
import type { OpenSecret, WebhookCare } from '../../src/engine/engine.ts';
import type { CommitItem } from '../../src/storage/contract/commit-item.ts';
import type { ResourceKey } from '../../src/storage/contract/resources.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { Chance } from './chance.ts';

export type WebhookTruth = {
  webhook: Webhook;
  readonly secret: OpenSecret;
  deleted: boolean;
  /** Its order was switched during the run: there is no one order to hold it to. */
  restless: boolean;
  /** When its present state was stored, by the monotonic clock. */
  changedAtMs: number;
};

export type SimWebhooks = {
  readonly all: Map<WebhookId, WebhookTruth>;
  /** What a process reaches webhooks with; the store under it is as unreliable as that process's. */
  care(store: Storage, told: (workspaceId: WorkspaceId, webhookId: WebhookId) => void): WebhookCare;
  /** Called for every commit that the store took. */
  noticed(item: CommitItem, atMs: number): void;
  /** A write as a user makes it; false where the store refused. */
  write(store: Storage, webhookId: WebhookId, change: Partial<Webhook> | null): Promise<boolean>;
};

export function makeWebhook(chance: Chance, id: WebhookId, workspaceId: WorkspaceId, atMs: number): Webhook {
  return {
    id,
    workspaceId,
    revision: 1,
    name: id,
    dialect: 'standard',
    target: { transport: 'http', url: `https://${id.slice(3)}.example/hook` },
    events: ['*'],
    settings: {},
    headers: chance.happens(0.5) ? [['x-custom', 'one']] : [],
    credentials: { kind: 'none' },
    policy: makePolicy(chance),
    state: 'enabled',
    stateChangedAtMs: atMs,
    contacts: [],
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
}

function makePolicy(chance: Chance): PolicyOverride {
  return {
    timeoutMs: chance.pick([1_000, 3_000, 10_000]),
    schedule: {
      delaysMs: chance.pick([
        [500, 2_000, 5_000, 10_000, 20_000, 30_000],
        [1_000, 1_000, 1_000],
        [100, 100, 5_000, 60_000, 60_000, 60_000, 60_000],
      ]),
      jitter: 0.2,
      ageMaxMs: 24 * 3_600_000,
    },
    retryAfter: { statuses: [429, 503], capMs: 60_000, throttlesLane: true },
    concurrencyMax: chance.pick([1, 2, 8, 32]),
    requestsPerSecondMax: chance.happens(0.2) ? chance.pick([2, 20]) : null,
    bytesPerSecondMax: chance.happens(0.1) ? 4_096 : null,
    order: chance.pick(['none', 'none', 'webhook', 'subject']),
    onDead: chance.happens(0.7) ? 'skip' : 'stop',
    breaker: chance.happens(0.3) ? { failuresToOpen: 3, openMs: 2_000, openMsMax: 20_000 } : null,
    disable: [
      { kind: 'status', status: 410 },
      ...(chance.happens(0.3) ? [{ kind: 'window' as const, failures: 8, windowMs: 10_000 }] : []),
    ],
  };
}

export function createSimWebhooks(): SimWebhooks {
  const all = new Map<WebhookId, WebhookTruth>();
  const keyOf = (workspaceId: WorkspaceId, id: WebhookId): ResourceKey => ({ workspaceId, type: 'webhook', id });

  const load = async (store: Storage, key: ResourceKey): Promise<Webhook | null> => {
    const [resource] = await store.resources([key]);
    return resource === null || resource === undefined ? null : webhookOf(resource.state, resource.version);
  };

  const put = async (store: Storage, before: Webhook, change: Partial<Webhook> | null): Promise<boolean> => {
    const state = change === null ? null : stateOf({ ...before, ...change, revision: before.revision + 1 });
    const [result] = await store.commit([
      {
        workspaceId: before.workspaceId,
        atMs: before.createdAtMs,
        resources: [{ type: 'webhook', id: before.id, expectedVersion: before.revision, state }],
      },
    ]);
    return result?.status === 'applied';
  };

  const setState = async (store: Storage, key: ResourceKey, state: WebhookState, reason: string): Promise<void> => {
    for (;;) {
      const webhook = await load(store, key);
      if (webhook === null || webhook.state === state) return;
      if (await put(store, webhook, { state, stateReason: reason })) return;
    }
  };

  return {
    all,
    care: (store, told) => ({
      async current(workspaceId, webhookId) {
        const webhook = await load(store, keyOf(workspaceId, webhookId));
        const truth = all.get(webhookId);
        return webhook === null || truth === undefined ? null : { webhook, secrets: [truth.secret] };
      },
      async revision(workspaceId, webhookId, revision) {
        const resource = await store.revision(keyOf(workspaceId, webhookId), revision);
        return resource === null ? null : webhookOf(resource.state, resource.version);
      },
      async disable(workspaceId, webhookId, reason) {
        await setState(store, keyOf(workspaceId, webhookId), 'disabled', reason);
        told(workspaceId, webhookId);
      },
      async warn() {},
      async confirm() {},
    }),
    noticed(item, atMs) {
      for (const { type, id, state } of item.resources ?? []) {
        if (type !== 'webhook') continue;
        const truth = all.get(id as WebhookId);
        if (truth === undefined) continue;
        truth.changedAtMs = atMs;
        if (state === null) truth.deleted = true;
        else {
          const before = truth.webhook.policy.order;
          truth.webhook = webhookOf(state, truth.webhook.revision + 1);
          if (truth.webhook.policy.order !== before) truth.restless = true;
        }
      }
    },
    async write(store, webhookId, change) {
      const truth = all.get(webhookId);
      if (truth === undefined || truth.deleted) return false;
      try {
        const webhook = await load(store, keyOf(truth.webhook.workspaceId, webhookId));
        return webhook !== null && (await put(store, webhook, change));
      } catch {
        // The store said no, or its answer was lost: the truth is noticed where the store takes it.
        return false;
      }
    },
  };
}

export function stateOf(webhook: Webhook): JsonObject {
  return JSON.parse(JSON.stringify(webhook)) as JsonObject;
}

function webhookOf(state: JsonObject, version: number): Webhook {
  return { ...(state as unknown as Webhook), revision: version };
}

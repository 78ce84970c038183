/**
 * Who is told of a change: the webhooks of a workspace as an index in memory, and the deliveries that a change becomes.
 * Never stale: an index is labelled with the workspace's `webhooksRevision` read before its webhooks were, and a commit
 * that rests on it carries that label; where the store has another one, the commit is refused and the index reloaded.
 */
import type { Change } from '../core/change.ts';
import type { DeliveryOrigin, Notification, PendingDelivery } from '../core/delivery.ts';
import type { EventTable } from '../core/event-table.ts';
import { limits } from '../core/limits.ts';
import type { JsonObject } from '../core/json.ts';
import type { WebhookId } from '../core/ids.ts';
import { createWebhookIndex, type WebhookIndex, wantsEvent } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { NotifyContext } from '../dialects/dialect.ts';
import type { CommitChange, DeliveryTask, NewDuty, Resource } from '../storage/storage.ts';
import type { AppDeps } from './dependencies.ts';
import { createTwoGenerations } from './two-generations.ts';
import { storedWebhook } from './webhook-state.ts';

/** The webhooks of one workspace as they were at one revision. */
export type WorkspaceIndex = {
  readonly revision: number;
  /** Sorted by id, so that an expansion can go on behind the last one it did. */
  readonly webhooks: readonly Webhook[];
  readonly index: WebhookIndex;
};

/** What changes become, ready to be committed with them. */
export type Matched = {
  readonly changes: readonly CommitChange[];
  readonly deliveries: readonly PendingDelivery[];
  readonly duties: readonly NewDuty[];
  readonly missed: readonly { readonly webhookId: WebhookId; readonly count: number }[];
  /** The deliveries with their change, for the engine. */
  readonly tasks: readonly DeliveryTask[];
  /** Deliveries made now or owed by expansion. */
  readonly count: number;
};

export interface Matching {
  known(workspaceId: string): WorkspaceIndex | undefined;
  load(workspaceId: string): Promise<WorkspaceIndex>;
  /** The store has another revision than this index: the next one to ask loads it anew. */
  outdated(workspaceId: string, index?: WorkspaceIndex): void;
  match(index: WorkspaceIndex, changes: readonly Change[], atMs: number): Matched;
  /** The deliveries of one change for one webhook. Throws what the dialect throws. */
  deliveriesFor(change: Change, webhook: Webhook, origin: DeliveryOrigin, atMs: number): readonly PendingDelivery[];
  delivery(
    change: Change,
    webhook: Webhook,
    notification: Notification,
    origin: DeliveryOrigin,
    atMs: number,
  ): PendingDelivery;
}

export type MatchingDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'random' | 'logger'>;

/** Webhooks kept in memory over all workspaces; a workspace has at most 10,000. */
const webhooksKeptMax = 100_000;
const workspacesKeptMax = 10_000;

/** What an `expand` duty owes. */
export type ExpandPayload = {
  readonly changeId: string;
  /** The webhooks as of this revision are told. */
  readonly webhooksRevision: number;
  /** The last one done, null at the beginning. */
  readonly after: string | null;
};

export function createMatching(deps: MatchingDeps): Matching {
  const { storage, dialects, ids, random, logger } = deps;
  const indexes = createTwoGenerations<WorkspaceIndex>({ entriesMax: workspacesKeptMax, weightMax: webhooksKeptMax });
  const loading = new Map<string, Promise<WorkspaceIndex>>();
  const tables: ReadonlyMap<string, EventTable> = new Map([...dialects].map(([id, dialect]) => [id, dialect.events]));

  const read = async (workspaceId: string): Promise<WorkspaceIndex> => {
    const revision = await storage.webhooksRevision(workspaceId);
    const rows = revision === 0 ? [] : await readWebhooks(storage, workspaceId);
    const webhooks = rows.map(storedWebhook).sort((left, right) => (left.id < right.id ? -1 : 1));
    const index = createWebhookIndex(webhooks, tables);
    for (const { webhook, problem } of index.problems) {
      logger.error('webhook.unusable', { workspaceId, webhookId: webhook.id, problem });
    }
    return { revision, webhooks, index };
  };

  const load = (workspaceId: string): Promise<WorkspaceIndex> => {
    const running = loading.get(workspaceId);
    if (running !== undefined) return running;
    const started = read(workspaceId)
      .then((loaded) => {
        // Only where nobody has said in the meantime that this very reading is outdated.
        if (loading.get(workspaceId) === started) {
          indexes.set(workspaceId, loaded, loaded.webhooks.length + 1);
        }
        return loaded;
      })
      .finally(() => {
        if (loading.get(workspaceId) === started) loading.delete(workspaceId);
      });
    loading.set(workspaceId, started);
    return started;
  };

  const delivery = (
    change: Change,
    webhook: Webhook,
    notification: Notification,
    origin: DeliveryOrigin,
    atMs: number,
  ): PendingDelivery => {
    const id = ids.next('delivery');
    const made: Mutable<PendingDelivery> = {
      id,
      workspaceId: change.workspaceId,
      webhookId: webhook.id,
      webhookRevision: webhook.revision,
      changeId: change.id,
      subject: `${change.subject.type}:${change.subject.id}`,
      event: notification.event,
      messageId: notification.messageId ?? id,
      origin,
      createdAtMs: atMs,
      dueAtMs: atMs,
      attempts: 0,
    };
    if (notification.frozen !== undefined) made.frozen = notification.frozen;
    return made;
  };

  const context = { nowMs: 0, draw: (count: number) => random.bytes(count) };

  const notify = (change: Change, webhook: Webhook, atMs: number): readonly Notification[] => {
    const dialect = dialects.get(webhook.dialect);
    if (dialect === undefined) return [];
    context.nowMs = atMs;
    return dialect.notify(change, webhook, context satisfies NotifyContext);
  };

  const deliveriesFor: Matching['deliveriesFor'] = (change, webhook, origin, atMs) => {
    const made: PendingDelivery[] = [];
    for (const notification of notify(change, webhook, atMs)) {
      if (wantsEvent(webhook, notification.event)) made.push(delivery(change, webhook, notification, origin, atMs));
    }
    return made;
  };

  return {
    known: (workspaceId) => indexes.get(workspaceId),
    load,
    outdated(workspaceId, index) {
      const kept = indexes.get(workspaceId);
      if (index === undefined || kept === index) indexes.delete(workspaceId);
      // A reading that began before the write may hold the former webhooks: whoever waits for it will find out by its
      // label, and nobody new joins it.
      if (index === undefined) loading.delete(workspaceId);
    },
    delivery,
    deliveriesFor,

    match(index, changes, atMs) {
      const committed: CommitChange[] = [];
      const deliveries: PendingDelivery[] = [];
      const tasks: DeliveryTask[] = [];
      const duties: NewDuty[] = [];
      let missed: Map<WebhookId, number> | null = null;
      let owed = 0;
      for (const change of changes) {
        const matches = index.index.match(change);
        if (matches.webhooks.length + matches.missed.length > limits.expandInlineMax) {
          committed.push({ change, unexpanded: true });
          duties.push(expandDuty(change, index.revision, ids.next('duty'), atMs));
          owed += matches.webhooks.length;
          continue;
        }
        committed.push({ change });
        const origin = change.kind.startsWith('webhook.') ? 'operational' : 'change';
        for (const webhook of matches.webhooks) {
          try {
            for (const made of deliveriesFor(change, webhook, origin, atMs)) {
              deliveries.push(made);
              tasks.push({ delivery: made, change });
            }
          } catch (error) {
            // One webhook's dialect must not keep the change from being accepted: it is missed and can be replayed.
            logger.error('dialect.notify_failed', { workspaceId: change.workspaceId, webhookId: webhook.id, error });
            missed = count(missed, webhook.id);
          }
        }
        for (const webhook of matches.missed) missed = count(missed, webhook.id);
      }
      return {
        changes: committed,
        deliveries,
        duties,
        missed: missed === null ? [] : [...missed].map(([webhookId, times]) => ({ webhookId, count: times })),
        tasks,
        count: deliveries.length + owed,
      };
    },
  };
}

function count(missed: Map<WebhookId, number> | null, webhookId: WebhookId): Map<WebhookId, number> {
  const counts = missed ?? new Map<WebhookId, number>();
  counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
  return counts;
}

function expandDuty(change: Change, webhooksRevision: number, id: NewDuty['id'], atMs: number): NewDuty {
  const payload: ExpandPayload = { changeId: change.id, webhooksRevision, after: null };
  return { id, workspaceId: change.workspaceId, kind: 'expand', dueAtMs: atMs, payload };
}

/** All webhooks of a workspace, in pages. */
export async function readWebhooks(storage: AppDeps['storage'], workspaceId: string): Promise<readonly Resource[]> {
  const rows: Resource[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Resource[]; readonly nextCursor: string | null } =
      await storage.read.resources({
        workspaceId,
        type: 'webhook',
        limit: limits.pageItemsMax,
        ...(cursor === null ? {} : { cursor }),
      });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** The payload of an `expand` duty, as it was written above. */
export function expandPayload(payload: JsonObject): ExpandPayload {
  return payload as ExpandPayload;
}

/**
 * Who is told of a change, and the deliveries that it becomes. Never stale: a commit that rests on an index carries its
 * revision; where the store has another one, the commit is refused and the index reloaded (`webhook-indexes.ts`).
 */
import type { Change } from '../core/change.ts';
import type { DeliveryOrigin, Notification, PendingDelivery } from '../core/delivery.ts';
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { wantsEvent } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { CommitChange } from '../storage/contract/commit-item.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { AppDeps } from './dependencies.ts';
import { createWebhookIndexes, type WebhookIndexes, type WorkspaceIndex } from './webhook-indexes.ts';

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

/** What the deliveries of one making have in common. */
export type Making = { readonly origin: DeliveryOrigin; readonly atMs: number };

export interface Matching extends WebhookIndexes {
  match(index: WorkspaceIndex, changes: readonly Change[], atMs: number): Matched;
  /** The deliveries of one change for one webhook. Throws what the dialect throws. */
  readonly deliveriesFor: (change: Change, webhook: Webhook, making: Making) => readonly PendingDelivery[];
  delivery(change: Change, webhook: Webhook, making: Making & { readonly notification: Notification }): PendingDelivery;
}

export type MatchingDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'random' | 'logger'>;

/** What an `expand` duty owes. */
export type ExpandPayload = {
  readonly changeId: string;
  /** The webhooks as of this revision are told. */
  readonly webhooksRevision: number;
  /** The last one done, null at the beginning. */
  readonly after: string | null;
};

export function createMatching(deps: MatchingDeps): Matching {
  const { ids, dialects, random } = deps;
  const indexes = createWebhookIndexes(deps);
  const context = {
    nowMs: 0,
    workspaceId: '',
    draw: (count: number) => random.bytes(count),
    signingKeyId: (name: string) => indexes.known(context.workspaceId)?.signingKeys.get(name),
  };

  const delivery: Matching['delivery'] = (change, webhook, { notification, origin, atMs }) => {
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

  const deliveriesFor: Matching['deliveriesFor'] = (change, webhook, { origin, atMs }) => {
    const dialect = dialects.get(webhook.dialect);
    if (dialect === undefined) return [];
    context.nowMs = atMs;
    context.workspaceId = change.workspaceId;
    const made: PendingDelivery[] = [];
    for (const notification of dialect.notify(change, webhook, context)) {
      if (wantsEvent(webhook, notification.event)) made.push(delivery(change, webhook, { notification, origin, atMs }));
    }
    return made;
  };

  const maker: Maker = { ids, dialects, logger: deps.logger, deliveriesFor };

  return {
    ...indexes,
    delivery,
    deliveriesFor,
    match(index, changes, atMs) {
      const gathered: Gathered = {
        index,
        atMs,
        changes: [],
        deliveries: [],
        duties: [],
        tasks: [],
        missed: null,
        owed: 0,
        told: changes.length > 1 ? new Set() : null,
      };
      for (const change of changes) gather(gathered, change, maker);
      const { missed, owed, deliveries } = gathered;
      return {
        changes: gathered.changes,
        deliveries,
        duties: gathered.duties,
        missed: missed === null ? [] : [...missed].map(([webhookId, count]) => ({ webhookId, count })),
        tasks: gathered.tasks,
        count: deliveries.length + owed,
      };
    },
  };
}

/** What has been found so far for the changes of one commit. */
type Gathered = {
  readonly index: WorkspaceIndex;
  readonly atMs: number;
  readonly changes: CommitChange[];
  readonly deliveries: PendingDelivery[];
  readonly duties: NewDuty[];
  readonly tasks: DeliveryTask[];
  missed: Map<WebhookId, number> | null;
  owed: number;
  /** What dialects that tell a moment once have been told; null where there is one change only. */
  readonly told: Set<string> | null;
};

type Maker = Pick<MatchingDeps, 'ids' | 'dialects' | 'logger'> & Pick<Matching, 'deliveriesFor'>;

function gather(gathered: Gathered, change: Change, { ids, dialects, logger, deliveriesFor }: Maker): void {
  const { index, atMs } = gathered;
  const matches = index.index.match(change);
  if (matches.webhooks.length + matches.missed.length > limits.expandInlineMax) {
    const payload: ExpandPayload = { changeId: change.id, webhooksRevision: index.revision, after: null };
    const { workspaceId } = change;
    gathered.changes.push({ change, unexpanded: true });
    gathered.duties.push({ id: ids.next('duty'), workspaceId, kind: 'expand', dueAtMs: atMs, payload });
    gathered.owed += matches.webhooks.length;
    return;
  }
  gathered.changes.push({ change });
  const making: Making = { origin: change.kind.startsWith('webhook.') ? 'operational' : 'change', atMs };
  for (const webhook of matches.webhooks) {
    try {
      const once = dialects.get(webhook.dialect)?.oncePerMoment === true;
      for (const delivery of deliveriesFor(change, webhook, making)) owe(gathered, { delivery, change }, once);
    } catch (error) {
      // One webhook's dialect must not keep the change from being accepted: it is missed and can be replayed.
      logger.error('dialect.notify_failed', { workspaceId: change.workspaceId, webhookId: webhook.id, error });
      miss(gathered, webhook.id);
    }
  }
  for (const webhook of matches.missed) miss(gathered, webhook.id);
}

function owe(gathered: Gathered, task: DeliveryTask, once: boolean): void {
  if (once && isToldAgain(gathered, task)) return;
  gathered.deliveries.push(task.delivery);
  gathered.tasks.push(task);
}

/** Whether the body would be one that this commit sends to the webhook already. */
function isToldAgain({ told }: Gathered, { delivery: { webhookId, event, subject }, change }: DeliveryTask): boolean {
  if (told === null) return false;
  const moment = `${webhookId} ${event} ${subject} ${change.occurredAtMs}`;
  if (told.has(moment)) return true;
  told.add(moment);
  return false;
}

function miss(gathered: Gathered, webhookId: WebhookId): void {
  gathered.missed ??= new Map();
  gathered.missed.set(webhookId, (gathered.missed.get(webhookId) ?? 0) + 1);
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** The payload of an `expand` duty, as it was written above. */
export function expandPayload(payload: JsonObject): ExpandPayload {
  return payload as ExpandPayload;
}

/**
 * Webhooks as resources. The row's state is the webhook without what the row itself says (workspace, id, revision,
 * times), and `since`: the workspace's `webhooksRevision` from which this state holds. With it the webhooks as of any
 * earlier revision can be told, which an interrupted expansion needs.
 */
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Resource } from '../storage/contract/resources.ts';

export type WebhookBody = Omit<Webhook, 'id' | 'workspaceId' | 'revision' | 'createdAtMs' | 'updatedAtMs'>;

/** The state of a webhook's row. */
export function webhookState(body: WebhookBody, since: number): JsonObject {
  return { ...body, since };
}

/** The webhook of a row. Rows of this type are written by `webhookState` only. */
export function storedWebhook(row: Resource): Webhook {
  const { since: _, ...body } = row.state as unknown as WebhookBody & { since: number };
  return {
    ...body,
    id: row.id as WebhookId,
    workspaceId: row.workspaceId,
    revision: row.version,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

/** The workspace's revision from which the row's state holds. */
export function webhookSince(row: Resource): number {
  const since = row.state['since'];
  return typeof since === 'number' ? since : 0;
}

/** A webhook without what its row says, to write it again. */
export function webhookBody(webhook: Webhook): WebhookBody {
  const {
    id: _id,
    workspaceId: _workspace,
    revision: _revision,
    createdAtMs: _created,
    updatedAtMs: _updated,
    ...body
  } = webhook;
  return body;
}

/** What the audit keeps of a webhook: never a header's value, a secret or a credential. */
export function auditedWebhook(body: WebhookBody | Webhook): JsonObject {
  return {
    name: body.name,
    dialect: body.dialect,
    target: body.target,
    events: body.events,
    state: body.state,
    headers: body.headers.map(([name]) => name),
    credentials: body.credentials.kind,
    ...(body.tls === undefined ? {} : { tls: body.tls }),
    policy: body.policy,
    contacts: body.contacts.length,
  };
}

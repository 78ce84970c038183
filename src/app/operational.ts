/** What is told about a webhook itself: a change that reaches the workspace's webhooks that asked for such events. */
import type { Actor, Change, ChangeKind } from '../core/change.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Webhook } from '../core/webhook.ts';

type OperationalKind = Extract<ChangeKind, `webhook.${string}`>;

/** The webhook as such events carry it: no secret, no header, no credential. */
export function webhookSnapshot(webhook: Webhook): JsonObject {
  return {
    name: webhook.name,
    dialect: webhook.dialect,
    target: webhook.target,
    state: webhook.state,
    ...(webhook.stateReason === undefined ? {} : { stateReason: webhook.stateReason }),
    stateChangedAtMs: webhook.stateChangedAtMs,
  };
}

export type OperationalEvent = {
  readonly kind: OperationalKind;
  readonly actor: Actor;
  readonly before: Webhook;
  readonly after: Webhook;
  readonly version: number;
  readonly extra?: JsonObject;
};

export function operationalChange(
  ids: IdSource,
  { kind, actor, before, after, version, extra = {} }: OperationalEvent,
  atMs: number,
): Change {
  return {
    id: ids.next('change'),
    workspaceId: after.workspaceId,
    kind,
    subject: { type: 'webhook', id: after.id },
    subjectVersion: version,
    occurredAtMs: atMs,
    acceptedAtMs: atMs,
    actor,
    before: webhookSnapshot(before),
    after: { ...webhookSnapshot(after), ...extra },
    changed: before.state === after.state ? Object.keys(extra) : ['state'],
    causationDepth: 0,
  };
}

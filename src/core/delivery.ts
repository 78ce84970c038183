import type { ChangeId, DeliveryId, WebhookId, WorkspaceId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { OutcomeKind, Timing, TokenUse } from './outcome.ts';
import type { VerdictKind } from './verdict.ts';

/**
 * The states of a delivery. `held` is a pending delivery whose webhook is disabled: it is derived when read, never
 * written, so that disabling a webhook with a million pending deliveries costs one row.
 */
export const deliveryStates = ['pending', 'held', 'delivered', 'rejected', 'dead', 'cancelled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];
export type EndedState = 'delivered' | 'rejected' | 'dead' | 'cancelled';

export const deliveryOrigins = ['change', 'replay', 'redelivery', 'test', 'handshake', 'operational'] as const;
export type DeliveryOrigin = (typeof deliveryOrigins)[number];

/** What a dialect makes of one change for one webhook. */
export type Notification = {
  /** The event in the dialect's terms. */
  readonly event: string;
  /** What must stay the same on every attempt and is drawn at commit (SNS MessageId, Bambuser eventId). */
  readonly frozen?: JsonObject;
  /** The id the receiver sees, where the dialect has a form of its own (UUID, 16 hex). Absent: the delivery's id. */
  readonly messageId?: string;
};

/** The durable obligation to bring one notification to one webhook, as it is first committed. */
export type NewDelivery = {
  readonly id: DeliveryId;
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly webhookRevision: number;
  readonly changeId: ChangeId;
  /** `type:id` of the change's subject: the key of order per subject and of "who was told about this asset". */
  readonly subject: string;
  readonly event: string;
  readonly frozen?: JsonObject;
  /** The id the receiver sees; a redelivery carries that of the first delivery, otherwise it is the delivery's own id. */
  readonly messageId: string;
  readonly origin: DeliveryOrigin;
  readonly redeliveryOf?: DeliveryId;
  readonly createdAtMs: number;
  readonly dueAtMs: number;
};

/** A delivery that is still owed. */
export type PendingDelivery = NewDelivery & {
  /** Attempts that have ended so far. */
  readonly attempts: number;
};

/** One try at a delivery, with everything that happened. Stored as it stands; see DESIGN section 4 for the caps. */
export type Attempt = {
  /** From 1, contiguous within a delivery. */
  readonly number: number;
  readonly startedAtMs: number;
  readonly outcome: OutcomeKind;
  /** Machine-readable detail: the status as text, a failure code, a block reason. */
  readonly code: string;
  /** What a code alone does not tell: what a service said and what mends it. Without secrets. */
  readonly detail?: string;
  readonly timing: Timing;
  readonly address?: string;
  /** The access token it went out with, where the webhook's credentials ask for one. */
  readonly token?: TokenUse;
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** Secrets masked. */
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly bodyBytes: number;
    /** Lower-case hex. */
    readonly bodySha256: string;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    /** Base64 of the kept prefix: 16 KiB on failure, 1 KiB on success. */
    readonly bodyBase64: string;
    readonly bodyBytes: number;
    readonly bodyComplete: boolean;
  };
  readonly verdict: VerdictKind;
  readonly reason?: string;
  /** For `retry`: when the next attempt is due. */
  readonly nextAtMs?: number;
  readonly webhookRevision: number;
};

/** A delivery as people see it. */
export type DeliverySummary = {
  readonly id: DeliveryId;
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly changeId: ChangeId;
  readonly subject: string;
  readonly event: string;
  readonly messageId: string;
  readonly origin: DeliveryOrigin;
  readonly redeliveryOf?: DeliveryId;
  readonly state: DeliveryState;
  readonly reason?: string;
  readonly attempts: number;
  readonly createdAtMs: number;
  /** For pending ones. */
  readonly dueAtMs?: number;
  readonly endedAtMs?: number;
  readonly lastStatus?: number;
  readonly lastOutcome?: OutcomeKind;
  readonly lastDurationMs?: number;
};

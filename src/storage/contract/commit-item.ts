/** What a caller hands to `commit`, and what became of it. */
import type { Change } from '../../core/change.ts';
import type { NewDelivery } from '../../core/delivery.ts';
import type { DeliveryId, DutyId, WebhookId, WorkspaceId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { NewDuty } from './duties.ts';
import type { ResourceKey, ResourceType, ResourceWrite } from './resources.ts';

/** What one request wants to happen, all or nothing. Ids are drawn by the caller. */
export type CommitItem = {
  readonly workspaceId: WorkspaceId;
  readonly atMs: number;
  readonly resources?: readonly ResourceWrite[];
  readonly changes?: readonly CommitChange[];
  readonly deliveries?: readonly NewDelivery[];
  readonly duties?: readonly NewDuty[];
  /** Ends or re-dates pending deliveries. Those that are no longer pending are left alone. */
  readonly deliveryOrders?: readonly DeliveryOrder[];
  /** The revision that matching was done with; another one in the store makes the item stale. */
  readonly webhooksRevision?: number;
  /** A duty that this item fulfils: removed in the same transaction; stale if it is gone or moved on. */
  readonly fulfils?: { readonly dutyId: DutyId; readonly version: number };
  /** A duty that goes on: new due time and payload, version raised; stale if it is gone or moved on. */
  readonly advances?: {
    readonly dutyId: DutyId;
    readonly version: number;
    readonly dueAtMs: number;
    readonly payload: JsonObject;
  };
  /**
   * Duties of the workspace that are not owed any more: removed whatever their version, before `duties` are written; those
   * that are gone are left alone.
   */
  readonly withdraws?: readonly DutyId[];
  /**
   * A resource that this item creates and that was there before under the same id (it comes out of the trash): its version
   * goes on behind `version`, the last it had, and its time of creation is the one it had.
   */
  readonly resumes?: {
    readonly type: ResourceType;
    readonly id: string;
    readonly version: number;
    readonly createdAtMs: number;
  };
  readonly idempotency?: IdempotencyRow;
  /** Changes that a disabled webhook would have got, by webhook: added to its counter (negative: taken off, never below 0). */
  readonly missed?: readonly { readonly webhookId: WebhookId; readonly count: number }[];
};

export type CommitChange = {
  readonly change: Change;
  /** True where matching is left to an `expand` duty of the same item. */
  readonly unexpanded?: boolean;
};

export type DeliveryOrder =
  /** Re-dates: earlier or later. */
  | { readonly kind: 'hasten'; readonly deliveryId: DeliveryId; readonly dueAtMs: number }
  | { readonly kind: 'cancel'; readonly deliveryId: DeliveryId; readonly reason: string }
  /** Ends it dead without an attempt: for one that can never be sent. */
  | { readonly kind: 'bury'; readonly deliveryId: DeliveryId; readonly reason: string };

export type CommitResult =
  | { readonly status: 'applied'; readonly versions: readonly number[] }
  /** Decided on something that has changed since: reload and decide again. */
  | { readonly status: 'stale'; readonly what: 'resource' | 'webhooks' | 'duty'; readonly key?: ResourceKey }
  /** The idempotency key has been used: answer as then, or refuse where the fingerprint differs. */
  | { readonly status: 'duplicate'; readonly row: IdempotencyRow }
  | {
      readonly status: 'rejected';
      readonly code: 'already_exists' | 'storage_full' | 'storage_unavailable';
      readonly detail: string;
    };

export type IdempotencyRow = {
  readonly key: string;
  /** Hash of route and body. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly response: { readonly status: number; readonly body: JsonObject };
};

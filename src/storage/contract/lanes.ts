/** What the engine reads of lanes and of the deliveries that are pending in one. */
import type { Change } from '../../core/change.ts';
import type { PendingDelivery } from '../../core/delivery.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../../core/ids.ts';

export type LaneHead = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly nextDueAtMs: number;
};

export type PendingQuery = {
  readonly webhookId: WebhookId;
  readonly by: 'due' | 'position';
  readonly nowMs: number;
  readonly limit: number;
  /** Continue behind this one (both orders). */
  readonly after?: { readonly dueAtMs: number; readonly id: DeliveryId };
};

export type PendingPage = {
  readonly tasks: readonly DeliveryTask[];
  /**
   * The earliest due time of what lies behind this page, null where nothing does. By `position`: the due time of the next
   * one in order of commit.
   */
  readonly nextDueAtMs: number | null;
  /**
   * Deliveries of this page that cannot be made sense of (a damaged row, a change that is gone), left out of `tasks`.
   * Absent where there are none. Whoever sends ends them (`bury`), so that they are seen and hold up nobody.
   */
  readonly unreadable?: readonly Unreadable[];
};

export type Unreadable = { readonly deliveryId: DeliveryId; readonly reason: string };

/** A pending delivery together with what it is rendered from. */
export type DeliveryTask = { readonly delivery: PendingDelivery; readonly change: Change };

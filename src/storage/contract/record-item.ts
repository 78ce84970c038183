/** What the engine hands to `record` when an attempt has ended, and what became of it. */
import type { Attempt, EndedState } from '../../core/delivery.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../../core/ids.ts';

/** How an attempt ended and what becomes of its delivery. Log row, attempt row and queue row change together. */
export type RecordItem = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly deliveryId: DeliveryId;
  /**
   * The epoch under which the attempt was started; an older one than the lane's shard (or the whole store, where there is
   * one process) has now is fenced. `unfenced`: made beside the lanes, and only `attemptsBefore` decides.
   */
  readonly epoch: number;
  /** Attempts ended before this one; another number in the store means somebody else recorded: fenced. */
  readonly attemptsBefore: number;
  readonly attempt: Attempt;
  readonly next:
    | { readonly state: 'pending'; readonly dueAtMs: number }
    | { readonly state: EndedState; readonly reason?: string; readonly endedAtMs: number };
  /**
   * The bytes to keep: for the next attempt, given once, when the first one did not end delivered; or with the last one, also
   * where it did, for as long as the delivery. Without them a delivery that ends delivered leaves no bytes behind.
   */
  readonly body?: Uint8Array;
};

/** Newer than every epoch. */
export const unfenced = Number.MAX_SAFE_INTEGER;

export type RecordResult = 'recorded' | 'fenced' | 'gone';

/** Ends what is pending for one webhook, page by page. */
import type { WebhookId } from '../core/ids.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';

const pageMax = 500;

export type CancelOrder = {
  readonly workspaceId: string;
  readonly webhookId: WebhookId;
  readonly reason: string;
  readonly countMax: number;
  readonly signal?: AbortSignal;
};

/** Cancels at most `countMax` deliveries; answers whether nothing is left. Each page is a commit, so it can be cut off anywhere. */
export async function cancelPending(
  { storage, clock }: Pick<AppDeps, 'storage' | 'clock'>,
  { workspaceId, webhookId, reason, countMax, signal }: CancelOrder,
): Promise<boolean> {
  let cancelled = 0;
  while (cancelled < countMax) {
    if (signal?.aborted === true) return false;
    const limit = Math.min(pageMax, countMax - cancelled);
    const atMs = clock.nowMs();
    const page = await storage.pending({ webhookId, by: 'position', nowMs: atMs, limit });
    const ids = [
      ...page.tasks.map(({ delivery }) => delivery.id),
      ...(page.unreadable ?? []).map((one) => one.deliveryId),
    ];
    if (ids.length === 0) return true;
    const orders = ids.map((deliveryId) => ({ kind: 'cancel' as const, deliveryId, reason }));
    await commitOne(storage, { workspaceId, atMs, deliveryOrders: orders });
    cancelled += ids.length;
    if (ids.length < limit) return true;
  }
  return false;
}

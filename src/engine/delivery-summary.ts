import type { DeliverySummary, PendingDelivery } from '../core/delivery.ts';
import type { RecordItem } from '../storage/contract/record-item.ts';

/** A delivery as people see it right after an attempt was recorded. */
export function summaryOf(delivery: PendingDelivery, { attempt, next }: RecordItem): DeliverySummary {
  const { id, workspaceId, webhookId, changeId, subject, event, messageId, origin, redeliveryOf, createdAtMs } =
    delivery;
  return {
    id,
    workspaceId,
    webhookId,
    changeId,
    subject,
    event,
    messageId,
    origin,
    ...(redeliveryOf === undefined ? {} : { redeliveryOf }),
    state: next.state,
    ...('reason' in next && next.reason !== undefined ? { reason: next.reason } : {}),
    attempts: attempt.number,
    createdAtMs,
    ...(next.state === 'pending' ? { dueAtMs: next.dueAtMs } : { endedAtMs: next.endedAtMs }),
    ...(attempt.response === undefined ? {} : { lastStatus: attempt.response.status }),
    lastOutcome: attempt.outcome,
    lastDurationMs: attempt.timing.totalMs,
  };
}

/** Rows of queue and log as people see them. */
import type { DeliveryOrigin, DeliverySummary } from '../../core/delivery.ts';
import type { ChangeId, DeliveryId, WebhookId } from '../../core/ids.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import type { ListAsk } from './list-ask.ts';
import { keys, storable } from './parameters.ts';
import type { Row } from './pipeline.ts';
import { keyOf, keyOrNull, numberOf, numberOrNull, textOf, textOrNull } from './rows.ts';
import { isDamage } from '../damage.ts';
import { stateNames } from './schema.ts';

/** Columns that queue and log share, in the order `summaryOf` takes them; what only the log has comes behind. */
const shared = `d.position, d.webhook, d.id, d.attempts, d.change_id, d.subject, d.event, d.message_id, d.origin, d.redelivery_of,
  d.created_at, d.due_at, d.status, d.outcome, d.duration`;
export const summaryColumns = {
  queue: `${shared}, 0 AS state, NULL::int8 AS ended_at, NULL AS reason`,
  log: `${shared}, d.state, d.ended_at, d.reason`,
};

export function stateOf(text: string | null | undefined): JsonObject {
  try {
    return JSON.parse(textOf(text)) as JsonObject;
  } catch (error) {
    if (isDamage(error)) return {};
    throw error;
  }
}

/** Which of the webhooks of these rows are disabled. */
export async function disabledOf(
  ask: ListAsk,
  workspaceId: string,
  rows: readonly Row[],
): Promise<ReadonlySet<string>> {
  const pending = new Set(rows.filter((row) => row[15] === '0').map((row) => keyOf(row[1])));
  if (pending.size === 0) return pending;
  const found = await ask(workspaceId, [
    {
      sql: `SELECT r.id, r.state FROM unnest($2::text[]) u (id) CROSS JOIN LATERAL (
          SELECT id, state FROM aw.resources r WHERE r.type = 'webhook' AND r.workspace = $1 AND r.id = u.id LIMIT 1) r`,
      values: [storable(workspaceId), keys([...pending])],
    },
  ]);
  return new Set(found.filter((row) => ownValue(stateOf(row[1]), 'state') === 'disabled').map((row) => keyOf(row[0])));
}

export function summaryOf(row: Row, workspaceId: string, disabled: ReadonlySet<string>): DeliverySummary {
  const id = keyOf(row[2]) as DeliveryId;
  const webhookId = keyOf(row[1]) as WebhookId;
  const redeliveryOf = keyOrNull(row[9]);
  const status = numberOrNull(row[12]);
  const outcome = textOrNull(row[13]);
  const duration = numberOrNull(row[14]);
  const code = numberOf(row[15]);
  const endedAtMs = numberOrNull(row[16]);
  const reason = keyOrNull(row[17]);
  const state = code === 0 && disabled.has(webhookId) ? 'held' : (stateNames[code] ?? 'pending');
  return {
    id,
    workspaceId,
    webhookId,
    changeId: keyOf(row[4]) as ChangeId,
    subject: keyOf(row[5]),
    event: keyOf(row[6]),
    messageId: keyOrNull(row[7]) ?? id,
    origin: keyOf(row[8]) as DeliveryOrigin,
    ...(redeliveryOf === null ? {} : { redeliveryOf: redeliveryOf as DeliveryId }),
    state,
    ...(reason === null ? {} : { reason }),
    attempts: numberOf(row[3]),
    createdAtMs: numberOf(row[10]),
    ...(code === 0 ? { dueAtMs: numberOf(row[11]) } : {}),
    ...(endedAtMs === null ? {} : { endedAtMs }),
    ...(status === null ? {} : { lastStatus: status }),
    ...(outcome === null ? {} : { lastOutcome: outcome as OutcomeKind }),
    ...(duration === null ? {} : { lastDurationMs: duration }),
  };
}

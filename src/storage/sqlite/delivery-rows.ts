/** Rows of queue and log as people see them. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DeliveryOrigin, DeliverySummary } from '../../core/delivery.ts';
import type { ChangeId, DeliveryId, WebhookId } from '../../core/ids.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import { arrayStatement, numberOf, numberOrNull, textOf, textOrNull } from './rows.ts';
import { stateNames } from './schema.ts';

/** Columns that queue and log share, in the order `summaryOf` takes them; state and what only the log has come behind. */
const shared =
  'position, lane, id, attempts, change_id, subject, event, message_id, origin, redelivery_of, created_at, due_at, status, outcome, duration';
const queueColumns = `${shared}, 0, NULL, NULL`;
const logColumns = `${shared}, state, ended_at, reason`;

type Namer = { readonly workspaceId: string; webhook(lane: number): string; held(lane: number): boolean };

export function createNamer(db: DatabaseSync, workspaceId: string): Namer {
  const select = arrayStatement(db, 'SELECT webhook FROM lanes WHERE n = ?');
  const webhooks = new Map<number, string>();
  return {
    workspaceId,
    webhook(lane) {
      const known = webhooks.get(lane) ?? textOf(select.get(lane)?.[0]);
      webhooks.set(lane, known);
      return known;
    },
    held: createHeld(db),
  };
}

/** Whether a lane's webhook is there and not enabled: then what is pending is held. */
export function createHeld(db: DatabaseSync): (lane: number) => boolean {
  const select = arrayStatement(
    db,
    `SELECT r.state ->> '$.state' FROM lanes l CROSS JOIN resources r
     WHERE l.n = ? AND r.type = 'webhook' AND r.workspace = l.workspace AND r.id = l.webhook`,
  );
  const known = new Map<number, boolean>();
  return (lane) => {
    const found = known.get(lane);
    if (found !== undefined) return found;
    const held = select.get(lane)?.[0] === 'disabled';
    known.set(lane, held);
    return held;
  };
}

export function summaryOf(row: readonly SQLOutputValue[], namer: Namer): DeliverySummary {
  const id = textOf(row[2]) as DeliveryId;
  const lane = numberOf(row[1]);
  const redeliveryOf = textOrNull(row[9]);
  const status = numberOrNull(row[12]);
  const outcome = textOrNull(row[13]);
  const duration = numberOrNull(row[14]);
  const code = numberOf(row[15]);
  const endedAtMs = numberOrNull(row[16]);
  const reason = textOrNull(row[17]);
  const state = code === 0 && namer.held(lane) ? 'held' : (stateNames[code] ?? 'pending');
  return {
    id,
    workspaceId: namer.workspaceId,
    webhookId: namer.webhook(lane) as WebhookId,
    changeId: textOf(row[4]) as ChangeId,
    subject: textOf(row[5]),
    event: textOf(row[6]),
    messageId: textOrNull(row[7]) ?? id,
    origin: textOf(row[8]) as DeliveryOrigin,
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

export const summaryColumns = { queue: queueColumns, log: logColumns } as const;

/** One delivery with its attempts, wherever it lies. */
import type { DeliveryId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { attemptsOf, capped, readable } from '../kept-attempts.ts';
import type { DeliveryDetail, DeliveryKey } from '../contract/list-queries.ts';
import { disabledOf, summaryColumns, summaryOf } from './delivery-rows.ts';
import type { ListAsk } from './list-ask.ts';
import { storable } from './parameters.ts';
import { bytesOf, numberOf, textOf, textOrNull } from './rows.ts';

export async function readDelivery(ask: ListAsk, workspaceId: string, id: string): Promise<DeliveryDetail | null> {
  const key = [storable(workspaceId), storable(id)];
  const [row] = await ask(workspaceId, [
    {
      sql: `SELECT ${summaryColumns.queue}, d.revision, d.frozen, NULL AS attempt FROM aw.queue d WHERE d.workspace = $1 AND d.id = $2
        UNION ALL SELECT ${summaryColumns.log}, d.revision, d.frozen, d.attempt FROM aw.log d WHERE d.workspace = $1 AND d.id = $2 LIMIT 1`,
      values: key,
    },
  ]);
  if (row === undefined) return null;
  const attempts = await ask(workspaceId, [
    { sql: 'SELECT attempt FROM aw.attempts WHERE workspace = $1 AND delivery = $2 ORDER BY number', values: key },
  ]);
  const [body] = await ask(workspaceId, [
    { sql: 'SELECT body FROM aw.bodies WHERE workspace = $1 AND delivery = $2', values: key },
  ]);
  const summary = summaryOf(row, workspaceId, await disabledOf(ask, workspaceId, [row]));
  const frozen = textOrNull(row[19]);
  const last = textOrNull(row[20]);
  return {
    summary,
    delivery: {
      id: summary.id,
      workspaceId,
      webhookId: summary.webhookId,
      webhookRevision: numberOf(row[18]),
      changeId: summary.changeId,
      subject: summary.subject,
      event: summary.event,
      ...(frozen === null ? {} : readable<JsonObject, 'frozen'>('frozen', frozen)),
      messageId: summary.messageId,
      origin: summary.origin,
      ...(summary.redeliveryOf === undefined ? {} : { redeliveryOf: summary.redeliveryOf }),
      createdAtMs: summary.createdAtMs,
      dueAtMs: numberOf(row[11]),
    },
    attempts: capped(
      [...attempts.map((found) => textOf(found[0])), ...(last === null ? [] : [last])].flatMap(attemptsOf),
    ),
    storedBody: body === undefined ? null : bytesOf(body[0]),
  };
}

/** Redeliveries carry the id as well: the lowest id is the first of them, and all are the same message. */
export async function readDeliveryOfMessage(ask: ListAsk, messageId: string): Promise<DeliveryKey | null> {
  const [row] = await ask(null, [
    {
      sql: `(SELECT workspace, id FROM aw.queue WHERE message_id = $1 ORDER BY id LIMIT 1)
        UNION ALL (SELECT workspace, id FROM aw.log WHERE message_id = $1 ORDER BY id LIMIT 1) LIMIT 1`,
      values: [storable(messageId)],
    },
  ]);
  return row === undefined ? null : { workspaceId: textOf(row[0]), id: textOf(row[1]) as DeliveryId };
}

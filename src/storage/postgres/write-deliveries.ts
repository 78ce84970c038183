/** Statements that add changes and deliveries, and keep changes of days that are about to leave. */
import type { PreparedChange, PreparedDelivery } from '../prepared.ts';
import type { DeliveryRow, KeptRow } from './batch-writes.ts';
import { bools, int2s, int4s, int8s, keys, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';

export function insertChanges(
  rows: readonly { readonly workspaceId: string; readonly change: PreparedChange }[],
  day: number,
  firstNumber: string,
): Statement {
  return {
    sql: `INSERT INTO aw.changes (day, seq, workspace, id, kind, subject, accepted_at, unexpanded, body)
      SELECT $1::int4, $2::int8 + u.n - 1, u.workspace, u.id, u.kind, u.subject, u.accepted_at, u.unexpanded, u.body
      FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::bool[], $9::text[]) WITH ORDINALITY
        u (workspace, id, kind, subject, accepted_at, unexpanded, body, n)`,
    values: [
      String(day),
      firstNumber,
      keys(rows.map(({ workspaceId }) => workspaceId)),
      keys(rows.map(({ change }) => change.id)),
      texts(rows.map(({ change }) => change.kind)),
      keys(rows.map(({ change }) => change.subject)),
      int8s(rows.map(({ change }) => change.acceptedAtMs)),
      bools(rows.map(({ change }) => change.unexpanded)),
      texts(rows.map(({ change }) => change.body)),
    ],
  };
}

export function insertDeliveries(rows: readonly DeliveryRow[], firstNumber: string): Statement {
  const of = (read: (delivery: PreparedDelivery) => string | null): Buffer =>
    keys(rows.map(({ delivery }) => read(delivery)));
  const at = (read: (delivery: PreparedDelivery) => number): Buffer =>
    int8s(rows.map(({ delivery }) => read(delivery)));
  return {
    sql: `INSERT INTO aw.queue (workspace, webhook, position, id, due_at, attempts, change_day, change_id, revision, subject,
        event, message_id, origin, redelivery_of, frozen, created_at, shard)
      SELECT u.workspace, u.webhook, $1::int8 + u.n - 1, u.id, u.due_at, 0, u.change_day, u.change_id, u.revision, u.subject,
        u.event, u.message_id, u.origin, u.redelivery_of, u.frozen, u.created_at, u.shard
      FROM unnest($2::text[], $3::text[], $4::text[], $5::int8[], $6::int4[], $7::text[], $8::int4[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::text[], $15::int8[], $16::int2[]) WITH ORDINALITY
        u (workspace, webhook, id, due_at, change_day, change_id, revision, subject, event, message_id, origin, redelivery_of,
          frozen, created_at, shard, n)`,
    values: [
      firstNumber,
      keys(rows.map(({ workspaceId }) => workspaceId)),
      of(({ webhookId }) => webhookId),
      of(({ id }) => id),
      at(({ dueAtMs }) => dueAtMs),
      int4s(rows.map(({ changeDay }) => changeDay)),
      of(({ changeId }) => changeId),
      int4s(rows.map(({ delivery }) => delivery.revision)),
      of(({ subject }) => subject),
      of(({ event }) => event),
      of(({ messageId }) => messageId),
      of(({ origin }) => origin),
      of(({ redeliveryOf }) => redeliveryOf),
      texts(rows.map(({ delivery }) => delivery.frozen)),
      at(({ createdAtMs }) => createdAtMs),
      int2s(rows.map(({ shard }) => shard)),
    ],
  };
}

/** Copies changes of days that are about to leave; those that are kept already stay as they are. */
export function keepChanges(rows: readonly KeptRow[]): Statement {
  const leaving = rows.filter(({ change }) => change.where === 'leaving');
  return {
    sql: `INSERT INTO aw.kept_changes SELECT DISTINCT c.* FROM unnest($1::int4[], $2::text[], $3::text[]) u (day, workspace, id)
      CROSS JOIN LATERAL (SELECT * FROM aw.changes c WHERE c.day = u.day AND c.workspace = u.workspace AND c.id = u.id) c
      ON CONFLICT DO NOTHING`,
    values: [
      int4s(leaving.map(({ change }) => change.day)),
      keys(leaving.map(({ workspaceId }) => workspaceId)),
      keys(leaving.map(({ delivery }) => delivery.changeId)),
    ],
  };
}

export function keepFor(rows: readonly KeptRow[]): Statement {
  return {
    sql: `INSERT INTO aw.kept_for (workspace, change_id, delivery) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
      ON CONFLICT DO NOTHING`,
    values: [
      keys(rows.map(({ workspaceId }) => workspaceId)),
      keys(rows.map(({ delivery }) => delivery.changeId)),
      keys(rows.map(({ delivery }) => delivery.id)),
    ],
  };
}

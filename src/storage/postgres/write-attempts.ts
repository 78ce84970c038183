/** Statements that end and re-date deliveries, with their attempts and kept bytes. */
import type { EndedRow, RedatedRow } from './batch-writes.ts';
import type { PreparedRecord } from '../prepared.ts';
import { bools, byteas, float8s, int2s, int4s, int8s, keys, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';

const logged = `workspace, webhook, position, id, due_at, change_day, change_id, revision, subject, event, message_id, origin,
  redelivery_of, frozen, created_at`;

export function endDeliveries(rows: readonly EndedRow[], day: number): Statement {
  return {
    sql: `WITH gone AS (
        DELETE FROM aw.queue q USING unnest($2::text[], $3::text[], $4::int2[], $5::int4[], $6::int8[], $7::text[], $8::int2[],
          $9::text[], $10::float8[], $11::text[], $12::bool[])
          u (workspace_, id_, state_, attempts_, ended_at_, reason_, status_, outcome_, duration_, attempt_, own_)
        WHERE q.workspace = u.workspace_ AND q.id = u.id_ RETURNING q.*, u.*)
      INSERT INTO aw.log (${logged}, day, attempts, status, outcome, duration, state, ended_at, reason, attempt)
      SELECT ${logged}, $1::int4, attempts_, CASE WHEN own_ THEN status ELSE status_ END,
        CASE WHEN own_ THEN outcome ELSE outcome_ END, CASE WHEN own_ THEN duration ELSE duration_ END,
        state_, ended_at_, reason_, attempt_ FROM gone`,
    values: [
      String(day),
      keys(rows.map(({ workspaceId }) => workspaceId)),
      keys(rows.map(({ id }) => id)),
      int2s(rows.map(({ state }) => state)),
      int4s(rows.map(({ attempts }) => attempts)),
      int8s(rows.map(({ endedAtMs }) => endedAtMs)),
      keys(rows.map(({ reason }) => reason)),
      int2s(rows.map(({ last }) => last?.status ?? null)),
      texts(rows.map(({ last }) => last?.outcome ?? null)),
      float8s(rows.map(({ last }) => last?.durationMs ?? null)),
      texts(rows.map(({ attempt }) => attempt)),
      bools(rows.map(({ last }) => last === null)),
    ],
  };
}

export function redateDeliveries(rows: readonly RedatedRow[]): Statement {
  return {
    sql: `UPDATE aw.queue q SET due_at = u.due_at, attempts = u.attempts, status = u.status, outcome = u.outcome, duration = u.duration
      FROM unnest($1::text[], $2::text[], $3::int8[], $4::int4[], $5::int2[], $6::text[], $7::float8[])
        u (workspace, id, due_at, attempts, status, outcome, duration) WHERE q.workspace = u.workspace AND q.id = u.id`,
    values: [
      ...named(rows),
      int8s(rows.map(({ dueAtMs }) => dueAtMs)),
      int4s(rows.map(({ attempts }) => attempts)),
      int2s(rows.map(({ status }) => status)),
      texts(rows.map(({ outcome }) => outcome)),
      float8s(rows.map(({ durationMs }) => durationMs)),
    ],
  };
}

export function hastenDeliveries(rows: readonly RedatedRow[]): Statement {
  return {
    sql: `UPDATE aw.queue q SET due_at = u.due_at FROM unnest($1::text[], $2::text[], $3::int8[]) u (workspace, id, due_at)
      WHERE q.workspace = u.workspace AND q.id = u.id`,
    values: [...named(rows), int8s(rows.map(({ dueAtMs }) => dueAtMs))],
  };
}

function named(rows: readonly { readonly workspaceId: string; readonly id: string }[]): readonly Buffer[] {
  return [keys(rows.map(({ workspaceId }) => workspaceId)), keys(rows.map(({ id }) => id))];
}

type Numbered = { readonly item: PreparedRecord; readonly number: number };

export function insertAttempts(rows: readonly Numbered[], day: number): Statement {
  return {
    sql: `INSERT INTO aw.attempts (day, workspace, delivery, number, attempt)
      SELECT $1::int4, u.* FROM unnest($2::text[], $3::text[], $4::int4[], $5::text[]) u`,
    values: [
      String(day),
      keys(rows.map(({ item }) => item.workspaceId)),
      keys(rows.map(({ item }) => item.deliveryId)),
      int4s(rows.map(({ number }) => number)),
      texts(rows.map(({ item }) => item.attempt)),
    ],
  };
}

export function dropAttempts(rows: readonly Numbered[]): Statement {
  return {
    sql: `DELETE FROM aw.attempts a USING unnest($1::text[], $2::text[], $3::int4[]) u (workspace, delivery, number)
      WHERE a.workspace = u.workspace AND a.delivery = u.delivery AND a.number = u.number`,
    values: [
      keys(rows.map(({ item }) => item.workspaceId)),
      keys(rows.map(({ item }) => item.deliveryId)),
      int4s(rows.map(({ number }) => number)),
    ],
  };
}

export function insertBodies(rows: readonly { readonly item: PreparedRecord; readonly body: Uint8Array }[]): Statement {
  return {
    sql: `INSERT INTO aw.bodies (delivery, workspace, body) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
      ON CONFLICT DO NOTHING`,
    values: [
      keys(rows.map(({ item }) => item.deliveryId)),
      keys(rows.map(({ item }) => item.workspaceId)),
      byteas(rows.map(({ body }) => body)),
    ],
  };
}

export function endBodies(rows: readonly { readonly id: string; readonly atMs: number }[]): Statement {
  return {
    sql: 'UPDATE aw.bodies b SET ended_at = u.at FROM unnest($1::text[], $2::int8[]) u (id, at) WHERE b.delivery = u.id',
    values: [keys(rows.map(({ id }) => id)), int8s(rows.map(({ atMs }) => atMs))],
  };
}

export function dropBodies(ids: readonly string[]): Statement {
  return {
    sql: 'DELETE FROM aw.bodies b USING unnest($1::text[]) u (id) WHERE b.delivery = u.id',
    values: [keys(ids)],
  };
}

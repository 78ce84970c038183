/** Statements that write duties, idempotency keys, counters of what was missed, and revisions of webhooks. */
import type { PreparedDuty, PreparedIdempotency } from '../prepared.ts';
import type { Advance } from './batch-writes.ts';
import { int2s, int4s, int8s, keys, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';

export function insertDuties(
  rows: readonly { readonly workspaceId: string; readonly duty: PreparedDuty; readonly shard: number }[],
): Statement {
  return {
    sql: `INSERT INTO aw.duties (id, workspace, shard, kind, due_at, version, attempts, payload)
      SELECT u.id, u.workspace, u.shard, u.kind, u.due_at, 1, 0, u.payload
      FROM unnest($1::text[], $2::text[], $3::int2[], $4::text[], $5::int8[], $6::text[]) u (id, workspace, shard, kind, due_at, payload)`,
    values: [
      keys(rows.map(({ duty }) => duty.id)),
      keys(rows.map(({ workspaceId }) => workspaceId)),
      int2s(rows.map(({ shard }) => shard)),
      texts(rows.map(({ duty }) => duty.kind)),
      int8s(rows.map(({ duty }) => duty.dueAtMs)),
      texts(rows.map(({ duty }) => duty.payload)),
    ],
  };
}

export function removeDuties(ids: readonly string[]): Statement {
  return { sql: 'DELETE FROM aw.duties d USING unnest($1::text[]) u (id) WHERE d.id = u.id', values: [keys(ids)] };
}

/** One after another: two items of a batch may carry the same duty on. */
export function advanceDuties(rows: readonly Advance[]): Statement {
  const last = new Map(rows.map((row) => [row.dutyId, row]));
  const times = new Map<string, number>();
  for (const { dutyId } of rows) times.set(dutyId, (times.get(dutyId) ?? 0) + 1);
  const kept = [...last.values()];
  return {
    sql: `UPDATE aw.duties d SET due_at = u.due_at, payload = u.payload, version = version + u.times, attempts = attempts + u.times
      FROM unnest($1::text[], $2::int8[], $3::text[], $4::int4[]) u (id, due_at, payload, times) WHERE d.id = u.id`,
    values: [
      keys(kept.map(({ dutyId }) => dutyId)),
      int8s(kept.map(({ dueAtMs }) => dueAtMs)),
      texts(kept.map(({ payload }) => payload)),
      int4s(kept.map(({ dutyId }) => times.get(dutyId) ?? 1)),
    ],
  };
}

export function useKeys(
  rows: readonly { readonly workspaceId: string; readonly row: PreparedIdempotency }[],
): Statement {
  return {
    sql: `UPDATE aw.idempotency i SET fingerprint = u.fingerprint, created_at = u.created_at, response = u.response
      FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[]) u (workspace, key, fingerprint, created_at, response)
      WHERE i.workspace = u.workspace AND i.key = u.key`,
    values: [
      keys(rows.map(({ workspaceId }) => workspaceId)),
      keys(rows.map(({ row }) => row.key)),
      keys(rows.map(({ row }) => row.fingerprint)),
      int8s(rows.map(({ row }) => row.createdAtMs)),
      texts(rows.map(({ row }) => row.response)),
    ],
  };
}

export function freeKeys(names: readonly string[]): Statement {
  const split = names.map((name) => [name.slice(0, name.indexOf('\n')), name.slice(name.indexOf('\n') + 1)] as const);
  return {
    sql: `DELETE FROM aw.idempotency i USING unnest($1::text[], $2::text[]) u (workspace, key)
      WHERE i.workspace = u.workspace AND i.key = u.key`,
    values: [keys(split.map(([workspaceId]) => workspaceId)), keys(split.map(([, key]) => key))],
  };
}

export function countMisses(
  rows: readonly { readonly webhookId: string; readonly workspaceId: string; readonly count: number }[],
): Statement {
  const sums = new Map<string, { readonly webhookId: string; readonly workspaceId: string; readonly count: number }>();
  for (const row of rows) sums.set(row.webhookId, { ...row, count: (sums.get(row.webhookId)?.count ?? 0) + row.count });
  const sorted = [...sums.values()].sort((a, b) => (a.webhookId < b.webhookId ? -1 : 1));
  return {
    sql: `UPDATE aw.lanes l SET missed = greatest(0, l.missed + u.count)
      FROM unnest($1::text[], $2::text[], $3::int8[]) u (webhook, workspace, count)
      WHERE l.webhook = u.webhook AND l.workspace = u.workspace`,
    values: [
      keys(sorted.map(({ webhookId }) => webhookId)),
      keys(sorted.map(({ workspaceId }) => workspaceId)),
      int8s(sorted.map(({ count }) => count)),
    ],
  };
}

export function raiseRevisions(rows: readonly { readonly workspaceId: string; readonly by: number }[]): Statement {
  const sorted = [...rows].sort((a, b) => (a.workspaceId < b.workspaceId ? -1 : 1));
  return {
    sql: `INSERT INTO aw.workspaces AS w (id, webhooks_revision) SELECT * FROM unnest($1::text[], $2::int8[])
      ON CONFLICT (id) DO UPDATE SET webhooks_revision = w.webhooks_revision + excluded.webhooks_revision`,
    values: [keys(sorted.map(({ workspaceId }) => workspaceId)), int8s(sorted.map(({ by }) => by))],
  };
}

/** What a batch writes: gathered by table while its items are decided, then one statement per table with arrays of columns. */
import type {
  PreparedChange,
  PreparedDelivery,
  PreparedDuty,
  PreparedIdempotency,
  PreparedRecord,
} from '../prepared.ts';
import type { FoundChange } from './batch-state.ts';
import { bools, byteas, float8s, int2s, int4s, int8s, keys, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';

export type ResourceRow = {
  readonly workspaceId: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly alias: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly state: string;
};

type LastAttempt = {
  readonly status: number | null;
  readonly outcome: string | null;
  readonly durationMs: number | null;
};
export type EndedRow = {
  readonly workspaceId: string;
  readonly id: string;
  readonly state: number;
  readonly attempts: number;
  readonly endedAtMs: number;
  readonly reason: string | null;
  readonly attempt: string | null;
  /** Null: as the row has it. */
  readonly last: LastAttempt | null;
};
type RedatedRow = LastAttempt & {
  readonly workspaceId: string;
  readonly id: string;
  readonly attempts: number;
  readonly dueAtMs: number;
};
type DeliveryRow = {
  readonly workspaceId: string;
  readonly delivery: PreparedDelivery;
  readonly changeDay: number;
  readonly shard: number;
};
type KeptRow = { readonly workspaceId: string; readonly delivery: PreparedDelivery; readonly change: FoundChange };
type Advance = { readonly dutyId: string; readonly dueAtMs: number; readonly payload: string };

export type Effects = {
  resource(row: ResourceRow, how: 'insert' | 'update' | 'delete'): void;
  revision(row: ResourceRow): void;
  change(workspaceId: string, change: PreparedChange): void;
  delivery(row: DeliveryRow): void;
  /** The change of a delivery lies where it may leave: it is kept for the delivery. */
  keepChange(row: KeptRow): void;
  end(row: EndedRow): void;
  redate(row: RedatedRow): void;
  hasten(row: RedatedRow): void;
  attempt(item: PreparedRecord, number: number): void;
  dropAttempt(item: PreparedRecord, number: number): void;
  keepBody(item: PreparedRecord, body: Uint8Array): void;
  endBody(deliveryId: string, atMs: number): void;
  dropBody(deliveryId: string): void;
  addDuty(workspaceId: string, duty: PreparedDuty, shard: number): void;
  removeDuty(dutyId: string): void;
  advanceDuty(advance: Advance): void;
  useKey(workspaceId: string, row: PreparedIdempotency): void;
  /** A claim that came to nothing; by the name it was found under. */
  freeKey(name: string): void;
  miss(webhookId: string, workspaceId: string, count: number): void;
  raiseRevision(workspaceId: string, by: number): void;
  /** The statements, in the order in which every batch takes the tables. */
  statements(given: { readonly day: number; readonly firstNumber: string | null }): readonly Statement[];
};

export function createEffects(): Effects {
  const inserted: ResourceRow[] = [];
  const updated: ResourceRow[] = [];
  const deleted: ResourceRow[] = [];
  const revisions: ResourceRow[] = [];
  const changes: { readonly workspaceId: string; readonly change: PreparedChange }[] = [];
  const deliveries: DeliveryRow[] = [];
  const kept: KeptRow[] = [];
  const ended: EndedRow[] = [];
  const redated: RedatedRow[] = [];
  const hastened: RedatedRow[] = [];
  const attempts: { readonly item: PreparedRecord; readonly number: number }[] = [];
  const droppedAttempts: { readonly item: PreparedRecord; readonly number: number }[] = [];
  const bodies: { readonly item: PreparedRecord; readonly body: Uint8Array }[] = [];
  const endedBodies: { readonly id: string; readonly atMs: number }[] = [];
  const droppedBodies: string[] = [];
  const duties: { readonly workspaceId: string; readonly duty: PreparedDuty; readonly shard: number }[] = [];
  const removedDuties: string[] = [];
  const advances: Advance[] = [];
  const usedKeys: { readonly workspaceId: string; readonly row: PreparedIdempotency }[] = [];
  const freedKeys: string[] = [];
  const misses: { readonly webhookId: string; readonly workspaceId: string; readonly count: number }[] = [];
  const raises: { readonly workspaceId: string; readonly by: number }[] = [];
  return {
    resource(row, how) {
      (how === 'insert' ? inserted : how === 'update' ? updated : deleted).push(row);
    },
    revision: (row) => void revisions.push(row),
    change: (workspaceId, change) => void changes.push({ workspaceId, change }),
    delivery: (row) => void deliveries.push(row),
    keepChange: (row) => void kept.push(row),
    end: (row) => void ended.push(row),
    redate: (row) => void redated.push(row),
    hasten: (row) => void hastened.push(row),
    attempt: (item, number) => void attempts.push({ item, number }),
    dropAttempt: (item, number) => void droppedAttempts.push({ item, number }),
    keepBody: (item, body) => void bodies.push({ item, body }),
    endBody: (id, atMs) => void endedBodies.push({ id, atMs }),
    dropBody: (deliveryId) => void droppedBodies.push(deliveryId),
    addDuty: (workspaceId, duty, shard) => void duties.push({ workspaceId, duty, shard }),
    removeDuty: (dutyId) => void removedDuties.push(dutyId),
    advanceDuty: (advance) => void advances.push(advance),
    useKey: (workspaceId, row) => void usedKeys.push({ workspaceId, row }),
    freeKey: (name) => void freedKeys.push(name),
    miss: (webhookId, workspaceId, count) => void misses.push({ webhookId, workspaceId, count }),
    raiseRevision: (workspaceId, by) => void raises.push({ workspaceId, by }),
    statements({ day, firstNumber }) {
      return [
        ...some(raises, raiseRevisions),
        ...some(usedKeys, useKeys),
        ...some(freedKeys, freeKeys),
        ...some(removedDuties, removeDuties),
        ...some(advances, advanceDuties),
        ...some(duties, insertDuties),
        ...some(deleted, deleteResources),
        ...some(updated, updateResources),
        ...some(inserted, insertResources),
        ...some(revisions, insertRevisions),
        ...some(changes, (rows) => insertChanges(rows, day, firstNumber ?? '')),
        ...some(kept, keepChanges),
        ...some(kept, keepFor),
        ...some(hastened, hastenDeliveries),
        ...some(redated, redateDeliveries),
        ...some(ended, (rows) => endDeliveries(rows, day)),
        ...some(deliveries, (rows) => insertDeliveries(rows, firstNumber ?? '')),
        ...some(attempts, (rows) => insertAttempts(rows, day)),
        ...some(droppedAttempts, dropAttempts),
        ...some(bodies, insertBodies),
        ...some(endedBodies, endBodies),
        ...some(droppedBodies, dropBodies),
        ...some(misses, countMisses),
      ];
    },
  };
}

/** The statement for these rows; none where there are no rows. */
function some<Item>(rows: readonly Item[], make: (rows: readonly Item[]) => Statement): readonly Statement[] {
  return rows.length === 0 ? [] : [make(rows)];
}

// --- Resources ---------------------------------------------------------------------------------------------------

const resourceArrays = '$1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::int8[], $7::int8[], $8::text[]';
const resourceNames = 'workspace, type, id, version, alias, created_at, updated_at, state';

function resourceValues(rows: readonly ResourceRow[]): readonly Buffer[] {
  return [
    keys(rows.map(({ workspaceId }) => workspaceId)),
    texts(rows.map(({ type }) => type)),
    keys(rows.map(({ id }) => id)),
    int4s(rows.map(({ version }) => version)),
    keys(rows.map(({ alias }) => alias)),
    int8s(rows.map(({ createdAtMs }) => createdAtMs)),
    int8s(rows.map(({ updatedAtMs }) => updatedAtMs)),
    texts(rows.map(({ state }) => state)),
  ];
}

function insertResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `INSERT INTO aw.resources (${resourceNames}) SELECT * FROM unnest(${resourceArrays})`,
    values: resourceValues(rows),
  };
}

function updateResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `UPDATE aw.resources r SET version = u.version, alias = u.alias, created_at = u.created_at, updated_at = u.updated_at, state = u.state
      FROM unnest(${resourceArrays}) u (${resourceNames}) WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id`,
    values: resourceValues(rows),
  };
}

function deleteResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `DELETE FROM aw.resources r USING unnest($1::text[], $2::text[], $3::text[]) u (workspace, type, id)
      WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id`,
    values: resourceValues(rows).slice(0, 3),
  };
}

function insertRevisions(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `INSERT INTO aw.revisions (${resourceNames}) SELECT * FROM unnest(${resourceArrays})
      ON CONFLICT (type, workspace, id, version) DO UPDATE SET alias = excluded.alias, created_at = excluded.created_at,
        updated_at = excluded.updated_at, state = excluded.state`,
    values: resourceValues(rows),
  };
}

// --- Changes and deliveries --------------------------------------------------------------------------------------

function insertChanges(
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

function insertDeliveries(rows: readonly DeliveryRow[], firstNumber: string): Statement {
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
function keepChanges(rows: readonly KeptRow[]): Statement {
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

function keepFor(rows: readonly KeptRow[]): Statement {
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

// --- Attempts and ends -------------------------------------------------------------------------------------------

const logged = `workspace, webhook, position, id, due_at, change_day, change_id, revision, subject, event, message_id, origin,
  redelivery_of, frozen, created_at`;

function endDeliveries(rows: readonly EndedRow[], day: number): Statement {
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

function redateDeliveries(rows: readonly RedatedRow[]): Statement {
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

function hastenDeliveries(rows: readonly RedatedRow[]): Statement {
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

function insertAttempts(rows: readonly Numbered[], day: number): Statement {
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

function dropAttempts(rows: readonly Numbered[]): Statement {
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

function insertBodies(rows: readonly { readonly item: PreparedRecord; readonly body: Uint8Array }[]): Statement {
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

function endBodies(rows: readonly { readonly id: string; readonly atMs: number }[]): Statement {
  return {
    sql: 'UPDATE aw.bodies b SET ended_at = u.at FROM unnest($1::text[], $2::int8[]) u (id, at) WHERE b.delivery = u.id',
    values: [keys(rows.map(({ id }) => id)), int8s(rows.map(({ atMs }) => atMs))],
  };
}

function dropBodies(ids: readonly string[]): Statement {
  return {
    sql: 'DELETE FROM aw.bodies b USING unnest($1::text[]) u (id) WHERE b.delivery = u.id',
    values: [keys(ids)],
  };
}

// --- Duties, idempotency, counters -------------------------------------------------------------------------------

function insertDuties(
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

function removeDuties(ids: readonly string[]): Statement {
  return { sql: 'DELETE FROM aw.duties d USING unnest($1::text[]) u (id) WHERE d.id = u.id', values: [keys(ids)] };
}

/** One after another: two items of a batch may carry the same duty on. */
function advanceDuties(rows: readonly Advance[]): Statement {
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

function useKeys(rows: readonly { readonly workspaceId: string; readonly row: PreparedIdempotency }[]): Statement {
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

function freeKeys(names: readonly string[]): Statement {
  const split = names.map((name) => [name.slice(0, name.indexOf('\n')), name.slice(name.indexOf('\n') + 1)] as const);
  return {
    sql: `DELETE FROM aw.idempotency i USING unnest($1::text[], $2::text[]) u (workspace, key)
      WHERE i.workspace = u.workspace AND i.key = u.key`,
    values: [keys(split.map(([workspaceId]) => workspaceId)), keys(split.map(([, key]) => key))],
  };
}

function countMisses(
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

function raiseRevisions(rows: readonly { readonly workspaceId: string; readonly by: number }[]): Statement {
  const sorted = [...rows].sort((a, b) => (a.workspaceId < b.workspaceId ? -1 : 1));
  return {
    sql: `INSERT INTO aw.workspaces AS w (id, webhooks_revision) SELECT * FROM unnest($1::text[], $2::int8[])
      ON CONFLICT (id) DO UPDATE SET webhooks_revision = w.webhooks_revision + excluded.webhooks_revision`,
    values: [keys(sorted.map(({ workspaceId }) => workspaceId)), int8s(sorted.map(({ by }) => by))],
  };
}

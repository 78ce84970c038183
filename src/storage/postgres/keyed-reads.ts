/** Reads by key: one statement each behind an index, cheap enough for the loop that delivers; each is one round trip. */
import type { DeliveryOrigin, PendingDelivery } from '../../core/delivery.ts';
import type { ChangeId, DeliveryId, DutyId, WebhookId, WorkspaceId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { shardCount, shardOf } from '../../core/shard.ts';
import { parseChange } from '../change-body.ts';
import type { IdempotencyRow } from '../contract/commit-item.ts';
import type { Duty, DutyKind, DutyPage } from '../contract/duties.ts';
import type { DeliveryTask, LaneHead, PendingPage, PendingQuery, Unreadable } from '../contract/lanes.ts';
import type { Resource, ResourceKey, ResourceType } from '../contract/resources.ts';
import type { BlobUsage } from '../storage.ts';
import { int2s, keys, storable, texts } from './parameters.ts';
import type { Row, Statement } from './pipeline.ts';
import { bytesOf, keyOf, keyOrNull, numberOf, numberOrNull, textOf, textOrNull } from './rows.ts';
import { isDamage } from '../damage.ts';

/** Runs statements behind the settings of keyed reads; answers the rows of the last one, or of each. */
export type Ask = (statements: readonly Statement[]) => Promise<readonly (readonly Row[])[]>;

export type KeyedReads = {
  resources(keys: readonly ResourceKey[]): Promise<readonly (Resource | null)[]>;
  findByAlias(type: ResourceType, alias: string, workspaceId?: WorkspaceId): Promise<readonly Resource[]>;
  findByAliases(query: AliasesQuery): Promise<readonly (Resource | null)[]>;
  revision(key: ResourceKey, version: number): Promise<Resource | null>;
  webhooksRevision(workspaceId: WorkspaceId): Promise<number>;
  blobUsage(workspaceId: WorkspaceId): Promise<BlobUsage>;
  idempotency(workspaceId: WorkspaceId, key: string): Promise<IdempotencyRow | null>;
  lanes(query: LanesQuery): Promise<readonly LaneHead[]>;
  pending(query: PendingQuery): Promise<PendingPage>;
  storedBody(deliveryId: DeliveryId): Promise<Uint8Array | null>;
  duties(query: DutiesQuery): Promise<DutyPage>;
};

type AliasesQuery = {
  readonly workspaceId: WorkspaceId;
  readonly type: ResourceType;
  readonly aliases: readonly string[];
};
type LanesQuery = { readonly after: WebhookId | null; readonly limit: number; readonly shards?: readonly number[] };
type DutiesQuery = { readonly nowMs: number; readonly limit: number; readonly shards?: readonly number[] };

/** Columns of a resource in the order `resourceOf` takes them. */
export const resourceColumns = 'r.workspace, r.type, r.id, r.version, r.state, r.alias, r.created_at, r.updated_at';

export function resourceOf(row: Row): Resource {
  const alias = keyOrNull(row[5]);
  return {
    workspaceId: keyOf(row[0]),
    type: textOf(row[1]) as ResourceType,
    id: keyOf(row[2]),
    version: numberOf(row[3]),
    state: JSON.parse(textOf(row[4])) as JsonObject,
    ...(alias === null ? {} : { alias }),
    createdAtMs: numberOf(row[6]),
    updatedAtMs: numberOf(row[7]),
  };
}

/** Every statement of this file, by name; a test asks the planner about each. */
export const keyedStatements = {
  resources: `SELECT u.n, r.* FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY u (type, workspace, id, n)
    CROSS JOIN LATERAL (SELECT ${resourceColumns} FROM aw.resources r
      WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id LIMIT 1) r`,
  alias: `SELECT ${resourceColumns} FROM aw.resources r WHERE r.type = $1 AND r.alias = $2 ORDER BY r.workspace`,
  aliasIn: `SELECT ${resourceColumns} FROM aw.resources r WHERE r.type = $1 AND r.alias = $2 AND r.workspace = $3`,
  aliases: `SELECT u.n, r.* FROM unnest($3::text[]) WITH ORDINALITY u (alias, n)
    CROSS JOIN LATERAL (SELECT ${resourceColumns} FROM aw.resources r
      WHERE r.type = $1 AND r.workspace = $2 AND r.alias = u.alias LIMIT 1) r`,
  revision: `SELECT ${resourceColumns} FROM aw.revisions r WHERE r.type = $1 AND r.workspace = $2 AND r.id = $3 AND r.version = $4::int4`,
  webhooksRevision: 'SELECT webhooks_revision FROM aw.workspaces WHERE id = $1',
  blobUsage: 'SELECT files, bytes FROM aw.blob_usage WHERE workspace = $1',
  idempotency: 'SELECT fingerprint, created_at, response FROM aw.idempotency WHERE workspace = $1 AND key = $2',
  // Skip-scan: one seek per shard and one per lane that has anything, however long the lanes are.
  lanes: `SELECT d.workspace, l.webhook, d.due_at FROM unnest($1::int2[]) WITH ORDINALITY s (shard, n) CROSS JOIN LATERAL (
      WITH RECURSIVE found (webhook) AS (
        (SELECT webhook FROM aw.queue q WHERE q.shard = s.shard AND q.webhook > CASE WHEN s.n = 1 THEN $2 ELSE '' END
          ORDER BY q.webhook LIMIT 1)
        UNION ALL SELECT (SELECT webhook FROM aw.queue q WHERE q.shard = s.shard AND q.webhook > f.webhook ORDER BY q.webhook LIMIT 1)
        FROM found f WHERE f.webhook IS NOT NULL)
      SELECT webhook FROM found WHERE webhook IS NOT NULL) l
    CROSS JOIN LATERAL (SELECT workspace, due_at FROM aw.queue q WHERE q.shard = s.shard AND q.webhook = l.webhook
      ORDER BY q.due_at, q.position LIMIT 1) d LIMIT $3::int8`,
  positionOf: `SELECT coalesce((SELECT position FROM aw.queue WHERE workspace = (SELECT workspace FROM aw.lanes WHERE webhook = $1) AND id = $2),
    (SELECT position FROM aw.log WHERE workspace = (SELECT workspace FROM aw.lanes WHERE webhook = $1) AND id = $2 LIMIT 1), 0)`,
  storedBody: 'SELECT body FROM aw.bodies WHERE delivery = $1',
  duties: `SELECT id, workspace, kind, due_at, payload, version, attempts FROM aw.duties
    WHERE due_at <= $1::int8 ORDER BY due_at, id LIMIT $2::int8`,
  nextDuty: 'SELECT due_at FROM aw.duties WHERE (due_at, id) > ($1::int8, $2) ORDER BY due_at, id LIMIT 1',
  shardDuties: `SELECT d.id, d.workspace, d.kind, d.due_at, d.payload, d.version, d.attempts FROM unnest($3::int2[]) s (shard)
    CROSS JOIN LATERAL (SELECT * FROM aw.duties d WHERE d.shard = s.shard AND d.due_at <= $1::int8 ORDER BY d.due_at, d.id LIMIT $2::int8) d
    ORDER BY d.due_at, d.id LIMIT $2::int8`,
  nextShardDuty: `SELECT min(d.due_at) FROM unnest($3::int2[]) s (shard) CROSS JOIN LATERAL (
      SELECT due_at FROM aw.duties d WHERE d.shard = s.shard AND (d.due_at, d.id) > ($1::int8, $2) ORDER BY d.due_at, d.id LIMIT 1) d`,
} as const;

/**
 * Columns of a task. The change lies in the table of its day; what was kept beyond that lies apart. Only one of the two is
 * looked into where the first has it.
 */
const taskColumns = `q.workspace, q.webhook, q.id, q.due_at, q.attempts, q.change_id, q.revision, q.subject, q.event, q.message_id,
  q.origin, q.redelivery_of, q.frozen, q.created_at, q.position,
  coalesce((SELECT body FROM aw.changes c WHERE c.day = q.change_day AND c.workspace = q.workspace AND c.id = q.change_id),
    (SELECT body FROM aw.kept_changes k WHERE k.workspace = q.workspace AND k.id = q.change_id))`;

/** `final`: numbers below it can no longer appear anew; set by the statement before, in the same round trip. */
const finalNumber = "current_setting('assetwire.final')::int8";
const setFinal: Statement = { sql: "SELECT set_config('assetwire.final', aw.final_below()::text, true)" };

export const pendingStatements = {
  due: `SELECT ${taskColumns} FROM (SELECT * FROM aw.queue q WHERE q.shard = $1::int2 AND q.webhook = $2
      AND (q.due_at, q.position) > ($3::int8, $4::int8) AND q.due_at <= $5::int8 ORDER BY q.due_at, q.position LIMIT $6::int8) q`,
  nextDue: `SELECT due_at, position FROM aw.queue q WHERE q.shard = $1::int2 AND q.webhook = $2
      AND (q.due_at, q.position) > ($3::int8, $4::int8) ORDER BY q.due_at, q.position OFFSET $5::int8 LIMIT 1`,
  position: `SELECT ${taskColumns} FROM (SELECT * FROM aw.queue q WHERE q.shard = $1::int2 AND q.webhook = $2
      AND q.position > $3::int8 AND q.position < ${finalNumber} ORDER BY q.position LIMIT $4::int8) q`,
  nextPosition: `SELECT due_at FROM aw.queue q WHERE q.shard = $1::int2 AND q.webhook = $2 AND q.position > $3::int8
      ORDER BY q.position OFFSET $4::int8 LIMIT 1`,
  // What is not final yet is behind every page.
  hidden: `SELECT due_at FROM aw.queue q WHERE q.shard = $1::int2 AND q.webhook = $2 AND q.position > $3::int8
      AND q.position >= ${finalNumber} ORDER BY q.position LIMIT 1`,
} as const;

const allShards = Array.from({ length: shardCount }, (_, shard) => shard);

export function createKeyedReads(ask: Ask): KeyedReads {
  const one = async (sql: string, values: Statement['values']): Promise<readonly Row[]> =>
    (await ask([values === undefined ? { sql } : { sql, values }]))[0] ?? [];
  const first = async (sql: string, values: Statement['values']): Promise<Row | undefined> =>
    (await one(sql, values))[0];
  return {
    async resources(wanted) {
      if (wanted.length === 0) return [];
      const values = [
        texts(wanted.map(({ type }) => type)),
        keys(wanted.map(({ workspaceId }) => workspaceId)),
        keys(wanted.map(({ id }) => id)),
      ];
      return inOrder(await one(keyedStatements.resources, values), wanted.length);
    },
    async findByAlias(type, alias, workspaceId) {
      const rows =
        workspaceId === undefined
          ? await one(keyedStatements.alias, [type, storable(alias)])
          : await one(keyedStatements.aliasIn, [type, storable(alias), storable(workspaceId)]);
      return rows.map(resourceOf);
    },
    async findByAliases({ workspaceId, type, aliases }) {
      if (aliases.length === 0) return [];
      return inOrder(await one(keyedStatements.aliases, [type, storable(workspaceId), keys(aliases)]), aliases.length);
    },
    async revision({ workspaceId, type, id }, version) {
      const row = await first(keyedStatements.revision, [type, storable(workspaceId), storable(id), String(version)]);
      return row === undefined ? null : resourceOf(row);
    },
    async webhooksRevision(workspaceId) {
      return numberOrNull((await first(keyedStatements.webhooksRevision, [storable(workspaceId)]))?.[0]) ?? 0;
    },
    async blobUsage(workspaceId) {
      const [files, bytes] = (await first(keyedStatements.blobUsage, [storable(workspaceId)])) ?? [];
      return { files: numberOrNull(files) ?? 0, bytes: numberOrNull(bytes) ?? 0 };
    },
    async idempotency(workspaceId, key) {
      const row = await first(keyedStatements.idempotency, [storable(workspaceId), storable(key)]);
      if (row === undefined) return null;
      const response = JSON.parse(textOf(row[2])) as IdempotencyRow['response'];
      return { key, fingerprint: keyOf(row[0]), createdAtMs: numberOf(row[1]), response };
    },
    async lanes({ after, limit, shards = allShards }) {
      const from = after === null ? 0 : shardOf(after);
      const left = [...shards].filter((shard) => shard >= from).sort((a, b) => a - b);
      if (left.length === 0) return [];
      const behind = after !== null && left[0] === from ? storable(after) : '';
      const rows = await one(keyedStatements.lanes, [int2s(left), behind, String(limit)]);
      return rows.map(([workspaceId, webhookId, dueAtMs]) => ({
        workspaceId: keyOf(workspaceId),
        webhookId: keyOf(webhookId) as WebhookId,
        nextDueAtMs: numberOf(dueAtMs),
      }));
    },
    async storedBody(deliveryId) {
      const row = await first(keyedStatements.storedBody, [storable(deliveryId)]);
      return row === undefined ? null : bytesOf(row[0]);
    },
    async duties({ nowMs, limit, shards }) {
      const given = shards === undefined ? [] : [int2s(shards)];
      const sql = shards === undefined ? keyedStatements.duties : keyedStatements.shardDuties;
      const duties = (await one(sql, [String(nowMs), String(limit), ...given])).map(dutyOf);
      const last = duties.length === limit ? duties.at(-1) : undefined;
      const place = last === undefined ? [String(nowMs), '\u{10ffff}'] : [String(last.dueAtMs), storable(last.id)];
      const next = shards === undefined ? keyedStatements.nextDuty : keyedStatements.nextShardDuty;
      return { duties, nextDueAtMs: numberOrNull((await first(next, [...place, ...given]))?.[0]) };
    },
    pending: createPendingReader(ask),
  };
}

/** Resources at the places that the first column names, counted from 1. */
function inOrder(rows: readonly Row[], count: number): readonly (Resource | null)[] {
  const found = new Array<Resource | null>(count).fill(null);
  for (const row of rows) found[numberOf(row[0]) - 1] = resourceOf(row.slice(1));
  return found;
}

function dutyOf(row: Row): Duty {
  return {
    id: keyOf(row[0]) as DutyId,
    workspaceId: keyOf(row[1]),
    kind: textOf(row[2]) as DutyKind,
    dueAtMs: numberOf(row[3]),
    payload: payloadOf(textOf(row[4])),
    version: numberOf(row[5]),
    attempts: numberOf(row[6]),
  };
}

/** A damaged payload must not keep the others from being done: its handler fails, is heard of, and is asked again later. */
function payloadOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return {};
  }
}

function createPendingReader(ask: Ask): (query: PendingQuery) => Promise<PendingPage> {
  return async ({ webhookId, by, nowMs, limit, after }) => {
    const lane = [String(shardOf(webhookId)), storable(webhookId)];
    const behind = after === undefined ? '0' : await positionOf(ask, webhookId, after.id);
    const dueAtMs = String(after?.dueAtMs ?? Number.MIN_SAFE_INTEGER);
    const count = String(limit);
    const [rows = [], full = [], open = []] =
      by === 'due'
        ? await ask([
            { sql: pendingStatements.due, values: [...lane, dueAtMs, behind, String(nowMs), count] },
            { sql: pendingStatements.nextDue, values: [...lane, dueAtMs, behind, count] },
            { sql: pendingStatements.nextDue, values: [...lane, ...laterOf(nowMs, dueAtMs, behind), '0'] },
          ])
        : (
            await ask([
              setFinal,
              { sql: pendingStatements.position, values: [...lane, behind, count] },
              { sql: pendingStatements.nextPosition, values: [...lane, behind, count] },
              { sql: pendingStatements.hidden, values: [...lane, behind] },
            ])
          ).slice(1);
    const tasks: DeliveryTask[] = [];
    const unreadable: Unreadable[] = [];
    for (const row of rows) {
      const task = taskOf(row);
      if ('delivery' in task) tasks.push(task);
      else unreadable.push(task);
    }
    // A page that is full goes on behind its last row; one that is not, with what is not due or not final yet.
    const nextDueAtMs = numberOrNull((rows.length < limit ? open : full)[0]?.[0]);
    return unreadable.length === 0 ? { tasks, nextDueAtMs } : { tasks, nextDueAtMs, unreadable };
  };
}

const lastPosition = '9223372036854775807';

/** The place behind everything that is due, or behind where the page began, whichever is later. */
function laterOf(nowMs: number, dueAtMs: string, behind: string): readonly string[] {
  return nowMs >= Number(dueAtMs) ? [String(nowMs), lastPosition] : [dueAtMs, behind];
}

/** Where a delivery stands or stood in the order of commit; 0 where nobody knows it. */
async function positionOf(ask: Ask, webhookId: string, id: string): Promise<string> {
  const [rows] = await ask([{ sql: keyedStatements.positionOf, values: [storable(webhookId), storable(id)] }]);
  return rows?.[0]?.[0] ?? '0';
}

function taskOf(row: Row): DeliveryTask | Unreadable {
  const unreadable = (reason: string): Unreadable => ({ deliveryId: keyOf(row[2]) as DeliveryId, reason });
  try {
    const body = textOrNull(row[15]);
    // Retention keeps what is owed; a delivery without its change would be a bug there, and must not block its lane.
    if (body === null) return unreadable('Its change is not there any more');
    return { delivery: pendingOf(row), change: parseChange(body) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return unreadable('What is stored of it or of its change is damaged');
  }
}

function pendingOf(row: Row): PendingDelivery {
  const id = keyOf(row[2]) as DeliveryId;
  const frozen = textOrNull(row[12]);
  const redeliveryOf = keyOrNull(row[11]);
  return {
    id,
    workspaceId: keyOf(row[0]),
    webhookId: keyOf(row[1]) as WebhookId,
    webhookRevision: numberOf(row[6]),
    changeId: keyOf(row[5]) as ChangeId,
    subject: keyOf(row[7]),
    event: keyOf(row[8]),
    ...(frozen === null ? {} : { frozen: JSON.parse(frozen) as JsonObject }),
    messageId: keyOrNull(row[9]) ?? id,
    origin: keyOf(row[10]) as DeliveryOrigin,
    ...(redeliveryOf === null ? {} : { redeliveryOf: redeliveryOf as DeliveryId }),
    createdAtMs: numberOf(row[13]),
    dueAtMs: numberOf(row[3]),
    attempts: numberOf(row[4]),
  };
}

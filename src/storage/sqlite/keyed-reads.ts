/**
 * Reads by key: bounded, index-backed, cheap enough for the loop that delivers. They run on a connection of the calling
 * thread (on disk a read-only one beside the writer's; a reader never waits for the writer).
 */
import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryOrigin, PendingDelivery } from '../../core/delivery.ts';
import type { ChangeId, DeliveryId, DutyId, WebhookId, WorkspaceId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { IdempotencyRow } from '../contract/commit-item.ts';
import type { Duty, DutyKind, DutyPage } from '../contract/duties.ts';
import type { DeliveryTask, LaneHead, PendingPage, PendingQuery, Unreadable } from '../contract/lanes.ts';
import type { AliasQuery, Resource, ResourceKey, ResourceType } from '../contract/resources.ts';
import type { BlobUsage } from '../storage.ts';
import { keyRow } from './apply-commit.ts';
import { createChangeReader } from './change-reader.ts';
import { arrayStatement, bytesOf, numberOf, numberOrNull, type Row, textOf, textOrNull } from './rows.ts';
import { isDamage } from '../damage.ts';

export type KeyedReads = {
  resources(keys: readonly ResourceKey[]): readonly (Resource | null)[];
  findByAlias(type: ResourceType, alias: string, workspaceId?: WorkspaceId): readonly Resource[];
  findByAliases(query: AliasQuery): readonly (Resource | null)[];
  revision(key: ResourceKey, version: number): Resource | null;
  webhooksRevision(workspaceId: WorkspaceId): number;
  blobUsage(workspaceId: WorkspaceId): BlobUsage;
  idempotency(workspaceId: WorkspaceId, key: string): IdempotencyRow | null;
  lanes(query: { readonly after: WebhookId | null; readonly limit: number }): readonly LaneHead[];
  pending(query: PendingQuery): PendingPage;
  storedBody(deliveryId: DeliveryId): Uint8Array | null;
  duties(query: { readonly nowMs: number; readonly limit: number }): DutyPage;
};

/** Columns of a resource in the order `resourceOf` takes them. */
export const resourceColumns = 'w.id, r.type, r.id, r.version, r.state, r.alias, r.created_at, r.updated_at';

export function resourceOf(row: readonly Row[string][]): Resource {
  const alias = textOrNull(row[5]);
  return {
    workspaceId: textOf(row[0]),
    type: textOf(row[1]) as ResourceType,
    id: textOf(row[2]),
    version: numberOf(row[3]),
    state: JSON.parse(textOf(row[4])) as JsonObject,
    ...(alias === null ? {} : { alias }),
    createdAtMs: numberOf(row[6]),
    updatedAtMs: numberOf(row[7]),
  };
}

/** Every statement of this file, by name; a test asks the planner about each. */
export const keyedStatements = {
  resource: `SELECT ${resourceColumns} FROM workspaces w CROSS JOIN resources r WHERE w.id = ? AND r.type = ? AND r.workspace = w.n AND r.id = ?`,
  alias: `SELECT ${resourceColumns} FROM resources r CROSS JOIN workspaces w WHERE r.type = ? AND r.alias = ? AND w.n = r.workspace ORDER BY r.workspace`,
  aliasIn: `SELECT ${resourceColumns} FROM workspaces w CROSS JOIN resources r WHERE w.id = ? AND r.type = ? AND r.alias = ? AND r.workspace = w.n`,
  revision: `SELECT ${resourceColumns} FROM workspaces w CROSS JOIN revisions r WHERE w.id = ? AND r.type = ? AND r.workspace = w.n AND r.id = ? AND r.version = ?`,
  webhooksRevision: 'SELECT webhooks_revision FROM workspaces WHERE id = ?',
  blobUsage: 'SELECT u.files, u.bytes FROM workspaces w CROSS JOIN blob_usage u WHERE w.id = ? AND u.workspace = w.n',
  idempotency: `SELECT i.fingerprint, i.created_at, i.response FROM workspaces w CROSS JOIN idempotency i WHERE w.id = ? AND i.workspace = w.n AND i.key = ?`,
  lane: 'SELECT n FROM lanes WHERE webhook = ?',
  // Skip-scan: one seek per lane that has anything, however long the lanes are.
  lanes: `WITH RECURSIVE found (lane) AS (
      SELECT min(lane) FROM queue WHERE lane > ?
      UNION ALL SELECT (SELECT min(lane) FROM queue WHERE lane > found.lane) FROM found WHERE found.lane IS NOT NULL)
    SELECT w.id, l.webhook, (SELECT min(due_at) FROM queue WHERE lane = found.lane)
    FROM found CROSS JOIN lanes l CROSS JOIN workspaces w
    WHERE found.lane IS NOT NULL AND l.n = found.lane AND w.n = l.workspace LIMIT ?`,
  due: `SELECT q.*, w.id AS workspace_id FROM queue q INDEXED BY queue_due CROSS JOIN workspaces w
    WHERE q.lane = ? AND (q.due_at, q.position) > (?, ?) AND q.due_at <= ? AND w.n = q.workspace
    ORDER BY q.due_at, q.position LIMIT ?`,
  nextDue:
    'SELECT due_at FROM queue INDEXED BY queue_due WHERE lane = ? AND (due_at, position) > (?, ?) ORDER BY due_at, position LIMIT 1',
  position: `SELECT q.*, w.id AS workspace_id FROM queue q CROSS JOIN workspaces w
    WHERE q.lane = ? AND q.position > ? AND w.n = q.workspace ORDER BY q.position LIMIT ?`,
  nextPosition: 'SELECT due_at FROM queue WHERE lane = ? AND position > ? ORDER BY position LIMIT 1',
  positionOf: 'SELECT position FROM queue WHERE workspace = (SELECT workspace FROM lanes WHERE n = ?) AND id = ?',
  storedBody: 'SELECT body FROM bodies WHERE delivery = ?',
  duties: `SELECT d.id, w.id, d.kind, d.due_at, d.payload, d.version, d.attempts FROM duties d CROSS JOIN workspaces w
    WHERE d.due_at <= ? AND w.n = d.workspace ORDER BY d.due_at, d.id LIMIT ?`,
  nextDuty: 'SELECT due_at FROM duties WHERE (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT 1',
} as const;

export function createKeyedReads(db: DatabaseSync): KeyedReads {
  const by = Object.fromEntries(
    Object.entries(keyedStatements).map(([name, sql]) => [name, arrayStatement(db, sql)]),
  ) as { readonly [Name in keyof typeof keyedStatements]: ReturnType<typeof arrayStatement> };
  return {
    resources: (keys) =>
      keys.map(({ workspaceId, type, id }) => {
        const row = by.resource.get(workspaceId, type, id);
        return row === undefined ? null : resourceOf(row);
      }),
    findByAlias: (type, alias, workspaceId) =>
      (workspaceId === undefined ? by.alias.all(type, alias) : by.aliasIn.all(workspaceId, type, alias)).map(
        resourceOf,
      ),
    findByAliases: ({ workspaceId, type, aliases }) =>
      aliases.map((alias) => {
        const row = by.aliasIn.get(workspaceId, type, alias);
        return row === undefined ? null : resourceOf(row);
      }),
    revision({ workspaceId, type, id }, version) {
      const row = by.revision.get(workspaceId, type, id, version);
      return row === undefined ? null : resourceOf(row);
    },
    webhooksRevision: (workspaceId) => numberOrNull(by.webhooksRevision.get(workspaceId)?.[0]) ?? 0,
    blobUsage(workspaceId) {
      const [files, bytes] = by.blobUsage.get(workspaceId) ?? [];
      return { files: numberOrNull(files) ?? 0, bytes: numberOrNull(bytes) ?? 0 };
    },
    idempotency(workspaceId, key) {
      const row = by.idempotency.get(workspaceId, key);
      return row === undefined ? null : keyRow(key, row);
    },
    lanes({ after, limit }) {
      const behind = after === null ? 0 : numberOrNull(by.lane.get(after)?.[0]);
      if (behind === null) return [];
      return by.lanes.all(behind, limit).map((row) => ({
        workspaceId: textOf(row[0]),
        webhookId: textOf(row[1]) as WebhookId,
        nextDueAtMs: numberOf(row[2]),
      }));
    },
    storedBody(deliveryId) {
      const row = by.storedBody.get(deliveryId);
      return row === undefined ? null : bytesOf(row[0]);
    },
    duties({ nowMs, limit }) {
      const duties = by.duties.all(nowMs, limit).map(dutyOf);
      const last = duties.length === limit ? duties.at(-1) : undefined;
      const next = last === undefined ? by.nextDuty.get(nowMs, '\uffff') : by.nextDuty.get(last.dueAtMs, last.id);
      return { duties, nextDueAtMs: numberOrNull(next?.[0]) };
    },
    pending: createPendingReader(db, by),
  };
}

function dutyOf(row: readonly Row[string][]): Duty {
  return {
    id: textOf(row[0]) as DutyId,
    workspaceId: textOf(row[1]),
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

type Statements = { readonly [Name in keyof typeof keyedStatements]: ReturnType<typeof arrayStatement> };

function createPendingReader(db: DatabaseSync, by: Statements): (query: PendingQuery) => PendingPage {
  const changes = createChangeReader(db);
  /** Where a delivery stands or stood in the order of commit; 0 where nobody knows it. */
  const positionOf = (lane: number, id: DeliveryId): number =>
    numberOrNull(by.positionOf.get(lane, id)?.[0]) ?? changes.endedPosition(lane, id) ?? 0;
  const taskOf = (row: readonly Row[string][], webhookId: WebhookId): DeliveryTask | Unreadable => {
    const unreadable = (reason: string): Unreadable => ({ deliveryId: String(row[3]) as DeliveryId, reason });
    try {
      const change = changes.bySeq(numberOf(row[6]));
      // Retention keeps what is owed; a delivery without its change would be a bug there, and must not block its lane.
      if (change === null) return unreadable('Its change is not there any more');
      return { delivery: pendingOf(row, webhookId), change };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return unreadable('What is stored of it or of its change is damaged');
    }
  };
  return ({ webhookId, by: order, nowMs, limit, after }) => {
    const lane = numberOrNull(by.lane.get(webhookId)?.[0]);
    if (lane === null) return { tasks: [], nextDueAtMs: null };
    const behind = after === undefined ? 0 : positionOf(lane, after.id);
    const dueAtMs = after?.dueAtMs ?? Number.MIN_SAFE_INTEGER;
    const rows =
      order === 'due' ? by.due.all(lane, dueAtMs, behind, nowMs, limit) : by.position.all(lane, behind, limit);
    const tasks: DeliveryTask[] = [];
    const unreadable: Unreadable[] = [];
    for (const row of rows) {
      const task = taskOf(row, webhookId);
      if ('delivery' in task) tasks.push(task);
      else unreadable.push(task);
    }
    const last = rows.at(-1);
    const lastPosition = last === undefined ? behind : numberOf(last[1]);
    const lastDueAtMs = last === undefined ? dueAtMs : numberOf(last[4]);
    const next =
      order === 'due' ? by.nextDue.get(lane, lastDueAtMs, lastPosition) : by.nextPosition.get(lane, lastPosition);
    const nextDueAtMs = numberOrNull(next?.[0]);
    return unreadable.length === 0 ? { tasks, nextDueAtMs } : { tasks, nextDueAtMs, unreadable };
  };
}

/** A queue row in the order of its columns (see schema.ts), with the workspace's name behind them. */
function pendingOf(row: readonly Row[string][], webhookId: WebhookId): PendingDelivery {
  const id = textOf(row[3]) as DeliveryId;
  const frozen = textOrNull(row[15]);
  const redeliveryOf = textOrNull(row[14]);
  return {
    id,
    workspaceId: textOf(row[20]),
    webhookId,
    webhookRevision: numberOf(row[8]),
    changeId: textOf(row[7]) as ChangeId,
    subject: textOf(row[9]),
    event: textOf(row[11]),
    ...(frozen === null ? {} : { frozen: JSON.parse(frozen) as JsonObject }),
    messageId: textOrNull(row[12]) ?? id,
    origin: textOf(row[13]) as DeliveryOrigin,
    ...(redeliveryOf === null ? {} : { redeliveryOf: redeliveryOf as DeliveryId }),
    createdAtMs: numberOf(row[16]),
    dueAtMs: numberOf(row[4]),
    attempts: numberOf(row[5]),
  };
}

/** Where the rows of each kind of export come from, page by page in the order of their making, and their columns. */
import type { Change } from '../core/change.ts';
import type { Cell } from '../core/csv.ts';
import type { Attempt, DeliverySummary } from '../core/delivery.ts';
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { DeliveryQuery, Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { auditView, auditWhere } from './audit.ts';
import type { AppDeps } from './dependencies.ts';
import type { ExportKind, StoredExport } from './export-state.ts';

export type ExportPage = { readonly rows: readonly JsonObject[]; readonly nextCursor: string | null };
export type ExportSource = {
  read(from: {
    readonly workspaceId: string;
    readonly stored: StoredExport;
    readonly cursor: string | null;
  }): Promise<ExportPage>;
  readonly columns: readonly Column[];
};
type Column = { readonly name: string; readonly of: (row: JsonObject) => Cell };

/** Rows of one page; those that carry whole states are fewer. */
const pageRows = { deliveries: 500, attempts: 50, changes: 50, audit: 200, assets: 50 } as const;

/** Row by row what a list would show, as one JSON object each. */
export function exportSource({ storage }: Pick<AppDeps, 'storage'>, kind: ExportKind): ExportSource {
  switch (kind) {
    case 'deliveries':
      return { columns: deliveryColumns, read: (from) => deliveryPage(storage, from, pageRows.deliveries) };
    case 'attempts':
      return { columns: attemptColumns, read: (from) => attemptPage(storage, from) };
    case 'changes':
      return { columns: changeColumns, read: (from) => changePage(storage, from) };
    case 'audit':
      return { columns: auditColumns, read: (from) => auditPage(storage, from) };
    case 'assets':
      return { columns: assetColumns, read: (from) => assetPage(storage, from) };
    default:
      return kind satisfies never;
  }
}

type From = Parameters<ExportSource['read']>[0];
type Storage = AppDeps['storage'];

function deliveryQuery({ workspaceId, stored, cursor }: From, limit: number): DeliveryQuery {
  const { of: _of, format: _format, webhookId, toMs: _toMs, ...filters } = stored.input;
  return {
    ...filters,
    workspaceId,
    toMs: stored.snapshotAtMs,
    order: 'oldest',
    limit,
    ...(webhookId === undefined ? {} : { webhookId: webhookId as WebhookId }),
    ...(cursor === null ? {} : { cursor }),
  };
}

/** How many rows there will be, where that is known without reading them. */
export async function expectedRows(
  { storage }: Pick<AppDeps, 'storage'>,
  workspaceId: string,
  stored: StoredExport,
): Promise<number | null> {
  if (stored.of === 'deliveries') {
    return storage.read.countDeliveries(deliveryQuery({ workspaceId, stored, cursor: null }, 1));
  }
  if (stored.of !== 'changes') return null;
  const { kinds, subject, fromMs } = stored.input;
  return storage.read.countChanges({
    workspaceId,
    toMs: stored.snapshotAtMs,
    ...(kinds === undefined ? {} : { kinds }),
    ...(subject === undefined ? {} : { subject }),
    ...(fromMs === undefined ? {} : { fromMs }),
  });
}

async function deliveryPage(storage: Storage, from: From, limit: number): Promise<ExportPage> {
  const page = await storage.read.deliveries(deliveryQuery(from, limit));
  return { rows: page.items.map(plain<DeliverySummary>), nextCursor: page.nextCursor };
}

async function attemptPage(storage: Storage, from: From): Promise<ExportPage> {
  const page = await storage.read.deliveries(deliveryQuery(from, pageRows.attempts));
  const rows: JsonObject[] = [];
  for (const { id, attempts } of page.items) {
    if (attempts === 0) continue;
    const detail = await storage.read.delivery(from.workspaceId, id);
    if (detail === null) continue;
    const { webhookId, changeId, subject, event, messageId, origin } = detail.summary;
    for (const attempt of detail.attempts) {
      rows.push({ deliveryId: id, webhookId, changeId, subject, event, messageId, origin, ...plain<Attempt>(attempt) });
    }
  }
  return { rows, nextCursor: page.nextCursor };
}

async function changePage(storage: Storage, { workspaceId, stored, cursor }: From): Promise<ExportPage> {
  const { kinds, subject, fromMs } = stored.input;
  const page = await storage.read.changes({
    workspaceId,
    toMs: stored.snapshotAtMs,
    order: 'oldest',
    limit: pageRows.changes,
    ...(kinds === undefined ? {} : { kinds }),
    ...(subject === undefined ? {} : { subject }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(cursor === null ? {} : { cursor }),
  });
  return { rows: page.items.map(plain<Change>), nextCursor: page.nextCursor };
}

async function auditPage(storage: Storage, { workspaceId, stored, cursor }: From): Promise<ExportPage> {
  const page = await storage.read.resources({
    workspaceId,
    type: 'audit',
    where: auditWhere(stored.input),
    order: 'oldest',
    limit: pageRows.audit,
    ...(cursor === null ? {} : { cursor }),
  });
  return within(page, stored, auditView);
}

async function assetPage(storage: Storage, { workspaceId, stored, cursor }: From): Promise<ExportPage> {
  const { folder, collection, tag, fromMs } = stored.input;
  const page = await storage.read.assets({
    workspaceId,
    order: 'oldest',
    limit: pageRows.assets,
    createdToMs: stored.snapshotAtMs,
    ...(fromMs === undefined ? {} : { createdFromMs: fromMs }),
    ...(folder === undefined ? {} : { folder }),
    ...(collection === undefined ? {} : { collection }),
    ...(tag === undefined ? {} : { tag }),
    ...(cursor === null ? {} : { cursor }),
  });
  return within(page, stored, ({ id, alias, version, createdAtMs, updatedAtMs, state }) => ({
    id,
    ...(alias === undefined ? {} : { externalId: alias }),
    version,
    createdAtMs,
    updatedAtMs,
    state,
  }));
}

/** Rows made in the span; a list of resources knows no times of its own. */
function within(page: Page<Resource>, stored: StoredExport, shown: (row: Resource) => JsonObject): ExportPage {
  const { fromMs = 0 } = stored.input;
  const rows = page.items.filter(({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs < stored.snapshotAtMs);
  // In the order of their making: what comes behind one that is too young is too young as well.
  const over = page.items.some(({ createdAtMs }) => createdAtMs >= stored.snapshotAtMs);
  return { rows: rows.map(shown), nextCursor: over ? null : page.nextCursor };
}

/** Our records are JSON already; their types just do not say so. */
function plain<Record extends object>(record: Record): JsonObject {
  return record as unknown as JsonObject;
}

// --- Columns of CSV ------------------------------------------------------------------------------------------------

function inside(row: JsonValue | undefined, path: readonly string[]): Cell {
  let value: JsonValue | undefined = row;
  for (const key of path) {
    value =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject)[key] : undefined;
  }
  return value;
}

/** A column named as its field, or `name=path` for one that lies deeper. */
function columnsOf(...fields: readonly string[]): readonly Column[] {
  return fields.map((field) => {
    const [name = field, path = name] = field.split('=');
    const keys = path.split('.');
    return { name, of: (row) => inside(row, keys) };
  });
}

/** A time beside its milliseconds, for people. */
function timed(name: string, field: string): Column {
  return {
    name,
    of: (row) => {
      const atMs = row[field];
      return typeof atMs === 'number' ? new Date(atMs).toISOString() : undefined;
    },
  };
}

const deliveryColumns: readonly Column[] = [
  timed('createdAt', 'createdAtMs'),
  ...columnsOf('id', 'webhookId', 'changeId', 'subject', 'event', 'messageId', 'origin', 'redeliveryOf'),
  ...columnsOf('state', 'reason', 'attempts', 'lastStatus', 'lastOutcome', 'lastDurationMs'),
  ...columnsOf('createdAtMs', 'dueAtMs', 'endedAtMs'),
];

const attemptColumns: readonly Column[] = [
  timed('startedAt', 'startedAtMs'),
  ...columnsOf('deliveryId', 'number', 'webhookId', 'changeId', 'subject', 'event', 'messageId', 'origin'),
  ...columnsOf('outcome', 'code', 'verdict', 'reason', 'status=response.status'),
  ...columnsOf('totalMs=timing.totalMs', 'dnsMs=timing.dnsMs', 'connectMs=timing.connectMs', 'tlsMs=timing.tlsMs'),
  ...columnsOf('firstByteMs=timing.firstByteMs', 'address', 'method=request.method', 'url=request.url'),
  ...columnsOf('requestBytes=request.bodyBytes', 'requestSha256=request.bodySha256'),
  ...columnsOf('responseBytes=response.bodyBytes', 'startedAtMs', 'nextAtMs', 'webhookRevision'),
];

const changeColumns: readonly Column[] = [
  timed('acceptedAt', 'acceptedAtMs'),
  ...columnsOf('id', 'kind', 'subjectType=subject.type', 'subjectId=subject.id', 'externalId=subject.externalId'),
  ...columnsOf('subjectVersion', 'actorType=actor.type', 'actorId=actor.id', 'actorName=actor.name'),
  ...columnsOf('changed', 'causationDepth', 'occurredAtMs', 'acceptedAtMs', 'before', 'after'),
];

const auditColumns: readonly Column[] = [
  timed('at', 'atMs'),
  ...columnsOf('id', 'action', 'target', 'actorType=actor.type', 'actorId=actor.id', 'actorName=actor.name', 'keyId'),
  ...columnsOf('address=from.address', 'userAgent=from.userAgent', 'before', 'after', 'atMs'),
];

const assetColumns: readonly Column[] = [
  timed('createdAt', 'createdAtMs'),
  ...columnsOf('id', 'externalId', 'version', 'name=state.name', 'path=state.path', 'kind=state.kind'),
  ...columnsOf('archived=state.archived', 'tags=state.tags', 'labels=state.labels', 'collections=state.collections'),
  ...columnsOf('mimeType=state.file.mimeType', 'bytes=state.file.bytes', 'sha256=state.file.sha256'),
  ...columnsOf('info=state.info', 'metadata=state.metadata', 'createdAtMs', 'updatedAtMs'),
];

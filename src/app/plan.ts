/** What a decision wants done, and the commit item that it becomes. */
import type { Change } from '../core/change.ts';
import { type AssetUpkeep, assetUpkeep } from './asset-upkeep.ts';
import { type BlobUpkeep, blobUpkeep } from './blob-uses.ts';
import type { NewDelivery } from '../core/delivery.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { CommitItem, IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Matched } from './matching.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';

/** What a decision wants done. Everything in it commits together or not at all. */
export type Plan = {
  /** The subject's new state; null deletes it, absent leaves it alone. */
  readonly state?: JsonObject | null;
  readonly alias?: string;
  /** Complete changes; the committer finds who is told. */
  readonly changes: readonly Change[];
  readonly resources?: readonly ResourceWrite[];
  readonly duties?: readonly NewDuty[];
  readonly fulfils?: CommitItem['fulfils'];
  /** The row for the answer that this commit will have. */
  readonly idempotency?: (applied: Applied) => IdempotencyRow;
  /** Adds to or replaces what the matching made: for writes that must decide on the very webhooks they commit with. */
  readonly webhooksRevision?: number;
  /** Changes for which nobody is looked up: whom they are for is in `tasks`. */
  readonly addressed?: readonly Change[];
  /** Taken off or added to counters of missed changes, beside what matching finds. */
  readonly missed?: CommitItem['missed'];
  /** Deliveries beside those that matching makes: tests, redeliveries. */
  readonly tasks?: readonly DeliveryTask[];
  /** What becomes of deliveries that are pending already. */
  readonly orders?: CommitItem['deliveryOrders'];
  readonly withdraws?: CommitItem['withdraws'];
  /** The subject, new to the store, goes on where it had ended: see `CommitItem.resumes`. */
  readonly resumes?: { readonly version: number; readonly createdAtMs: number };
  /** An asset that goes lets its bytes not go with it: something else in this plan sees to them. */
  readonly keepsBytes?: boolean;
};

export type Applied = { readonly version: number; readonly deliveries: number };

export type Decision<Answer> =
  | { readonly kind: 'nothing'; readonly answer: Answer }
  | { readonly kind: 'write'; readonly plan: Plan; answer(applied: Applied): Answer };

/** What a decision was made on. */
export type Ground = {
  readonly key: ResourceKey;
  readonly current: Resource | null;
  readonly index: WorkspaceIndex;
  readonly atMs: number;
};

/** What the caller of a plan is told it came to, known before it is committed. */
export function outcomeOf({ current }: Ground, plan: Plan, matched: Matched | null): Applied {
  const version = current?.version ?? plan.resumes?.version ?? 0;
  return {
    version: plan.state === undefined ? version : version + 1,
    deliveries: (matched?.count ?? 0) + (plan.tasks?.length ?? 0),
  };
}

/** The subject as it will be once the plan is committed; null where it will be gone. */
export function nextResource({ key, current, atMs }: Ground, plan: Plan): Resource | null {
  if (plan.state === undefined || plan.state === null) return null;
  const next: Mutable<Resource> = {
    workspaceId: key.workspaceId,
    type: key.type,
    id: key.id,
    version: (current?.version ?? plan.resumes?.version ?? 0) + 1,
    state: plan.state,
    createdAtMs: current?.createdAtMs ?? plan.resumes?.createdAtMs ?? atMs,
    updatedAtMs: atMs,
  };
  const alias = plan.alias ?? current?.alias;
  if (alias !== undefined) next.alias = alias;
  return next;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

type Found = {
  readonly matched: Matched | null;
  readonly applied: Applied;
  readonly ids: Pick<IdSource, 'next'>;
  /** Where an asset is found from now on. */
  readonly places: readonly ResourceWrite[] | undefined;
};

/** Built field by field: this runs for every change, and objects that are spread into each other cost ten times as much. */
export function commitItem(ground: Ground, plan: Plan, { matched, applied, ids, places }: Found): CommitItem {
  const { key, index, atMs } = ground;
  const item: Mutable<CommitItem> = { workspaceId: key.workspaceId, atMs };
  const bytes = bytesOf(ground, plan);
  const life = lifeOf(ground, plan);
  const resources = joined(joined(joined(resourceWrites(ground, plan), bytes?.writes), life?.writes), places);
  if (resources.length > 0) item.resources = resources;
  const changes = joined(
    matched?.changes,
    plan.addressed?.map((change) => ({ change })),
  );
  if (changes.length > 0) item.changes = changes;
  const deliveries = joined<NewDelivery>(
    matched?.deliveries,
    plan.tasks?.map(({ delivery }) => delivery),
  );
  if (deliveries.length > 0) item.deliveries = deliveries;
  const duties = joined(joined(joined(plan.duties, matched?.duties), erasure(ground, bytes, ids)), life?.duties);
  if (duties.length > 0) item.duties = duties;
  const withdraws = joined(plan.withdraws, life?.withdraws);
  if (withdraws.length > 0) item.withdraws = withdraws;
  if (plan.orders !== undefined && plan.orders.length > 0) item.deliveryOrders = plan.orders;
  if (plan.resumes !== undefined) item.resumes = { type: key.type, id: key.id, ...plan.resumes };
  const missed = joined(matched?.missed, plan.missed);
  if (missed.length > 0) item.missed = missed;
  if (plan.webhooksRevision !== undefined) item.webhooksRevision = plan.webhooksRevision;
  else if (matched !== null) item.webhooksRevision = index.revision;
  if (plan.fulfils !== undefined) item.fulfils = plan.fulfils;
  if (plan.idempotency !== undefined) item.idempotency = plan.idempotency(applied);
  return item;
}

/** Only assets name bytes. */
function bytesOf({ key, current }: Ground, { state, keepsBytes }: Plan): BlobUpkeep | null {
  if (state === undefined || key.type !== 'asset' || keepsBytes === true) return null;
  return blobUpkeep(key.id, current?.state ?? null, state);
}

/** Only assets have dates and ids of former DAMs. */
function lifeOf({ key, current }: Ground, { state }: Plan): AssetUpkeep | null {
  if (state === undefined || key.type !== 'asset') return null;
  return assetUpkeep({ workspaceId: key.workspaceId, assetId: key.id }, current?.state ?? null, state);
}

/** What nobody names any more is removed once this is committed. */
function erasure({ key, atMs }: Ground, bytes: BlobUpkeep | null, ids: Pick<IdSource, 'next'>): readonly NewDuty[] {
  if (bytes === null || bytes.released.length === 0) return nothing;
  const payload = { blobs: bytes.released };
  return [{ id: ids.next('duty'), workspaceId: key.workspaceId, kind: 'erase', dueAtMs: atMs, payload }];
}

function resourceWrites({ key, current }: Ground, plan: Plan): readonly ResourceWrite[] {
  if (plan.state === undefined) return plan.resources ?? nothing;
  const write: Mutable<ResourceWrite> = {
    type: key.type,
    id: key.id,
    expectedVersion: current?.version ?? 0,
    state: plan.state,
  };
  const alias = plan.alias ?? current?.alias;
  if (alias !== undefined) write.alias = alias;
  return plan.resources === undefined ? [write] : [write, ...plan.resources];
}

const nothing: readonly never[] = [];

function joined<Item>(left: readonly Item[] | undefined, right: readonly Item[] | undefined): readonly Item[] {
  if (right === undefined || right.length === 0) return left ?? nothing;
  if (left === undefined || left.length === 0) return right;
  return [...left, ...right];
}

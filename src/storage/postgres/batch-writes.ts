/** What a batch writes: gathered by table while its items are decided, then one statement per table with arrays of columns. */
import type {
  PreparedChange,
  PreparedDelivery,
  PreparedDuty,
  PreparedIdempotency,
  PreparedRecord,
} from '../prepared.ts';
import { nameOf } from './batch-keys.ts';
import type { FoundChange } from './batch-state.ts';
import type { Statement } from './pipeline.ts';
import {
  dropAttempts,
  dropBodies,
  endBodies,
  endDeliveries,
  hastenDeliveries,
  insertAttempts,
  insertBodies,
  redateDeliveries,
} from './write-attempts.ts';
import { insertChanges, insertDeliveries, keepChanges, keepFor } from './write-deliveries.ts';
import {
  advanceDuties,
  countMisses,
  freeKeys,
  insertDuties,
  raiseRevisions,
  removeDuties,
  useKeys,
} from './write-duties.ts';
import { deleteResources, insertResources, insertRevisions, touchAssets, updateResources } from './write-resources.ts';

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

export type LastAttempt = {
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
export type RedatedRow = LastAttempt & {
  readonly workspaceId: string;
  readonly id: string;
  readonly attempts: number;
  readonly dueAtMs: number;
};
export type DeliveryRow = {
  readonly workspaceId: string;
  readonly delivery: PreparedDelivery;
  readonly changeDay: number;
  readonly shard: number;
};
export type KeptRow = {
  readonly workspaceId: string;
  readonly delivery: PreparedDelivery;
  readonly change: FoundChange;
};
export type Advance = { readonly dutyId: string; readonly dueAtMs: number; readonly payload: string };

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
  /** An asset was written, and no change tells of it. */
  touchAsset(workspaceId: string, id: string): void;
  /** What there is so far, by what becomes of it. */
  readonly rows: BatchRows;
  /** The statements, in the order in which every batch takes the tables. */
  statements(given: { readonly day: number; readonly firstNumber: string | null }): readonly Statement[];
};

export function createEffects(): Effects {
  const lists = createLists();
  return {
    resource(row, how) {
      (how === 'insert' ? lists.inserted : how === 'update' ? lists.updated : lists.deleted).push(row);
    },
    revision: (row) => void lists.revisions.push(row),
    change: (workspaceId, change) => void lists.changes.push({ workspaceId, change }),
    delivery: (row) => void lists.deliveries.push(row),
    keepChange: (row) => void lists.kept.push(row),
    end: (row) => void lists.ended.push(row),
    redate: (row) => void lists.redated.push(row),
    hasten: (row) => void lists.hastened.push(row),
    attempt: (item, number) => void lists.attempts.push({ item, number }),
    dropAttempt: (item, number) => void lists.droppedAttempts.push({ item, number }),
    keepBody: (item, body) => void lists.bodies.push({ item, body }),
    endBody: (id, atMs) => void lists.endedBodies.push({ id, atMs }),
    dropBody: (deliveryId) => void lists.droppedBodies.push(deliveryId),
    addDuty: (workspaceId, duty, shard) => void lists.duties.push({ workspaceId, duty, shard }),
    removeDuty: (dutyId) => void lists.removedDuties.push(dutyId),
    advanceDuty: (advance) => void lists.advances.push(advance),
    useKey: (workspaceId, row) => void lists.usedKeys.push({ workspaceId, row }),
    freeKey: (name) => void lists.freedKeys.push(name),
    miss: (webhookId, workspaceId, count) => void lists.misses.push({ webhookId, workspaceId, count }),
    raiseRevision: (workspaceId, by) => void lists.raises.push({ workspaceId, by }),
    touchAsset: (workspaceId, id) => void lists.touches.push({ workspaceId, id }),
    rows: lists,
    statements: (given) => statementsOf(lists, given),
  };
}

export type BatchRows = { readonly [Name in keyof Lists]: Readonly<Lists[Name]> };
type Lists = ReturnType<typeof createLists>;

/** Rows by what becomes of them. */
function createLists() {
  return {
    inserted: new Array<ResourceRow>(),
    updated: new Array<ResourceRow>(),
    deleted: new Array<ResourceRow>(),
    revisions: new Array<ResourceRow>(),
    changes: new Array<{ readonly workspaceId: string; readonly change: PreparedChange }>(),
    deliveries: new Array<DeliveryRow>(),
    kept: new Array<KeptRow>(),
    ended: new Array<EndedRow>(),
    redated: new Array<RedatedRow>(),
    hastened: new Array<RedatedRow>(),
    attempts: new Array<{ readonly item: PreparedRecord; readonly number: number }>(),
    droppedAttempts: new Array<{ readonly item: PreparedRecord; readonly number: number }>(),
    bodies: new Array<{ readonly item: PreparedRecord; readonly body: Uint8Array }>(),
    endedBodies: new Array<{ readonly id: string; readonly atMs: number }>(),
    droppedBodies: new Array<string>(),
    duties: new Array<{ readonly workspaceId: string; readonly duty: PreparedDuty; readonly shard: number }>(),
    removedDuties: new Array<string>(),
    advances: new Array<Advance>(),
    usedKeys: new Array<{ readonly workspaceId: string; readonly row: PreparedIdempotency }>(),
    freedKeys: new Array<string>(),
    misses: new Array<{ readonly webhookId: string; readonly workspaceId: string; readonly count: number }>(),
    touches: new Array<{ readonly workspaceId: string; readonly id: string }>(),
    raises: new Array<{ readonly workspaceId: string; readonly by: number }>(),
  };
}

/** Two processes that make the same resources at once then wait for each other in one direction only. */
function byKey(a: ResourceRow, b: ResourceRow): number {
  const [left, right] = [nameOf(a.type, a.workspaceId, a.id), nameOf(b.type, b.workspaceId, b.id)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function statementsOf(
  lists: Lists,
  { day, firstNumber }: { readonly day: number; readonly firstNumber: string | null },
): readonly Statement[] {
  return [
    ...some(lists.raises, raiseRevisions),
    ...some(lists.usedKeys, useKeys),
    ...some(lists.freedKeys, freeKeys),
    ...some(lists.removedDuties, removeDuties),
    ...some(lists.advances, advanceDuties),
    ...some(lists.duties, insertDuties),
    ...some(lists.deleted, deleteResources),
    ...some(lists.updated, updateResources),
    ...some(lists.inserted.sort(byKey), insertResources),
    ...some(lists.revisions, insertRevisions),
    ...some(lists.changes, (rows) => insertChanges(rows, day, firstNumber ?? '')),
    ...some(lists.touches, (rows) => touchAssets(rows, firstNumber ?? '')),
    ...some(lists.kept, keepChanges),
    ...some(lists.kept, keepFor),
    ...some(lists.hastened, hastenDeliveries),
    ...some(lists.redated, redateDeliveries),
    ...some(lists.ended, (rows) => endDeliveries(rows, day)),
    ...some(lists.deliveries, (rows) => insertDeliveries(rows, firstNumber ?? '')),
    ...some(lists.attempts, (rows) => insertAttempts(rows, day)),
    ...some(lists.droppedAttempts, dropAttempts),
    ...some(lists.bodies, insertBodies),
    ...some(lists.endedBodies, endBodies),
    ...some(lists.droppedBodies, dropBodies),
    ...some(lists.misses, countMisses),
  ];
}

/** The statement for these rows; none where there are no rows. */
function some<Item>(rows: readonly Item[], make: (rows: readonly Item[]) => Statement): readonly Statement[] {
  return rows.length === 0 ? [] : [make(rows)];
}

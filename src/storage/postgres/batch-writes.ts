/** What a batch writes: gathered by table while its items are decided, then one statement per table with arrays of columns. */
import type {
  PreparedChange,
  PreparedDelivery,
  PreparedDuty,
  PreparedIdempotency,
  PreparedRecord,
} from '../prepared.ts';
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
import { deleteResources, insertResources, insertRevisions, updateResources } from './write-resources.ts';

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

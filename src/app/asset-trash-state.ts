/** Assets in the trash as they are stored and shown, and what it takes to put one there and to let one go for good. */
import { changedFields } from '../core/difference.ts';
import type { Actor } from '../core/change.ts';
import { idBytes, idFromBytes } from '../core/id-encoding.ts';
import type { DutyId, IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrashedAsset } from './asset-life-cases.ts';
import { assetChange, assetState, assetSubject } from './asset-views.ts';
import { blobSizes, blobUpkeep } from './blob-uses.ts';
import type { Plan } from './plan.ts';

const dayMs = 24 * 3_600_000;

/** What a row of the trash holds; its alias is the asset's id. */
export type TrashedState = {
  readonly assetId: string;
  readonly externalId?: string;
  /** As the asset's own, so that lists can be searched for it. */
  readonly name: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly deleteAtMs: number;
  readonly trashedBy: Actor;
  readonly bytes: number;
  readonly asset: JsonObject;
};

/** What a timer owes that lets go of what has lain in the trash long enough. */
export type TrashTimerPayload = JsonObject & { readonly what: 'trash_end'; readonly trashedId: string };

/** Rows of this type are written here only, in this shape. */
export function trashedState({ state }: Pick<Resource, 'state'>): TrashedState {
  return state as unknown as TrashedState;
}

/** The trash's row of an asset, null where it does not lie there. */
export async function findTrashed(
  { storage }: { readonly storage: Pick<Storage, 'findByAlias'> },
  workspaceId: string,
  assetId: string,
): Promise<Resource | null> {
  const found = await storage.findByAlias('trashed_asset', assetId, workspaceId);
  return found.find((row) => row.workspaceId === workspaceId) ?? null;
}

export function trashedView(row: Resource): TrashedAsset {
  const { assetId, externalId, version, deleteAtMs, trashedBy, bytes, asset } = trashedState(row);
  return {
    id: assetId,
    ...(externalId === undefined ? {} : { externalId }),
    version,
    trashedAtMs: row.createdAtMs,
    deleteAtMs,
    trashedBy,
    bytes,
    state: assetState({ state: asset }),
  };
}

/** The timer of a row has the row's own 128 bits, so whoever has the row can withdraw it. */
export function trashTimerId(trashedId: string): DutyId {
  return idFromBytes('duty', idBytes(trashedId));
}

export type Removal = {
  readonly ids: IdSource;
  readonly actor: Actor;
  /** How long it lies in the trash; 0: it is deleted for good at once. */
  readonly trashDays: number;
  readonly atMs: number;
};

/** What the deletion of an asset does: it is gone for receivers, and lies in the trash with all its bytes. */
export function removalPlan(current: Resource, { ids, actor, trashDays, atMs }: Removal): Plan {
  const { workspaceId, id, alias } = current;
  // Its version in the trash is that of its deletion: when it comes back it goes on from there.
  const version = current.version + 1;
  const frame = { ids, workspaceId, actor, subject: assetSubject(id, alias), version, atMs };
  const changed = changedFields(current.state, null);
  const changes = [assetChange(frame, { kind: 'asset.deleted', before: current.state, after: null, changed })];
  if (trashDays === 0) return { state: null, changes };
  const trashedId = ids.next('trashed');
  const deleteAtMs = atMs + trashDays * dayMs;
  const state: TrashedState = {
    assetId: id,
    ...(alias === undefined ? {} : { externalId: alias }),
    name: assetState(current).name,
    version,
    createdAtMs: current.createdAtMs,
    deleteAtMs,
    trashedBy: actor,
    bytes: bytesOf(current.state),
    asset: current.state,
  };
  const payload: TrashTimerPayload = { what: 'trash_end', trashedId };
  const timer: NewDuty = { id: trashTimerId(trashedId), workspaceId, kind: 'timer', dueAtMs: deleteAtMs, payload };
  return {
    state: null,
    keepsBytes: true,
    changes,
    resources: [{ type: 'trashed_asset', id: trashedId, expectedVersion: 0, state, alias: id }],
    duties: [timer],
  };
}

/** What it takes to let go of an asset in the trash for good: its bytes go with it, unless others hold them. */
export function purgePlan(row: Resource, { ids, atMs }: Pick<Removal, 'ids' | 'atMs'>): Plan {
  const { workspaceId, id } = row;
  const { assetId, asset } = trashedState(row);
  const bytes = blobUpkeep(assetId, asset, null);
  const duties: NewDuty[] = [];
  if (bytes !== null && bytes.released.length > 0) {
    const payload = { blobs: bytes.released };
    duties.push({ id: ids.next('duty'), workspaceId, kind: 'erase', dueAtMs: atMs, payload });
  }
  return {
    state: null,
    changes: [],
    resources: bytes?.writes ?? [],
    duties,
    withdraws: [trashTimerId(id)],
  };
}

/** Equal content counts once. */
function bytesOf(state: JsonObject): number {
  return [...blobSizes(state).values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** An erasure's row and duty. Both lie in `default`, because everything of the workspace itself goes. */
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { ResourceKey } from '../storage/contract/resources.ts';
import type { EraseCursor, Storage } from '../storage/storage.ts';
import type { Caller, Origin } from './app.ts';
import type { ErasureView } from './people.ts';

export type ErasurePayload = {
  readonly workspaceId: string;
  readonly cursor: EraseCursor | null;
};

/** How far it is, and who began it: for the audit row at its end. */
export type StoredErasure = ErasureView & {
  readonly erasing: string;
  readonly createdAtMs: number;
  readonly by: Pick<Caller, 'actor' | 'keyId'> & { readonly from?: Origin };
};

export function erasureKey(workspaceId: string): ResourceKey {
  return { workspaceId: 'default', type: 'setting', id: `erasure:${workspaceId}` };
}

type Begun = {
  readonly id: string;
  readonly createdAtMs: number;
  readonly caller: Pick<Caller, 'actor' | 'keyId' | 'from'>;
};

export function erasureDuty(
  ids: IdSource,
  { id, createdAtMs, caller }: Begun,
  atMs: number,
): { readonly state: JsonObject; readonly duty: NewDuty; readonly view: ErasureView } {
  const { actor, keyId, from } = caller;
  const view: ErasureView = { phase: 'webhooks', startedAtMs: atMs, rowsRemoved: 0 };
  const stored: StoredErasure = {
    ...view,
    erasing: id,
    createdAtMs,
    by: { actor, keyId, ...(from === undefined ? {} : { from }) },
  };
  const payload: ErasurePayload = { workspaceId: id, cursor: null };
  const duty: NewDuty = {
    id: ids.next('duty'),
    workspaceId: 'default',
    kind: 'erase_workspace',
    dueAtMs: atMs,
    payload,
  };
  return { state: stored, duty, view };
}

/** Rows of this id are written for erasures only, in this shape. */
export function storedErasure(state: JsonObject): StoredErasure {
  return state as StoredErasure;
}

/** The erasure of a workspace that is going on; null where there is none. */
export async function erasureView(
  storage: Pick<Storage, 'resources'>,
  workspaceId: string,
): Promise<{ readonly view: ErasureView; readonly createdAtMs: number } | null> {
  const [row] = await storage.resources([erasureKey(workspaceId)]);
  if (row === undefined || row === null) return null;
  const { phase, startedAtMs, rowsRemoved, createdAtMs } = storedErasure(row.state);
  return { view: { phase, startedAtMs, rowsRemoved }, createdAtMs };
}

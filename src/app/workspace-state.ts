/** What a workspace's row says of it. */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { WorkspaceState } from './people.ts';
import type { Quota } from './quotas.ts';

export type StoredWorkspace = {
  readonly name: string;
  readonly parent?: string;
  readonly disabledAtMs?: number;
  readonly erasingAtMs?: number;
  /** Set by the operator; null: no bound, absent: the server's. */
  readonly quota?: Partial<Quota>;
};

/** Rows of this type are written by workspaces.ts only, in this shape. */
export function storedWorkspace(state: JsonObject): StoredWorkspace {
  return state as StoredWorkspace;
}

/** A workspace that never got a row (nobody but tests makes such) is open. */
export function workspaceState(row: Resource | null | undefined): WorkspaceState {
  if (row === undefined || row === null) return 'active';
  const { erasingAtMs, disabledAtMs } = storedWorkspace(row.state);
  if (erasingAtMs !== undefined) return 'erasing';
  return disabledAtMs === undefined ? 'active' : 'disabled';
}

export function workspaceDisabled(): AssetwireError {
  return new AssetwireError('workspace_disabled', {
    detail: 'Act in a workspace that is enabled: this one is disabled',
  });
}

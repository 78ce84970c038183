/**
 * The grants of one user or key as one row, read by key whenever he is looked up; the rows of the single grants are for
 * lists. Both are written in one commit.
 */
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Grant } from './people.ts';

export type HeldGrant = Grant & { readonly id: string };

export function grantSetKey(workspaceId: string, principal: string): ResourceKey {
  return { workspaceId, type: 'grant_set', id: principal };
}

export function heldGrants(set: Resource | null | undefined): readonly HeldGrant[] {
  const grants: unknown = set?.state['grants'];
  // Rows of this type are written by grants.ts only, in this shape.
  return Array.isArray(grants) ? (grants as readonly HeldGrant[]) : [];
}

export function grantSetState(grants: readonly HeldGrant[]): JsonObject | null {
  return grants.length === 0 ? null : { grants: grants.map((grant) => ({ ...grant, scopes: [...grant.scopes] })) };
}

/** Takes all grants of a set away: for a holder who goes. */
export function grantRemovals(set: Resource | null): readonly ResourceWrite[] {
  if (set === null) return [];
  return [
    { type: 'grant_set', id: set.id, expectedVersion: set.version, state: null },
    ...heldGrants(set).map(({ id }): ResourceWrite => ({ type: 'grant', id, expectedVersion: 'any', state: null })),
  ];
}

/** The same grants for another holder: for a key that takes the place of one. */
export function grantCopies(ids: IdSource, set: Resource | null, principal: string): readonly ResourceWrite[] {
  const grants = heldGrants(set).map((grant) => ({ ...grant, id: ids.next('grant') }));
  const state = grantSetState(grants);
  if (state === null) return [];
  return [
    { type: 'grant_set', id: principal, expectedVersion: 0, state },
    ...grants.map(({ id, resource, scopes }): ResourceWrite => {
      return {
        type: 'grant',
        id,
        expectedVersion: 0,
        state: { principal, resource: { ...resource }, scopes: [...scopes] },
      };
    }),
  ];
}

/** Grants on a folder that is renamed or moved, or on one in it, go along: they are on the folder, not on its old name. */
import { liesIn, pathMoved } from '../core/folder-path.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { FolderDeps } from './folder-writes.ts';
import { grantSetKey, grantSetState, heldGrants } from './grant-sets.ts';
import type { Grant } from './people.ts';

export async function movedGrants(
  { storage }: Pick<FolderDeps, 'storage'>,
  workspaceId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<readonly ResourceWrite[]> {
  const concerned: Resource[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly Resource[]; nextCursor: string | null } = await storage.read.resources({
      workspaceId,
      type: 'grant',
      limit: limits.pageItemsMax,
      ...(cursor === null ? {} : { cursor }),
    });
    concerned.push(
      ...page.items.filter(({ state }) => moved(state['resource'] as Grant['resource'], from, to) !== null),
    );
    cursor = page.nextCursor;
  } while (cursor !== null);
  const principals = [
    ...new Set(concerned.flatMap(({ state: { principal } }) => (typeof principal === 'string' ? [principal] : []))),
  ];
  const sets = await storage.resources(principals.map((principal) => grantSetKey(workspaceId, principal)));
  return [
    ...concerned.map(({ id, version, state }): ResourceWrite => {
      const resource = moved(state['resource'] as Grant['resource'], from, to);
      return { type: 'grant', id, expectedVersion: version, state: { ...state, resource: { ...resource } } };
    }),
    ...sets.flatMap((set): readonly ResourceWrite[] => {
      if (set === null) return [];
      const grants = heldGrants(set).map((held) => ({
        ...held,
        resource: moved(held.resource, from, to) ?? held.resource,
      }));
      return [{ type: 'grant_set', id: set.id, expectedVersion: set.version, state: grantSetState(grants) }];
    }),
  ];
}

function moved(resource: Grant['resource'], from: string, to: string): Grant['resource'] | null {
  if (resource.type !== 'folder' || !liesIn(resource.path, from)) return null;
  return { type: 'folder', path: pathMoved(resource.path, from, to) };
}

/** From a DAM's own id of a subject to ours. */
import type { ResourceType } from '../storage/contract/resources.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { subjectName } from './subject-cache.ts';

export type ExternalIdDeps = {
  readonly storage: Pick<AppDeps['storage'], 'findByAlias'>;
  readonly committer: Committer;
};

/** What a DAM calls a subject, in a workspace. */
export type ExternalRef = { readonly workspaceId: string; readonly type: ResourceType; readonly externalId: string };

/** The id behind an external id in this workspace, null where there is none. */
export async function findExternalId({ storage, committer }: ExternalIdDeps, ref: ExternalRef): Promise<string | null> {
  const { workspaceId, type, externalId } = ref;
  const known = committer.cache.alias(workspaceId, type, externalId);
  if (known !== undefined) return known;
  const found = await storage.findByAlias(type, externalId, workspaceId);
  // Whoever asked at the same time may have answered already: one external id, one subject.
  const meanwhile = committer.cache.alias(workspaceId, type, externalId);
  if (meanwhile !== undefined) return meanwhile;
  const row = found.find((candidate) => candidate.workspaceId === workspaceId);
  if (row === undefined) return null;
  committer.cache.setAlias(ref, row.id);
  return row.id;
}

/**
 * The id behind an external id, drawn where there is none yet. A drawn one is not stored by this: the caller commits the
 * subject under it with the external id as alias, and the store's unique alias decides if another process did the same.
 */
export async function resolveExternalId(deps: ExternalIdDeps, ref: ExternalRef, draw: () => string): Promise<string> {
  const found = await findExternalId(deps, ref);
  if (found !== null) return found;
  const { cache } = deps.committer;
  const drawn = draw();
  cache.setAlias(ref, drawn);
  // It was drawn just now, so nothing can be stored under it: no need to look.
  cache.set(subjectName({ workspaceId: ref.workspaceId, type: ref.type, id: drawn }), null);
  return drawn;
}

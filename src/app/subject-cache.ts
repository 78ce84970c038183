/**
 * Recently used resources, so that the next write to a subject is decided without a read. Never trusted: each commit
 * carries the version it was decided on and the store refuses it where that is not the present one.
 */
import type { Resource, ResourceKey, ResourceType } from '../storage/contract/resources.ts';
import { roughBytes } from './rough-bytes.ts';
import { createTwoGenerations } from './two-generations.ts';

export const subjectCacheLimits = { entriesMax: 20_000, bytesMax: 48 * 1024 * 1024 } as const;

/** `null`: known to be absent. `undefined`: not known, ask the store. */
export type Known = Resource | null | undefined;

export interface SubjectCache {
  get(name: string): Known;
  set(name: string, resource: Resource | null): void;
  delete(name: string): void;
  /** Lets go of everything: for when rows have gone that no write of ours took away. */
  clear(): void;
  /** The id behind an alias as last seen, for external ids. */
  alias(workspaceId: string, type: ResourceType, alias: string): string | undefined;
  setAlias(
    ref: { readonly workspaceId: string; readonly type: ResourceType; readonly externalId: string },
    id: string,
  ): void;
  deleteAlias(workspaceId: string, type: ResourceType, alias: string): void;
}

/** The cache's name of a resource: workspace first, so that no two tenants share an entry (HARDENING TN-08). */
export function subjectName(key: ResourceKey): string {
  return `${key.workspaceId} ${key.type} ${key.id}`;
}

/** What is known to be absent takes room too. */
type Entry = { readonly resource: Resource | null };
const absent: Entry = { resource: null };

export function createSubjectCache(): SubjectCache {
  const { entriesMax, bytesMax } = subjectCacheLimits;
  const entries = createTwoGenerations<Entry>({ entriesMax, weightMax: bytesMax });
  const aliases = createTwoGenerations<string>({ entriesMax: entriesMax * 2, weightMax: entriesMax * 2 });
  const aliasName = (workspaceId: string, type: string, alias: string): string => `${workspaceId} ${type} ${alias}`;
  return {
    get: (name) => entries.get(name)?.resource,
    set(name, resource) {
      if (resource === null) entries.set(name, absent, 100);
      else entries.set(name, { resource }, 200 + roughBytes(resource.state));
    },
    delete: (name) => entries.delete(name),
    clear() {
      entries.clear();
      aliases.clear();
    },
    alias: (workspaceId, type, alias) => aliases.get(aliasName(workspaceId, type, alias)),
    setAlias: ({ workspaceId, type, externalId }, id) => aliases.set(aliasName(workspaceId, type, externalId), id, 1),
    deleteAlias: (workspaceId, type, alias) => aliases.delete(aliasName(workspaceId, type, alias)),
  };
}

/** Writes of resources as a batch decides them: versions, aliases, revisions; at the end one write per resource. */
import type { PreparedCommit, PreparedResource } from '../prepared.ts';
import type { CommitResult } from '../contract/commit-item.ts';
import { type ResourceType, revisionedTypes } from '../contract/resources.ts';
import type { DeciderParts } from './batch-decisions.ts';
import { nameOf } from './batch-keys.ts';
import type { BatchState } from './batch-state.ts';
import type { ResourceRow } from './batch-writes.ts';

export type ResourceBook = {
  /** Decides an item's writes; `keep` makes them the batch's. */
  write(item: PreparedCommit): CommitResult;
  keep(): void;
  finish(): void;
};

/** A resource as the batch has it so far: there before, and now. */
type Held = ResourceRow & { readonly was: boolean; readonly is: boolean };

/** What one item would write, over what the batch has. */
type Draft = {
  readonly item: PreparedCommit;
  readonly held: Map<string, Held>;
  /** Owners of aliases; null: nobody. */
  readonly owners: Map<string, string | null>;
  readonly revisions: Held[];
};

type Refusal = 'stale' | 'alias-taken';

export function createResourceBook({ state, effects }: DeciderParts): ResourceBook {
  const batch = new Map<string, Held>();
  const owners = new Map<string, string | null>(state.aliases);
  let draft: Draft | null = null;

  const find = (own: Draft, write: PreparedResource): Held => {
    const name = nameOf(write.type, own.item.workspaceId, write.id);
    return own.held.get(name) ?? batch.get(name) ?? stored(state, own.item.workspaceId, write);
  };
  const ownerOf = (own: Draft, alias: string): string | null =>
    (own.owners.has(alias) ? own.owners.get(alias) : owners.get(alias)) ?? null;
  const take = (own: Draft, held: Held, alias: string): boolean => {
    const before = held.is ? held.alias : null;
    if (alias === before) return true;
    const named = (text: string): string => nameOf(held.type, held.workspaceId, text);
    const owner = ownerOf(own, named(alias));
    if (owner !== null && owner !== held.id) return false;
    if (before !== null) own.owners.set(named(before), null);
    own.owners.set(named(alias), held.id);
    return true;
  };
  const remove = (own: Draft, held: Held): number => {
    if (!held.is) return 0;
    if (held.alias !== null) own.owners.set(nameOf(held.type, held.workspaceId, held.alias), null);
    own.held.set(nameOf(held.type, held.workspaceId, held.id), { ...held, is: false });
    return held.version + 1;
  };
  /** The version that a write makes, or why it cannot be. */
  const writeOne = (own: Draft, write: PreparedResource): number | Refusal => {
    const held = find(own, write);
    const { expectedVersion, alias, state: text } = write;
    if (held.is ? expectedVersion >= 0 && expectedVersion !== held.version : expectedVersion > 0) return 'stale';
    if (text === null) return remove(own, held);
    if (alias !== null && !take(own, held, alias)) return 'alias-taken';
    const { atMs } = own.item;
    const version = held.is ? held.version + 1 : 1;
    const createdAtMs = held.is ? held.createdAtMs : atMs;
    const kept = alias ?? (held.is ? held.alias : null);
    const next = { ...held, is: true, version, alias: kept, createdAtMs, updatedAtMs: atMs, state: text };
    own.held.set(nameOf(held.type, held.workspaceId, held.id), next);
    if (revisionedTypes.has(held.type as ResourceType)) own.revisions.push(next);
    return version;
  };
  return {
    write(item) {
      const own: Draft = { item, held: new Map(), owners: new Map(), revisions: [] };
      draft = own;
      const versions: number[] = [];
      for (const write of item.resources) {
        const outcome = writeOne(own, write);
        if (outcome === 'stale') return staleResource(item.workspaceId, write);
        if (outcome === 'alias-taken') return aliasTaken(write);
        versions.push(outcome);
      }
      return { status: 'applied', versions: resume(own, versions) };
    },
    keep() {
      for (const [name, held] of draft?.held ?? []) batch.set(name, held);
      for (const [name, owner] of draft?.owners ?? []) owners.set(name, owner);
      for (const revision of draft?.revisions ?? []) effects.revision(revision);
    },
    finish() {
      for (const held of batch.values()) {
        if (held.is) effects.resource(held, held.was ? 'update' : 'insert');
        else if (held.was) effects.resource(held, 'delete');
      }
    },
  };
}

/** A resource as the transaction found it. */
function stored(state: BatchState, workspaceId: string, { type, id }: PreparedResource): Held {
  const found = state.resources.get(nameOf(type, workspaceId, id));
  const base = { workspaceId, type, id, updatedAtMs: 0, state: '' };
  return found === undefined
    ? { ...base, was: false, is: false, version: 0, alias: null, createdAtMs: 0 }
    : { ...base, was: true, is: true, ...found };
}

/** A resource that comes back goes on behind the version it had, with the time of its first creation. */
function resume({ item, held }: Draft, versions: readonly number[]): readonly number[] {
  const resumed = item.extras?.resumes ?? null;
  if (resumed === null) return versions;
  const name = nameOf(resumed.type, item.workspaceId, resumed.id);
  const made = held.get(name);
  if (made?.is !== true || made.version !== 1) return versions;
  held.set(name, { ...made, version: 1 + resumed.version, createdAtMs: resumed.createdAtMs });
  const isIt = (at: number): boolean =>
    item.resources[at]?.type === resumed.type && item.resources[at].id === resumed.id;
  return versions.map((version, at) => (isIt(at) && version === 1 ? version + resumed.version : version));
}

function staleResource(workspaceId: string, { type, id }: PreparedResource): CommitResult {
  return { status: 'stale', what: 'resource', key: { workspaceId, type: type as ResourceType, id } };
}

function aliasTaken({ type, alias }: PreparedResource): CommitResult {
  return {
    status: 'rejected',
    code: 'already_exists',
    detail: `The alias of a ${type} must be free: "${alias}" is taken`,
  };
}

/**
 * Libraries: the parts that a workspace's assets are divided into, an asset in exactly one. Assets carry the key, as any DAM
 * that pushes or reports states may write it; a library of ours is what is known of a key: a name, the organization that
 * receivers are told, grants on it, and webhooks about it. One is always there, for assets that name none.
 */
import { AssetwireError } from '../core/errors.ts';
import { sameJson } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { defaultLibrary, isLibraryKey, libraryKeyPattern } from '../core/library.ts';
import { limits } from '../core/limits.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { filteredPage } from './filtered-page.ts';
import { covers } from './granted-assets.ts';
import type { LibraryCases, LibraryInput, LibraryPatch, LibraryView } from './library-cases.ts';
import { spelt } from './member-writes.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound, unfit } from './refusals.ts';
import type { Turns } from './turns.ts';
import { libraryGoneDuty } from './webhook-access-duty.ts';
import { type Counted, withinLimit } from './within-limit.ts';

export type LibraryDeps = Pick<AppDeps, 'storage' | 'ids'> & { readonly committer: Committer; readonly turns: Turns };

type Stored = { readonly name: string; readonly description?: string; readonly organization?: string };

export function createLibraries(deps: LibraryDeps): LibraryCases {
  const { storage } = deps;
  return {
    create: (caller, input) => createLibrary(deps, caller, input),

    async list(caller, { limit, cursor }) {
      const { workspaceId } = caller;
      // The built-in one stands first and has a row only once it was changed.
      const page = await filteredPage(
        async (step: { readonly limit: number; readonly cursor?: string }) => {
          const found = await storage.read.resources({ ...step, workspaceId, type: 'library' });
          return { items: found.items.filter(({ id }) => id !== defaultLibrary), nextCursor: found.nextCursor };
        },
        { limit, ...(cursor === undefined ? {} : { cursor }) },
        ({ id }) => mayLookInto(caller, id),
      );
      const items = page.items.map(libraryView);
      if (cursor !== undefined || !mayLookInto(caller, defaultLibrary)) return { ...page, items };
      const first = await findLibrary(deps, workspaceId, defaultLibrary);
      return { ...page, items: first === null ? items : [first, ...items] };
    },

    async get(caller, key) {
      const found = mayLookInto(caller, key) ? await findLibrary(deps, caller.workspaceId, key) : null;
      if (found === null) throw notFound('the library');
      return found;
    },

    update: (caller, key, patch) => updateLibrary(deps, caller, { key, patch }),

    async remove(caller, key, expected) {
      const { workspaceId } = caller;
      if (key === defaultLibrary)
        throw new AssetwireError('forbidden', {
          detail: `Delete another library than "${defaultLibrary}": assets that name none are in it`,
        });
      await deps.committer.write({ workspaceId, type: 'library', id: key }, (current, atMs) => {
        if (current === null) throw notFound('the library');
        refuseOtherVersion(expected, current.version, 'library');
        const note = { action: 'library.removed', target: `library:${key}`, before: current.state };
        return {
          kind: 'write',
          plan: {
            state: null,
            changes: [],
            duties: [libraryGoneDuty(deps, workspaceId, { library: key, dueAtMs: atMs })],
            resources: [auditWrite({ ids: deps.ids, caller }, note, atMs)],
          },
          answer: () => undefined,
        };
      });
    },
  };
}

/** Whether the caller may see what is in a library: by scope, or by a grant on it. */
export function mayLookInto(caller: Caller, key: string): boolean {
  return covers(caller, 'assets:read', { id: null, path: nowhere, collections: [], library: key });
}

/** No folder, so no grant on one covers a library. */
const nowhere = '';

/** The library of this key; null where there is none. */
export async function findLibrary(
  { storage }: Pick<AppDeps, 'storage'>,
  workspaceId: string,
  key: string,
): Promise<LibraryView | null> {
  if (!isLibraryKey(key)) return null;
  const [row] = await storage.resources([{ workspaceId, type: 'library', id: key }]);
  if (row !== undefined && row !== null) return libraryView(row);
  return key === defaultLibrary ? untouched(workspaceId) : null;
}

function untouched(workspaceId: string): LibraryView {
  return {
    key: defaultLibrary,
    name: 'Default',
    organization: workspaceId,
    builtIn: true,
    version: 0,
    createdAtMs: null,
    updatedAtMs: null,
  };
}

function libraryView({ workspaceId, id, version, state, createdAtMs, updatedAtMs }: Resource): LibraryView {
  // Rows of this type are written here only, in this shape.
  const { name, description, organization } = state as unknown as Stored;
  return {
    key: id,
    name,
    ...(description === undefined ? {} : { description }),
    organization: organization ?? workspaceId,
    builtIn: id === defaultLibrary,
    version,
    createdAtMs,
    updatedAtMs,
  };
}

async function createLibrary(deps: LibraryDeps, caller: Caller, input: LibraryInput): Promise<LibraryView> {
  const { workspaceId } = caller;
  const { key } = input;
  if (!isLibraryKey(key)) throw unfit('/key', `a text of the form ${libraryKeyPattern}`, key);
  if (key === defaultLibrary) throw taken(key);
  return withinLimit(
    deps,
    { workspaceId, what: 'libraries' },
    {
      refuse: () => refuseTooMany(deps, workspaceId),
      make: (counted) => insertLibrary(deps, { caller, counted }, input),
    },
  );
}

async function refuseTooMany({ storage }: LibraryDeps, workspaceId: string): Promise<void> {
  const max = limits.librariesMax;
  if ((await storage.read.countResources({ workspaceId, type: 'library', max })) >= max) {
    throw new AssetwireError('limit_reached', {
      detail: `Keep at most ${max} libraries in a workspace: there are that many`,
      mend: 'Delete one first',
    });
  }
}

async function insertLibrary(
  { ids, committer }: LibraryDeps,
  { caller, counted }: { readonly caller: Caller; readonly counted: Counted },
  { key, name, description, organization }: LibraryInput,
): Promise<LibraryView> {
  const { workspaceId } = caller;
  const state: Stored = {
    name: spelt(name ?? key, '/name'),
    ...(description === undefined ? {} : { description }),
    ...(organization === undefined ? {} : { organization }),
  };
  const at = { workspaceId, type: 'library', id: key } as const;
  const written = await committer.writeAlone(at, [counted.key], (current, atMs, { others }) => {
    if (current !== null) throw taken(key);
    const note = { action: 'library.created', target: `library:${key}`, after: state };
    const row: Resource = {
      workspaceId,
      type: 'library',
      id: key,
      version: 1,
      state,
      createdAtMs: atMs,
      updatedAtMs: atMs,
    };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [counted.moved(others[0]), auditWrite({ ids, caller }, note, atMs)] },
      answer: () => libraryView(row),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A library carries no idempotency row');
  return written.answer;
}

function taken(key: string): AssetwireError {
  return new AssetwireError('already_exists', {
    detail: `Use a new key: there is a library "${key}"`,
    mend: 'Use the one that is there, or give this one a key of its own',
  });
}

async function updateLibrary(
  { ids, committer }: LibraryDeps,
  caller: Caller,
  { key, patch }: { readonly key: string; readonly patch: LibraryPatch },
): Promise<LibraryView> {
  const { workspaceId } = caller;
  const written = await committer.write({ workspaceId, type: 'library', id: key }, (current, atMs) => {
    if (current === null && key !== defaultLibrary) throw notFound('the library');
    const before: JsonObject = current?.state ?? { name: untouched(workspaceId).name };
    refuseOtherVersion(patch.expected, current?.version ?? 0, 'library');
    const state = patched(before, patch);
    if (current !== null && sameJson(state, before)) return { kind: 'nothing', answer: libraryView(current) };
    const note = { action: 'library.changed', target: `library:${key}`, before, after: state };
    const row: Resource = {
      workspaceId,
      type: 'library',
      id: key,
      version: (current?.version ?? 0) + 1,
      state,
      createdAtMs: current?.createdAtMs ?? atMs,
      updatedAtMs: atMs,
    };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => libraryView(row),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A library carries no idempotency row');
  return written.answer;
}

function patched(before: JsonObject, { name, description, organization }: LibraryPatch): JsonObject {
  const state: { [field: string]: JsonObject[string] } = { ...before };
  if (name !== undefined) state['name'] = spelt(name, '/name');
  for (const [field, value] of Object.entries({ description, organization })) {
    if (value === null) delete state[field];
    else if (value !== undefined) state[field] = value;
  }
  return state;
}

/**
 * Where assets lie, kept with each write to one of them: which folder it is in, and that the folder is there at all. An
 * asset that comes to a path nobody has used yet makes the folders on the way to it, in its own commit.
 *
 * A write that leaves an asset where it was costs a comparison; one that brings an asset to a folder this process knows
 * costs a look into a map. Everything else is learnt from the store before the write is decided on.
 */
import { folderName, foldersOnTheWay, readFolderPath } from '../core/folder-path.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { folderPlaceId, inFolderPrefix, membershipWrites, rootFolderId } from './place-ids.ts';
import { createPlaceMemory, type PlaceMemory, type PlaceMemoryDeps } from './place-memory.ts';

export type Placing =
  /** Ask again once this has been learnt. */
  | { readonly kind: 'unknown'; learn(): Promise<void> }
  | {
      readonly kind: 'known';
      readonly writes: readonly ResourceWrite[];
      /** To be told whether the writes came to be. */
      settled(applied: boolean): void;
    };

export interface Places {
  /** What a write to an asset, or a reported folder, means for where things lie; null where nothing changes about it. */
  placing(key: ResourceKey, current: Resource | null, after: JsonObject | null): Placing | null;
  /** Folders have been renamed, moved or removed: what was known of them is not believed any more. */
  forget(): void;
}

export type PlacesDeps = Pick<AppDeps, 'ids'> & PlaceMemoryDeps;

/** Somebody's thing, before and after. */
type Step = {
  readonly workspaceId: string;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
};

type Deps = Pick<PlacesDeps, 'ids'> & { readonly memory: PlaceMemory };

export function createPlaces(given: PlacesDeps): Places {
  const deps: Deps = { ids: given.ids, memory: createPlaceMemory(given) };
  return {
    placing({ workspaceId, type, id }, current, after) {
      if (type !== 'asset' && type !== 'folder') return null;
      const step: Step = { workspaceId, id, before: current?.state ?? null, after };
      return type === 'asset' ? assetPlacing(deps, step) : folderPlacing(deps, step);
    },
    forget: () => deps.memory.forgetAll(),
  };
}

function assetPlacing(deps: Deps, step: Step): Placing | null {
  const { id, before, after } = step;
  const members = membershipWrites(id, before, after);
  const [was, is] = [pathOf(before), pathOf(after)];
  if (was !== is) return movePlacing(deps, step, { was, is, members });
  return members.length === 0 ? null : { kind: 'known', writes: members, settled: ignored };
}

type Move = {
  readonly was: string | null;
  readonly is: string | null;
  readonly members: readonly ResourceWrite[];
};

function movePlacing({ ids, memory }: Deps, { workspaceId, id }: Step, { was, is, members }: Move): Placing {
  const way = is === null ? [] : foldersOnTheWay(is);
  const folderId = is === null ? null : memory.folderAt(workspaceId, is);
  // Where the folder is there, so are those on the way to it.
  const toLearn = typeof folderId === 'string' ? [] : unknownOn(memory, workspaceId, way);
  const home = was === null ? { row: null } : memory.home(workspaceId, id);
  if (toLearn.length > 0 || home === undefined) {
    const learn = async (): Promise<void> => {
      await Promise.all([
        toLearn.length === 0 ? null : memory.learnFolders(workspaceId, toLearn),
        home === undefined ? memory.learnHome(workspaceId, id) : null,
      ]);
    };
    return { kind: 'unknown', learn };
  }
  const missing = folderId === null ? way.filter((path) => memory.folderAt(workspaceId, path) === null) : [];
  const made = missing.map((path) => ({ path, id: ids.next('folder') }));
  const lies = is === null ? null : (folderId ?? made.at(-1)?.id ?? rootFolderId);
  const next = lies === null ? null : `${inFolderPrefix(lies)}${id}`;
  // The next write may be decided before this one is committed, and goes from where this one leaves the asset.
  memory.setHome(workspaceId, id, { row: next });
  return {
    kind: 'known',
    writes: [...members, ...rehomed(id, home.row, next), ...made.flatMap(newFolder)],
    settled(applied) {
      if (applied) for (const { path, id: folder } of made) memory.know(workspaceId, path, folder);
      else for (const path of way) memory.forgetPath(workspaceId, path);
      if (!applied || next === null) memory.setHome(workspaceId, id, null);
    },
  };
}

/** A folder that a DAM reports takes its place in the tree, where that is free, or leaves it. */
function folderPlacing({ ids, memory }: Deps, { workspaceId, id, before, after }: Step): Placing | null {
  const [was, is] = [treePath(before), treePath(after)];
  if (was === is && before !== null) return null;
  const way = is === null ? [] : foldersOnTheWay(is);
  const concerned = was === null ? way : [was, ...way];
  const toLearn = unknownOn(memory, workspaceId, concerned);
  if (toLearn.length > 0) return { kind: 'unknown', learn: () => memory.learnFolders(workspaceId, toLearn) };
  const leaves = was !== null && was !== is && memory.folderAt(workspaceId, was) === id;
  const free = is !== null && memory.folderAt(workspaceId, is) === null;
  const made = free
    ? way
        .filter((path) => path !== is && memory.folderAt(workspaceId, path) === null)
        .map((path) => ({ path, id: ids.next('folder') }))
    : [];
  return {
    kind: 'known',
    writes: [
      ...(leaves ? [folderPlace(was, null)] : []),
      ...(free ? [folderPlace(is, id)] : []),
      ...made.flatMap(newFolder),
    ],
    settled() {
      if (leaves) memory.forgetAll();
      for (const path of concerned) memory.forgetPath(workspaceId, path);
    },
  };
}

function unknownOn(memory: PlaceMemory, workspaceId: string, way: readonly string[]): readonly string[] {
  return way.filter((path) => memory.folderAt(workspaceId, path) === undefined);
}

/** Moves the row that says in which folder an asset lies; null: there is, or will be, none. */
export function rehomed(assetId: string, row: string | null, next: string | null): readonly ResourceWrite[] {
  const type = 'asset_place';
  return [
    ...(row === null || row === next ? [] : [{ type, id: row, expectedVersion: 'any', state: null } as const]),
    ...(next === null || row === next
      ? []
      : [{ type, id: next, expectedVersion: 'any', state: {}, alias: assetId } as const]),
  ];
}

/** The path at which a reported folder lies in the tree; null where it says none that can be. */
export function treePath(state: JsonObject | null): string | null {
  const path = state?.['path'];
  if (typeof path !== 'string' || path === '/') return null;
  const read = readFolderPath(path);
  return read.path === path ? path : null;
}

function folderPlace(path: string, folder: string | null): ResourceWrite {
  const state = folder === null ? null : { folder };
  return { type: 'folder_place', id: folderPlaceId(path), expectedVersion: folder === null ? 'any' : 0, state };
}

/** A folder that nobody made: something came to lie in it. */
export function newFolder({ path, id }: { readonly path: string; readonly id: string }): readonly ResourceWrite[] {
  return [
    { type: 'folder', id, expectedVersion: 0, state: { path, name: folderName(path) } },
    { type: 'folder_place', id: folderPlaceId(path), expectedVersion: 0, state: { folder: id } },
  ];
}

function pathOf(state: JsonObject | null): string | null {
  if (state === null) return null;
  const { path } = state;
  return typeof path === 'string' && path.startsWith('/') ? path : '/';
}

function ignored(): void {
  // Nothing was assumed that could turn out wrong.
}

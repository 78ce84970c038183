/**
 * Where assets lie, kept with each write to one of them: which folder it is in, and that the folder is there at all. An
 * asset that comes to a path nobody has used yet makes the folders on the way to it, in its own commit.
 *
 * A write that leaves an asset where it was costs a comparison; one that brings an asset to a folder this process knows
 * costs a look into a map. Everything else is learnt from the store before the write is decided on.
 */
import { folderName, foldersOnTheWay, readFolderPath } from '../core/folder-path.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/storage.ts';
import type { AppDeps } from './dependencies.ts';
import { otherWritersSeenMs } from './metadata-sets.ts';
import { folderPlaceId, inFolderPrefix, membershipWrites, rootFolderId } from './place-ids.ts';
import { createTwoGenerations } from './two-generations.ts';

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
  /** What a write to an asset means for its places; null where nothing changes about them. */
  placing(key: ResourceKey, current: Resource | null, after: JsonObject | null): Placing | null;
  /** Folders have been renamed, moved or removed: what was known of them is not believed any more. */
  forget(): void;
}

export type PlacesDeps = Pick<AppDeps, 'ids' | 'clock' | 'soleWriter'> & {
  readonly storage: Pick<AppDeps['storage'], 'resources' | 'findByAlias'>;
};

const knownMax = { entriesMax: 50_000, weightMax: 16 * 1024 * 1024 } as const;
const homesMax = { entriesMax: 10_000, weightMax: 10_000 } as const;

/** A path's folder; null: known not to be there. */
type Known = { readonly folderId: string | null; readonly readAtMs: number };
/** The row that says in which folder an asset lies; null: there is none. */
type Home = { readonly row: string | null };

export function createPlaces(deps: PlacesDeps): Places {
  const folders = createTwoGenerations<Known>(knownMax);
  const homes = createTwoGenerations<Home>(homesMax);
  /** What was read before a write must not be believed after it. */
  let writes = 0;
  const nameOf = (workspaceId: string, path: string): string => `${workspaceId} ${path}`;

  const folderAt = (workspaceId: string, path: string): string | null | undefined => {
    if (path === '/') return rootFolderId;
    const known = folders.get(nameOf(workspaceId, path));
    if (known === undefined) return undefined;
    if (!deps.soleWriter && deps.clock.monotonicMs() - known.readAtMs > otherWritersSeenMs) return undefined;
    return known.folderId;
  };
  const know = (workspaceId: string, path: string, folderId: string | null): void => {
    const readAtMs = deps.clock.monotonicMs();
    folders.set(nameOf(workspaceId, path), { folderId, readAtMs }, 100 + 2 * path.length);
  };
  const learnFolders = async (workspaceId: string, paths: readonly string[]): Promise<void> => {
    const began = writes;
    const keys = paths.map((path) => ({ workspaceId, type: 'folder_place', id: folderPlaceId(path) }) as const);
    const rows = await deps.storage.resources(keys);
    if (began !== writes) return;
    for (const [at, path] of paths.entries()) know(workspaceId, path, folderOfPlace(rows[at] ?? null));
  };
  const learnHome = async (workspaceId: string, assetId: string): Promise<void> => {
    const [row] = await deps.storage.findByAlias('asset_place', assetId, workspaceId);
    homes.set(nameOf(workspaceId, assetId), { row: row?.id ?? null }, 1);
  };

  /** A folder that a DAM reports takes its place in the tree, where that is free, or leaves it. */
  const folderPlacing = (
    { workspaceId, id }: { readonly workspaceId: string; readonly id: string },
    before: JsonObject | null,
    after: JsonObject | null,
  ): Placing | null => {
    const [was, is] = [treePath(before), treePath(after)];
    if (was === is && before !== null) return null;
    const ways = [...(was === null ? [] : [was]), ...(is === null ? [] : foldersOnTheWay(is))];
    const toLearn = unknownOn(ways, workspaceId, folderAt);
    if (toLearn.length > 0) return { kind: 'unknown', learn: () => learnFolders(workspaceId, toLearn) };
    const left = was !== null && was !== is && folderAt(workspaceId, was) === id ? [was] : [];
    const free = is !== null && folderAt(workspaceId, is) === null;
    const made = free
      ? foldersOnTheWay(is)
          .filter((path) => path !== is && folderAt(workspaceId, path) === null)
          .map((path) => ({ path, id: deps.ids.next('folder') }))
      : [];
    return {
      kind: 'known',
      writes: [
        ...left.map((path) => folderPlace(path, null)),
        ...(free ? [folderPlace(is, id)] : []),
        ...made.flatMap(newFolder),
      ],
      settled() {
        for (const path of ways) folders.delete(nameOf(workspaceId, path));
        if (left.length > 0) writes += 1;
      },
    };
  };

  return {
    placing({ workspaceId, type, id }, current, after) {
      if (type === 'folder') return folderPlacing({ workspaceId, id }, current?.state ?? null, after);
      if (type !== 'asset') return null;
      const before = current?.state ?? null;
      const members = membershipWrites(id, before, after);
      const [was, is] = [pathOf(before), pathOf(after)];
      if (was === is) return members.length === 0 ? null : { kind: 'known', writes: members, settled: ignored };
      const way = is === null ? [] : foldersOnTheWay(is);
      const folderId = is === null ? null : folderAt(workspaceId, is);
      const missing = folderId === null ? way.filter((path) => folderAt(workspaceId, path) === null) : [];
      const toLearn = folderId === undefined || folderId === null ? unknownOn(way, workspaceId, folderAt) : [];
      const homeName = nameOf(workspaceId, id);
      const home = was === null ? { row: null } : homes.get(homeName);
      if (toLearn.length > 0 || home === undefined) {
        const learn = async (): Promise<void> => {
          await Promise.all([
            toLearn.length === 0 ? null : learnFolders(workspaceId, toLearn),
            home === undefined ? learnHome(workspaceId, id) : null,
          ]);
        };
        return { kind: 'unknown', learn };
      }
      const made = is === null ? [] : missing.map((path) => ({ path, id: deps.ids.next('folder') }));
      const lies = is === null ? null : (folderId ?? made.at(-1)?.id ?? rootFolderId);
      const next = lies === null ? null : `${inFolderPrefix(lies)}${id}`;
      // The next write may be decided before this one is committed, and goes from where this one leaves the asset.
      homes.set(homeName, { row: next }, 1);
      return {
        kind: 'known',
        writes: [...members, ...rehomed(id, home.row, next), ...made.flatMap(newFolder)],
        settled(applied) {
          if (applied) for (const { path, id: folder } of made) know(workspaceId, path, folder);
          else for (const path of way) folders.delete(nameOf(workspaceId, path));
          if (!applied || next === null) homes.delete(homeName);
        },
      };
    },
    forget() {
      writes += 1;
      folders.clear();
      homes.clear();
    },
  };
}

type FolderAt = (workspaceId: string, path: string) => string | null | undefined;

function unknownOn(way: readonly string[], workspaceId: string, folderAt: FolderAt): readonly string[] {
  return way.filter((path) => folderAt(workspaceId, path) === undefined);
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

/** The folder that a row of type `folder_place` names. */
export function folderOfPlace(row: Pick<Resource, 'state'> | null): string | null {
  const folder = row?.state['folder'];
  return typeof folder === 'string' ? folder : null;
}

function pathOf(state: JsonObject | null): string | null {
  if (state === null) return null;
  const { path } = state;
  return typeof path === 'string' && path.startsWith('/') ? path : '/';
}

function ignored(): void {
  // Nothing was assumed that could turn out wrong.
}

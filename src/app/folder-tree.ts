/** Folders as they are stored, and what lies in them. */
import { folderName, readFolderPath, parentFolder } from '../core/folder-path.ts';
import { AssetwireError } from '../core/errors.ts';
import { isObject } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import type { FolderView } from './folder-cases.ts';
import { belowPrefix, folderPlaceId, inFolderPrefix, assetOfPlace, pathOfPlace, rootFolderId } from './place-ids.ts';
import { folderOfPlace } from './place-memory.ts';
import { notFound, unfit } from './refusals.ts';

export type TreeDeps = { readonly storage: Pick<Storage, 'resources' | 'read'> };

/** Rows of type `folder` that lie in the tree are written in this shape. */
export type FolderState = {
  readonly path: string;
  readonly name: string;
  readonly description?: string;
  readonly info?: JsonObject;
};

/** A folder with the row of its place. */
export type Placed = { readonly row: Resource; readonly place: Resource; readonly path: string };

const pathPrefix = 'path:';
/** Keys asked for in one call to the store. */
const keysPerCall = 200;

export function folderState({ state }: Pick<Resource, 'state'>): FolderState {
  return state as unknown as FolderState;
}

export function folderView(row: Resource): FolderView {
  const { path, name, description, info } = folderState(row);
  return {
    id: row.id,
    ...(row.alias === undefined ? {} : { externalId: row.alias }),
    version: row.version,
    path,
    name: typeof name === 'string' ? name : folderName(path),
    parent: parentFolder(path),
    ...(typeof description === 'string' ? { description } : {}),
    info: isObject(info) ? info : {},
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

/** The root as others see it: it is always there and never changes. */
export const rootView: FolderView = {
  id: rootFolderId,
  version: 1,
  path: '/',
  name: '',
  parent: null,
  info: {},
  createdAtMs: 0,
  updatedAtMs: 0,
};

export function isRoot(reference: string): boolean {
  return reference === rootFolderId || reference === `${pathPrefix}/`;
}

/** The folder that a reference names, null where there is none. Throws where a path in it is none. */
export async function findFolder(deps: TreeDeps, workspaceId: string, reference: string): Promise<Placed | null> {
  if (reference.startsWith(pathPrefix)) {
    const path = readFolderPath(reference.slice(pathPrefix.length));
    if (path.path === null) throw unfit('/reference', path.wanted, path.found);
    return folderAt(deps, workspaceId, path.path);
  }
  const [row] = await deps.storage.resources([{ workspaceId, type: 'folder', id: reference }]);
  const path = row?.state['path'];
  if (typeof path !== 'string' || !path.startsWith('/') || path === '/') return null;
  const there = await folderAt(deps, workspaceId, path);
  return there?.row.id === reference ? there : null;
}

export async function presentFolder(deps: TreeDeps, workspaceId: string, reference: string): Promise<Placed> {
  const found = isRoot(reference) ? null : await findFolder(deps, workspaceId, reference);
  if (found === null) throw notFound('the folder');
  return found;
}

export async function folderAt(deps: TreeDeps, workspaceId: string, path: string): Promise<Placed | null> {
  if (path === '/') return null;
  const [place] = await deps.storage.resources([{ workspaceId, type: 'folder_place', id: folderPlaceId(path) }]);
  const id = folderOfPlace(place ?? null);
  if (place === undefined || place === null || id === null) return null;
  const [row] = await deps.storage.resources([{ workspaceId, type: 'folder', id }]);
  return row === undefined || row === null ? null : { row, place, path };
}

/** A folder and all below it, itself first, those above before those below. Throws where they are too many. */
export async function readTree(deps: TreeDeps, workspaceId: string, top: Placed): Promise<readonly Placed[]> {
  const places: Resource[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly Resource[]; nextCursor: string | null } = await deps.storage.read.resources({
      workspaceId,
      type: 'folder_place',
      idPrefix: belowPrefix(top.path),
      order: 'oldest',
      limit: limits.pageItemsMax,
      ...(cursor === null ? {} : { cursor }),
    });
    places.push(...page.items);
    if (places.length >= limits.folderTreeMax) throw tooManyFolders();
    cursor = page.nextCursor;
  } while (cursor !== null);
  const rows = await readAll(
    deps,
    places.map((place) => ({ workspaceId, type: 'folder', id: folderOfPlace(place) ?? '' })),
  );
  const below = places.flatMap((place, at) => {
    const row = rows[at];
    return row === undefined || row === null ? [] : [{ row, place, path: pathOfPlace(place.id) }];
  });
  return [top, ...below];
}

/** Resources by key, in calls of a bounded size. */
export async function readAll(
  { storage }: TreeDeps,
  keys: readonly ResourceKey[],
): Promise<readonly (Resource | null)[]> {
  const found: (Resource | null)[] = [];
  for (let from = 0; from < keys.length; from += keysPerCall) {
    found.push(...(await storage.resources(keys.slice(from, from + keysPerCall))));
  }
  return found;
}

/** How many assets lie in these folders; counted no further than `max`. */
export async function countAssets(
  { storage }: TreeDeps,
  {
    workspaceId,
    folders,
    max,
  }: { readonly workspaceId: string; readonly folders: readonly string[]; readonly max: number },
): Promise<number> {
  let count = 0;
  for (const folder of folders) {
    if (count >= max) return max;
    const idPrefix = inFolderPrefix(folder);
    count += await storage.read.countResources({ workspaceId, type: 'asset_place', idPrefix, max: max - count });
  }
  return count;
}

/** Ids of the assets in a folder; there are at most as many as were counted. */
export async function assetsIn(
  { storage }: TreeDeps,
  { workspaceId, folder, max }: { readonly workspaceId: string; readonly folder: string; readonly max: number },
): Promise<readonly string[]> {
  const idPrefix = inFolderPrefix(folder);
  const page = await storage.read.resources({
    workspaceId,
    type: 'asset_place',
    idPrefix,
    order: 'oldest',
    limit: max,
  });
  return page.items.map(({ id }) => assetOfPlace(id));
}

function tooManyFolders(): AssetwireError {
  return new AssetwireError('limit_reached', {
    detail: `Rename, move or remove at most ${limits.folderTreeMax} folders in each other at once: there are more`,
    mend: 'Do it with the folders in it one by one',
  });
}

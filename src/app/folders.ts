/** Folders as things. See folder-change.ts for what a rename means. */
import { limits } from '../core/limits.ts';
import type { Caller } from './app.ts';
import type { FolderCases, FolderCounts, FolderQuery, FolderView } from './folder-cases.ts';
import { createFolderUpdate } from './folder-change.ts';
import { createFolderMaker } from './folder-create.ts';
import { createFolderRemoval } from './folder-remove.ts';
import { findFolder, folderView, isRoot, readAll, rootView } from './folder-tree.ts';
import type { FolderDeps } from './folder-writes.ts';
import { belowPrefix, childrenPrefix, inFolderPrefix } from './place-ids.ts';
import { folderOfPlace } from './place-memory.ts';
import { notFound } from './refusals.ts';

export function createFolders(deps: FolderDeps): FolderCases {
  return {
    create: createFolderMaker(deps),
    list: (caller, query) => listFolders(deps, caller, query),
    async get(caller, reference) {
      const view = await shown(deps, caller, reference);
      return { ...view, counts: await countsOf(deps, caller, view) };
    },
    update: createFolderUpdate(deps),
    remove: createFolderRemoval(deps),
  };
}

async function shown(deps: FolderDeps, { workspaceId }: Caller, reference: string): Promise<FolderView> {
  if (isRoot(reference)) return rootView;
  const found = await findFolder(deps, workspaceId, reference);
  if (found === null) throw notFound('the folder');
  return folderView(found.row);
}

async function countsOf({ storage }: FolderDeps, { workspaceId }: Caller, view: FolderView): Promise<FolderCounts> {
  const max = limits.folderCountMax;
  const [assets, folders] = await Promise.all([
    storage.read.countResources({ workspaceId, type: 'asset_place', idPrefix: inFolderPrefix(view.id), max }),
    storage.read.countResources({ workspaceId, type: 'folder_place', idPrefix: childrenPrefix(view.path), max }),
  ]);
  return { assets, folders };
}

/** In the order of their paths: of one folder by name, of a whole tree each folder's own ones together. */
async function listFolders(
  deps: FolderDeps,
  caller: Caller,
  { in: given = 'root', below = false, ...page }: FolderQuery,
): ReturnType<FolderCases['list']> {
  const { workspaceId } = caller;
  const { path } = await shown(deps, caller, given);
  const found = await deps.storage.read.resources({
    ...page,
    workspaceId,
    type: 'folder_place',
    idPrefix: below ? belowPrefix(path) : childrenPrefix(path),
    order: 'oldest',
  });
  const rows = await readAll(
    deps,
    found.items.map((place) => ({ workspaceId, type: 'folder', id: folderOfPlace(place) ?? '' })),
  );
  return { items: rows.flatMap((row) => (row === null ? [] : [folderView(row)])), nextCursor: found.nextCursor };
}

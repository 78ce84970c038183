/** What a share link shares: that it is there, that the caller may share it, and a name for it. */
import { readFolderPath } from '../core/folder-path.ts';
import { renditionSizes } from '../core/renditions.ts';
import { originalName, type ShareLinkState } from '../core/share-link.ts';
import type { Caller } from './app.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { mayWriteAt, type Placed, placeOf } from './granted-assets.ts';
import { folderPlaceId, inCollectionPrefix } from './place-ids.ts';
import { notFound, unfit } from './refusals.ts';
import type { ShareLinkInput } from './share-cases.ts';

export type ShareTargetDeps = Pick<AppDeps, 'storage'> & { readonly committer: Committer };

export type ShareTarget = {
  readonly name: string;
  readonly shared: Pick<ShareLinkState, 'assets' | 'folder' | 'collection' | 'versions'>;
  /** Titles of renditions that the assets have; absent where what is shared is not known before it is opened. */
  readonly titles?: ReadonlySet<string>;
};

/** What is shared, and a name for it. Throws where the caller may not share it. */
export async function targetOf(deps: ShareTargetDeps, caller: Caller, input: ShareLinkInput): Promise<ShareTarget> {
  const { assets, folder, collection, version } = input;
  const given = [assets, folder, collection].filter((one) => one !== undefined).length;
  if (given !== 1) throw unfit('', 'one of assets, folder and collection', given === 0 ? 'none' : 'several');
  if (assets !== undefined) return assetsTarget(deps, caller, { assets, fixed: version === 'fixed' });
  if (version === 'fixed') throw unfit('/version', 'active, for a folder or a collection', 'fixed');
  if (folder !== undefined) {
    const path = folderOf(folder);
    if (!mayWriteAt(caller, { id: null, path, collections: [] })) throw notFound('the folder');
    await assertFolder(deps, caller, path);
    return { name: path === '/' ? 'All files' : path.slice(path.lastIndexOf('/') + 1), shared: { folder: path } };
  }
  const named = collection ?? '';
  const place: Placed = { id: null, path: nowhere, collections: [named] };
  if (!mayWriteAt(caller, place)) throw notFound('the collection');
  await assertCollection(deps, caller, named);
  return { name: named, shared: { collection: named } };
}

/** No asset lies there, so no grant on a folder covers it. */
const nowhere = '';

async function assetsTarget(
  deps: ShareTargetDeps,
  caller: Caller,
  { assets, fixed }: { readonly assets: readonly string[]; readonly fixed: boolean },
): Promise<ShareTarget> {
  const { workspaceId } = caller;
  const ids: string[] = [];
  const versions: [string, number][] = [];
  const titles = new Set<string>();
  let name = '';
  for (const [at, reference] of assets.entries()) {
    const id = await assetIdOf(deps, workspaceId, reference);
    const [row] = id === null ? [] : await deps.storage.resources([{ workspaceId, type: 'asset', id }]);
    const state = row === undefined || row === null ? null : assetState(row);
    if (id === null || state === null || !mayWriteAt(caller, placeOf({ id, state })))
      throw unfit(`/assets/${at}`, 'an asset that the caller may change', 'none');
    if (ids.includes(id)) continue;
    if (ids.length === 0) name = state.name;
    ids.push(id);
    for (const { title } of state.renditions) titles.add(title);
    const active = state.versions.find((one) => one.active);
    if (fixed && active === undefined)
      throw unfit('/version', 'active: this asset has no versions of its own', 'fixed');
    if (active !== undefined) versions.push([id, active.number]);
  }
  return {
    name: ids.length === 1 ? name : `${ids.length} files`,
    shared: { assets: ids, ...(fixed ? { versions: Object.fromEntries(versions) } : {}) },
    titles,
  };
}

export function folderOf(given: string): string {
  const read = readFolderPath(given);
  if (read.path === null) throw unfit('/folder', read.wanted, read.found);
  return read.path;
}

/** A folder that a name is written wrong of would be an empty page to whoever gets the link. */
async function assertFolder({ storage }: ShareTargetDeps, { workspaceId }: Caller, path: string): Promise<void> {
  if (path === '/') return;
  const key = { workspaceId, type: 'folder_place', id: folderPlaceId(path) } as const;
  const [place] = await storage.resources([key]);
  if (place === undefined || place === null) throw unfit('/folder', 'a folder that there is', path);
}

/** A collection is one of ours, or a key that assets carry. */
async function assertCollection({ storage }: ShareTargetDeps, { workspaceId }: Caller, named: string): Promise<void> {
  if ((await storage.findByAlias('collection', named, workspaceId)).length > 0) return;
  const carried = { workspaceId, type: 'asset_place', idPrefix: inCollectionPrefix(named), limit: 1 } as const;
  if ((await storage.read.resources(carried)).items.length === 0)
    throw unfit('/collection', 'a collection that there is, or that assets are in', named);
}

/** Renditions of our own may still be made of what is shared. */
export function assertKnownFiles(renditions: readonly string[], { titles }: ShareTarget): void {
  if (titles === undefined) return;
  const made = [originalName, ...renditionSizes.map(({ title }) => title)];
  for (const [at, name] of renditions.entries())
    if (!made.includes(name) && !titles.has(name))
      throw unfit(`/renditions/${at}`, `one of ${[...new Set([...made, ...titles])].join(', ')}`, name);
}

/** What a process knows of folders and of where assets lie, bounded, and believed no longer than it may be. */
import type { Resource } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { otherWritersSeenMs } from './metadata-sets.ts';
import { folderPlaceId, rootFolderId } from './place-ids.ts';
import { createTwoGenerations } from './two-generations.ts';

export interface PlaceMemory {
  /** The folder at a path; null: there is none. Undefined: not known, learn it. */
  folderAt(workspaceId: string, path: string): string | null | undefined;
  know(workspaceId: string, path: string, folderId: string | null): void;
  forgetPath(workspaceId: string, path: string): void;
  learnFolders(workspaceId: string, paths: readonly string[]): Promise<void>;
  /** The row that says in which folder an asset lies; `row` null: there is none. */
  home(workspaceId: string, assetId: string): Home | undefined;
  setHome(workspaceId: string, assetId: string, home: Home | null): void;
  learnHome(workspaceId: string, assetId: string): Promise<void>;
  forgetAll(): void;
}

export type Home = { readonly row: string | null };

export type PlaceMemoryDeps = Pick<AppDeps, 'clock' | 'soleWriter'> & {
  readonly storage: Pick<AppDeps['storage'], 'resources' | 'findByAlias'>;
};

const knownMax = { entriesMax: 50_000, weightMax: 16 * 1024 * 1024 } as const;
const homesMax = { entriesMax: 10_000, weightMax: 10_000 } as const;

type Known = { readonly folderId: string | null; readonly readAtMs: number };

export function createPlaceMemory({ storage, clock, soleWriter }: PlaceMemoryDeps): PlaceMemory {
  const folders = createTwoGenerations<Known>(knownMax);
  const homes = createTwoGenerations<Home>(homesMax);
  /** What was read before a write must not be believed after it. */
  let writes = 0;
  const nameOf = (workspaceId: string, what: string): string => `${workspaceId} ${what}`;

  const know: PlaceMemory['know'] = (workspaceId, path, folderId) => {
    folders.set(nameOf(workspaceId, path), { folderId, readAtMs: clock.monotonicMs() }, 100 + 2 * path.length);
  };
  return {
    know,
    folderAt(workspaceId, path) {
      if (path === '/') return rootFolderId;
      const known = folders.get(nameOf(workspaceId, path));
      if (known === undefined) return undefined;
      // Elsewhere it may have been renamed or removed meanwhile.
      if (!soleWriter && clock.monotonicMs() - known.readAtMs > otherWritersSeenMs) return undefined;
      return known.folderId;
    },
    forgetPath: (workspaceId, path) => folders.delete(nameOf(workspaceId, path)),
    async learnFolders(workspaceId, paths) {
      const began = writes;
      const keys = paths.map((path) => ({ workspaceId, type: 'folder_place', id: folderPlaceId(path) }) as const);
      const rows = await storage.resources(keys);
      if (began !== writes) return;
      for (const [at, path] of paths.entries()) know(workspaceId, path, folderOfPlace(rows[at] ?? null));
    },
    home: (workspaceId, assetId) => homes.get(nameOf(workspaceId, assetId)),
    setHome(workspaceId, assetId, home) {
      if (home === null) homes.delete(nameOf(workspaceId, assetId));
      else homes.set(nameOf(workspaceId, assetId), home, 1);
    },
    async learnHome(workspaceId, assetId) {
      const [row] = await storage.findByAlias('asset_place', assetId, workspaceId);
      homes.set(nameOf(workspaceId, assetId), { row: row?.id ?? null }, 1);
    },
    forgetAll() {
      writes += 1;
      folders.clear();
      homes.clear();
    },
  };
}

/** The folder that a row of type `folder_place` names. */
export function folderOfPlace(row: Pick<Resource, 'state'> | null): string | null {
  const folder = row?.state['folder'];
  return typeof folder === 'string' ? folder : null;
}

/** The assets that lie in folders which are moved or removed: taken along at once where they are few, else by a task. */
import type { Change } from '../core/change.ts';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { SubjectWrite } from './commit-many.ts';
import { assetsIn, countAssets, readAll } from './folder-tree.ts';
import type { FolderDeps } from './folder-writes.ts';
import type { TaskItem } from './tasks.ts';
import { type WorkFrame, workOn } from './task-work.ts';

/** What is written of assets at once; null where they are too many. */
export type AtOnce = {
  readonly subjects: readonly SubjectWrite[];
  readonly changes: readonly Change[];
  readonly resources: readonly ResourceWrite[];
  readonly duties: readonly NewDuty[];
};

export type Concerned = { readonly total: number; readonly atOnce: AtOnce | null };

/** `items`: what becomes of the assets of each folder. */
export async function concernedAssets(
  deps: FolderDeps,
  frame: WorkFrame,
  items: readonly TaskItem[],
): Promise<Concerned> {
  const { workspaceId } = frame;
  const folders = items.map(({ folder }) => folder ?? '');
  const few = await countAssets(deps, { workspaceId, folders, max: limits.folderAtOnceMax + 1 });
  if (few > limits.folderAtOnceMax) {
    return { total: await countAssets(deps, { workspaceId, folders, max: limits.folderCountMax }), atOnce: null };
  }
  const works = [];
  for (const item of items) {
    if (few === 0) break;
    const ids = await assetsIn(deps, { workspaceId, folder: item.folder ?? '', max: limits.pageItemsMax });
    const rows = await readAll(
      deps,
      ids.map((id) => ({ workspaceId, type: 'asset', id })),
    );
    for (const asset of rows) {
      const work = asset === null ? null : workOn(frame, item, { asset, place: `${item.prefix}${asset.id}` });
      if (work !== null) works.push(work);
    }
  }
  return {
    total: few,
    atOnce: {
      subjects: works.map(({ subject }) => subject),
      changes: works.flatMap(({ changes }) => changes),
      resources: works.flatMap(({ resources }) => resources),
      duties: works.flatMap(({ duties }) => duties),
    },
  };
}

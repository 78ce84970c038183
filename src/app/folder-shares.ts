/** Share links of a folder that is renamed or moved, or of one in it, go along: whoever has the link sees what he saw. */
import { liesIn, pathMoved } from '../core/folder-path.ts';
import { limits } from '../core/limits.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { SubjectWrite } from './commit-many.ts';
import type { FolderDeps } from './folder-writes.ts';

export async function movedShares(
  { storage }: Pick<FolderDeps, 'storage'>,
  workspaceId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<readonly SubjectWrite[]> {
  const moved: SubjectWrite[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly Resource[]; nextCursor: string | null } = await storage.read.resources({
      workspaceId,
      type: 'share_link',
      contains: { folder: from },
      limit: limits.pageItemsMax,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const current of page.items) {
      const { folder } = current.state;
      if (typeof folder !== 'string' || !liesIn(folder, from)) continue;
      moved.push({ current, state: { ...current.state, folder: pathMoved(folder, from, to) } });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return moved;
}

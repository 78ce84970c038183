/**
 * From a received file to its address and away again: who holds a blob, who removes it, and what a process that was killed
 * in between leaves for the next one to look after.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceId } from '../../core/ids.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import type { Random } from '../../runtime/random.ts';
import type { Blobs } from '../blobs.ts';
import { blobPath, blobPathOrNull, workspacePath } from './blob-path.ts';
import { createClaims } from './claims.ts';
import type { FileKeeper } from './file-keeper.ts';
import { createHolds } from '../holds.ts';

export type Custody = Pick<Blobs, 'release' | 'remove' | 'reclaim' | 'removeAll'> & {
  /** Gives a received file its address, held; it and the directory it is in are synced when this ends. */
  place(workspaceId: WorkspaceId, blob: string, temporary: string): Promise<void>;
};

/** A directory that several processes keep files in. */
export type SharedDirectory = {
  /** The name of this one, as a part of a path. */
  readonly node: string;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
};

/** In the directory of the blobs. */
export const claimsDirectory = 'claims';
/** Looked after by one start: more uploads than were ever under way at once. */
const reclaimedMax = 10_000;
/** Longer than there may lie between the arrival of a file and the commit that names it. */
const youngMs = 3_600_000;

export function createCustody({
  directory,
  files,
  keeper,
  random,
  shared,
}: {
  readonly directory: string;
  readonly files: string;
  readonly keeper: FileKeeper;
  readonly random: Random;
  readonly shared: SharedDirectory | null;
}): Custody {
  const holds = createHolds();
  const claims = createClaims(join(directory, claimsDirectory, shared?.node ?? ''), { random, files: keeper });

  const release: Blobs['release'] = (workspaceId, blob) => {
    const path = blobPathOrNull(files, workspaceId, blob);
    if (path === null) return;
    holds.release(path);
    claims.drop(workspaceId, blob);
  };

  const place = async (workspaceId: WorkspaceId, blob: string, temporary: string): Promise<void> => {
    const path = blobPath(files, workspaceId, blob);
    await holds.hold(path);
    try {
      // Replaces an equal file where there is one: cheaper than asking, and its directory is synced either way.
      const note = claims.draw(workspaceId, blob);
      await keeper.place({ from: temporary, to: path, root: directory, note });
    } catch (error) {
      release(workspaceId, blob);
      throw error;
    }
  };

  const remove: Blobs['remove'] = async (workspaceId, blob, isUsed) => {
    const path = blobPathOrNull(files, workspaceId, blob);
    if (path === null) return 'removed';
    return holds.removing(path, async (isHeld) => {
      if (isUsed !== undefined && (await isUsed())) return 'used';
      if (isHeld() || (shared !== null && (await isYoung(path, shared.nowMs())))) return 'held';
      await rm(path, { force: true });
      return 'removed';
    });
  };

  const reclaim: Blobs['reclaim'] = async (isUsed) => {
    let removed = 0;
    for (const { workspaceId, blob, name } of await claims.leftovers(reclaimedMax)) {
      const outcome = await remove(workspaceId, blob, () => isUsed(workspaceId, blob));
      if (outcome === 'removed') removed += 1;
      await claims.remove(name);
    }
    return removed;
  };

  const removeAll = async (workspaceId: WorkspaceId): Promise<void> => {
    const all = workspacePath(files, workspaceId);
    await keeper.forget(all);
    await rm(all, { recursive: true, force: true });
  };

  return { place, release, remove, reclaim, removeAll };
}

/** Arrived lately. */
async function isYoung(path: string, nowMs: number): Promise<boolean> {
  try {
    return (await stat(path)).ctimeMs > nowMs - youngMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

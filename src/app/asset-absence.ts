/**
 * An asset that is not there: never was (404), or was deleted (410) as far as its history remembers. Only whoever may see
 * the workspace learns the difference, and only where an asset was missed is the history looked into.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Caller, VersionReference } from './app.ts';
import { aliasIn } from './asset-aliases.ts';
import { findTrashed, trashedState } from './asset-trash-state.ts';
import { externalIdIn } from './asset-views.ts';
import type { AppDeps } from './dependencies.ts';

export type AbsenceDeps = {
  readonly storage: Pick<AppDeps['storage'], 'findByAlias'> & {
    readonly read: Pick<AppDeps['storage']['read'], 'changes'>;
  };
};

/** It existed, and its id is never used again. */
export function gone(what: string): AssetwireError {
  return new AssetwireError('gone', { detail: `Find ${what}: it was deleted` });
}

/** The same call, whose `not_found` becomes `gone` where the asset it names was deleted. */
export function tellingGone<Named extends string | VersionReference, Rest extends readonly unknown[], Answer>(
  deps: AbsenceDeps,
  call: (caller: Caller, named: Named, ...rest: Rest) => Promise<Answer>,
): (caller: Caller, named: Named, ...rest: Rest) => Promise<Answer> {
  return async (caller, named, ...rest) => {
    try {
      return await call(caller, named, ...rest);
    } catch (error) {
      if (!(error instanceof AssetwireError) || error.code !== 'not_found') throw error;
      const reference = typeof named === 'string' ? named : named.reference;
      throw (await whyAbsent(deps, caller.workspaceId, reference)) ?? error;
    }
  };
}

/** External ids are free again once their asset is deleted, so only our own ids can be gone. */
async function whyAbsent(deps: AbsenceDeps, workspaceId: string, reference: string): Promise<AssetwireError | null> {
  if (externalIdIn(reference) !== null || aliasIn(reference) !== null) return null;
  try {
    const trashed = await findTrashed(deps, workspaceId, reference);
    if (trashed !== null) return inTrash(reference, trashedState(trashed).deleteAtMs);
    const { items } = await deps.storage.read.changes({ workspaceId, subject: `asset:${reference}`, limit: 1 });
    return items[0]?.kind === 'asset.deleted' ? gone('the asset') : null;
  } catch (error) {
    // Whether it once existed is a courtesy; that it is not there is certain.
    if (error instanceof AssetwireError) return null;
    throw error;
  }
}

function inTrash(id: string, deleteAtMs: number): AssetwireError {
  return new AssetwireError('gone', {
    detail: `Find the asset: it was deleted, and lies in the trash until ${new Date(deleteAtMs).toISOString()}`,
    mend: `Bring it back: POST /v1/trash/${id}/restore`,
  });
}

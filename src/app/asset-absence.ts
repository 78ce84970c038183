/**
 * An asset that is not there: never was (404), or was deleted (410) as far as its history remembers. Only whoever may see
 * the workspace learns the difference, and only where an asset was missed is the history looked into.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Caller } from './app.ts';
import { aliasIn } from './asset-aliases.ts';
import { findTrashed, trashedState } from './asset-trash-state.ts';
import { externalIdIn } from './asset-views.ts';
import type { AppDeps } from './dependencies.ts';

export type AbsenceDeps = {
  readonly storage: Pick<AppDeps['storage'], 'findByAlias' | 'resources'> & {
    readonly read: Pick<AppDeps['storage']['read'], 'changes'>;
  };
};

/** It existed, and its id is never used again. */
export function gone(what: string): AssetwireError {
  return new AssetwireError('gone', { detail: `Find ${what}: it was deleted` });
}

/** An asset, or something of it. */
type Named = string | { readonly reference: string };

type Telling = {
  /** What the call takes can be read but once, as an upload: it is not made a second time. */
  readonly once?: boolean;
};

/**
 * The same call, whose `not_found` becomes `gone` where the asset it names was deleted. Between the call and the look for
 * the reason the asset may have been brought back: then it is neither, and the call is made once more.
 */
export function tellingGone<Of extends Named, Rest extends readonly unknown[], Answer>(
  deps: AbsenceDeps,
  call: (caller: Caller, named: Of, ...rest: Rest) => Promise<Answer>,
  { once = false }: Telling = {},
): (caller: Caller, named: Of, ...rest: Rest) => Promise<Answer> {
  return async (caller, named, ...rest) => {
    const reference = typeof named === 'string' ? named : named.reference;
    for (let isSecond = false; ; isSecond = true) {
      try {
        return await call(caller, named, ...rest);
      } catch (error) {
        if (!(error instanceof AssetwireError) || error.code !== 'not_found') throw error;
        const reason = await whyAbsent(deps, caller.workspaceId, reference);
        if (reason !== 'there') throw reason ?? error;
        // Missed a second time it is not the asset that is missing, but something of it: a version, a rendition.
        if (isSecond) throw error;
        if (once) throw cameBack();
      }
    }
  };
}

/** `gone` of an asset of ours that a call has missed, where it was deleted; null where it never was, or is there again. */
export async function goneOf(deps: AbsenceDeps, workspaceId: string, id: string): Promise<AssetwireError | null> {
  const reason = await whyAbsent(deps, workspaceId, id);
  return reason === 'there' ? null : reason;
}

/**
 * External ids are free again once their asset is deleted, so only our own ids can be gone. `there`: it is there now,
 * whatever the call saw.
 */
async function whyAbsent(
  deps: AbsenceDeps,
  workspaceId: string,
  reference: string,
): Promise<AssetwireError | 'there' | null> {
  if (externalIdIn(reference) !== null || aliasIn(reference) !== null) return null;
  try {
    const trashed = await findTrashed(deps, workspaceId, reference);
    if (trashed !== null) return inTrash(reference, trashedState(trashed).deleteAtMs);
    const { items } = await deps.storage.read.changes({ workspaceId, subject: `asset:${reference}`, limit: 1 });
    if (items[0] === undefined) return null;
    if (items[0].kind === 'asset.deleted') return gone('the asset');
    // What was only reported has a history and was never there.
    const [asset] = await deps.storage.resources([{ workspaceId, type: 'asset', id: reference }]);
    return asset === undefined || asset === null ? null : 'there';
  } catch (error) {
    // Whether it once existed is a courtesy; that it is not there is certain.
    if (error instanceof AssetwireError) return null;
    throw error;
  }
}

function cameBack(): AssetwireError {
  return new AssetwireError('conflict', {
    detail: 'Find the asset: it was brought back while the call was under way',
    mend: 'Send it again: what was sent is read once, and was read in vain',
  });
}

function inTrash(id: string, deleteAtMs: number): AssetwireError {
  return new AssetwireError('gone', {
    detail: `Find the asset: it was deleted, and lies in the trash until ${new Date(deleteAtMs).toISOString()}`,
    mend: `Bring it back: POST /v1/trash/${id}/restore`,
  });
}

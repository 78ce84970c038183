/**
 * Deletion: an asset goes into the trash, where it lies for as long as the workspace says and can be brought back. For
 * receivers, lists, links and pushed states it is deleted from that moment. `permanently` goes past the trash, and takes
 * out of it what lies there.
 */
import type { JsonObject } from '../core/json.ts';
import type { AssetCases, Caller, Written } from './app.ts';
import { refuseHeldByOther } from './asset-checkout-state.ts';
import type { RemoveOptions } from './asset-life-cases.ts';
import { findTrashed, purgePlan, removalPlan } from './asset-trash-state.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

export type RemoveDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

const answer: Written<JsonObject> = { status: 204, body: {} };

export function createRemove(deps: RemoveDeps): AssetCases['remove'] {
  return (caller, reference, options = {}) =>
    deps.idempotent.run<JsonObject>(caller.workspaceId, options.idempotency, async (row) => {
      const { workspaceId } = caller;
      const id = await assetIdOf(deps, workspaceId, reference);
      if (id === null) throw notFound('the asset');
      const { trashDays } = await readWorkspaceSettings(deps.storage, workspaceId);
      const removing = { caller, id, options, row, trashDays: options.permanently === true ? 0 : trashDays };
      if (options.permanently !== true) return removeAsset(deps, removing);
      // What lies in the trash is found there; what does not is deleted past it.
      const trashed = await findTrashed(deps, workspaceId, id);
      return trashed === null ? removeAsset(deps, removing) : purge(deps, { caller, id: trashed.id, row, options });
    });
}

export type Removing = {
  readonly caller: Pick<Caller, 'workspaceId' | 'actor' | 'scopes' | 'admin'>;
  /** The asset's own id. */
  readonly id: string;
  readonly options: RemoveOptions;
  readonly row: RowMaker | undefined;
  /** 0: for good at once. */
  readonly trashDays: number;
};

/** One asset into the trash: one `asset.deleted`. For whoever deletes many, one call each; see also `trashMany`. */
export async function removeAsset(
  { ids, committer }: Pick<RemoveDeps, 'ids' | 'committer'>,
  { caller, id, options, row, trashDays }: Removing,
): Promise<Written<JsonObject>> {
  const { workspaceId, actor } = caller;
  const key = { workspaceId, type: 'asset', id } as const;
  const written = await committer.write<Written<JsonObject>>(key, (current, atMs) => {
    if (current === null) throw notFound('the asset');
    refuseOtherVersion(options.expected, current.version);
    refuseHeldByOther(assetState(current), caller, 'delete it');
    if (current.alias !== undefined) committer.cache.deleteAlias(workspaceId, 'asset', current.alias);
    const plan = removalPlan(current, { ids, actor, trashDays, atMs });
    return {
      kind: 'write',
      plan: { ...plan, ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }) },
      answer: () => answer,
    };
  });
  return written.kind === 'done' ? written.answer : replay<JsonObject>(written.row, fingerprintOf(options));
}

export type Purging = {
  readonly caller: Pick<Caller, 'workspaceId' | 'actor' | 'keyId' | 'from'>;
  /** Of the row in the trash. */
  readonly id: string;
  readonly row: RowMaker | undefined;
  readonly options: Pick<RemoveOptions, 'idempotency'>;
};

/** Lets go of one asset in the trash for good, at somebody's wish: nobody is told anew, the audit log knows. */
export async function purge(
  { ids, committer }: Pick<RemoveDeps, 'ids' | 'committer'>,
  { caller, id, row, options }: Purging,
): Promise<Written<JsonObject>> {
  const { workspaceId } = caller;
  const key = { workspaceId, type: 'trashed_asset', id } as const;
  const written = await committer.write<Written<JsonObject>>(key, (current, atMs) => {
    if (current === null) throw notFound('the asset in the trash');
    const { resources = [], ...plan } = purgePlan(current, { ids, atMs });
    const note = { action: 'asset.deleted_for_good', target: `asset:${String(current.alias)}` };
    return {
      kind: 'write',
      plan: {
        ...plan,
        resources: [...resources, auditWrite({ ids, caller }, note, atMs)],
        ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }),
      },
      answer: () => answer,
    };
  });
  return written.kind === 'done' ? written.answer : replay<JsonObject>(written.row, fingerprintOf(options));
}

function fingerprintOf({ idempotency }: Pick<RemoveOptions, 'idempotency'>): string {
  return idempotency?.fingerprint ?? '';
}

/** Assets: upload, push, patch, remove, look. Each way in has a file of its own. */
import { changedFields } from '../core/difference.ts';
import type { AssetCases } from './app.ts';
import { createContentCases } from './asset-content.ts';
import { createPatch } from './asset-patch.ts';
import { createPush } from './asset-push.ts';
import { createUpload } from './asset-upload.ts';
import { assetChange, assetIdOf, assetSubject, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import { notFound } from './refusals.ts';

export type AssetsDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'settings'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly linkKey: () => Uint8Array;
};

export function createAssets(deps: AssetsDeps): AssetCases {
  const { storage, ids, committer } = deps;
  return {
    upload: createUpload(deps),
    push: createPush(deps),
    patch: createPatch(deps),
    ...createContentCases(deps),

    async remove(caller, reference) {
      const { workspaceId, actor } = caller;
      const id = await assetIdOf(deps, workspaceId, reference);
      if (id === null) throw notFound('the asset');
      await committer.write({ workspaceId, type: 'asset', id }, (current, atMs) => {
        if (current === null) throw notFound('the asset');
        const version = current.version + 1;
        const frame = { ids, workspaceId, actor, subject: assetSubject(id, current.alias), version, atMs };
        if (current.alias !== undefined) committer.cache.deleteAlias(workspaceId, 'asset', current.alias);
        return {
          kind: 'write',
          plan: {
            state: null,
            changes: [
              assetChange(frame, {
                kind: 'asset.deleted',
                before: current.state,
                after: null,
                changed: changedFields(current.state, null),
              }),
            ],
          },
          answer: () => undefined,
        };
      });
    },

    async get(caller, reference) {
      const id = await assetIdOf(deps, caller.workspaceId, reference);
      const [row] =
        id === null ? [] : await storage.resources([{ workspaceId: caller.workspaceId, type: 'asset', id }]);
      if (row === undefined || row === null) throw notFound('the asset');
      return assetView(row);
    },

    async list(caller, { externalId, ...page }) {
      const found = await storage.read.resources({
        ...page,
        workspaceId: caller.workspaceId,
        type: 'asset',
        ...(externalId === undefined ? {} : { alias: externalId }),
      });
      return { items: found.items.map(assetView), nextCursor: found.nextCursor };
    },
  };
}

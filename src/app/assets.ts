/** Assets: upload, push, patch, versions, remove, look. Each way in has a file of its own. */
import { changedFields } from '../core/difference.ts';
import { presentProblems } from '../core/metadata-check.ts';
import type { JsonObject } from '../core/json.ts';
import type { AssetCases, Written } from './app.ts';
import { tellingGone } from './asset-absence.ts';
import { createContentCases } from './asset-content.ts';
import { createAssetLists } from './asset-lists.ts';
import { createPatch } from './asset-patch.ts';
import { createPush } from './asset-push.ts';
import { createUpload } from './asset-upload.ts';
import { createVersions } from './asset-versions.ts';
import { assetChange, assetIdOf, assetSubject, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';

export type AssetsDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'settings'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly linkKey: () => Uint8Array;
  readonly metadataSets: MetadataSets;
  readonly pushMany: AssetCases['pushMany'];
};

export function createAssets(deps: AssetsDeps): AssetCases {
  const content = createContentCases(deps);
  const versions = createVersions(deps);
  const lists = createAssetLists(deps);
  return {
    ...content,
    ...lists,
    upload: createUpload(deps),
    push: tellingGone(deps, createPush(deps)),
    pushMany: deps.pushMany,
    patch: tellingGone(deps, createPatch(deps)),
    remove: tellingGone(deps, createRemove(deps)),
    get: tellingGone(deps, createGet(deps)),
    content: tellingGone(deps, content.content),
    versionContent: tellingGone(deps, content.versionContent),
    versions: tellingGone(deps, versions.versions),
    version: tellingGone(deps, versions.version),
    addVersion: tellingGone(deps, versions.addVersion),
    activateVersion: tellingGone(deps, versions.activateVersion),
    removeVersion: tellingGone(deps, versions.removeVersion),
  };
}

function createGet(deps: AssetsDeps): AssetCases['get'] {
  const { storage, metadataSets } = deps;
  return async ({ workspaceId }, reference) => {
    const id = await assetIdOf(deps, workspaceId, reference);
    const [row] = id === null ? [] : await storage.resources([{ workspaceId, type: 'asset', id }]);
    if (row === undefined || row === null) throw notFound('the asset');
    const set = await metadataSets.get(workspaceId);
    const problems = set === null ? [] : presentProblems(set, row.state['metadata'], '/metadata');
    const view = assetView(row);
    return problems.length === 0 ? view : { ...view, metadataProblems: problems };
  };
}

function createRemove(deps: AssetsDeps): AssetCases['remove'] {
  const { ids, committer, idempotent } = deps;
  return ({ workspaceId, actor }, reference, { expected, idempotency } = {}) =>
    idempotent.run<JsonObject>(workspaceId, idempotency, async (row) => {
      const id = await assetIdOf(deps, workspaceId, reference);
      if (id === null) throw notFound('the asset');
      const answer = { status: 204, body: {} };
      const written = await committer.write<Written<JsonObject>>(
        { workspaceId, type: 'asset', id },
        (current, atMs) => {
          if (current === null) throw notFound('the asset');
          refuseOtherVersion(expected, current.version);
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
              ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }),
            },
            answer: () => answer,
          };
        },
      );
      return written.kind === 'done' ? written.answer : replay<JsonObject>(written.row, idempotency?.fingerprint ?? '');
    });
}

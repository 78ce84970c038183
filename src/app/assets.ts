/** Assets: upload, push, patch, versions, remove, look. Each way in has a file of its own. */
import { presentProblems } from '../core/metadata-check.ts';
import type { AssetCases } from './app.ts';
import { tellingGone } from './asset-absence.ts';
import { createClips } from './asset-clips.ts';
import { createCheckOut } from './asset-checkout.ts';
import { createContentCases } from './asset-content.ts';
import { createCopy } from './asset-copy.ts';
import { createLookup } from './asset-lookup.ts';
import { createAssetLists } from './asset-lists.ts';
import { createPatch } from './asset-patch.ts';
import { createPush } from './asset-push.ts';
import { createRemove } from './asset-remove.ts';
import { createUpload } from './asset-upload.ts';
import { createVersions } from './asset-versions.ts';
import { assetIdOf, assetView } from './asset-views.ts';
import { createXmp } from './asset-xmp.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import type { Quotas } from './quotas.ts';
import type { NoticeDays } from './notice-days.ts';
import { notFound } from './refusals.ts';

export type AssetsDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'settings'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly linkKey: () => Uint8Array;
  readonly metadataSets: MetadataSets;
  readonly pushMany: AssetCases['pushMany'];
  readonly quotas: Pick<Quotas, 'refuse'>;
};

export function createAssets(deps: AssetsDeps): AssetCases {
  const clips = createClips(deps);
  const content = createContentCases(deps);
  const packets = createXmp(deps);
  const versions = createVersions(deps);
  const checkOut = createCheckOut(deps);
  const lists = createAssetLists(deps);
  return {
    ...content,
    ...lists,
    upload: createUpload(deps),
    push: tellingGone(deps, createPush(deps)),
    pushMany: deps.pushMany,
    lookup: createLookup(deps),
    patch: tellingGone(deps, createPatch(deps)),
    clip: tellingGone(deps, clips.clip),
    inspect: tellingGone(deps, clips.inspect),
    remove: tellingGone(deps, createRemove(deps)),
    get: tellingGone(deps, createGet(deps)),
    content: tellingGone(deps, content.content),
    rendition: tellingGone(deps, content.rendition),
    versionContent: tellingGone(deps, content.versionContent),
    xmp: tellingGone(deps, packets.xmp),
    versionXmp: tellingGone(deps, packets.versionXmp),
    versions: tellingGone(deps, versions.versions),
    version: tellingGone(deps, versions.version),
    addVersion: tellingGone(deps, versions.addVersion, { once: true }),
    activateVersion: tellingGone(deps, versions.activateVersion),
    promoteVersion: tellingGone(deps, versions.promoteVersion),
    copy: tellingGone(deps, createCopy(deps).copy),
    checkOut: tellingGone(deps, checkOut.checkOut),
    checkIn: tellingGone(deps, checkOut.checkIn),
    undoCheckOut: tellingGone(deps, checkOut.undoCheckOut),
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

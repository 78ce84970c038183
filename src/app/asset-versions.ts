/**
 * Versions of an asset: uploaded, activated, deleted, shown. A further version is told at once; what is then found out
 * about its file follows as a change of its information, never as a second "ready".
 */
import { toldAs } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { AssetCases, AssetView, Caller, Written } from './app.ts';
import { refuseHeldByOther } from './asset-checkout-state.ts';
import { assetNameOf, fileNameOf } from './asset-name.ts';
import {
  type NewVersion,
  refuseTooManyVersions,
  versionOf,
  withActive,
  withoutVersion,
  withPromoted,
  withVersion,
} from './asset-version-state.ts';
import { assetState } from './asset-views.ts';
import { findAsset, writeAsset, type Writing } from './asset-write.ts';
import { settleBlob } from './blob-uses.ts';
import type { Committer } from './committer.ts';
import { unscanned } from './scanning.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import { listPage } from './list-page.ts';
import { refuseOtherVersion } from './preconditions.ts';

export type VersionsDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'settings' | 'metrics'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

type VersionCases = Pick<
  AssetCases,
  'versions' | 'version' | 'addVersion' | 'activateVersion' | 'promoteVersion' | 'removeVersion'
>;

export function createVersions(deps: VersionsDeps): VersionCases {
  return {
    async versions(caller, reference, query) {
      const { versions } = assetState(await findAsset(deps, caller, reference));
      return listPage(versions, ({ number }) => number, query);
    },

    async version(caller, { reference, number }) {
      return versionOf(assetState(await findAsset(deps, caller, reference)), number);
    },

    addVersion: (caller, reference, upload) =>
      deps.idempotent
        .run<AssetView>(caller.workspaceId, upload.idempotency, (row) => add(deps, { caller, reference, upload, row }))
        // Whatever was not read is let go: a request whose body nobody takes would hang.
        .finally(() => upload.file.content.resume()),

    activateVersion: (caller, { reference, number }, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        writeAsset(deps, { caller, reference, options, row, status: 200 }, (state, atMs) => {
          refuseHeldByOther(state, caller, 'make another version active');
          return withActive(state, number, atMs);
        }),
      ),

    promoteVersion: (caller, { reference, number }, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        writeAsset(
          deps,
          {
            ...{ caller, reference, options, row, status: 200 },
            told: (happenings) => toldAs(happenings, 'asset.version_added', 'asset.promoted'),
          },
          (state, atMs) => {
            refuseHeldByOther(state, caller, 'promote a version');
            return withPromoted(state, number, atMs);
          },
        ),
      ),

    removeVersion: (caller, { reference, number }, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        writeAsset(deps, { caller, reference, options, row, status: 200 }, (state, atMs) => {
          refuseHeldByOther(state, caller, 'delete a version');
          return withoutVersion(state, number, atMs);
        }),
      ),
  };
}

type Named = { readonly caller: Caller; readonly reference: string };

type Adding = Named & {
  readonly upload: Parameters<AssetCases['addVersion']>[2];
  readonly row: Writing['row'];
};

async function add(deps: VersionsDeps, { caller, reference, upload, row }: Adding): Promise<Written<AssetView>> {
  const version = await takeVersion(deps, { caller, reference, upload });
  try {
    return await writeAsset(deps, { caller, reference, options: upload, row, status: 201 }, (state, atMs) => {
      refuseHeldByOther(state, caller, 'give it another version');
      return withVersion(state, version, atMs);
    });
  } finally {
    await settleBlob(deps, caller.workspaceId, version.file.blob);
  }
}

/** Takes the bytes in, once everything is known that could be wrong without them. They are held: see blobs.ts. */
export async function takeVersion(
  deps: VersionsDeps,
  { caller, reference, upload, check }: Omit<Adding, 'row'> & { readonly check?: (state: AssetState) => void },
): Promise<NewVersion & { readonly file: { readonly blob: string } }> {
  const { blobs, media, settings } = deps;
  const { file, activate = true, expected } = upload;
  const name = upload.name === undefined ? fileNameOf(file.name) : assetNameOf(upload.name);
  const row = await findAsset(deps, caller, reference);
  refuseOtherVersion(expected, row.version);
  const state = assetState(row);
  refuseHeldByOther(state, caller, 'give it another version');
  check?.(state);
  refuseTooManyVersions(state);
  const bytesMax = settings.uploadBytesMax;
  const { ownChunks = false } = file;
  const { head, ...hashes } = await blobs.put(caller.workspaceId, file.content, { bytesMax, ownChunks });
  deps.metrics?.uploaded(hashes.bytes);
  try {
    const { mimeType, kind } = await media.sniff(head, name);
    return { file: { name, mimeType, ...hashes, ...unscanned(deps) }, kind, activate };
  } catch (error) {
    await settleBlob(deps, caller.workspaceId, hashes.blob);
    throw error;
  }
}

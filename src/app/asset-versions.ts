/**
 * Versions of an asset: uploaded, activated, deleted, shown. A further version is told at once; what is then found out
 * about its file follows as a change of its information, never as a second "ready".
 */
import { changeKindsFor } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { NewDuty, Resource } from '../storage/storage.ts';
import type { AssetCases, AssetView, AssetWriteOptions, Caller, Written } from './app.ts';
import { fileNameOf } from './asset-name.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import type { InspectPayload } from './asset-upload.ts';
import {
  type NewVersion,
  refuseTooManyVersions,
  versionOf,
  withActive,
  withoutVersion,
  withVersion,
} from './asset-version-state.ts';
import { asJsonState, assetChange, assetIdOf, assetState, assetSubject, assetView } from './asset-views.ts';
import { settleBlob } from './blob-uses.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { listPage } from './list-page.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';

export type VersionsDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'settings' | 'metrics'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

type VersionCases = Pick<AssetCases, 'versions' | 'version' | 'addVersion' | 'activateVersion' | 'removeVersion'>;

export function createVersions(deps: VersionsDeps): VersionCases {
  return {
    async versions(caller, reference, query) {
      const { versions } = assetState(await find(deps, caller, reference));
      return listPage(versions, ({ number }) => number, query);
    },

    async version(caller, { reference, number }) {
      return versionOf(assetState(await find(deps, caller, reference)), number);
    },

    addVersion: (caller, reference, upload) =>
      deps.idempotent
        .run<AssetView>(caller.workspaceId, upload.idempotency, (row) => add(deps, { caller, reference, upload, row }))
        // Whatever was not read is let go: a request whose body nobody takes would hang.
        .finally(() => upload.file.content.resume()),

    activateVersion: (caller, { reference, number }, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        write(deps, { caller, reference, options, row, status: 200 }, (state, atMs) => withActive(state, number, atMs)),
      ),

    removeVersion: (caller, { reference, number }, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        write(deps, { caller, reference, options, row, status: 200 }, (state, atMs) =>
          withoutVersion(state, number, atMs),
        ),
      ),
  };
}

type Named = { readonly caller: Caller; readonly reference: string };

async function find(deps: VersionsDeps, { workspaceId }: Caller, reference: string): Promise<Resource> {
  const id = await assetIdOf(deps, workspaceId, reference);
  const [row] = id === null ? [] : await deps.storage.resources([{ workspaceId, type: 'asset', id }]);
  if (row === undefined || row === null) throw notFound('the asset');
  return row;
}

type Adding = Named & {
  readonly upload: Parameters<AssetCases['addVersion']>[2];
  readonly row: Writing['row'];
};

async function add(deps: VersionsDeps, { caller, reference, upload, row }: Adding): Promise<Written<AssetView>> {
  const version = await take(deps, { caller, reference, upload });
  try {
    return await write(deps, { caller, reference, options: upload, row, status: 201 }, (state, atMs) =>
      withVersion(state, version, atMs),
    );
  } finally {
    await settleBlob(deps, caller.workspaceId, version.file.blob);
  }
}

/** Takes the bytes in, once everything is known that could be wrong without them. They are held: see blobs.ts. */
async function take(
  deps: VersionsDeps,
  { caller, reference, upload }: Omit<Adding, 'row'>,
): Promise<NewVersion & { readonly file: { readonly blob: string } }> {
  const { blobs, media, settings } = deps;
  const { file, activate = true, expected } = upload;
  const name = fileNameOf(upload.name ?? file.name);
  const row = await find(deps, caller, reference);
  refuseOtherVersion(expected, row.version);
  refuseTooManyVersions(assetState(row));
  const bytesMax = settings.uploadBytesMax;
  const { head, ...hashes } = await blobs.put(caller.workspaceId, file.content, { bytesMax });
  deps.metrics?.uploaded(hashes.bytes);
  try {
    const { mimeType, kind } = await media.sniff(head, name);
    return { file: { name, mimeType, ...hashes }, kind, activate };
  } catch (error) {
    await settleBlob(deps, caller.workspaceId, hashes.blob);
    throw error;
  }
}

type Writing = Named & {
  readonly options: AssetWriteOptions;
  readonly row: Parameters<Parameters<IdempotentCalls['run']>[2]>[0];
  readonly status: number;
};

async function write(
  { ids, committer, storage }: VersionsDeps,
  { caller, reference, options, row, status }: Writing,
  decide: (state: AssetState, atMs: number) => AssetState,
): Promise<Written<AssetView>> {
  const { workspaceId, actor } = caller;
  const id = await assetIdOf({ storage, committer }, workspaceId, reference);
  if (id === null) throw notFound('the asset');
  const key = { workspaceId, type: 'asset', id } as const;
  const written = await committer.write<Written<AssetView>>(key, (current, atMs) => {
    if (current === null) throw notFound('the asset');
    refuseOtherVersion(options.expected, current.version);
    const before = assetState(current);
    const after = decide(before, atMs);
    const same = after === before;
    if (!same) refuseTooLargeAsset(after);
    const state = asJsonState(after);
    const version = same ? current.version : current.version + 1;
    const body = same ? assetView(current) : assetView({ ...current, version, state, updatedAtMs: atMs });
    if (same && row === undefined) return { kind: 'nothing', answer: { status, body } };
    const frame = { ids, workspaceId, actor, subject: assetSubject(id, current.alias), version, atMs };
    return {
      kind: 'write',
      plan: {
        ...(same ? {} : { state }),
        changes: changeKindsFor(current.state, state).map(({ kind, changed }) =>
          assetChange(frame, { kind, before: current.state, after: state, changed }),
        ),
        duties: same ? [] : inspections(before, after, { id, workspaceId, dutyId: () => ids.next('duty'), atMs }),
        ...(row === undefined ? {} : { idempotency: () => row(status, body) }),
      },
      answer: () => ({ status, body }),
    };
  });
  return written.kind === 'done'
    ? written.answer
    : replay<AssetView>(written.row, options.idempotency?.fingerprint ?? '');
}

/** What is owed: a look into a file that is new or has become the active one. */
function inspections(
  before: AssetState,
  after: AssetState,
  {
    id,
    workspaceId,
    dutyId,
    atMs,
  }: {
    readonly id: string;
    readonly workspaceId: string;
    readonly dutyId: () => NewDuty['id'];
    readonly atMs: number;
  },
): readonly NewDuty[] {
  return after.versions.flatMap(({ number, active, file }) => {
    const known = before.versions.find((version) => version.number === number);
    if (file.blob === undefined || (known !== undefined && (known.active || !active))) return [];
    const payload: InspectPayload = { assetId: id, blob: file.blob, mimeType: file.mimeType, version: number };
    return [{ id: dutyId(), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }];
  });
}

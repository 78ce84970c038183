/**
 * An upload: bytes to the blobs (synced), type from the content, then asset, `asset.created` and the owed inspection in
 * one commit. The answer comes when that is on disk; what inspection finds follows as `asset.ready`.
 */
import { withDates } from '../core/asset-dates.ts';
import type { AssetFile, AssetKind, AssetState } from '../core/asset.ts';
import type { Actor } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import type { AssetCases, AssetInput, AssetView, Caller, Written } from './app.ts';
import { refuseTakenAliases } from './asset-aliases.ts';
import { refuseCrossedDates } from './asset-date-refusals.ts';
import { assetNameOf, fileNameOf } from './asset-name.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { folderPath } from './asset-state.ts';
import { asJsonState, assetChange, assetSubject, assetView } from './asset-views.ts';
import { namingBlob } from './blob-uses.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { AssetwireError } from '../core/errors.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import { findExternalId } from './external-ids.ts';
import { unscanned } from './scanning.ts';
import { subjectName } from './subject-cache.ts';
import type { JsonObject } from '../core/json.ts';
import { namedLibrary } from '../core/library.ts';
import { members } from '../core/spelling.ts';
import { metadataProblems, withDefaults } from '../core/metadata-check.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { unfitAll } from './refusals.ts';
import type { NoticeDays } from './notice-days.ts';

export type UploadDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'settings' | 'metrics'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
};

/** What an `inspect` duty owes: a look into the file of a version, the first one where none is named. */
export type InspectPayload = {
  readonly assetId: string;
  readonly blob: string;
  readonly mimeType: string;
  readonly version?: number;
  /** The version that was active until this one came. */
  readonly replaces?: number;
  /** The second look, after a first one that came to no end in its time. */
  readonly again?: boolean;
};

export function createUpload(deps: UploadDeps): AssetCases['upload'] {
  return (caller, { file, idempotency, ...input }) =>
    deps.idempotent
      .run<AssetView>(caller.workspaceId, idempotency, (row) =>
        upload(deps, { caller, input, row, fingerprint: idempotency?.fingerprint ?? '' }, file),
      )
      // Whatever was not read is let go: a request whose body nobody takes would hang.
      .finally(() => file.content.resume());
}

type Asked = {
  readonly caller: Caller;
  readonly input: AssetInput;
  readonly row: RowMaker | undefined;
  readonly fingerprint: string;
};

/** With all that is decided before the bytes are taken. */
type NamedInput = AssetInput & {
  readonly name: string;
  readonly path: string;
  readonly metadata: JsonObject;
  readonly noticeDays: readonly number[];
};

async function upload(
  deps: UploadDeps,
  { caller, input, row, fingerprint }: Asked,
  { name: givenName, content, ownChunks = false }: Parameters<AssetCases['upload']>[1]['file'],
): Promise<Written<AssetView>> {
  const { workspaceId } = caller;
  const { blobs, media, settings } = deps;
  const name = input.name === undefined ? fileNameOf(givenName) : assetNameOf(input.name);
  const path = folderPath(input.path ?? '/');
  const metadata = fittingMetadata(await deps.metadataSets.get(workspaceId), withoutNulls(input.metadata ?? {}));
  refuseCrossedDates(input, input);
  await refuseTaken(deps, workspaceId, input.externalId);
  await refuseTakenAliases(deps, workspaceId, input.aliases);
  const noticeDays = await deps.noticeDays(workspaceId, input.archiveAtMs);
  const stored = await blobs.put(workspaceId, content, { bytesMax: settings.uploadBytesMax, ownChunks });
  deps.metrics?.uploaded(stored.bytes);
  return namingBlob(deps, { workspaceId, blob: stored.blob }, async () => {
    const { mimeType, kind } = await media.sniff(stored.head, name);
    const { head: _, ...hashes } = stored;
    const file: AssetFile = { name, mimeType, ...hashes, ...unscanned(deps) };
    return commitUpload(
      deps,
      { caller, input: { ...input, name, path, metadata, noticeDays }, row, fingerprint },
      { file, kind },
    );
  });
}

/** The asset of bytes that have been put, under a new id or one that was drawn for it. */
export async function commitUpload(
  { ids, committer }: Pick<UploadDeps, 'ids' | 'committer'>,
  { caller, input, row, fingerprint }: Asked & { readonly input: NamedInput },
  { file, kind, id = ids.next('asset') }: { readonly file: AssetFile; readonly kind: AssetKind; readonly id?: string },
): Promise<Written<AssetView>> {
  const { workspaceId, actor } = caller;
  const key = { workspaceId, type: 'asset', id } as const;
  const alias = input.externalId === undefined ? {} : { alias: input.externalId };
  // Drawn just now: nothing can be stored under it.
  committer.cache.set(subjectName(key), null);
  const written = await committer.write<Written<AssetView>>(key, (_current, atMs) => {
    const uploaded = uploadedState(input, { kind, file, creator: actor }, atMs);
    refuseTooLargeAsset(uploaded);
    const state = asJsonState(uploaded);
    const frame = { ids, workspaceId, actor, subject: assetSubject(id, input.externalId), version: 1, atMs };
    const created = { kind: 'asset.created', before: null, after: state, changed: changedFields(null, state) } as const;
    const payload: InspectPayload = { assetId: id, blob: file.blob ?? '', mimeType: file.mimeType };
    const view = assetView({ ...key, ...alias, version: 1, state, createdAtMs: atMs, updatedAtMs: atMs });
    return {
      kind: 'write',
      plan: {
        state,
        ...alias,
        changes: [assetChange(frame, created)],
        duties: [{ id: ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<AssetView>(written.row, fingerprint);
}

/** With defaults; throws where it does not fit. Before the bytes are taken, as everything that can be known by then. */
function fittingMetadata(set: MetadataFieldSet | null, given: JsonObject): JsonObject {
  if (set === null) return given;
  const metadata = withDefaults(set, given);
  const problems = metadataProblems(set, { before: null, after: metadata }, '/metadata');
  if (problems.length > 0) throw unfitAll(problems);
  return metadata;
}

function uploadedState(
  input: NamedInput,
  { kind, file, creator }: { readonly kind: AssetKind; readonly file: AssetFile; readonly creator: Actor },
  atMs: number,
): AssetState {
  const state: AssetState = {
    kind,
    name: input.name,
    path: input.path,
    file,
    versions: [{ number: 1, active: true, createdAtMs: atMs, file }],
    renditions: [],
    info: withoutNulls(input.info ?? {}),
    metadata: input.metadata,
    embedded: {},
    tags: members(input.tags),
    labels: members(input.labels),
    collections: members(input.collections),
    ...namedLibrary(input.library),
    archived: false,
    inspection: { state: 'pending' },
    createdAtMs: atMs,
    modifiedAtMs: atMs,
    createdBy: creator.id,
    ...(creator.name === undefined ? {} : { createdByName: creator.name }),
    aliases: input.aliases ?? {},
    ...(input.focusPoint === undefined ? {} : { focusPoint: input.focusPoint }),
  };
  return withDates(state, input, { atMs, noticeDays: input.noticeDays });
}

/** Before the bytes are taken: an upload of a gigabyte should not fail at its end for a name that was taken all along. */
async function refuseTaken(deps: UploadDeps, workspaceId: string, externalId: string | undefined): Promise<void> {
  if (externalId === undefined) return;
  const id = await findExternalId(deps, { workspaceId, type: 'asset', externalId });
  const taken = id === null ? null : await deps.committer.peek({ workspaceId, type: 'asset', id });
  if (taken !== null)
    throw new AssetwireError('already_exists', { detail: 'Use a new externalId: an asset has it already' });
}

/** Null means "not there", here as in patches. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

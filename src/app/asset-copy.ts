/**
 * A copy: a new asset with the same bytes, told as `asset.copied` and nothing else. The bytes are not read: the copy names
 * the same content addresses, and its commit rests on the uses of the original, so they cannot be erased meanwhile.
 */
import { withAvailability } from '../core/asset-dates.ts';
import type { AssetFile, AssetState, Rendition } from '../core/asset.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import { withDefaults } from '../core/metadata-check.ts';
import { namedLibrary } from '../core/library.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import { isOwnRendition } from '../core/renditions.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { AssetCases, AssetView, Caller, CopyInput, Written } from './app.ts';
import { assetNameOf } from './asset-name.ts';
import { owedWork } from './asset-owed-work.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { assetKindOf, folderPath } from './asset-state.ts';
import { versionOf } from './asset-version-state.ts';
import { asJsonState, assetChange, assetState, assetSubject, assetView } from './asset-views.ts';
import { findAsset } from './asset-write.ts';
import { blobSizes, blobsOf } from './blob-uses.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { type Expected, refuseOtherVersion } from './preconditions.ts';
import type { Quotas } from './quotas.ts';
import { contended, notFound } from './refusals.ts';

export type CopyDeps = Pick<AppDeps, 'storage' | 'ids' | 'media' | 'settings'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
  readonly quotas: Pick<Quotas, 'refuse'>;
};

export function createCopy(deps: CopyDeps): Pick<AssetCases, 'copy'> {
  return {
    copy: (caller, reference, { expected, idempotency, ...input }) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, idempotency, async (row) => {
        const set = input.metadata === false ? await deps.metadataSets.get(caller.workspaceId) : null;
        const copying = { caller, input, expected, row, set, fingerprint: idempotency?.fingerprint ?? '' };
        for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
          const source = await findAsset(deps, caller, reference);
          const copied = await copyOnce(deps, copying, source);
          if (copied !== null) return copied;
        }
        throw contended();
      }),
  };
}

type Copying = {
  readonly caller: Caller;
  readonly input: CopyInput;
  readonly expected: Expected | undefined;
  readonly row: RowMaker | undefined;
  readonly set: MetadataFieldSet | null;
  readonly fingerprint: string;
};

/** Null: the original has other files by now than it was found with. */
async function copyOnce(deps: CopyDeps, copying: Copying, found: Resource): Promise<Written<AssetView> | null> {
  const { ids, committer } = deps;
  const { caller, input, expected, row } = copying;
  const { workspaceId, actor } = caller;
  const id = ids.next('asset');
  const key = { workspaceId, type: 'asset', id } as const;
  const alias = input.externalId === undefined ? {} : { alias: input.externalId };
  const sizes = blobSizes(asJsonState(copyOf(assetState(found), found.id, { ...copying, atMs: 0 })));
  const blobs = [...sizes.keys()];
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (blobs.length > 0) await deps.quotas.refuse(workspaceId, { files: blobs.length, bytes });
  const uses = blobs.map((blob): ResourceKey => ({ workspaceId, type: 'blob_use', id: `${blob}:${found.id}` }));
  try {
    const written = await committer.writeAlone<Written<AssetView> | null>(key, [found, ...uses], (_, atMs, read) => {
      const [source = null, ...held] = read.others;
      if (source === null) throw notFound('the asset');
      refuseOtherVersion(expected, source.version);
      const state = copyOf(assetState(source), source.id, { ...copying, atMs });
      refuseTooLargeAsset(state);
      const moved = blobsOf(asJsonState(state)).some((blob) => !blobs.includes(blob));
      if (moved || held.some((use) => use === null)) return { kind: 'nothing', answer: null };
      const after = asJsonState(state);
      const frame = { ids, workspaceId, actor, subject: assetSubject(id, input.externalId), version: 1, atMs };
      const changed = changedFields(null, after);
      const body = assetView({ ...key, ...alias, version: 1, state: after, createdAtMs: atMs, updatedAtMs: atMs });
      return {
        kind: 'write',
        plan: {
          state: after,
          ...alias,
          changes: [assetChange(frame, { kind: 'asset.copied', before: null, after, changed })],
          resources: held.flatMap((use) => (use === null ? [] : [untouched(use)])),
          duties: owedWork(deps, { workspaceId, assetId: id, state, atMs }),
          ...(row === undefined ? {} : { idempotency: () => row(201, body) }),
        },
        answer: () => ({ status: 201, body }),
      };
    });
    return written.kind === 'done' ? written.answer : replay<AssetView>(written.row, copying.fingerprint);
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new AssetwireError('already_exists', { detail: 'Use a new externalId: an asset has it already' });
  }
}

/** Written as it is, so that the commit is stale where it has gone meanwhile. */
function untouched({ type, id, version, state }: Resource): ResourceWrite {
  return { type, id, expectedVersion: version, state };
}

/** What comes along, and what does not: ids of its own, no check-out, no history, not in the archive. */
function copyOf(
  source: AssetState,
  assetId: string,
  { input, caller, set, atMs }: Pick<Copying, 'input' | 'caller' | 'set'> & { readonly atMs: number },
): AssetState {
  const original = input.fromVersion === undefined ? null : versionOf(source, input.fromVersion);
  const ofActive = original === null || original.active;
  const file = ofActive ? source.file : original.file;
  const path = input.path === undefined ? source.path : folderPath(input.path);
  const number = original?.number ?? source.versions.find(({ active }) => active)?.number;
  const { publishAtMs, expiresAtMs, focusPoint, library } = source;
  const state: AssetState = {
    kind: ofActive ? source.kind : kindOf(file, source.kind),
    name: input.name === undefined ? nameOf(source, path) : assetNameOf(input.name),
    path,
    ...(file === undefined ? {} : { file }),
    versions: file === undefined ? [] : [{ number: 1, active: true, createdAtMs: atMs, file }],
    renditions: ofActive ? ownRenditions(source.renditions) : [],
    ...saidOf(source, input, set),
    embedded: ofActive ? source.embedded : {},
    ...namedLibrary(library),
    archived: false,
    // What may be done with a file goes with the file, whatever else is left behind.
    ...(publishAtMs === undefined ? {} : { publishAtMs }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(focusPoint === undefined ? {} : { focusPoint }),
    inspection: inspectionOf(source, file, ofActive),
    ...(ofActive && source.derivation !== undefined ? { derivation: source.derivation } : {}),
    copiedFrom: number === undefined ? { assetId } : { assetId, version: number },
    createdAtMs: atMs,
    modifiedAtMs: atMs,
    createdBy: caller.actor.id,
    ...(caller.actor.name === undefined ? {} : { createdByName: caller.actor.name }),
    aliases: {},
  };
  return withAvailability(state, atMs);
}

type Said = Pick<AssetState, 'info' | 'metadata' | 'tags' | 'labels' | 'collections'>;

function saidOf(
  { info, metadata, tags, labels, collections }: AssetState,
  input: CopyInput,
  set: MetadataFieldSet | null,
): Said {
  if (input.metadata !== false) return { info, metadata, tags, labels, collections };
  return { info: {}, metadata: set === null ? {} : withDefaults(set, {}), tags: [], labels: [], collections: [] };
}

/** What is still to be found out of the file; an asset that was copied is never told as ready a second time. */
function inspectionOf(
  { inspection }: AssetState,
  file: AssetFile | undefined,
  ofActive: boolean,
): AssetState['inspection'] {
  if (ofActive && inspection.state !== 'pending') return inspection;
  return file?.blob === undefined ? { state: 'done' } : { state: 'pending', version: 1 };
}

/** Those that a DAM named are of its own asset. */
function ownRenditions(renditions: readonly Rendition[]): readonly Rendition[] {
  return renditions.filter(isOwnRendition);
}

/** Beside the original it is told apart by its name. */
function nameOf({ name, path }: AssetState, wanted: string): string {
  if (path !== wanted) return name;
  const dot = name.lastIndexOf('.');
  const copy = dot > 0 ? `${name.slice(0, dot)} copy${name.slice(dot)}` : `${name} copy`;
  return Buffer.byteLength(copy) > 255 ? name : copy;
}

function kindOf(file: AssetFile | undefined, fallback: AssetState['kind']): AssetState['kind'] {
  const kind = file === undefined ? 'other' : assetKindOf(file.mimeType);
  return kind === 'other' ? fallback : kind;
}

/** One write to one asset, decided on its present state: what versions, check-outs and promotions have in common. */
import { type AssetHappening, changeKindsFor } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { IdSource } from '../core/ids.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetView, AssetWriteOptions, Caller, Written } from './app.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import type { InspectPayload } from './asset-upload.ts';
import { asJsonState, assetChange, assetIdOf, assetState, assetSubject, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';

export type WriteDeps = Pick<AppDeps, 'storage' | 'ids'> & { readonly committer: Committer };

export type Writing = {
  readonly caller: Caller;
  readonly reference: string;
  readonly options: AssetWriteOptions;
  readonly row: RowMaker | undefined;
  readonly status: number;
  /** What happened, in the words of whoever knows more than the two states say. */
  readonly told?: (happenings: readonly AssetHappening[]) => readonly AssetHappening[];
};

export async function findAsset(deps: WriteDeps, { workspaceId }: Caller, reference: string): Promise<Resource> {
  const id = await assetIdOf(deps, workspaceId, reference);
  const [row] = id === null ? [] : await deps.storage.resources([{ workspaceId, type: 'asset', id }]);
  if (row === undefined || row === null) throw notFound('the asset');
  return row;
}

/** `decide` answers the very state it was given where there is nothing to do; it throws what it refuses. */
export async function writeAsset(
  { ids, committer, storage }: WriteDeps,
  { caller, reference, options, row, status, told = (all) => all }: Writing,
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
    options.allowed?.({ id, state: before });
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
        changes: told(changeKindsFor(current.state, state)).map(({ kind, changed }) =>
          assetChange(frame, { kind, before: current.state, after: state, changed }),
        ),
        duties: same ? [] : inspections(before, after, { ids, id, workspaceId, atMs }),
        ...(row === undefined ? {} : { idempotency: () => row(status, body) }),
      },
      answer: () => ({ status, body }),
    };
  });
  return written.kind === 'done'
    ? written.answer
    : replay<AssetView>(written.row, options.idempotency?.fingerprint ?? '');
}

type Place = { readonly ids: IdSource; readonly id: string; readonly workspaceId: string; readonly atMs: number };

/** What is owed: a look into the file that is new or has become the active one. */
function inspections(before: AssetState, after: AssetState, { ids, id, workspaceId, atMs }: Place): readonly NewDuty[] {
  const replaced = before.versions.find((version) => version.active)?.number;
  return after.versions.flatMap(({ number, active, file }) => {
    const known = before.versions.find((version) => version.number === number);
    if (file.blob === undefined || (known !== undefined && (known.active || !active))) return [];
    const payload: InspectPayload = {
      ...{ assetId: id, blob: file.blob, mimeType: file.mimeType, version: number },
      ...(known === undefined && active && replaced !== undefined ? { replaces: replaced } : {}),
    };
    return [{ id: ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }];
  });
}

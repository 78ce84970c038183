/** What is still to be found out and made of an asset's file, for one that appears with a file that lies here already. */
import type { AssetState } from '../core/asset.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { InspectPayload } from './asset-upload.ts';
import type { AppDeps } from './dependencies.ts';
import type { DerivePayload } from './duty-derive.ts';

export type OwedDeps = Pick<AppDeps, 'ids' | 'media' | 'settings'>;

type Appeared = {
  readonly workspaceId: string;
  readonly assetId: string;
  readonly state: AssetState;
  readonly atMs: number;
};

export function owedWork(deps: OwedDeps, appeared: Appeared): readonly NewDuty[] {
  return [...owedOfFile(deps, appeared), ...owedOfOthers(deps, appeared)];
}

function owedOfFile({ ids, media, settings }: OwedDeps, appeared: Appeared): readonly NewDuty[] {
  const { workspaceId, assetId, state, atMs } = appeared;
  const { file, inspection, renditions, derivation, versions } = state;
  if (file?.blob === undefined) return [];
  const { blob } = file;
  const owed = { id: ids.next('duty'), workspaceId, dueAtMs: atMs };
  if (inspection.state === 'pending') {
    const version = versions.find(({ active }) => active)?.number ?? 1;
    const payload: InspectPayload = { assetId, blob, mimeType: file.mimeType, version };
    return [{ ...owed, kind: 'inspect', payload }];
  }
  if (settings.renditions === 'off' || inspection.state !== 'done' || derivation !== undefined) return [];
  // Those that a DAM named lie elsewhere.
  if (renditions.some((rendition) => rendition.blob !== undefined) || !media.derivable(file.mimeType)) return [];
  const payload: DerivePayload = { assetId, blob, mimeType: file.mimeType, tries: 0 };
  return [{ ...owed, kind: 'derive', payload }];
}

/** Versions that are not active and were never told as ready, because the asset had gone before they were looked into. */
function owedOfOthers({ ids }: OwedDeps, { workspaceId, assetId, state, atMs }: Appeared): readonly NewDuty[] {
  return state.versions.flatMap(({ number, active, inspection, file }) => {
    if (active || inspection !== 'pending' || file.blob === undefined) return [];
    const payload: InspectPayload = { assetId, blob: file.blob, mimeType: file.mimeType, version: number };
    return [{ id: ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }];
  });
}

/** What becomes of an asset's state when versions come, change places and go. Pure. */
import type { AssetFile, AssetKind, AssetState, AssetVersion, Inspection } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { assetKindOf } from './asset-state.ts';
import { notFound } from './refusals.ts';

export type NewVersion = {
  readonly file: AssetFile;
  readonly kind: AssetKind;
  readonly activate: boolean;
};

/** The number that the next version gets. Links in payloads name versions, so no number is used twice. */
export function nextVersionNumber({
  versions,
  versionsMade = 0,
}: Pick<AssetState, 'versions' | 'versionsMade'>): number {
  return versions.reduce((highest, { number }) => Math.max(highest, number), versionsMade) + 1;
}

/** Throws `limit_reached` where there is no room for another version. */
export function refuseTooManyVersions({ versions }: AssetState): void {
  if (versions.length < limits.assetVersionsMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Keep at most ${limits.assetVersionsMax} versions of an asset: there are ${versions.length}`,
    mend: 'Delete an old one first: DELETE /v1/assets/{id}/versions/{n}',
  });
}

/**
 * With a further version. An active one takes the place of the file: what was found out about the former file, and its
 * renditions, are of that file and go; both are made anew from this one.
 */
export function withVersion(state: AssetState, { file, kind, activate: wished }: NewVersion, atMs: number): AssetState {
  refuseTooManyVersions(state);
  // An asset that was reported without a file has one from now on.
  const activate = wished || !state.versions.some((version) => version.active);
  const version: AssetVersion = {
    ...{ number: nextVersionNumber(state), active: activate, createdAtMs: atMs, file },
    ...(file.blob === undefined ? {} : { inspection: 'pending' }),
  };
  const others = activate ? state.versions.map(inactive) : state.versions;
  const versions = [...others, version];
  return activate
    ? { ...state, versions, ...ofVersion(state, version, kind), modifiedAtMs: atMs }
    : { ...state, versions, modifiedAtMs: atMs };
}

/** With another of its versions active; the same state where it is active already. */
export function withActive(state: AssetState, number: number, atMs: number): AssetState {
  const wanted = versionOf(state, number);
  if (wanted.active) return state;
  const versions = state.versions.map((version) =>
    version === wanted ? { ...version, active: true } : inactive(version),
  );
  const kind = assetKindOf(wanted.file.mimeType);
  return {
    ...state,
    versions,
    ...ofVersion(state, wanted, kind === 'other' ? state.kind : kind),
    modifiedAtMs: atMs,
  };
}

/**
 * With the file of an older version as a further one, which is active: the history then says that it was taken up again.
 * The same state where the version is active already.
 */
export function withPromoted(state: AssetState, number: number, atMs: number): AssetState {
  const wanted = versionOf(state, number);
  if (wanted.active) return state;
  const { file } = wanted;
  const kind = assetKindOf(file.mimeType);
  const promoted = withVersion(state, { file, kind: kind === 'other' ? state.kind : kind, activate: true }, atMs);
  const last = promoted.versions.length - 1;
  const taken = ({ inspection: _ofTheOlder, ...version }: AssetVersion) => ({ ...version, promotedFrom: number });
  return {
    ...promoted,
    versions: promoted.versions.map((version, at) => (at === last ? taken(version) : version)),
  };
}

/** Without one of its versions. Throws for the active one, which is the asset. */
export function withoutVersion(state: AssetState, number: number, atMs: number): AssetState {
  const wanted = versionOf(state, number);
  if (wanted.active) {
    throw new AssetwireError('active_version', {
      detail: `Delete a version that is not active: version ${number} is`,
      mend: 'Activate another one first, or delete the asset',
    });
  }
  const others = state.versions.filter((version) => version !== wanted);
  return {
    ...state,
    versions: isTakenUpEarly(state, wanted) ? others.map((version) => owedInsteadOf(wanted, version)) : others,
    versionsMade: nextVersionNumber(state) - 1,
    modifiedAtMs: atMs,
  };
}

/** Promoted before anybody was told of it as ready, which was to tell of the promoted one, too. */
function isTakenUpEarly({ versions, inspection }: AssetState, { number, inspection: owed }: AssetVersion): boolean {
  if (owed !== 'pending' || inspection.state !== 'pending') return false;
  return versions.some(({ promotedFrom, active }) => active && promotedFrom === number);
}

/** Its own look is still to come, and tells of it. */
function owedInsteadOf({ number }: AssetVersion, version: AssetVersion): AssetVersion {
  return version.active && version.promotedFrom === number ? { ...version, inspection: 'pending' } : version;
}

/**
 * As it was before a version came, as far as it is still known: the version that was active then is so again, the one named
 * by `replaces` or else the last before it.
 */
export function withoutComing(
  state: AssetState,
  { version: came = 1, replaces }: { readonly version?: number; readonly replaces?: number },
): AssetState {
  const versions = state.versions.filter(({ number }) => number !== came);
  if (versions.some((version) => version.active)) return { ...state, versions };
  const former = versions.find(({ number }) => number === replaces) ?? versions.findLast(({ number }) => number < came);
  const { file: _came, ...rest } = state;
  if (former === undefined) return { ...rest, versions };
  const kind = assetKindOf(former.file.mimeType);
  return {
    ...rest,
    kind: kind === 'other' ? state.kind : kind,
    file: former.file,
    versions: versions.map((version) => (version === former ? { ...version, active: true } : version)),
    embedded: {},
  };
}

export function versionOf({ versions }: AssetState, number: number): AssetVersion {
  const version = versions.find((each) => each.number === number);
  if (version === undefined) throw notFound('the version');
  return version;
}

/** What depends on the active version. */
function ofVersion(state: AssetState, { file, number }: AssetVersion, kind: AssetKind): Partial<AssetState> {
  return { kind, file, renditions: [], embedded: {}, inspection: inspectionOf(state, file, number) };
}

/** A file that does not lie here cannot be looked into. That an asset is still to be told as ready is not forgotten. */
function inspectionOf(state: AssetState, file: AssetFile, version: number): Inspection {
  if (isReadyOwed(state)) return { state: 'pending' };
  return file.blob === undefined ? { state: 'done' } : { state: 'pending', version };
}

/** Whether nobody has been told yet that the asset is ready. */
export function isReadyOwed({ inspection }: Pick<AssetState, 'inspection'>): boolean {
  return (inspection.state === 'pending' && inspection.version === undefined) || inspection.state === 'withheld';
}

function inactive(version: AssetVersion): AssetVersion {
  return version.active ? { ...version, active: false } : version;
}

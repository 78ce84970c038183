/** What a pushed state makes of an asset, and whether it is news. Pure. */
import { timerActorId, withArchived, withDates } from '../core/asset-dates.ts';
import type { AssetState } from '../core/asset.ts';
import type { JsonObject } from '../core/json.ts';
import { namedLibrary } from '../core/library.ts';
import { limits } from '../core/limits.ts';
import { members } from '../core/spelling.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetPush } from './app.ts';
import { assetNameOf } from './asset-name.ts';
import { assetKindOf, folderPath, namedFile } from './asset-state.ts';
import { withoutNulls } from './asset-upload.ts';
import { nextVersionNumber } from './asset-version-state.ts';
import { isOlderSource } from './source-version.ts';

/** Whether the state is older than what is known. */
export function isStale(push: AssetPush, current: Resource): boolean {
  const known = current.state['sourceVersion'];
  if (push.sourceVersion === undefined || (typeof known !== 'number' && typeof known !== 'string')) return false;
  return isOlderSource(push.sourceVersion, known);
}

/** Nothing to tell anybody, but something to remember: a newer source version, another alias. */
export function bookkeepingDiffers(before: JsonObject | null, after: JsonObject): boolean {
  if (before === null) return true;
  return (
    before['sourceVersion'] !== after['sourceVersion'] ||
    before['source'] !== after['source'] ||
    JSON.stringify(before['aliases']) !== JSON.stringify(after['aliases'])
  );
}

/**
 * The whole state as pushed: what is left out is empty. What is ours stays: when we first heard of it, aliases and dates
 * unless given, and the bytes we hold where the push names no file.
 */
export function pushedState(
  push: AssetPush,
  current: AssetState | null,
  { atMs, by, noticeDays }: { readonly atMs: number; readonly by: string; readonly noticeDays: readonly number[] },
): AssetState {
  // A name that was known before is not looked at again: reported ones are as their DAM has them.
  const name = push.name === undefined ? current?.name || 'unnamed' : assetNameOf(push.name);
  const file = pushedFile(push.file, current?.file, name);
  const modifiedAtMs = push.occurredAtMs ?? atMs;
  const createdAtMs = current?.createdAtMs ?? modifiedAtMs;
  const source = push.source ?? current?.source;
  const focusPoint = push.focusPoint === undefined ? current?.focusPoint : (push.focusPoint ?? undefined);
  const state: AssetState = {
    kind: file === undefined ? (current?.kind ?? 'other') : assetKindOf(file.mimeType),
    name,
    path: folderPath(push.path ?? '/'),
    ...(file === undefined ? {} : { file }),
    versions: pushedVersions(current, push.file === undefined ? undefined : file, { createdAtMs, modifiedAtMs }),
    ...(current?.versionsMade === undefined ? {} : { versionsMade: current.versionsMade }),
    renditions: (push.renditions ?? []).map((rendition) => ({
      title: typeof rendition['title'] === 'string' ? rendition['title'] : 'rendition',
      ...namedFile(rendition, typeof rendition['title'] === 'string' ? rendition['title'] : 'rendition'),
    })),
    info: withoutNulls(push.info ?? {}),
    metadata: withoutNulls(push.metadata ?? {}),
    embedded: current?.embedded ?? {},
    tags: members(push.tags),
    labels: members(push.labels),
    collections: members(push.collections),
    ...namedLibrary(push.library),
    archived: false,
    ...(current === null ? {} : keptOf(current)),
    ...(focusPoint === undefined ? {} : { focusPoint }),
    inspection: current?.inspection ?? { state: 'done' },
    createdAtMs,
    modifiedAtMs,
    ...(current?.createdBy === undefined ? {} : { createdBy: current.createdBy }),
    ...(current?.createdByName === undefined ? {} : { createdByName: current.createdByName }),
    aliases: push.aliases ?? current?.aliases ?? {},
    ...(source === undefined ? {} : { source }),
    ...(push.sourceVersion === undefined
      ? current?.sourceVersion === undefined
        ? {}
        : { sourceVersion: current.sourceVersion }
      : { sourceVersion: push.sourceVersion }),
  };
  // A DAM that knows nothing of dates does not take away those that were given here, nor what they have brought about.
  const isArchived = push.archived ?? (current?.archived === true && current.archivedBy === timerActorId);
  const archived = withArchived(state, isArchived, { atMs: modifiedAtMs, by });
  return withDates(archived, push, { atMs, noticeDays });
}

/** What is ours: who holds it; and its dates with what follows from them, to see which are news. */
function keptOf(current: AssetState): Partial<AssetState> {
  const kept: { [field: string]: unknown } = {};
  for (const field of keptFields) if (current[field] !== undefined) kept[field] = current[field];
  return kept;
}

const keptFields = [
  'archived',
  'archivedAtMs',
  'archivedBy',
  'archiveAtMs',
  'archiveNoticeAtMs',
  'publishAtMs',
  'expiresAtMs',
  'availability',
  'checkedOutBy',
  'checkedOutByName',
  'checkedOutAtMs',
] as const;

/** A file without a name of its own has that of the asset when it came; renaming the asset does not rename the file. */
function pushedFile(given: JsonObject | undefined, known: AssetState['file'], name: string): AssetState['file'] {
  if (given === undefined) return known;
  const file = namedFile(given, name);
  if (known === undefined || !sameContent(known, file)) return file;
  // What an asset is called now says nothing new of a file that is the same as before.
  return {
    ...file,
    ...(given['name'] === undefined ? { name: known.name } : {}),
    ...(given['mimeType'] === undefined ? { mimeType: known.mimeType } : {}),
  };
}

/** A DAM that names another file than before has a new version of it; which one it was before stays known. */
function pushedVersions(
  current: AssetState | null,
  file: AssetState['file'],
  { createdAtMs, modifiedAtMs }: { readonly createdAtMs: number; readonly modifiedAtMs: number },
): AssetState['versions'] {
  const known = current?.versions ?? [];
  if (file === undefined) return known;
  const active = known.find((version) => version.active);
  if (active === undefined || current === null) return [{ number: 1, active: true, createdAtMs, file }];
  if (sameContent(active.file, file))
    return known.map((version) => (version === active ? { ...version, file } : version));
  const number = nextVersionNumber(current);
  // The oldest make room: what the other DAM has done has happened, whether there is room for it or not.
  const kept = known.slice(-(limits.assetVersionsMax - 1));
  return [
    ...kept.map((version) => ({ ...version, active: false })),
    { number, active: true, createdAtMs: modifiedAtMs, file },
  ];
}

/** By hash where both have one, else by size and address. */
function sameContent(left: NonNullable<AssetState['file']>, right: NonNullable<AssetState['file']>): boolean {
  for (const digest of ['sha256', 'sha1', 'md5'] as const) {
    if (left[digest] !== undefined && right[digest] !== undefined) return left[digest] === right[digest];
  }
  return left.bytes === right.bytes && left.url === right.url;
}

import type { AssetVersion } from './asset.ts';
import { readyBy } from './version-owed.ts';
import type { ChangeKind } from './change.ts';
import { changedFields } from './difference.ts';
import { isList, isObject, ownValue } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** One thing that happened between two states of an asset, with the changed fields that belong to it. */
export type AssetHappening = { readonly kind: ChangeKind; readonly changed: readonly string[] };

/** Fields of `info` that have a kind of their own: rights and review, which vendors tell apart. */
const infoKinds: { readonly [field: string]: ChangeKind } = {
  'info.approval': 'asset.approval_changed',
  'info.expiration': 'asset.expiration_changed',
  'info.comments': 'asset.comments_changed',
};

const fieldKinds: { readonly [field: string]: ChangeKind } = {
  name: 'asset.renamed',
  path: 'asset.moved',
  library: 'asset.moved',
  tags: 'asset.tags_changed',
  labels: 'asset.labels_changed',
  collections: 'asset.collections_changed',
  renditions: 'asset.renditions_made',
  expiresAtMs: 'asset.expiration_changed',
  availability: 'asset.availability_changed',
};

/** Fields that follow from others or are ours alone: no change of their own. */
const silent = new Set([
  'inspection',
  'derivation',
  'aliases',
  'createdAtMs',
  'createdBy',
  'createdByName',
  'copiedFrom',
  'archivedAtMs',
  'archivedBy',
  'archiveNoticeAtMs',
  'checkedOutAtMs',
  'checkedOutByName',
]);

/** What is said of the active file and follows from it. */
export const fileFields: ReadonlySet<string> = new Set(['file', 'versions', 'kind', 'embedded']);

/** The order in which several changes of one write are told. */
const order: readonly ChangeKind[] = [
  'asset.version_added',
  'asset.version_ready',
  'asset.version_activated',
  'asset.renamed',
  'asset.moved',
  'asset.info_changed',
  'asset.metadata_changed',
  'asset.tags_changed',
  'asset.labels_changed',
  'asset.collections_changed',
  'asset.approval_changed',
  'asset.expiration_changed',
  'asset.availability_changed',
  'asset.comments_changed',
  'asset.checked_out',
  'asset.checked_in',
  'asset.renditions_made',
  'asset.archived',
  'asset.unarchived',
];

/**
 * Which changes lie between two full states of an asset: what a pushed state or a patch yields. A new asset is created
 * and ready at once (its state is full), a missing one deleted; otherwise one change per kind, each with the fields that
 * belong to it, in a fixed order. None where nothing differs that anybody is told about.
 *
 * A check-out that ends is a check-in here: that it was undone is known only to whoever undid it.
 */
export function changeKindsFor(before: JsonObject | null, after: JsonObject | null): readonly AssetHappening[] {
  if (before === null && after === null) return [];
  const changed = changedFields(before, after);
  if (before === null) {
    return [
      { kind: 'asset.created', changed },
      { kind: 'asset.ready', changed },
    ];
  }
  if (after === null) return [{ kind: 'asset.deleted', changed }];
  const byKind = new Map<ChangeKind, string[]>();
  const another = changed.includes('file') ? versionKind(before, after) : null;
  for (const field of changed) {
    const kind =
      followsFromFile(field, after) && another !== null && another !== 'asset.info_changed'
        ? another
        : kindOf(field, before, after);
    if (kind === null) continue;
    const fields = byKind.get(kind);
    if (fields === undefined) byKind.set(kind, [field]);
    else fields.push(field);
  }
  const added = byKind.has('asset.version_added');
  const ready = added || changed.includes('versions') ? readyBy(before, after, added) : null;
  if (ready !== null) tellReady(byKind, ready);
  return order.flatMap((kind) => {
    const fields = byKind.get(kind);
    return fields === undefined ? [] : [{ kind, changed: fields }];
  });
}

/**
 * A version that came whole is ready with it; of one that was there already, what was found in its file is told by that
 * it is ready, and not as news about the asset.
 */
function tellReady(byKind: Map<ChangeKind, string[]>, by: 'came' | 'looked'): void {
  if (by === 'came') {
    byKind.set('asset.version_ready', byKind.get('asset.version_added') ?? []);
    return;
  }
  const found = byKind.get('asset.info_changed') ?? [];
  const others = found.filter((field) => !fileFields.has(field));
  byKind.set(
    'asset.version_ready',
    found.filter((field) => fileFields.has(field)),
  );
  if (others.length === 0) byKind.delete('asset.info_changed');
  else byKind.set('asset.info_changed', others);
}

/** The same happenings, one kind told as another: what only whoever did it knows (undone, not handed in). */
export function toldAs(
  happenings: readonly AssetHappening[],
  kind: ChangeKind,
  instead: ChangeKind,
): readonly AssetHappening[] {
  return happenings.map((each) => (each.kind === kind ? { ...each, kind: instead } : each));
}

function kindOf(field: string, before: JsonObject, after: JsonObject): ChangeKind | null {
  if (Object.hasOwn(fieldKinds, field)) return fieldKinds[field] ?? null;
  if (Object.hasOwn(infoKinds, field)) return infoKinds[field] ?? null;
  if (field.startsWith('metadata.') || field === 'metadata') return 'asset.metadata_changed';
  if (silent.has(field)) return null;
  switch (field) {
    case 'archived':
      return ownValue(after, 'archived') === true ? 'asset.archived' : 'asset.unarchived';
    case 'checkedOutBy':
      return isPresent(ownValue(after, 'checkedOutBy')) ? 'asset.checked_out' : 'asset.checked_in';
    case 'file':
    case 'versions':
      return versionKind(before, after);
    // `info.*`, focus point, kind, embedded metadata, and fields of a later day.
    default:
      return 'asset.info_changed';
  }
}

/**
 * What is said of the file goes with it: another version that is a film instead of a picture, or whose renditions are still
 * to be made, is one thing that happened and not three.
 */
function followsFromFile(field: string, after: JsonObject): boolean {
  if (field === 'kind' || field === 'embedded') return true;
  const renditions = field === 'renditions' ? ownValue(after, 'renditions') : undefined;
  return isList(renditions) && renditions.length === 0;
}

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/** The same versions with another one active is an activation; everything else about files is a new version. */
function versionKind(before: JsonObject, after: JsonObject): ChangeKind {
  const known = versionsOf(before);
  const present = versionsOf(after);
  if (present.size === 0) return 'asset.version_added';
  for (const number of present.keys()) if (!known.has(number)) return 'asset.version_added';
  for (const [number, active] of present) {
    if (active && known.get(number) !== true) return 'asset.version_activated';
  }
  // The same version's file was described again (dimensions after inspection, a new URL).
  return 'asset.info_changed';
}

function versionsOf(state: JsonObject): Map<AssetVersion['number'], boolean> {
  const versions = new Map<number, boolean>();
  const list = ownValue(state, 'versions');
  if (!isList(list)) return versions;
  for (const version of list) {
    if (!isObject(version)) continue;
    const number = ownValue(version, 'number');
    if (typeof number === 'number') versions.set(number, ownValue(version, 'active') === true);
  }
  return versions;
}

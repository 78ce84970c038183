/** Which details of an asset are sent: the vendor's table "File (all assets) | Video | Image | Additional". */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';

/** The vendor's fields by group, in the order of its table; the keys are ours. */
export const fieldGroups = {
  file: ['name', 'size', 'path', 'mime_type', 'cdn_link', 'uuid'],
  video: ['width', 'height', 'length', 'bitrate', 'playlists'],
  image: ['width', 'height'],
  additional: ['system', 'custom', 'embedded'],
} as const;

export type FieldGroup = keyof typeof fieldGroups;
export const groupNames = Object.keys(fieldGroups) as readonly FieldGroup[];

/** What a projection may name: whole groups, and their fields as `group.field`. */
export const projectionFields: readonly string[] = groupNames.flatMap((group) => [
  group,
  ...fieldGroups[group].map((field) => `${group}.${field}`),
]);

/** The fields to send; a group that is not limited has all of its fields. */
export type Selection = { readonly [Group in FieldGroup]: ReadonlySet<string> };

const everything: Selection = {
  file: new Set(fieldGroups.file),
  video: new Set(fieldGroups.video),
  image: new Set(fieldGroups.image),
  additional: new Set(fieldGroups.additional),
};

/** Of the settings; else of a projection, which says the same as `group.field`; else everything, as the vendor has it. */
export function selectionOf({ settings, projection }: Pick<Webhook, 'settings' | 'projection'>): Selection {
  const fields = ownValue(settings, 'fields');
  if (isObject(fields)) return mapGroups((group) => ownSelection(fields, group));
  if (projection === undefined) return everything;
  const named = new Set(projection.fields);
  return mapGroups(
    (group) =>
      new Set(
        named.has(group) ? fieldGroups[group] : fieldGroups[group].filter((field) => named.has(`${group}.${field}`)),
      ),
  );
}

function mapGroups(select: (group: FieldGroup) => ReadonlySet<string>): Selection {
  return { file: select('file'), video: select('video'), image: select('image'), additional: select('additional') };
}

function ownSelection(fields: JsonObject, group: FieldGroup): ReadonlySet<string> {
  const chosen: JsonValue | undefined = ownValue(fields, group);
  return isList(chosen) ? new Set(chosen.filter((field) => typeof field === 'string')) : everything[group];
}

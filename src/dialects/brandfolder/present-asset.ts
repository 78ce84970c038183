/** An asset in the vendor's JSON:API form, with what was asked to be included. */
import { createHash } from 'node:crypto';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { activeVersionIn } from '../asset-fields.ts';
import { objectIn, objectsIn, textIn, textsIn } from '../json-fields.ts';
import { assetKeyOf } from './render.ts';

/** What `include` may name, in the vendor's order. */
export const includable = ['attachments', 'brandfolder', 'collections', 'custom_fields', 'section', 'tags'] as const;
export type Includable = (typeof includable)[number];

/** What `fields` may name, beside the four that are always there. */
export const selectable = [
  'created_at',
  'updated_at',
  'cdn_url',
  'availability',
  'availability_start',
  'availability_end',
] as const;
export type Selectable = (typeof selectable)[number];

export type Asked = { readonly include: readonly Includable[]; readonly fields: readonly Selectable[] };

/** The whole document. `asset` is a `PlacedAsset` of the api, as JSON. */
export function presentAsset(asset: JsonObject, { include, fields }: Asked): JsonObject {
  const state = objectIn(asset, 'state');
  const key = assetKeyOf(textIn(asset, 'id'), state);
  const related = include.map((name) => ({ name, records: recordsOf(name, { asset, state, key }) }));
  const included = related.flatMap(({ records }) => (isList(records) ? records : records === null ? [] : [records]));
  return {
    data: {
      id: key,
      type: 'generic_files',
      attributes: { ...attributesOf(asset, state), ...selectedOf(fields, asset, state) },
      ...(related.length === 0
        ? {}
        : {
            relationships: Object.fromEntries(related.map(({ name, records }) => [name, { data: linkage(records) }])),
          }),
    },
    ...(related.length === 0 ? {} : { included: included.filter(isObject) }),
  };
}

type Records = JsonObject | readonly JsonObject[] | null;

function linkage(records: Records): JsonValue {
  const one = (record: JsonObject): JsonObject => ({ id: textIn(record, 'id'), type: textIn(record, 'type') });
  if (records === null) return null;
  return isList(records) ? records.map(one) : one(records);
}

function attributesOf(asset: JsonObject, state: JsonObject): JsonObject {
  const info = objectIn(state, 'info');
  const description = ownValue(info, 'description');
  return {
    name: textIn(info, 'title') || textIn(state, 'name'),
    description: typeof description === 'string' ? description : null,
    thumbnail_url: thumbnailOf(asset, state),
    approved: isApproved(ownValue(info, 'approval')),
  };
}

/** Where nobody decides about approval, everything is approved. */
function isApproved(approval: JsonValue | undefined): boolean {
  if (approval === undefined || approval === null) return true;
  const status = isObject(approval) ? ownValue(approval, 'status') : approval;
  return status === true || (typeof status === 'string' && status.toLowerCase() === 'approved');
}

function selectedOf(fields: readonly Selectable[], asset: JsonObject, state: JsonObject): JsonObject {
  const values: { readonly [Name in Selectable]: JsonValue } = {
    created_at: isoOf(ownValue(state, 'createdAtMs')),
    updated_at: isoOf(ownValue(state, 'modifiedAtMs')),
    cdn_url: contentOf(asset, state),
    availability: availabilityOf(ownValue(state, 'availability')),
    availability_start: isoOf(ownValue(state, 'publishAtMs')),
    availability_end: isoOf(ownValue(state, 'expiresAtMs')),
  };
  return Object.fromEntries(fields.map((name) => [name, values[name]]));
}

/** The vendor's labels: what is to come is a draft. */
function availabilityOf(availability: JsonValue | undefined): string {
  if (availability === 'upcoming') return 'draft';
  return availability === 'expired' ? 'expired' : 'published';
}

function isoOf(atMs: JsonValue | undefined): string | null {
  return typeof atMs === 'number' ? new Date(atMs).toISOString() : null;
}

type Of = { readonly asset: JsonObject; readonly state: JsonObject; readonly key: string };

function recordsOf(name: Includable, { asset, state, key }: Of): Records {
  switch (name) {
    case 'attachments':
      return attachmentsOf({ asset, state, key });
    case 'brandfolder': {
      const library = objectIn(asset, 'library');
      return record('brandfolders', textIn(library, 'key'), {
        name: textIn(library, 'name'),
        tagline: null,
        privacy: 'private',
        slug: textIn(library, 'key'),
      });
    }
    case 'collections':
      return objectsIn(asset, 'collections').map((one) =>
        record('collections', textIn(one, 'key'), {
          name: textIn(one, 'name'),
          tagline: null,
          slug: textIn(one, 'key'),
        }),
      );
    case 'custom_fields':
      return Object.entries(objectIn(state, 'metadata')).map(([field, value]) =>
        record('custom_field_values', idOf(key, 'custom_field', field), { key: field, value: valueText(value) }),
      );
    case 'section': {
      const section = ownValue(asset, 'section');
      if (!isObject(section)) return null;
      return record('sections', textIn(section, 'key'), { name: textIn(section, 'name') });
    }
    case 'tags':
      return textsIn(state, 'tags').map((tag) =>
        record('tags', idOf(key, 'tag', tag), { name: tag, auto_generated: false, source: null }),
      );
    default:
      return name satisfies never;
  }
}

/** The file that counts is the one attachment of ours. */
function attachmentsOf({ asset, state, key }: Of): readonly JsonObject[] {
  const file = ownValue(state, 'file');
  if (!isObject(file)) return [];
  const filename = textIn(file, 'name');
  return [
    record('attachments', idOf(key, 'attachment', String(activeVersionIn(state) ?? 1)), {
      mimetype: textIn(file, 'mimeType'),
      extension: /\.([\p{L}\p{N}]{1,16})$/u.exec(filename)?.[1] ?? null,
      filename,
      size: ownValue(file, 'bytes') ?? null,
      width: ownValue(file, 'widthPx') ?? null,
      height: ownValue(file, 'heightPx') ?? null,
      url: contentOf(asset, state),
      position: 0,
      thumbnail_url: thumbnailOf(asset, state),
    }),
  ];
}

/** Our link to the bytes, or where its own DAM says that they lie. */
function contentOf(asset: JsonObject, state: JsonObject): string | null {
  const link = ownValue(objectIn(asset, 'links'), 'content');
  if (typeof link === 'string') return link;
  const file = ownValue(state, 'file');
  return (isObject(file) ? textIn(file, 'url') : '') || null;
}

/** The medium one of our pictures, else another of them, else the first that its DAM named. */
function thumbnailOf(asset: JsonObject, state: JsonObject): string | null {
  const links = objectIn(objectIn(asset, 'links'), 'renditions');
  for (const title of ['medium', 'small', 'large', ...Object.keys(links)]) {
    const link = ownValue(links, title);
    if (typeof link === 'string') return link;
  }
  for (const rendition of objectsIn(state, 'renditions')) if (textIn(rendition, 'url')) return textIn(rendition, 'url');
  return null;
}

function record(type: string, id: string, attributes: JsonObject): JsonObject {
  return { id, type, attributes };
}

/** Things that have no id of their own here get one that stays. */
function idOf(asset: string, kind: string, name: string): string {
  return createHash('sha256').update(`${asset}\n${kind}\n${name}`).digest('base64url').slice(0, 22);
}

/** Custom fields hold texts there. */
function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (isList(value)) return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  return JSON.stringify(value);
}

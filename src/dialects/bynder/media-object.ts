/**
 * An asset as Bynder's API returns a media and as its notifications carry it: field by field as in the example of the
 * vendor's page. Flags are 0 and 1, dates have no milliseconds, every metaproperty with a value is `property_NAME`. The
 * whole is made from the state alone, so that a notification and `GET /bynder/api/v4/media/{id}/` say the same.
 */
import { hash } from 'node:crypto';
import { decodeId, encodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { aliasIn, extensionOf } from '../asset-fields.ts';
import { numberIn, objectIn, objectsIn, textIn } from '../json-fields.ts';
import type { Links } from '../contract/message.ts';

export type MediaInput = {
  /** Our id of the asset. */
  readonly id: string;
  readonly workspaceId: string;
  readonly state: JsonObject;
  /** Null where the asset is gone: what lay here leads nowhere any more, and the vendor's example of a deletion has none. */
  readonly links: Pick<Links, 'rendition'> | null;
};

/** The media of an asset in this state. Pure. */
export function mediaObject({ id, workspaceId, state, links }: MediaInput): JsonObject {
  const mediaId = mediaIdOf(id, state);
  const info = objectIn(state, 'info');
  const file = objectIn(state, 'file');
  const name = textIn(state, 'name');
  const [width, height] = [pixelsIn(file, 'widthPx'), pixelsIn(file, 'heightPx')];
  const focus = focusOf(state, width, height);
  const created = numberIn(state, 'createdAtMs');
  const thumbnails = thumbnailsOf(id, state, links);
  return {
    userCreated: textIn(state, 'createdByName') || textIn(info, 'createdBy') || textIn(state, 'createdBy'),
    limited: flag(ownValue(info, 'limited')),
    watermarked: flag(ownValue(info, 'watermarked')),
    mediaItems: mediaItems(id, state),
    ...(focus === null ? {} : { activeOriginalFocusPoint: focus }),
    archive: flag(ownValue(state, 'archived')),
    brandId: textIn(info, 'brandId') || brandOf(workspaceId),
    copyright: textIn(info, 'copyright'),
    datePublished: dated(numberIn(state, 'publishAtMs') ?? created),
    dateCreated: dated(created),
    description: textIn(info, 'description'),
    dateModified: dated(numberIn(state, 'modifiedAtMs') ?? created),
    extension: [extensionOf(textIn(file, 'name') || name)].filter((ending) => ending !== ''),
    fileSize: bytesIn(file),
    height,
    id: mediaId,
    idHash: hashOf(mediaId),
    isPublic: flag(ownValue(info, 'isPublic')),
    name: textIn(info, 'title') || withoutExtension(name),
    orientation: orientationOf(width, height),
    tags: textsOf(ownValue(state, 'tags')),
    ...(thumbnails === null ? {} : { thumbnails }),
    type: typeOf(ownValue(state, 'kind')),
    width,
    ...metaproperties(objectIn(state, 'metadata')),
  };
}

/** The asset's id in this dialect: the one it had there (`aliases.bynder`), else ours in the vendor's form, 8-4-4-16. */
export function mediaIdOf(id: string, state: JsonObject | null): string {
  return aliasIn(state, 'bynder') ?? vendorId(id);
}

/** Any id of ours in the vendor's form; an id that is none of ours (a DAM that reports its own) as it stands. */
export function vendorId(id: string): string {
  return /^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(id) ? encodeId(id, 'hex-8-4-4-16') : id;
}

/** Our id of what the vendor's id spells, in either letter case; null where it spells none. */
export function assetIdOf(mediaId: string): string | null {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{16}$/i.test(mediaId)
    ? decodeId('asset', 'hex-8-4-4-16', mediaId)
    : null;
}

/** `2019-12-10T10:35:13Z`; the beginning of 1970 for what is no time. */
export function dated(ms: number | null): string {
  const date = new Date(ms ?? 0);
  return `${(Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, -5)}Z`;
}

function mediaItems(id: string, state: JsonObject): readonly JsonObject[] {
  const known = objectsIn(state, 'versions');
  // A state that another DAM reports may name its file and no versions.
  const items =
    known.length > 0
      ? known
      : isObject(ownValue(state, 'file'))
        ? [{ number: 1, active: true, createdAtMs: ownValue(state, 'createdAtMs') ?? 0, file: objectIn(state, 'file') }]
        : [];
  return items.map((version) => mediaItem(id, state, version));
}

function mediaItem(id: string, state: JsonObject, version: JsonObject): JsonObject {
  const file = objectIn(version, 'file');
  const number = ownValue(version, 'number');
  const active = ownValue(version, 'active') === true;
  const [width, height] = [pixelsIn(file, 'widthPx'), pixelsIn(file, 'heightPx')];
  // The point was set for what is shown; in an older picture the middle stands for it.
  const focus = focusOf(active ? state : {}, width, height);
  return {
    version: typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : 1,
    active: active ? 1 : 0,
    dateCreated: dated(numberIn(version, 'createdAtMs') ?? numberIn(state, 'createdAtMs')),
    fileName: textIn(file, 'name') || null,
    id: drawnFrom(`bynder media item\0${id}\0${typeof number === 'number' ? number : 1}`),
    size: bytesIn(file),
    height,
    width,
    ...(focus === null ? {} : { focusPoint: focus }),
  };
}

/** In pixels from the top left, as the example has it; the middle where none was set. Null where there are no pixels. */
function focusOf(state: JsonObject, width: number, height: number): JsonObject | null {
  if (width === 0 || height === 0) return null;
  const point = objectIn(state, 'focusPoint');
  const share = (axis: 'x' | 'y'): number => {
    const value = ownValue(point, axis);
    return typeof value === 'number' && value >= 0 && value <= 1 ? value : 0.5;
  };
  return { x: rounded(share('x') * width), y: rounded(share('y') * height) };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The vendor's names of derivatives, and which of our renditions is nearest to each. */
const derivatives: readonly (readonly [name: string, titles: readonly string[]])[] = [
  ['mini', ['mini', 'small']],
  ['thul', ['thul', 'small']],
  ['webimage', ['webimage', 'medium', 'large']],
];

/** Links to renditions; null while there are none, as in the vendor's example. */
function thumbnailsOf(id: string, state: JsonObject, links: MediaInput['links']): JsonObject | null {
  const renditions = ownValue(state, 'renditions');
  if (!isList(renditions) || renditions.length === 0) return null;
  const byTitle = new Map<string, string>();
  for (const rendition of renditions) {
    if (!isObject(rendition)) continue;
    const title = textIn(rendition, 'title');
    const url = Object.hasOwn(rendition, 'blob') ? (links?.rendition(id, title) ?? '') : textIn(rendition, 'url');
    if (title !== '' && url !== '') byTitle.set(title, url);
  }
  const named = new Map<string, string>();
  for (const [name, titles] of derivatives) {
    const url = titles.map((title) => byTitle.get(title)).find((one) => one !== undefined);
    if (url !== undefined) named.set(name, url);
  }
  // Derivatives that the source names beyond these: it is a customer's own there.
  for (const [title, url] of byTitle) if (!usual.has(title) && !named.has(title)) named.set(title, url);
  return named.size === 0 ? null : Object.fromEntries(named);
}

const usual: ReadonlySet<string> = new Set(['small', 'medium', 'large']);

function metaproperties(metadata: JsonObject): JsonObject {
  const found: [string, readonly string[]][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    const values = textsOf(value);
    if (values.length > 0) found.push([`property_${name}`, values]);
  }
  return Object.fromEntries(found);
}

/** One text for every value; what has none (null, an empty text or list) is left out. */
function textsOf(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null || value === '') return [];
  if (isList(value)) return value.flatMap(textsOf);
  if (isObject(value)) {
    const inner = ownValue(value, 'value');
    return inner === undefined || isObject(inner) ? [JSON.stringify(value)] : textsOf(inner);
  }
  return [String(value)];
}

const types: { readonly [kind: string]: string } = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'document',
  broadcast: 'video',
};

function typeOf(kind: JsonValue | undefined): string {
  return typeof kind === 'string' && Object.hasOwn(types, kind) ? (types[kind] ?? 'document') : 'document';
}

function orientationOf(width: number, height: number): string {
  return width === height ? 'square' : width > height ? 'landscape' : 'portrait';
}

function withoutExtension(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
}

function flag(value: JsonValue | undefined): 0 | 1 {
  return value === true || value === 1 || value === 'true' || value === '1' ? 1 : 0;
}

/** Sixteen hex characters that stand for a media, always the same. */
function hashOf(mediaId: string): string {
  return hash('sha256', `bynder id hash\0${mediaId}`, 'hex').slice(0, 16);
}

/** A workspace is an account, and an account has a brand: an id that is always the same. */
export function brandOf(workspaceId: string): string {
  return drawnFrom(`bynder brand\0${workspaceId}`);
}

/** An id in the vendor's form that is always the same for the same name. */
function drawnFrom(name: string): string {
  const hex = hash('sha256', name, 'hex').toUpperCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 32)}`;
}

function pixelsIn(file: JsonObject, field: string): number {
  const value = ownValue(file, field);
  return typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : 0;
}

function bytesIn(file: JsonObject): number {
  const value = ownValue(file, 'bytes');
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : 0;
}

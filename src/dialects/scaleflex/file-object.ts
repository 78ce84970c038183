/**
 * An asset as the vendor's own file object, in the order of its API's answer ("Get file details"): what its plug-ins and
 * pickers read. What was not chosen, and what has no value, is not there; nothing is ever null.
 */
import type { AssetKind } from '../../core/asset.ts';
import { encodeId } from '../../core/id-encoding.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { activeVersionIn, aliasIn, extensionOf, fullPath } from '../asset-fields.ts';
import { listIn, numberIn, objectIn, textIn } from '../json-fields.ts';
import type { Links } from '../contract/message.ts';
import type { Selection } from './fields.ts';
import { playlistsOf } from './playlists.ts';

export type FileSubject = {
  /** Our id of the asset. */
  readonly assetId: string;
  readonly state: JsonObject;
  /** Null where the asset is gone: a link to its content would lead nowhere. */
  readonly links: Links | null;
};

type Draft = { [key: string]: JsonValue };

export function fileObject(subject: FileSubject, selection: Selection): JsonObject {
  const { assetId, state } = subject;
  const { file: chosen, additional } = selection;
  const file = objectIn(state, 'file');
  const system = additional.has('system');
  const name = textIn(state, 'name') || textIn(file, 'name');
  const object: Draft = {};
  if (chosen.has('uuid')) object['uuid'] = aliasIn(state, 'scaleflex') ?? encodeId(assetId, 'uuid');
  if (chosen.has('name') && name !== '') {
    object['name'] = name;
    object['extension'] = extensionOf(name);
  }
  const bytes = numberIn(file, 'bytes');
  if (chosen.has('size') && bytes !== null) object['size'] = { bytes, pretty: prettySize(bytes) };
  const type = textIn(file, 'mimeType');
  if (chosen.has('mime_type') && type !== '') object['type'] = type;
  const info = infoOf(state, file, selection);
  if (!isEmpty(info)) object['info'] = info;
  if (additional.has('custom')) object['meta'] = { ...objectIn(state, 'info'), ...objectIn(state, 'metadata') };
  if (system) {
    object['tags'] = listIn(state, 'tags');
    object['labels'] = listIn(state, 'labels');
  }
  const url = urlOf(subject, chosen, name);
  if (!isEmpty(url)) object['url'] = url;
  if (system) addSystem(object, state, file);
  const path = textIn(state, 'path');
  if (chosen.has('path') && path !== '') object['folder'] = { name: path };
  return object;
}

function addSystem(object: Draft, state: JsonObject, file: JsonObject): void {
  const hash: Draft = {};
  for (const algorithm of ['sha1', 'md5', 'sha256'] as const) {
    const value = textIn(file, algorithm);
    if (value !== '') hash[algorithm] = value;
  }
  if (!isEmpty(hash)) object['hash'] = hash;
  const created = timeOf(numberIn(state, 'createdAtMs'));
  if (created !== undefined) object['created_at'] = created;
  const modified = timeOf(numberIn(state, 'modifiedAtMs'));
  if (modified !== undefined) object['modified_at'] = modified;
}

type Media = 'image' | 'video' | 'other';

/** Sound has a length and a bitrate as well, so it goes with video. */
const media: { readonly [Kind in AssetKind]: Media } = {
  image: 'image',
  video: 'video',
  audio: 'video',
  broadcast: 'video',
  document: 'other',
  other: 'other',
};

function infoOf(state: JsonObject, file: JsonObject, groups: Selection): Draft {
  const info: Draft = {};
  const kind = textIn(state, 'kind');
  const medium = Object.hasOwn(media, kind) ? media[kind as AssetKind] : 'other';
  if (medium === 'image') {
    put(info, 'img_w', groups.image.has('width') ? ownValue(file, 'widthPx') : undefined);
    put(info, 'img_h', groups.image.has('height') ? ownValue(file, 'heightPx') : undefined);
  }
  if (medium === 'video') addVideo(info, { state, file }, groups.video);
  if (groups.additional.has('system')) addFacts(info, medium, file);
  const embedded = objectIn(state, 'embedded');
  if (groups.additional.has('embedded') && !isEmpty(embedded)) info['metadata'] = embedded;
  return info;
}

function addVideo(
  info: Draft,
  { state, file }: { readonly state: JsonObject; readonly file: JsonObject },
  chosen: ReadonlySet<string>,
): void {
  put(info, 'video_w', chosen.has('width') ? ownValue(file, 'widthPx') : undefined);
  put(info, 'video_h', chosen.has('height') ? ownValue(file, 'heightPx') : undefined);
  const durationMs = numberIn(file, 'durationMs');
  // Seconds, with what is left as decimals.
  put(info, 'duration', chosen.has('length') && durationMs !== null ? durationMs / 1_000 : undefined);
  put(info, 'bitrate', chosen.has('bitrate') ? ownValue(file, 'bitRate') : undefined);
  const playlists = chosen.has('playlists') ? playlistsOf(listIn(state, 'renditions')) : [];
  if (playlists.length > 0) info['playlists'] = playlists;
}

/** What else was found out about the file; names are the vendor's where it has one. */
const facts = [
  ['color_space', 'colourSpace'],
  ['pages', 'pages'],
  ['frames', 'frames'],
  ['frame_rate', 'frameRate'],
  ['codecs', 'codecs'],
  ['channels', 'channels'],
  ['sample_rate', 'sampleRateHz'],
  ['has_alpha', 'hasAlpha'],
] as const;

function addFacts(info: Draft, medium: Media, file: JsonObject): void {
  const type = textIn(file, 'mimeType');
  if (medium === 'image' && type.startsWith('image/')) {
    info['img_type'] = type.slice('image/'.length).toUpperCase();
  }
  for (const [name, own] of facts) put(info, name, ownValue(file, own));
}

function urlOf(subject: FileSubject, chosen: ReadonlySet<string>, name: string): Draft {
  const url: Draft = {};
  const link = chosen.has('cdn_link') ? linkOf(subject) : '';
  if (link !== '') {
    url['public'] = link;
    url['permalink'] = link;
    url['cdn'] = link;
  }
  const path = chosen.has('path') ? fullPath(textIn(subject.state, 'path'), name) : '';
  if (path !== '') url['path'] = path;
  return url;
}

/** To the content we hold; a pushed state may name its own. Empty: to nothing. */
function linkOf({ assetId, state, links }: FileSubject): string {
  const file = objectIn(state, 'file');
  if (!Object.hasOwn(file, 'blob')) return textIn(file, 'url');
  if (links === null) return '';
  const version = activeVersionIn(state);
  return version === null ? links.content(assetId) : links.content(assetId, version);
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** As the vendor writes sizes: `65.87 KB`, a unit being 1,024 of the one before. */
function prettySize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : Math.round(value * 100) / 100} ${units[unit] ?? 'B'}`;
}

/** `2026-11-22T12:00:00Z`: whole seconds, as the vendor writes times. Twice as fast as cutting an ISO text, in every body twice. */
function timeOf(ms: number | null): string | undefined {
  if (ms === null || Math.abs(ms) > 8.64e15) return undefined;
  const at = new Date(ms);
  const year = at.getUTCFullYear();
  if (year < 1_000 || year > 9_999) return `${at.toISOString().slice(0, -5)}Z`;
  const day = `${year}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return `${day}T${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}Z`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function put(target: Draft, key: string, value: JsonValue | undefined): void {
  if (value !== undefined && value !== null) target[key] = value;
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

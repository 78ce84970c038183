/** HLS and DASH playlists of a video: renditions that a pushed state names by their URLs. */
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

const hlsTypes: ReadonlySet<string> = new Set([
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'audio/mpegurl',
]);
const dashType = 'application/dash+xml';

/**
 * In the vendor's form, `[{playlists: [URL], resolution?}]`. HLS stands first: its clients take the first URL of the first
 * entry for the HLS manifest.
 */
export function playlistsOf(renditions: readonly JsonValue[]): readonly JsonObject[] {
  const hls: JsonObject[] = [];
  const dash: JsonObject[] = [];
  for (const rendition of renditions) {
    if (!isObject(rendition)) continue;
    const url = ownValue(rendition, 'url');
    if (typeof url !== 'string') continue;
    const form = formOf(rendition);
    if (form !== null) (form === 'hls' ? hls : dash).push(entryOf(rendition, url));
  }
  return [...hls, ...dash];
}

/** By the type that was named, else by the ending of the file's name. */
function formOf(rendition: JsonObject): 'hls' | 'dash' | null {
  const type = lowerIn(rendition, 'mimeType');
  if (hlsTypes.has(type)) return 'hls';
  if (type === dashType) return 'dash';
  const name = lowerIn(rendition, 'name');
  if (name.endsWith('.m3u8')) return 'hls';
  return name.endsWith('.mpd') ? 'dash' : null;
}

function entryOf(rendition: JsonObject, url: string): JsonObject {
  const width = ownValue(rendition, 'widthPx');
  const height = ownValue(rendition, 'heightPx');
  const sized = typeof width === 'number' && typeof height === 'number';
  return { playlists: [url], ...(sized ? { resolution: `${width}x${height}` } : {}) };
}

function lowerIn(object: JsonObject, key: string): string {
  const value = ownValue(object, key);
  return typeof value === 'string' ? value.toLowerCase() : '';
}

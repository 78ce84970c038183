/** An asset as a hit of the vendor's search. */
import { encodeId } from '../../core/id-encoding.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { aliasIn } from '../asset-fields.ts';
import { fieldValue, knownFields } from './fields.ts';

/** VIEW, VIEW_PREVIEW, USE_ORIGINAL, EDIT_METADATA, EDIT, RENAME, MOVE, CREATE, DELETE. */
const allPermissions = 'VPUMERXCD';
const readPermissions = 'VPU';

/** Shown as the vendor shows dates: the number and the text. */
const times: ReadonlySet<string> = new Set([
  'assetCreated',
  'assetModified',
  'archiveAtMs',
  'publishAtMs',
  'expiresAtMs',
]);

export type HitOptions = {
  /** Absolute URL of the dialect's mount. */
  readonly base: string;
  /** Technical names in the order asked for; null: all that have a value. */
  readonly fields: readonly string[] | null;
  readonly mayWrite: boolean;
};

/** `view` is an asset as our own API shows it. */
export function presentHit(view: JsonObject, { base, fields, mayWrite }: HitOptions): JsonObject {
  const given = ownValue(view, 'state');
  const state = isObject(given) ? given : {};
  const id = idOf(view, state);
  const name = ownValue(state, 'name');
  const file = encodeURIComponent(typeof name === 'string' ? name : id);
  const hasPreview = fieldValue(state, 'previewState') === 'yes';
  return {
    id,
    permissions: mayWrite ? allPermissions : readPermissions,
    metadata: metadataOf(state, fields ?? allFields(state)),
    ...(isObject(ownValue(state, 'file')) ? { originalUrl: `${base}/file/${id}/*/${file}` } : {}),
    ...(hasPreview
      ? { previewUrl: `${base}/preview/${id}/*/${file}`, thumbnailUrl: `${base}/thumbnail/${id}/*/${file}` }
      : {}),
    relation: {},
  };
}

function idOf(view: JsonObject, state: JsonObject): string {
  const id = ownValue(view, 'id');
  return aliasIn(state, 'woodwing') ?? (typeof id === 'string' ? encodeId(id, 'base64url') : '');
}

function allFields(state: JsonObject): readonly string[] {
  const own = ['info', 'metadata'].flatMap((group) => {
    const fields = ownValue(state, group);
    return isObject(fields) ? Object.keys(fields) : [];
  });
  return [...new Set([...knownFields, ...own])];
}

function metadataOf(state: JsonObject, fields: readonly string[]): JsonObject {
  const found: [string, JsonValue][] = [];
  for (const field of fields) {
    const value = fieldValue(state, field);
    if (value !== undefined) found.push([field, shown(field, value)]);
  }
  return Object.fromEntries(found);
}

function shown(field: string, value: JsonValue): JsonValue {
  if (typeof value !== 'number') return value;
  if (times.has(field)) return { value, formatted: dated(value) };
  if (field === 'fileSize') return { value, formatted: sized(value) };
  return value;
}

/** `2026-11-22 19:21:14 +0000`: the vendor shows the server's zone, ours is UTC. */
function dated(ms: number): string {
  const iso = Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : '';
  return iso === '' ? '' : `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000`;
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

function sized(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? 'bytes'}`;
}

/**
 * The vendor's technical field names and where their values stand in an asset's state. A name that is not in the table is
 * one of the customer's own: it is looked for in the custom metadata, then in `info` (title, description, copyright …).
 * Values are carried as they are; what a customer keeps as `{value: …}` stays so.
 */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { activeVersionIn, extensionOf, fullPath } from '../asset-fields.ts';
import { objectIn, textIn } from '../json-fields.ts';

type Read = (state: JsonObject) => JsonValue | undefined;

function inFile(key: string): Read {
  return (state) => ownValue(objectIn(state, 'file'), key);
}

const domains: { readonly [kind: string]: string } = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'document',
  broadcast: 'video',
  other: 'generic',
};

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['filename', (state) => ownValue(state, 'name')],
  ['assetPath', (state) => fullPath(textIn(state, 'path'), textIn(state, 'name')) || undefined],
  ['folderPath', (state) => ownValue(state, 'path')],
  ['assetDomain', (state) => assetDomain(ownValue(state, 'kind'))],
  ['extension', (state) => extensionOf(textIn(state, 'name')) || undefined],
  ['mimeType', inFile('mimeType')],
  ['fileSize', inFile('bytes')],
  ['width', inFile('widthPx')],
  ['height', inFile('heightPx')],
  ['tags', (state) => ownValue(state, 'tags')],
  ['assetCreated', (state) => ownValue(state, 'createdAtMs')],
  ['assetCreator', (state) => ownValue(state, 'createdBy')],
  ['assetModified', (state) => ownValue(state, 'modifiedAtMs')],
  // Receivers know people by their names.
  ['checkedOutBy', (state) => ownValue(state, 'checkedOutByName') ?? ownValue(state, 'checkedOutBy')],
  ['versionNumber', (state) => activeVersionIn(state) ?? undefined],
  ['previewState', (state) => previewState(state)],
  // The vendor has no names for these: they are ours.
  ['archiveAtMs', (state) => ownValue(state, 'archiveAtMs')],
  ['publishAtMs', (state) => ownValue(state, 'publishAtMs')],
  ['expiresAtMs', (state) => ownValue(state, 'expiresAtMs')],
  ['availability', (state) => ownValue(state, 'availability')],
]);

/** Which of the vendor's fields change when one of ours does; of the rest, the part behind `metadata.` or `info.`. */
const changes: { readonly [field: string]: readonly string[] } = {
  name: ['filename', 'assetPath', 'extension'],
  path: ['folderPath', 'assetPath'],
  kind: ['assetDomain'],
  file: ['mimeType', 'fileSize', 'width', 'height'],
  versions: ['versionNumber'],
  tags: ['tags'],
  labels: ['labels'],
  checkedOutBy: ['checkedOutBy'],
  renditions: ['previewState'],
  archiveAtMs: ['archiveAtMs'],
  publishAtMs: ['publishAtMs'],
  expiresAtMs: ['expiresAtMs'],
  availability: ['availability'],
};

/** Names of the vendor's fields that this dialect knows, for the reference. */
export const knownFields: readonly string[] = [...readers.keys()];

/** A field of an asset (or of a folder) by its technical name; undefined where it has no value. */
export function fieldValue(state: JsonObject, name: string): JsonValue | undefined {
  const read = readers.get(name);
  if (read !== undefined) return read(state);
  if (name === 'labels') return ownValue(state, 'labels');
  const metadata = ownValue(state, 'metadata');
  const own = isObject(metadata) ? ownValue(metadata, name) : undefined;
  if (own !== undefined) return own;
  const info = ownValue(state, 'info');
  return isObject(info) ? ownValue(info, name) : undefined;
}

/** The vendor's names of what changed, in the order of the change, each once. */
export function changedFieldNames(changed: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const field of changed) {
    const mapped = Object.hasOwn(changes, field) ? changes[field] : undefined;
    if (mapped !== undefined) for (const name of mapped) names.add(name);
    else if (field.startsWith('metadata.')) names.add(field.slice('metadata.'.length));
    else if (field.startsWith('info.')) names.add(field.slice('info.'.length));
  }
  return [...names];
}

function assetDomain(kind: JsonValue | undefined): string | undefined {
  return typeof kind === 'string' && Object.hasOwn(domains, kind) ? domains[kind] : undefined;
}

/** `yes` once there is a rendition to look at: what the vendor's image recognition waits for. */
function previewState(state: JsonObject): string {
  const renditions = ownValue(state, 'renditions');
  return isList(renditions) && renditions.length > 0 ? 'yes' : 'no';
}

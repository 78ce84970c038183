/**
 * Ids of the rows that say where things are found. They are written in the commit of the thing itself, so that what lies
 * in a folder or collection is a range of the key's index, never a search through the workspace. Names of folders have no
 * control characters, so a line feed sorts before all of them and ends a path unmistakably.
 */
import { folderName, parentFolder, pathIn } from '../core/folder-path.ts';
import { isList, isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';

/** Stands for the root, which has no row: it is always there and cannot be changed. */
export const rootFolderId = 'root';

/** Row of type `folder_place`. */
export function folderPlaceId(path: string): string {
  return `${childrenPrefix(parentFolder(path) ?? '/')}${folderName(path)}`;
}

/** What the places of the folders directly in a folder begin with. */
export function childrenPrefix(path: string): string {
  return `${belowPrefix(path)}\n`;
}

/** What the places of all folders below a folder begin with. */
export function belowPrefix(path: string): string {
  return path === '/' ? '/' : `${path}/`;
}

/** The path that a row of type `folder_place` stands for. */
export function pathOfPlace(id: string): string {
  const at = id.indexOf('\n');
  const parent = id.slice(0, at);
  return pathIn(parent === '/' ? '/' : parent.slice(0, -1), id.slice(at + 1));
}

/** Rows of type `asset_place`: of a folder, of a collection, of a section. */
export function inFolderPrefix(folderId: string): string {
  return `f:${folderId}:`;
}

export function inCollectionPrefix(key: string): string {
  return `c:${key}\n`;
}

export function inSectionPrefix(key: string): string {
  return `s:${key}\n`;
}

const assetIdCharacters = 30;

/** The asset that a row of type `asset_place` is about. */
export function assetOfPlace(id: string): string {
  return id.slice(-assetIdCharacters);
}

/**
 * What a write to an asset changes about its collections and its section. Rows are an index: what counts is what the asset
 * says, so they are written whatever is there.
 */
export function membershipWrites(
  assetId: string,
  before: JsonObject | null,
  after: JsonObject | null,
): readonly ResourceWrite[] {
  const was = before === null ? undefined : before['collections'];
  const is = after === null ? undefined : after['collections'];
  const wasInfo = before === null ? undefined : before['info'];
  const isInfo = after === null ? undefined : after['info'];
  if (was === is && wasInfo === isInfo) return none;
  const writes: ResourceWrite[] = [];
  const write = (prefix: string, state: JsonObject | null): void => {
    writes.push({ type: 'asset_place', id: `${prefix}${assetId}`, expectedVersion: 'any', state });
  };
  const [old, present] = [textsOf(was), textsOf(is)];
  for (const key of present) if (!old.includes(key)) write(inCollectionPrefix(key), {});
  for (const key of old) if (!present.includes(key)) write(inCollectionPrefix(key), null);
  const [oldSection, section] = [sectionOf(wasInfo), sectionOf(isInfo)];
  if (oldSection !== section) {
    if (section !== null) write(inSectionPrefix(section), {});
    if (oldSection !== null) write(inSectionPrefix(oldSection), null);
  }
  return writes;
}

const none: readonly never[] = [];

function textsOf(list: JsonValue | undefined): readonly string[] {
  if (!isList(list) || list.length === 0) return none;
  return [...new Set(list.filter((item) => typeof item === 'string'))];
}

function sectionOf(info: JsonValue | undefined): string | null {
  if (!isObject(info)) return null;
  const section = ownValue(info, 'section');
  return typeof section === 'string' ? section : null;
}

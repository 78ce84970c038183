/** What several vendors want to know of an asset's state, and none of them in a way of its own. */
import { isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { listIn, numberIn, objectIn, textIn } from './json-fields.ts';

/**
 * The id that an asset had in its former life with this dialect's vendor: receivers have stored it, so it stands for ours
 * wherever an asset is named to them. Null where it had none.
 */
export function aliasIn(state: JsonObject | null, dialect: string): string | null {
  return state === null ? null : textIn(objectIn(state, 'aliases'), dialect) || null;
}

/** Number of the version whose file counts; null where none is known. */
export function activeVersionIn(state: JsonObject): number | null {
  for (const version of listIn(state, 'versions')) {
    if (isObject(version) && ownValue(version, 'active') === true) return numberIn(version, 'number');
  }
  return null;
}

/** The ending of a file name in lower case, without its dot; empty where there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** Folder and name in one; empty where one of them is. */
export function fullPath(folder: string, name: string): string {
  if (folder === '' || name === '') return '';
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

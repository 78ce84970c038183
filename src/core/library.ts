/**
 * Libraries divide the assets of a workspace: an asset is in exactly one. It carries the library's key; without one it is in
 * the library that is always there.
 */
import { ownValue } from './json-equality.ts';
import type { JsonObject } from './json.ts';

/** The key of the library that every workspace has, in which assets are that name none. */
export const defaultLibrary = 'default';

/** What a key may be: it stands in URLs, payloads and other systems' databases. */
export const libraryKeyPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$';
const keyForm = new RegExp(libraryKeyPattern);

export function isLibraryKey(text: string): boolean {
  return keyForm.test(text);
}

/** The key of the library that an asset's state says it is in. */
export function libraryOf(state: JsonObject): string {
  const key = ownValue(state, 'library');
  return typeof key === 'string' && key !== '' ? key : defaultLibrary;
}

/** How a state names a library: not at all where it is the default one. */
export function namedLibrary(key: string | null | undefined): { readonly library?: string } {
  return key === undefined || key === null || key === '' || key === defaultLibrary ? {} : { library: key };
}

/**
 * Which versions of an asset nobody was told of as ready. Only files that lie here are looked into: what a DAM names by its
 * address is ready when it is named, and an older version taken up again was looked into long ago.
 */
import type { Change } from './change.ts';
import { isList, isObject, ownValue } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Whether this version is still to be told as ready. */
export function isVersionOwed(version: JsonValue): boolean {
  if (!isObject(version) || ownValue(version, 'inspection') === undefined) return false;
  const file = ownValue(version, 'file');
  return isObject(file) && Object.hasOwn(file, 'blob');
}

/**
 * Whether a change made a version active that is still to be told as ready. Where a vendor has one event for both, telling
 * it now would show a file of which nothing is known, and say twice what is told once it is.
 */
export function isToldWhenReady({ kind, after }: Pick<Change, 'kind' | 'after'>): boolean {
  if (kind !== 'asset.version_activated' && kind !== 'asset.promoted') return false;
  const versions = after === null ? [] : versionsOf(after);
  const active = versions.find((version) => ownValue(version, 'active') === true);
  if (active === undefined) return false;
  const numbers = new Set([ownValue(active, 'number'), ownValue(active, 'promotedFrom')]);
  return versions.some((version) => numbers.has(ownValue(version, 'number')) && isVersionOwed(version));
}

/**
 * How versions became ready between two states: `came` where what was added is ready with it, `looked` where one that was
 * owed no longer is. Null: none did.
 */
export function readyBy(before: JsonObject, after: JsonObject, added: boolean): 'came' | 'looked' | null {
  const former = new Map(versionsOf(before).map((version) => [ownValue(version, 'number'), version]));
  let [cameReady, looked] = [added, false];
  for (const version of versionsOf(after)) {
    const was = former.get(ownValue(version, 'number'));
    const owed = isVersionOwed(version);
    if (was === undefined) cameReady &&= !owed && !Object.hasOwn(version, 'promotedFrom');
    else looked ||= !owed && isVersionOwed(was);
  }
  return cameReady ? 'came' : looked ? 'looked' : null;
}

function versionsOf(state: JsonObject): readonly JsonObject[] {
  const versions = ownValue(state, 'versions');
  return isList(versions) ? versions.filter(isObject) : [];
}

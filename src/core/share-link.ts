/**
 * Share links: what somebody without an account may fetch. The state is what changes tell of a link: neither the token of
 * its URL nor its password are in it.
 */
import { liesIn } from './folder-path.ts';
import { isList, isObject } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** `preview`: pictures to look at, never the original. */
export const shareAllowances = ['download', 'preview'] as const;
export type ShareAllowance = (typeof shareAllowances)[number];

/** The name of an asset's own file among its renditions. */
export const originalName = 'original';

export type ShareLinkState = {
  readonly name: string;
  /** Exactly one of the three: these assets; what lies in a folder or below it, what is in a collection when it is looked at. */
  readonly assets?: readonly string[];
  readonly folder?: string;
  readonly collection?: string;
  /** Numbers of the versions that are shared, by asset. Absent: whichever is active. */
  readonly versions?: { readonly [assetId: string]: number };
  readonly allow: ShareAllowance;
  /** Titles of renditions, and `original`. Absent: all. */
  readonly renditions?: readonly string[];
  /** Null: until it is revoked. */
  readonly expiresAtMs: number | null;
  readonly hasPassword: boolean;
  /** Id of the actor who made it. */
  readonly createdBy: string;
};

/** A row as a share link of ours; null for one that somebody reported in another form. */
export function readShareLink(state: JsonObject): ShareLinkState | null {
  const { name, assets, folder, collection, versions, allow, renditions, expiresAtMs, hasPassword, createdBy } = state;
  const targets = [assets, folder, collection].filter((one) => one !== undefined);
  const sound =
    typeof name === 'string' &&
    typeof createdBy === 'string' &&
    typeof hasPassword === 'boolean' &&
    (allow === 'download' || allow === 'preview') &&
    (expiresAtMs === null || typeof expiresAtMs === 'number') &&
    targets.length === 1 &&
    (assets === undefined || isTexts(assets)) &&
    (folder === undefined || typeof folder === 'string') &&
    (collection === undefined || typeof collection === 'string') &&
    (versions === undefined || isObject(versions)) &&
    (renditions === undefined || isTexts(renditions));
  return sound ? (state as ShareLinkState) : null;
}

function isTexts(value: JsonValue): boolean {
  return isList(value) && value.every((one) => typeof one === 'string');
}

export function asShareState(state: ShareLinkState): JsonObject {
  return state;
}

/** Whether the file of this name (a rendition's title or `original`) may be fetched. */
export function sharesFile({ allow, renditions }: ShareLinkState, name: string): boolean {
  if (name === originalName && allow === 'preview') return false;
  return renditions === undefined || renditions.includes(name);
}

type Placed = { readonly path: string; readonly collections: readonly string[] };

/** Whether an asset, as it lies now, is behind the link. */
export function sharesAsset(link: ShareLinkState, id: string, { path, collections }: Placed): boolean {
  if (link.assets !== undefined) return link.assets.includes(id);
  if (link.folder !== undefined) return liesIn(path, link.folder);
  return link.collection !== undefined && collections.includes(link.collection);
}

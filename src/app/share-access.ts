/**
 * What lies beside a share link and is told to nobody: the hash of its password, how often it was used, and, once it has
 * ended, when, why and what it was. The row is found by the link's id alone, in whichever workspace, because that is all a URL says.
 */
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { readShareLink, type ShareLinkState } from '../core/share-link.ts';
import type { ShareUses } from './share-cases.ts';

export const shareEnds = ['revoked', 'expired'] as const;
export type ShareEnd = (typeof shareEnds)[number];

export type StoredAccess = {
  readonly password: string | null;
  readonly views: number;
  readonly downloads: number;
  readonly lastUsedAtMs: number | null;
  readonly ended?: ShareEnd;
  readonly endedAtMs?: number;
  readonly createdAtMs?: number;
};

/** An ended link is remembered with what it was, in the fields of a link that goes on, so that it is listed alike. */
export type EndedLink = StoredAccess & ShareLinkState & { readonly ended: ShareEnd; readonly endedAtMs: number };

/** Null for a row of a link that goes on, or that ended before what it was had been kept. */
export function readEndedLink(row: Resource | null | undefined): EndedLink | null {
  if (row === null || row === undefined) return null;
  const { ended, endedAtMs } = storedAccess(row);
  const isWhole = ended !== undefined && endedAtMs !== undefined && readShareLink(row.state) !== null;
  return isWhole ? (row.state as EndedLink) : null;
}

export const newAccess: StoredAccess = { password: null, views: 0, downloads: 0, lastUsedAtMs: null };

/** How long an ended link is remembered, to answer 410 instead of 404. */
export const endedKeptMs = 90 * 24 * 3_600_000;

/** Rows of this type are written by share links only, in this shape. */
export function storedAccess(row: Resource | null | undefined): StoredAccess {
  return row === null || row === undefined ? newAccess : (row.state as StoredAccess);
}

export function accessWrite(id: string, row: Resource | null, state: StoredAccess): ResourceWrite {
  return { type: 'share_access', id, expectedVersion: row?.version ?? 0, state: asState(state), alias: id };
}

export function asState(state: StoredAccess): JsonObject {
  return state;
}

export function usesOf(row: Resource | null | undefined): ShareUses {
  const { views, downloads, lastUsedAtMs } = storedAccess(row);
  return { views, downloads, lastUsedAtMs };
}

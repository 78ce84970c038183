/**
 * What lies beside a share link and is told to nobody: the hash of its password, how often it was used, and when and why it
 * ended. The row is found by the link's id alone, in whichever workspace, because that is all a URL says.
 */
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceWrite } from '../storage/storage.ts';
import type { ShareUses } from './share-cases.ts';

export type ShareEnd = 'revoked' | 'expired';

export type StoredAccess = {
  readonly password: string | null;
  readonly views: number;
  readonly downloads: number;
  readonly lastUsedAtMs: number | null;
  readonly ended?: ShareEnd;
};

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
